"""The musicnn network for inference: wide filters over a log-mel patch, three residual layers, tags.

Facts of the architecture: Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio
tagging" (2019), and `models.py` of the musicnn 0.1.0 wheel. Training with weight decay left most wide filters empty
(64 of 561 remain in MSD_musicnn); only the others are computed, which is most of what makes this fast.
Shapes: n patches, T frames, 96 mel bands, C filters of which A are not empty.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

N_MELS = 96
EPSILON = 1e-3  # of TensorFlow's batch normalisation
INPUT_RANGE = 7.0  # log10(1 + 10,000 S) of full-scale sound stays below
EMPTY = 1e-3  # a filter that cannot move its output by more is empty
_TIMBRAL, _TEMPORAL, _RESIDUAL = (0, 1), (2, 3, 4), (5, 6, 7)  # numbers of the layers in the checkpoint

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


def _conv(weights: Weights, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Kernel [C, 1, frames, height] and bias [C] of a convolution."""
    name = _layer("conv2d", number)
    return _tensor(weights[f"{name}/kernel"].transpose(3, 2, 0, 1)), _tensor(weights[f"{name}/bias"])


class WideFilter(nn.Module):
    """Convolution, ReLU, batch normalisation, maximum over frequency: [n, 1, 96, T] -> [n, A, T].

    The maximum comes right after the convolution, whose kernel is negated where the normalisation's factor is
    negative: what follows is monotonous, so the result is the same, and the large tensor is touched once.
    """

    kernel: torch.Tensor
    bias: torch.Tensor
    sign: torch.Tensor
    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights, number: int, reach: float) -> None:
        """`reach`: how far values of the input lie apart at most."""
        super().__init__()
        kernel, bias = _conv(weights, number)
        factor, offset = _affine(weights, number + 1)
        self.alive = kernel.abs().sum((1, 2, 3)) * factor.abs() * reach > EMPTY  # [C]
        self.constant = F.relu(bias) * factor + offset  # [C], what empty filters say
        sign = torch.where(factor < 0, -1.0, 1.0)
        for name, value in (("bias", bias * sign), ("sign", sign), ("factor", factor), ("offset", offset)):
            self.register_buffer(name, value[self.alive, None])
        self.around = (
            (kernel.shape[2] - 1) // 2,
            kernel.shape[2] // 2,
        )  # frames of zeros, as TensorFlow adds them
        self.register_buffer("kernel", self._laid_out((kernel * sign[:, None, None, None])[self.alive]))

    def _laid_out(self, kernel: torch.Tensor) -> torch.Tensor:
        """The kernel [A, 1, frames, bands] as `_loudest` takes it."""
        raise NotImplementedError

    def _loudest(self, x: torch.Tensor) -> torch.Tensor:
        """Convolution without bias and maximum over frequency: [n, 1, 96, T] -> [n, A, T]."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu((self._loudest(x) + self.bias) * self.sign) * self.factor + self.offset


class Timbral(WideFilter):
    """Filters over 7 frames and many bands; a maximum over frequency is quick where time comes last."""

    def _laid_out(self, kernel: torch.Tensor) -> torch.Tensor:
        return kernel.transpose(2, 3).contiguous()

    def _loudest(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.pad(x, self.around), self.kernel).amax(2)


class Temporal(WideFilter):
    """Filters over many frames of one band; so few that neighbouring frames are computed as if they were filters."""

    together = 16

    def _laid_out(self, kernel: torch.Tensor) -> torch.Tensor:
        column = kernel[:, 0, :, 0].T  # [frames, A]
        shifted = [F.pad(column, (0, 0, i, self.together - 1 - i)) for i in range(self.together)]
        return torch.cat(shifted, 1)  # [frames + together - 1, together * A]

    def _loudest(self, x: torch.Tensor) -> torch.Tensor:
        frames = x.shape[3]
        padded = F.pad(x[:, 0], (self.around[0], self.around[1] + -frames % self.together))
        out = (padded.unfold(2, len(self.kernel), self.together) @ self.kernel).amax(1)
        return out.view(len(x), -1, len(self.bias))[:, :frames].transpose(1, 2)


class Residual(nn.Module):
    """Convolution over 7 frames, ReLU, batch normalisation: [n, channels, T] -> [n, 64, T]."""

    kernel: torch.Tensor
    bias: torch.Tensor
    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights, number: int, channels: torch.Tensor | None = None) -> None:
        """`channels` [height, fewer] expands fewer input channels to those of the checkpoint."""
        super().__init__()
        kernel, bias = _conv(weights, number)
        kernel = kernel[:, 0].transpose(1, 2)  # [64, height, 7]
        if channels is not None:
            kernel = torch.einsum("och,ca->oah", kernel, channels)
        self.register_buffer("kernel", kernel.contiguous())
        self.register_buffer("bias", bias)
        for name, value in zip(("factor", "offset"), _affine(weights, number + 1), strict=True):
            self.register_buffer(name, value[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(F.conv1d(x, self.kernel, self.bias, padding=3)) * self.factor + self.offset


def _expansion(wide: list[WideFilter]) -> torch.Tensor:
    """What makes all channels [C] of the wide filters from those computed and a channel of ones: [C, A + 1]."""
    alive, constant = torch.cat([one.alive for one in wide]), torch.cat([one.constant for one in wide])
    kept = torch.eye(len(alive))[:, alive]
    return torch.cat([kept, torch.where(alive, 0.0, constant)[:, None]], 1)


def _dense(kernel: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    layer = nn.Linear(*kernel.shape)
    layer.weight, layer.bias = nn.Parameter(kernel.T.contiguous()), nn.Parameter(bias)
    return layer


def _penultimate(weights: Weights, channels: torch.Tensor) -> nn.Linear:
    """The dense layer with the normalisation before it folded in, for pooled channels where `channels` are fewer.

    Its input holds maximum and mean of every channel in turn.
    """
    factor, offset = _affine(weights, 9)
    kernel = _tensor(weights["dense/kernel"])
    bias = _tensor(weights["dense/bias"]) + offset @ kernel
    paired = (factor[:, None] * kernel).view(-1, 2, kernel.shape[1])
    fewer = torch.einsum("cpo,ca->apo", paired[: len(channels)], channels)
    return _dense(torch.cat([fewer, paired[len(channels) :]]).flatten(0, 1), bias)


class Musicnn(nn.Module):
    """Log-mel patches to tag probabilities and the layer before them."""

    factor: torch.Tensor
    offset: torch.Tensor

    def __init__(self, weights: Weights) -> None:
        """KeyError where the weights are those of another network."""
        super().__init__()
        self.input_factor, self.input_offset = (float(value) for value in _affine(weights, 0))
        reach = INPUT_RANGE * abs(self.input_factor)
        wide: list[WideFilter] = [Timbral(weights, number, reach) for number in _TIMBRAL]
        wide.extend(Temporal(weights, number, reach) for number in _TEMPORAL)
        channels = _expansion(wide)
        self.wide = nn.ModuleList(wide)
        self.first = Residual(weights, _RESIDUAL[0], channels)
        self.residual = nn.ModuleList(Residual(weights, number) for number in _RESIDUAL[1:])
        self.penultimate = _penultimate(weights, channels)
        self.tags = _dense(_tensor(weights["dense_1/kernel"]), _tensor(weights["dense_1/bias"]))
        for name, value in zip(("factor", "offset"), _affine(weights, 10), strict=True):
            self.register_buffer(name, value)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """mel [n, T, 96] -> tag probabilities [n, tags] and penultimate layer [n, 200]."""
        x = (mel * self.input_factor + self.input_offset).transpose(1, 2).contiguous()[:, None]
        ones = x.new_ones(len(mel), 1, mel.shape[1])
        layers = [torch.cat([*(block(x) for block in self.wide), ones], 1)]
        layers.append(self.first(layers[0]))
        for block in self.residual:
            layers.append(layers[-1] + block(layers[-1]))
        together = torch.cat(layers, 1)
        pooled = torch.stack([together.amax(2), together.mean(2)], 2).flatten(1)
        penultimate = F.relu(self.penultimate(pooled)) * self.factor + self.offset
        return torch.sigmoid(self.tags(penultimate)), penultimate
