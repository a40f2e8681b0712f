"""Much of what an instance holds: a table of many tracks, and a library that is known in every way."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from organizer.models import Dataset, SpotifyAccount


def data_set(path: Path, folder: Path) -> "Dataset":
    """The table with an id of its own for every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from organizer.models import Dataset
    from organizer.training import datasets

    table, own = pq.read_table(path), folder / path.name
    ids = pa.array([f"{path.stem}-{row}" for row in range(len(table))])
    folder.mkdir(exist_ok=True)
    pq.write_table(table.set_column(table.column_names.index("track_id"), "track_id", ids), own)
    row = Dataset(name=path.stem, server_path=str(own), provenance="public", licence="none stated")
    datasets.inspect_table(row, own)
    row.save()
    return row


def library(data: "Dataset", songs: int) -> "SpotifyAccount":
    """A library of so many songs; of each a row of the table's features is known, and a sound drawn at random."""
    from django.utils import timezone

    from classifier.sound import opinion
    from organizer.models import AudioAnalysis, AudioFeatures, ModelVersion, StoredVerdict, Track
    from organizer.training import datasets
    from tests.organizer import large

    account, rows, now = large.library(songs, "ada"), datasets.read(data), timezone.now()
    ModelVersion.objects.all().delete()  # a made-up one, by whose predictions the library was made
    sounds = opinion.packed(np.abs(np.random.default_rng(0).normal(size=(songs, opinion.WIDTH))))
    features, analyses = [], []
    for track, row, sound in zip(Track.objects.order_by("pk"), rows.x.tolist(), sounds, strict=False):
        values = {name: x for name, x in zip(rows.feature_names, row, strict=True) if x == x}
        heard = {"source": "deezer", "encoder": opinion.ENCODER, "embedding": sound}
        features.append(AudioFeatures(track=track, source="reccobeats", values=values, checked_at=now))
        analyses.append(AudioAnalysis(track=track, checked_at=now, **heard))
    StoredVerdict.objects.update(x=0, y=0)  # or a map would be drawn after it is classified
    AudioFeatures.objects.bulk_create(features)
    AudioAnalysis.objects.bulk_create(analyses)
    large.analyse()
    return account
