"""Exports that were spoilt, by hand or on their way: refused in a sentence that names the place."""

import copy
import io
import zipfile
from typing import Any

import pytest
from django.utils import timezone

from organizer import takeout
from organizer.models import SpotifyAccount
from tests.organizer.takeouts import emptied, plain

BROKEN = [
    (("version",), 2, "version 2"),
    (("format",), "spotify", "not a takeout"),
    (("library", 3, "uri"), "https://evil", r"library\[3\]\.uri"),
    (("library", 3, "duration_ms"), -1, r"library\[3\]\.duration_ms"),
    (("library", 3, "duration_ms"), True, "whole number"),
    (("library", 3, "name"), "a\x00b", r"library\[3\]\.name"),
    (("library", 3, "name"), "\ud800", r"library\[3\]\.name"),
    (("library", 3, "added_at"), "2026-02-31T00:00:00Z", r"library\[3\]\.added_at"),
    (("library", 3, "added_at"), "2026-02-01T00:00:00", "zone"),
    (("library", 3), [], r"library\[3\]: this must be an object"),
    (("predictions", 0, "confidence"), float("nan"), r"predictions\[0\]\.confidence"),
    (("predictions", 0, "log_probs"), {"polka": 0.0}, r"predictions\[0\]\.log_probs"),
    (("corrections", 0, "genre"), "polka", r"corrections\[0\]\.genre"),
    (("corrections", 0, "artist"), {"id": "0", "name": ""}, r"corrections\[0\]"),
    (("playlists", 0, "genres"), ["polka"], r"playlists\[0\]\.genres\[0\]"),
    (("playlists", 0, "spotify_id"), "../x", r"playlists\[0\]\.spotify_id"),
    (("playlists", 1, "spotify_id"), "0Rock", "another playlist has this id"),
    (("playlists", 0, "versions", 1, "place"), 999, r"playlists\[0\]\.versions\[1\]"),
    (("playlists", 0, "min_confidence"), 2, r"playlists\[0\]\.min_confidence"),
    (("settings", "removals"), "all", r"settings\.removals"),
    (("settings", "genres_per_song"), 4, r"settings\.genres_per_song"),
    (("settings", "name_template"), "Mine, all mine", r"settings\.name_template"),
    (("settings", "exclusions", "genres"), ["polka"], r"settings\.exclusions\.genres\[0\]"),
    (("settings", "exclusions", "artists"), [["only a name"]], "an id and a name|Spotify id and a name"),
    (("playlists", 0, "is_rest"), True, "more than one takes the rest"),
    (("runs",), "none", "runs: this must be a list"),
]


def spoilt(document: dict[str, Any], where: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The document with another value at this place."""
    document = copy.deepcopy(document)
    place: Any = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    return document


def test_what_is_wrong_is_named_with_its_place_and_nothing_changes(
    rich: SpotifyAccount, subtests: Any
) -> None:
    document = takeout.document(rich)
    fresh = emptied(rich)
    for where, value, message in BROKEN:
        with subtests.test(where=where, value=value):
            with pytest.raises(takeout.TakeoutError, match=message):
                takeout.restore(fresh, spoilt(document, where, value))
            rows = (fresh.saves, fresh.playlists, fresh.corrections)
            assert not any(found.exists() for found in rows)


def test_every_missing_field_is_named(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    for name in set(document) - {"format", "version"}:
        less = {key: value for key, value in document.items() if key != name}
        with pytest.raises(takeout.TakeoutError, match=f"“{name}” is missing"):
            takeout.restore(rich, less)


def test_the_same_song_twice_is_refused(rich: SpotifyAccount) -> None:
    document = takeout.document(rich)
    document["library"].append(document["library"][0])
    with pytest.raises(takeout.TakeoutError, match="there twice"):
        takeout.restore(rich, document)


def zipped(**members: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("_", "."), body)
    return file


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(takeout.TakeoutError, match="more than 100 MB"):
        takeout.load(zipped(cratewise_json=b" " * 100_000_001))


def test_a_file_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(takeout.TakeoutError, match="more intricate"):
        takeout.load(zipped(cratewise_json=b'{"a": [' + b"[]," * 1_500_000 + b"0]}"))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (io.BytesIO(b""), "neither"),
        (io.BytesIO(b"\x89PNG\r\n"), "neither"),
        (io.BytesIO(b"PK\x03\x04 nothing more"), "damaged"),
        (zipped(other_txt=b"hello"), "no cratewise.json"),
        (zipped(cratewise_json=b"{"), "not valid JSON"),
        (io.BytesIO(b'{"a": ' + b"[" * 100_000), "not valid JSON"),
        (io.BytesIO(b'{"a": ' + b"9" * 10_000 + b"}"), "not valid JSON"),
        (io.BytesIO(b'{"a": "\xff"}'), "not valid JSON"),
    ],
)
def test_what_is_no_export_is_refused_in_a_sentence(file: io.BytesIO, message: str) -> None:
    with pytest.raises(takeout.TakeoutError, match=message):
        takeout.load(file)


def test_an_unknown_further_genre_is_refused(rich: SpotifyAccount) -> None:
    document = plain(takeout.document(rich)) | {"made_at": timezone.now().isoformat()}
    document["corrections"][0]["also"] = ["polka"]
    with pytest.raises(takeout.TakeoutError, match=r"corrections\[0\]\.also\[0\]"):
        takeout.restore(rich, document)
