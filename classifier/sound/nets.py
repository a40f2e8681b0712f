"""Networks that hear: log-mel spectrograms to genre logits, with their normalisation inside."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

BANDS = 128
CHUNK = 64  # columns of a chunk, 77.5 ms apart: 5 s
COLUMNS = 387  # columns of a 30-s clip
EMBEDDING = 128
MODULATION_BANDS = 16
# Rows of a chunk's modulation spectrum, 0.2 Hz each, gathered into these bands (from, below).
MODULATION_EDGES = ((1, 2), (2, 3), (3, 4), (4, 6), (6, 8), (8, 11), (11, 15), (15, 20), (20, 26), (26, 33))


class Normalised(nn.Module):
    """A net whose input is standardised band by band with buffers fitted on training clips."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((BANDS, 1), -40.0))
        self.register_buffer("deviation", torch.full((BANDS, 1), 20.0))

    def fit_normalisation(self, mel: torch.Tensor) -> None:
        """Mean and deviation of every band from training clips mel [n, 128, T] in dB."""
        self.mean.copy_(mel.mean(dim=(0, 2))[:, None])
        self.deviation.copy_(mel.transpose(0, 1).flatten(1).std(dim=1).clamp(min=1.0)[:, None])

    def normalise(self, mel: torch.Tensor) -> torch.Tensor:
        """mel [n, 128, T] in dB -> [n, 128, T] of about unit variance."""
        return (mel - self.mean) / self.deviation


def chunks_of(mel: torch.Tensor) -> torch.Tensor:
    """mel [n, 128, T] -> chunks [n, c, 128, 64] side by side from the first column on.

    A rest of at least half a chunk makes room for one more, and all overlap alike; a clip shorter than a chunk is
    repeated until it fills one.
    """
    width = mel.shape[2]
    if width < CHUNK:
        mel = mel.repeat(1, 1, -(-CHUNK // width))[:, :, :CHUNK]
        width = CHUNK
    count, rest = divmod(width, CHUNK)
    step = (width - CHUNK) / count if rest >= CHUNK // 2 else CHUNK
    starts = [round(i * step) for i in range(count + (rest >= CHUNK // 2))]
    return torch.stack([mel[:, :, start : start + CHUNK] for start in starts], dim=1)


def _block(n_in: int, n_out: int) -> nn.Sequential:
    # Pooled before the ReLU, which changes nothing but the cost.
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.MaxPool2d(2), nn.ReLU()
    )


class MelCNN(Normalised):
    """Ours: a small convolutional trunk beside the statistics of the mel bands, on chunks of 5 s.

    The trunk sees pairs of bands and keeps mean and maximum over time; beside it go each pair's mean, deviation,
    maximum and change, and the modulation spectrum of 16 bands (how loudness pulses), which alone reach more than a
    trunk of this size does on some hundred clips. The head is linear, so the mean of the chunks' logits is the head's
    answer to the mean of their embeddings: one stored vector per clip is enough to score it again.
    """

    def __init__(self, n_labels: int, widths: Sequence[int] = (16, 32, 64, 96), dropout: float = 0.4) -> None:
        super().__init__()
        sizes = (1, *widths)
        self.stripes = Stripes()
        blocks = [_block(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
        self.trunk = channels_last(nn.Sequential(*blocks))
        height = BANDS // 2 // 2 ** len(widths)
        statistics = 4 * (BANDS // 2) + MODULATION_BANDS * len(MODULATION_EDGES)
        width = 2 * height * widths[-1] + statistics
        self.penultimate = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Dropout(dropout),
            nn.Linear(width, EMBEDDING),
            nn.BatchNorm1d(EMBEDDING),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(EMBEDDING, n_labels))

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] in dB below the loudest -> logits [n, K], means over chunks."""
        return self.head(self.embed(mel))

    def embed(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] in dB below the loudest -> [n, 128], the chunks' mean penultimate layer."""
        chunks = chunks_of(self.normalise(mel))
        embedded = self._embed_chunks(chunks.flatten(0, 1))
        return embedded.unflatten(0, chunks.shape[:2]).mean(dim=1)

    def _embed_chunks(self, chunks: torch.Tensor) -> torch.Tensor:
        """chunks [n, 128, 64], normalised -> [n, 128]."""
        pairs = chunks.unflatten(1, (-1, 2)).mean(dim=2)  # [n, 64, 64]
        # The one channel is appended and moved, which keeps the maps after it in the layout that pools 20 times as fast.
        maps = self.trunk(self.stripes(pairs)[..., None].movedim(3, 1))  # [n, C, 4, 4]
        seen = torch.cat([maps.mean(dim=3), maps.amax(dim=3)], dim=1).flatten(1)
        return self.penultimate(torch.cat([seen, _statistics(pairs), _modulation(pairs)], dim=1))


class Stripes(nn.Module):
    """While training, some stripes of bands and of columns of [n, B, T] become 0, the mean (SpecAugment, 2019)."""

    def __init__(self, count: int = 2, bands: int = 8, columns: int = 10) -> None:
        super().__init__()
        self.count, self.bands, self.columns = count, bands, columns

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [n, B, T] -> the same shape."""
        if not self.training:
            return x
        n, height, width = x.shape
        for _ in range(self.count):
            hidden = _stripe(n, height, self.bands)[:, :, None] | _stripe(n, width, self.columns)[:, None, :]
            x = x.masked_fill(hidden, 0)
        return x


def _stripe(n: int, length: int, longest: int) -> torch.Tensor:
    """bool [n, length], true in one stripe of at most `longest`."""
    size = torch.rand(n, 1) * longest
    start = torch.rand(n, 1) * (length - size)
    place = torch.arange(length)
    return (place >= start) & (place < start + size)


def _statistics(bands: torch.Tensor) -> torch.Tensor:
    """bands [n, B, T] -> mean, deviation, maximum and mean absolute change over time, [n, 4 B]."""
    change = (bands[:, :, 1:] - bands[:, :, :-1]).abs().mean(dim=2)
    return torch.cat([bands.mean(dim=2), bands.std(dim=2), bands.amax(dim=2), change], dim=1)


def _modulation(bands: torch.Tensor) -> torch.Tensor:
    """bands [n, B, 64] -> logarithm of how strongly 16 wider bands pulse at 10 rates, [n, 160]."""
    wide = bands.unflatten(1, (MODULATION_BANDS, -1)).mean(dim=2)
    centred = (wide - wide.mean(dim=2, keepdim=True)) * torch.hann_window(wide.shape[2])
    spectrum = torch.fft.rfft(centred, dim=2).abs()
    rates = [spectrum[:, :, low:below].mean(dim=2) for low, below in MODULATION_EDGES]
    return torch.log1p(torch.cat(rates, dim=1))


class ClassicCNN(Normalised):
    """The convolutional net of the field's well-known project, for comparison.

    It describes: mel spectrogram 128 x 660, 16 and then 32 filters of 3 x 3, 2 x 4 max pooling after each, a dense
    layer of 64, dropout. Here the whole 30-s clip comes as 387 columns instead of 660.
    """

    def __init__(self, n_labels: int, columns: int = COLUMNS, dropout: float = 0.25) -> None:
        super().__init__()
        self.columns = columns
        layers = (
            nn.Conv2d(1, 16, 3), nn.MaxPool2d((2, 4)), nn.ReLU(),
            nn.Conv2d(16, 32, 3), nn.MaxPool2d((2, 4)), nn.ReLU(),
            nn.Flatten(), nn.Dropout(dropout),
        )  # fmt: skip
        self.trunk = channels_last(nn.Sequential(*layers))
        width = self.trunk(torch.zeros(1, 1, BANDS, columns)).shape[1]
        self.penultimate = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Dropout(dropout))
        self.head = nn.Linear(64, n_labels)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] in dB below the loudest -> logits [n, K]."""
        return self.head(self.embed(mel))

    def embed(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] -> the penultimate layer [n, 64]."""
        return self.penultimate(self.trunk(fitted(self.normalise(mel), self.columns)[:, None]))


class ClassicFFNN(Normalised):
    """The feed-forward counterpart of `ClassicCNN`: the same spectrogram, flattened, through dense layers."""

    def __init__(
        self,
        n_labels: int,
        columns: int = COLUMNS,
        hidden: Sequence[int] = (64, 64),
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.columns = columns
        sizes = (BANDS * columns, *hidden)
        layers = [
            layer
            for a, b in zip(sizes, sizes[1:], strict=False)
            for layer in (nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout))
        ]
        self.penultimate = nn.Sequential(nn.Flatten(), *layers)
        self.head = nn.Linear(hidden[-1], n_labels)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] in dB below the loudest -> logits [n, K]."""
        return self.head(self.embed(mel))

    def embed(self, mel: torch.Tensor) -> torch.Tensor:
        """mel float32 [n, 128, T] -> the penultimate layer [n, 64]."""
        return self.penultimate(fitted(self.normalise(mel), self.columns))


def channels_last(layers: nn.Sequential) -> nn.Sequential:
    """The same with its filters laid out so that a CPU computes them 1.5 to 2 times as fast."""
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)
    return layers


def fused(net: MelCNN) -> MelCNN:
    """A copy in evaluation mode whose normalisations are part of the convolutions before them: half the cost."""
    net = copy.deepcopy(net).eval()
    for block in net.trunk:
        assert isinstance(block, nn.Sequential)
        conv, norm = block[0], block[1]
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        block[0], block[1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    channels_last(net.trunk)
    return net


def fitted(mel: torch.Tensor, columns: int) -> torch.Tensor:
    """mel [n, 128, T] cut, or repeated from its start, to [n, 128, columns]."""
    times = -(-columns // mel.shape[2])
    return mel.repeat(1, 1, times)[:, :, :columns]


def decibels(mel: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Bytes 0 to 255 as dB from -80 to 0, float32 of the same shape."""
    return torch.as_tensor(mel).float() * (80 / 255) - 80
