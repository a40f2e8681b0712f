"""Small made-up tables whose genres can be told apart by features and by artist."""

from pathlib import Path

import numpy as np
import pandas as pd

from classifier.data import Dataset, read_table

CENTRES = {"rock": (0.5, 0.8, -6, 120), "classical": (0.2, 0.15, -22, 90), "hip-hop": (0.8, 0.6, -7, 95)}


def frame(n: int = 600, genres: tuple[str, ...] = tuple(CENTRES), seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    genre = rng.choice(genres, n)
    centre = np.array([CENTRES[name] for name in genre])
    artist = [f"{name} band {rng.integers(25)}" for name in genre]
    return pd.DataFrame(
        {
            "track_id": [f"t{seed}-{i}" for i in range(n)],
            "artists": artist,
            "danceability": np.clip(centre[:, 0] + rng.normal(0, 0.15, n), 0, 1),
            "energy": np.clip(centre[:, 1] + rng.normal(0, 0.15, n), 0, 1),
            "key": rng.integers(-1, 12, n),
            "loudness": centre[:, 2] + rng.normal(0, 3, n),
            "mode": rng.integers(0, 2, n),
            "tempo": centre[:, 3] + rng.normal(0, 15, n),
            "duration_ms": rng.integers(120_000, 300_000, n),
            "explicit": rng.integers(0, 2, n),
            "track_genre": genre,
        }
    )


def table(folder: Path, rows: pd.DataFrame | None = None, name: str = "table.csv") -> Path:
    path = folder / name
    rows = frame() if rows is None else rows
    rows.to_parquet(path) if name.endswith("parquet") else rows.to_csv(path, index=False)
    return path


def dataset(folder: Path, rows: pd.DataFrame | None = None) -> Dataset:
    return read_table(table(folder, rows))
