"""What a run learns from a table and from users' words on songs that the table holds too."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from classifier.same_song import song_id
from classifier.splits import split
from organizer.models import Dataset, TrainingRun
from organizer.training import datasets, learning
from tests.organizer.training_data import table

if TYPE_CHECKING:
    from classifier.dataset import Dataset as Tracks

pytestmark = pytest.mark.django_db
SPLITS = ("artist", "random", "stratified", "album")
CORRECTED = slice(100, 400)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Dataset]:
    """A table with bare ids, and words that its tracks 100 to 399 are metal, of a library that shouts artists' names."""
    public, words = table(tmp_path), Dataset(name="words", kind=Dataset.Kind.CORRECTIONS)
    tracks = datasets.read(public)
    tracks = replace(tracks, track_ids=tuple(f"{row:022}" for row in range(len(tracks))))
    said = replace(
        tracks,
        track_ids=tuple(f"spotify:track:{key}" for key in tracks.track_ids[CORRECTED]),
        artists=tuple((names[0].upper(),) for names in tracks.artists[CORRECTED]),
        labels=(("metal",),) * 300,
        x=tracks.x[CORRECTED],
    )
    monkeypatch.setattr(datasets, "read", lambda one: said if one is words else tracks)
    return [public, words]


def taught(data: list[Dataset], kind: str) -> "tuple[Tracks, Tracks]":
    """Words, and the table: what a run with this split is given of them."""
    said, public = learning._tracks(TrainingRun(split=kind), data)
    return said, public


@pytest.mark.parametrize("kind", SPLITS)
def test_a_corrected_song_is_not_in_the_table_any_more(data: list[Dataset], kind: str) -> None:
    said, public = taught(data, kind)
    assert len(public) == 300
    assert not set(map(song_id, said.track_ids)) & set(map(song_id, public.track_ids))
    assert set(said.labels) == {("metal",)}


@pytest.mark.parametrize("kind", SPLITS)
def test_a_held_out_word_trains_under_no_split_and_under_no_id(data: list[Dataset], kind: str) -> None:
    words = datasets.read(data[1])
    held_out = {song_id(words.track_ids[row]) for row in split(words, "artist").test}
    said, public = taught(data, kind)
    parts = [split(one, "artist") for one in (said, public)] if kind == "artist" else [None, None]
    learned = {
        song_id(one.track_ids[row])
        for one, part in zip((said, public), parts, strict=True)
        for row in (range(len(one)) if part is None else (*part.train, *part.valid))
    }
    assert held_out and not held_out & learned


def test_words_keep_the_uris_by_which_a_library_knows_its_songs(data: list[Dataset]) -> None:
    said, _ = taught(data, "artist")
    assert said.track_ids == datasets.read(data[1]).track_ids


def test_without_words_a_table_stays_as_it_is(data: list[Dataset]) -> None:
    (only,) = learning._tracks(TrainingRun(split="random"), data[:1])
    assert len(only) == 600
