"""What a microphone, a codec or a room does to a spectrogram, and other disturbances to train under.

All of it works on log-mel chunks in dB below the loudest cell, float32 [n, 128, T] with columns 77.5 ms apart; what
adds (noise, echo) adds powers. Every number is drawn per clip from the generator given.
"""

from dataclasses import dataclass

import torch

from classifier.sound.nets import CHUNK, decibels

FLOOR_DB = -80.0
COLUMN_S = 0.0775
ECHO_COLUMNS = 12


@dataclass(frozen=True)
class Augmentation:
    """Chances and ranges of the disturbances."""

    stretched: float = 0.25  # chance of the next two
    stretch: float = 0.15  # columns nearer or farther by at most this share: tempo
    shift: float = 2.0  # bands up or down by at most this much: pitch
    degraded: float = 0.4  # chance of the next three, of which each then comes by a chance of its own
    band: float = 0.6
    noise: float = 0.5
    reverb: float = 0.4
    equaliser_db: float = 4.0
    gain_db: float = 4.0
    mixed: float = 0.2  # chance that another clip sounds through, as at a fade


def augmented(
    mel: torch.Tensor, wanted: torch.Tensor, how: Augmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bytes mel [n, 128, T] and wanted [n, K] -> disturbed chunks [n, 128, 64] in dB and what they should be called."""
    chunks = _cut(mel, how, generator)
    loudest = chunks.amax(dim=(1, 2), keepdim=True)
    chunks = torch.where(
        _chosen(len(mel), how.degraded, generator), _degraded(chunks, how, generator), chunks
    )
    chunks = _equalised(chunks, how, generator)
    # Serving measures from the loudest cell whatever happened, so the chunk stays as far below it as it was.
    moved = loudest - chunks.amax(dim=(1, 2), keepdim=True)
    gain = _uniform(len(mel), -how.gain_db, how.gain_db, generator)
    return _mixed((chunks + moved + gain).clamp(min=FLOOR_DB), wanted, how.mixed, generator)


def _degraded(chunks: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """A room, noise and a narrow channel, in the order in which they befall sound; each by its own chance."""
    chunks = _echoing(chunks, how.reverb, generator)
    chunks = _noisy(chunks, how.noise, generator)
    return _band_limited(chunks, how.band, generator)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(n, 1, 1, generator=generator)


def _chosen(n: int, chance: float, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(n, 1, 1, generator=generator) < chance


def _cut(mel: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """A chunk of each clip at a random place, some stretched in time and shifted in pitch; [n, 128, 64] in dB.

    Columns and bands are taken, never interpolated: that would smooth what the net is to measure.
    """
    n, bands, width = mel.shape
    changed = _chosen(n, how.stretched, generator)
    pace = 1 + changed * _uniform(n, -how.stretch, how.stretch, generator)
    start = torch.rand(n, 1, 1, generator=generator) * (width - CHUNK * pace).clamp(min=0)
    columns = (start + pace * torch.arange(CHUNK)).long().clamp(max=width - 1)  # [n, 1, 64]
    shift = changed * _uniform(n, -how.shift, how.shift, generator)
    rows = (torch.arange(bands)[:, None] + shift.round().long()).clamp(0, bands - 1)  # [n, 128, 1]
    chunks = mel.gather(2, columns.expand(n, bands, CHUNK)).gather(1, rows.expand(n, bands, CHUNK))
    return decibels(chunks)


def _equalised(chunks: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """A smooth random response over the bands, drawn at eight places and joined by lines."""
    n, bands, _ = chunks.shape
    response = torch.randn(n, 1, 8, generator=generator) * how.equaliser_db / 2
    smooth = torch.nn.functional.interpolate(response, bands, mode="linear", align_corners=True)
    return chunks + smooth.transpose(1, 2)


def _echoing(chunks: torch.Tensor, chance: float, generator: torch.Generator) -> torch.Tensor:
    """A room: each column's power lingers, falling by 60 dB within 0.2 to 1.5 s."""
    n, bands, width = chunks.shape
    reverberation_s = _uniform(n, 0.2, 1.5, generator)
    share = 10 ** _uniform(n, -1, 0.5, generator)  # of the echo's energy to the direct sound's
    decay = 10 ** (-6 * COLUMN_S / reverberation_s * torch.arange(1, ECHO_COLUMNS + 1))  # [n, 1, 12]
    echo = share * decay / decay.sum(dim=2, keepdim=True)
    response = torch.cat([echo.flip(2), torch.ones(n, 1, 1)], dim=2)
    power = torch.nn.functional.pad(10 ** (chunks / 10), (ECHO_COLUMNS, 0))
    lingering = torch.nn.functional.conv1d(power.transpose(0, 1), response, groups=n).transpose(
        0, 1
    )  # bands as the batch, clips as groups
    return torch.where(_chosen(n, chance, generator), 10 * lingering.clamp(min=1e-12).log10(), chunks)


def _noisy(chunks: torch.Tensor, chance: float, generator: torch.Generator) -> torch.Tensor:
    """Noise 0 to 40 dB below the mean power of the chunk, white to brown (0 to -30 dB over the bands)."""
    n, bands, _ = chunks.shape
    power = 10 ** (chunks / 10)
    colour = _uniform(n, -30, 0, generator) * torch.linspace(0, 1, bands)[:, None]
    colour = 10 ** (colour / 10)
    level = 10 ** (_uniform(n, -40, 0, generator) / 10) * power.mean(dim=(1, 2), keepdim=True)
    # The power of noise in a cell scatters; an exponential law is a single bin's, bands of several scatter less.
    scatter = torch.rand(chunks.shape, generator=generator).clamp(min=1e-3).log().neg()
    noise = level * colour / colour.mean(dim=1, keepdim=True) * (0.5 + 0.5 * scatter)
    return torch.where(_chosen(n, chance, generator), 10 * (power + noise).clamp(min=1e-12).log10(), chunks)


def _band_limited(chunks: torch.Tensor, chance: float, generator: torch.Generator) -> torch.Tensor:
    """Only the bands between two edges stay: the lower at most 400 Hz, the upper at least 2.4 kHz."""
    n, bands, _ = chunks.shape
    places = torch.arange(bands)[:, None]
    # Bands lie 0.39 mel apart (Slaney's scale): 400 Hz is band 14, 2.4 kHz band 70, 3.4 kHz band 84.
    low = _uniform(n, -6, 14, generator)
    high = _uniform(n, 70, 134, generator)
    fall_db = _uniform(n, 2, 20, generator)  # per band beyond an edge
    beyond = torch.maximum((low - places).clamp(min=0), (places - high).clamp(min=0))
    return torch.where(_chosen(n, chance, generator), chunks - beyond * fall_db, chunks)


def _mixed(
    chunks: torch.Tensor, wanted: torch.Tensor, chance: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Some clips overlaid with another by a share below a half, and their genres alike (Zhang et al., mixup, 2018)."""
    n = len(chunks)
    share = _chosen(n, chance, generator) * _uniform(n, 0, 0.5, generator)
    other = torch.randperm(n, generator=generator)
    mixed = (1 - share) * chunks + share * chunks[other]
    share = share[:, :, 0]
    return mixed, (1 - share) * wanted + share * wanted[other]
