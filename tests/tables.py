"""Small labelled tables that tests make themselves."""

import csv
import random
from pathlib import Path

COLUMNS = ("track_id", "artists", "playlist_genre", "danceability", "energy", "loudness", "valence", "tempo")
PROFILES = {"rock": (0.4, 0.9), "jazz": (0.6, 0.3), "edm": (0.9, 0.7)}


def write_table(path: Path, rows: int = 900, seed: int = 1, *, nameless: int = 0) -> Path:
    """Three labels that energy and danceability tell apart, by 150 artists; of the first rows none is named."""
    rng = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for place in range(rows):
            label = list(PROFILES)[place % len(PROFILES)]
            dance, energy = (min(1, max(0, rng.gauss(mean, 0.1))) for mean in PROFILES[label])
            artist = f"Artist {place % len(PROFILES)}-{rng.randrange(50)}"
            values = (dance, energy, rng.gauss(-8, 2), rng.random(), rng.gauss(120, 20))
            writer.writerow(
                [
                    f"id{place}",
                    artist if place >= nameless else "",
                    label,
                    *(round(value, 3) for value in values),
                ]
            )
    return path
