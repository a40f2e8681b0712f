"""The musicnn network written down layer by layer as the paper has it, and weights to try it with: slow and plain."""

import numpy as np
import torch
from torch.nn import functional as F

WIDE = ((7, 38, 204), (7, 67, 204), (128, 1, 51), (64, 1, 51), (32, 1, 51))


def weights(seed: int = 0, *, empty: float = 0.7) -> dict[str, np.ndarray]:
    """Random weights of the shapes of a checkpoint; a share of the wide filters is zero, as in the real ones."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}

    def conv(number: int, shape: tuple[int, ...]) -> None:
        name = f"conv2d_{number}" if number else "conv2d"
        kernel = rng.normal(size=shape) / np.prod(shape[:3]) ** 0.5
        if number < len(WIDE):
            kernel *= rng.random(shape[3]) > empty
        made[f"{name}/kernel"], made[f"{name}/bias"] = kernel, rng.normal(size=shape[3]) * 0.3

    def normalisation(number: int, size: int) -> None:
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        made[f"{name}/gamma"], made[f"{name}/beta"] = rng.normal(size=size), rng.normal(size=size) * 0.2
        made[f"{name}/moving_mean"] = rng.normal(size=size) * 0.2
        made[f"{name}/moving_variance"] = rng.random(size) + 0.1

    sizes = [(frames, bands, 1, count) for frames, bands, count in WIDE]
    for number, shape in enumerate([*sizes, (7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]):
        conv(number, shape)
        normalisation(number + 1, shape[3])
    for number, size in ((0, 1), (9, 1506), (10, 200)):
        normalisation(number, size)
    for name, shape in (("dense", (1506, 200)), ("dense_1", (200, 50))):
        made[f"{name}/kernel"], made[f"{name}/bias"] = rng.normal(size=shape) / 30, rng.normal(size=shape[1])
    return {name: array.astype(np.float32) for name, array in made.items()}


def forward(w: dict[str, np.ndarray], mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Tags and penultimate layer of patches mel [n, T, 96]."""
    tensors = {name: torch.from_numpy(array) for name, array in w.items()}

    def normalised(x: torch.Tensor, number: int) -> torch.Tensor:  # over the channels, dimension 1
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        gamma, beta, mean, variance = (
            tensors[f"{name}/{part}"].view(1, -1, *[1] * (x.ndim - 2))
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return gamma * (x - mean) / torch.sqrt(variance + 1e-3) + beta

    def convolved(x: torch.Tensor, number: int) -> torch.Tensor:
        name = f"conv2d_{number}" if number else "conv2d"
        kernel = tensors[f"{name}/kernel"].permute(3, 2, 0, 1)
        padded = F.pad(x, (0, 0, (kernel.shape[2] - 1) // 2, kernel.shape[2] // 2))
        return normalised(F.relu(F.conv2d(padded, kernel, tensors[f"{name}/bias"])), number + 1)

    x = normalised(mel[:, None], 0)
    wide = torch.cat([convolved(x, number).amax(3) for number in range(5)], 1)  # [n, 561, T]
    layers = [wide, convolved(wide.transpose(1, 2)[:, None], 5)[..., 0]]
    for number in (6, 7):
        layers.append(layers[-1] + convolved(layers[-1].transpose(1, 2)[:, None], number)[..., 0])
    together = torch.cat(layers, 1)
    pooled = torch.stack([together.amax(2), together.mean(2)], 2).flatten(1)
    dense = F.relu(normalised(pooled, 9) @ tensors["dense/kernel"] + tensors["dense/bias"])
    penultimate = normalised(dense, 10)
    return torch.sigmoid(penultimate @ tensors["dense_1/kernel"] + tensors["dense_1/bias"]), penultimate
