"""TabularMLP: named features to genre logits, with its normalisation and its answer to missing values inside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from classifier.labels import Feature, feature_named


@dataclass(frozen=True)
class MLPConfig:
    """Shape of a TabularMLP; `bins` 0 feeds standardised numbers directly."""

    feature_names: tuple[str, ...]
    labels: tuple[str, ...]
    bins: int = 24
    embedding: int = 12
    hidden: tuple[int, ...] = (256, 128)
    dropout: float = 0.2


def _numbers(config: MLPConfig) -> list[int]:
    return [i for i, name in enumerate(config.feature_names) if feature_named(name).kind == "number"]


def _categories(config: MLPConfig) -> list[tuple[int, Feature]]:
    named = [(i, feature_named(name)) for i, name in enumerate(config.feature_names)]
    return [(i, feature) for i, feature in named if feature.kind != "number"]


class PiecewiseLinear(nn.Module):
    """Each number as its position within quantile bins, then its own small linear layer and ReLU.

    Bins are quantiles of the training rows, kept as buffers, so units and skew need no care outside. The encoding
    is that of Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning" (2022), section 3.2.
    """

    edges: torch.Tensor

    def __init__(self, n_features: int, bins: int, width: int) -> None:
        super().__init__()
        self.register_buffer("edges", torch.linspace(0, 1, bins + 1).repeat(n_features, 1))
        self.weight = nn.Parameter(torch.randn(n_features, bins, width) / bins**0.5)
        self.bias = nn.Parameter(torch.zeros(n_features, width))
        self.missing = nn.Parameter(torch.zeros(n_features, width))
        self.width = n_features * width

    def fit(self, x: torch.Tensor) -> None:
        """Take the bins from training rows x [n, D]; NaN cells are left out."""
        share = torch.linspace(0, 1, self.edges.shape[1])
        for place in range(x.shape[1]):
            known = x[:, place][~torch.isnan(x[:, place])]
            if len(known):
                self.edges[place] = torch.from_numpy(np.quantile(known.numpy(), share.numpy())).float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [n, D] with NaN for missing -> [n, D * width]."""
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        width = torch.clamp(high - low, min=1e-6)
        position = torch.clamp((torch.nan_to_num(x)[:, :, None] - low) / width, 0, 1)  # [n, D, bins]
        embedded = torch.relu(torch.einsum("ndb,dbw->ndw", position, self.weight) + self.bias)
        return torch.where(torch.isnan(x)[:, :, None], self.missing, embedded).flatten(1)


class Standardised(nn.Module):
    """Each number minus the training mean over the deviation, 0 and a flag where it is missing."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("deviation", torch.ones(n_features))
        self.width = 2 * n_features

    def fit(self, x: torch.Tensor) -> None:
        """Mean and deviation of training rows x [n, D]; NaN cells are left out."""
        known = ~torch.isnan(x)
        count = known.sum(0).clamp(min=1)
        self.mean.copy_(torch.nan_to_num(x).sum(0) / count)
        squares = torch.where(known, (x - self.mean) ** 2, torch.zeros(())).sum(0)
        self.deviation.copy_((squares / count).sqrt().clamp(min=1e-6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [n, D] with NaN for missing -> [n, 2 D]."""
        missing = torch.isnan(x)
        return torch.cat([torch.nan_to_num((x - self.mean) / self.deviation), missing.float()], dim=1)


class TabularMLP(nn.Module):
    """Numbers by piecewise-linear embeddings, key, mode, metre and explicit by table look-up, then an MLP."""

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        self.config = config
        self.number_places = _numbers(config)
        self.category_places = _categories(config)
        n_numbers = len(self.number_places)
        self.numbers: PiecewiseLinear | Standardised = (
            PiecewiseLinear(n_numbers, config.bins, config.embedding)
            if config.bins
            else Standardised(n_numbers)
        )
        # The last row of each table stands for "unknown".
        self.categories = nn.ModuleList(
            nn.Embedding(int(feature.high) + 2, config.embedding) for _, feature in self.category_places
        )
        width = self.numbers.width + len(self.categories) * config.embedding
        self.body = nn.Sequential(*_layers(width, config))

    def fit_normalisation(self, x: np.ndarray) -> None:
        """Fit the buffers on training rows x [n, F] only."""
        self.numbers.fit(torch.from_numpy(x[:, self.number_places]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x float32 [n, F] in the config's feature order, NaN for missing -> logits [n, K]."""
        parts = [self.numbers(x[:, self.number_places])]
        for (place, feature), table in zip(self.category_places, self.categories, strict=True):
            value = torch.nan_to_num(x[:, place], nan=feature.high + 1).long()
            parts.append(table(value.clamp(0, int(feature.high) + 1)))
        return self.body(torch.cat(parts, dim=1))


def _layers(width: int, config: MLPConfig) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size in config.hidden:
        layers += [nn.Linear(width, size), nn.BatchNorm1d(size), nn.ReLU(), nn.Dropout(config.dropout)]
        width = size
    return [*layers, nn.Linear(width, len(config.labels))]


def log_probabilities(nets: Sequence[TabularMLP], x: np.ndarray, batch: int = 4096) -> np.ndarray:
    """Mean of the nets' probabilities, as logarithms: x float32 [n, F] -> float32 [n, K]."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(x), batch):
            rows = torch.from_numpy(np.ascontiguousarray(x[start : start + batch]))
            stacked = torch.stack([torch.log_softmax(net.eval()(rows), dim=1) for net in nets])
            parts.append((torch.logsumexp(stacked, dim=0) - np.log(len(nets))).numpy())
    return np.concatenate(parts) if parts else np.zeros((0, len(nets[0].config.labels)), np.float32)
