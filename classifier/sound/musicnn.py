"""The musicnn architecture: wide filters over a log-mel patch, three residual layers, tags.

Facts of the architecture: Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio
tagging" (2019), and `models.py` of the musicnn 0.1.0 wheel. Shapes below: n patches, T frames, 96 mel bands.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

N_MELS = 96
EPSILON = 1e-3  # of TensorFlow's batch normalisation
_TIMBRAL, _TEMPORAL = (0, 1), (2, 3, 4)  # numbers of the layers in the checkpoint
_RESIDUAL = (5, 6, 7)

Weights = Mapping[str, np.ndarray]


def _layer(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float32)


def _affine(weights: Weights, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch normalisation as factor [C] and offset [C]."""
    gamma, beta, mean, variance = (
        weights[f"{_layer('batch_normalization', number)}/{part}"].astype(np.float64)
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + EPSILON)
    return _tensor(factor), _tensor(beta - mean * factor)


class WideFilter(nn.Module):
    """Convolution, ReLU, batch normalisation, maximum over frequency: [n, 1, T, 96] -> [n, C, T].

    The maximum is taken right after the convolution, where a later factor is negative of the negated filter: what
    follows is monotonous, so the result is the same and the large tensor is touched once.
    """

    sign: torch.Tensor
    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights, number: int) -> None:
        super().__init__()
        factor, offset = _affine(weights, number + 1)
        sign = torch.where(factor < 0, -1.0, 1.0)
        kernel = _tensor(
            weights[f"{_layer('conv2d', number)}/kernel"].transpose(3, 2, 0, 1)
        )  # [C, 1, time, mels]
        self.kernel = nn.Parameter(kernel * sign[:, None, None, None])
        self.bias = nn.Parameter(_tensor(weights[f"{_layer('conv2d', number)}/bias"]) * sign)
        for name, value in (("sign", sign), ("factor", factor), ("offset", offset)):
            self.register_buffer(name, value[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = (self.kernel.shape[2] - 1) // 2  # TensorFlow pads an even kernel by one more behind
        padded = F.pad(x, (0, 0, before, self.kernel.shape[2] - 1 - before))
        loudest = F.conv2d(padded, self.kernel, self.bias).amax(3)
        return F.relu(loudest * self.sign) * self.factor + self.offset


class Residual(nn.Module):
    """Convolution over 7 frames, ReLU, batch normalisation: [n, C, T] -> [n, 64, T]."""

    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights, number: int) -> None:
        super().__init__()
        kernel = weights[f"{_layer('conv2d', number)}/kernel"][:, :, 0]  # [time, C, 64]
        self.kernel = nn.Parameter(_tensor(kernel.transpose(2, 1, 0)))
        self.bias = nn.Parameter(_tensor(weights[f"{_layer('conv2d', number)}/bias"]))
        for name, value in zip(("factor", "offset"), _affine(weights, number + 1), strict=True):
            self.register_buffer(name, value[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(F.conv1d(x, self.kernel, self.bias, padding=3)) * self.factor + self.offset


def _dense(weights: Weights, name: str, before: tuple[torch.Tensor, torch.Tensor] | None = None) -> nn.Linear:
    """A dense layer with the batch normalisation before it folded in."""
    kernel, bias = _tensor(weights[f"{name}/kernel"]), _tensor(weights[f"{name}/bias"])
    if before is not None:
        bias = bias + before[1] @ kernel
        kernel = before[0][:, None] * kernel
    layer = nn.Linear(*kernel.shape)
    layer.weight, layer.bias = nn.Parameter(kernel.T.contiguous()), nn.Parameter(bias)
    return layer


class Musicnn(nn.Module):
    """Log-mel patches to tag probabilities and what the layer before them says; for inference only."""

    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.wide = nn.ModuleList(WideFilter(weights, number) for number in (*_TIMBRAL, *_TEMPORAL))
        self.residual = nn.ModuleList(Residual(weights, number) for number in _RESIDUAL)
        self.penultimate = _dense(weights, "dense", _affine(weights, 9))
        self.tags = _dense(weights, "dense_1")
        self.input_factor, self.input_offset = (float(value) for value in _affine(weights, 0))
        for name, value in zip(("factor", "offset"), _affine(weights, 10), strict=True):
            self.register_buffer(name, value)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """mel [n, T, 96] -> tag probabilities [n, tags] and penultimate layer [n, 200]."""
        x = (mel * self.input_factor + self.input_offset)[:, None]
        layers = [torch.cat([block(x) for block in self.wide], 1)]
        layers.append(self.residual[0](layers[0]))
        for block in self.residual[1:]:
            layers.append(layers[-1] + block(layers[-1]))
        together = torch.cat(layers, 1)  # [n, 753, T]
        pooled = torch.stack([together.amax(2), together.mean(2)], 2).flatten(1)  # maximum and mean alternate
        penultimate = F.relu(self.penultimate(pooled)) * self.factor + self.offset
        return torch.sigmoid(self.tags(penultimate)), penultimate
