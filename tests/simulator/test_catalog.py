import subprocess
import sys

import pandas as pd
import pytest
import requests

from simulator.invented import built_in_catalogue
from simulator.profiles import FAMILIES, family_of
from simulator.tables import FEATURES, load
from tests.simulator.conftest import api_of
from tests.simulator_process import ROOT, SimulatorProcess


def rows(count):
    return [
        {
            "track_id": f"{number:022d}", "artists": f"Artist {number % 7};Guest", "album_name": "Album",
            "track_name": f"Song {number}", "duration_ms": 200_000 + number, "explicit": number % 2 == 0,
            "track_genre": "death-metal" if number % 2 else "deep-house",
            **dict.fromkeys(FEATURES, 0.1 + number / 1000003),
            "key": number % 12, "mode": 1, "time_signature": 4, "tempo": 90 + number / 7, "coarse15": "?",
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_becomes_the_library_with_its_exact_values(tmp_path, suffix):
    path, table = tmp_path / f"songs.{suffix}", pd.DataFrame(rows(60))
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    with SimulatorProcess("--catalog", str(path), "--liked", "40", "--features-share", "1") as simulator:
        liked = simulator.state()["liked"]
        ids = [uri.rpartition(":")[2] for uri in liked]
        answer = requests.get(
            f"{simulator.reccobeats_url}/v1/audio-features", params={"ids": ",".join(ids)}, timeout=10
        )
        fresh = simulator.like(3)
        track = api_of(simulator)("GET", f"/tracks/{ids[0]}").json()
    wanted = {row["track_id"]: row for row in rows(60)}
    assert len(liked) == len(set(liked)) == 40 and not set(fresh) & set(liked)
    assert [artist["name"] for artist in track["artists"]][1] == "Guest"
    for part in answer.json()["content"]:
        row = wanted[part["href"].rpartition("/")[2]]
        assert {name: part[name] for name in FEATURES if name != "time_signature"} == {
            name: row[name] for name in FEATURES if name != "time_signature"
        }


def test_the_same_seed_likes_the_same_songs(tmp_path):
    path = tmp_path / "songs.csv"
    pd.DataFrame(rows(100)).to_csv(path, index=False)
    likes = []
    for seed in ("1", "1", "2"):
        with SimulatorProcess("--catalog", str(path), "--liked", "20", "--seed", seed) as simulator:
            likes.append(simulator.state()["liked"])
    assert likes[0] == likes[1] != likes[2]


def test_liking_every_track_leaves_invented_ones_to_like(tmp_path):
    path = tmp_path / "songs.csv"
    pd.DataFrame(rows(30)).to_csv(path, index=False)
    with SimulatorProcess("--catalog", str(path), "--liked", "30") as simulator:
        assert len(simulator.state()["liked"]) == 30
        assert len(simulator.like(10)) == 10


def test_repeated_ids_count_once_and_bad_rows_are_reported(tmp_path, capsys):
    path = tmp_path / "songs.csv"
    table = pd.DataFrame([*rows(5), *rows(2)])
    table["tempo"] = table["tempo"].astype(object)
    table.iloc[1, table.columns.get_loc("track_id")] = ""
    table.iloc[3, table.columns.get_loc("tempo")] = "fast"
    table.iloc[4, table.columns.get_loc("track_id")] = "not/safe"
    table.to_csv(path, index=False)
    assert len(load(path).tracks) == 3
    said = capsys.readouterr().err
    assert "row 2: the track id is empty" in said and "row 4: tempo is 'fast'" in said
    assert "3 bad rows skipped" in said


def test_other_column_names_and_missing_optional_columns_are_understood(tmp_path):
    path = tmp_path / "songs.csv"
    pd.DataFrame(
        [{"track_artist": "A", "playlist_genre": "rap", "track_id": "x1", "track_name": "N", "more": 1}]
    ).to_csv(path, index=False)
    track = load(path).tracks[0]
    assert (track.artists, track.family, track.album, track.features) == (("A",), "hip-hop", "N", {})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        ("artists,track_name\na,b\n", "has no column 'track_id'"),
        ("track_id,artists,track_name\n,,\n", "no usable track"),
    ],
)
def test_a_file_that_is_no_catalogue_ends_the_program_with_one_sentence(tmp_path, content, said):
    path = tmp_path / "songs.csv"
    if content is not None:
        path.write_text(content)
    command = [sys.executable, "-m", "simulator", "--port", "0", "--catalog", str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and said in ended.stderr and "Traceback" not in ended.stderr


def test_the_invented_catalogue_is_reproducible_and_has_every_family():
    first, second = built_in_catalogue(1), built_in_catalogue(1)
    assert first.tracks == second.tracks and len({track.id for track in first.tracks}) == 600
    assert {track.family for track in first.tracks} == set(FAMILIES)
    assert all(0 <= track.features["energy"] <= 1 for track in first.tracks)


@pytest.mark.parametrize(
    ("genre", "family"),
    [
        ("death-metal", "metal"), ("dubstep", "electronic"), ("dub", "reggae"), ("k-pop", "asian-pop"),
        ("honky-tonk", "country-folk"), ("r&b", "rnb-soul"), ("edm", "electronic"), ("j-rock", "asian-pop"),
        ("new-age", "ambient"), ("trap", "hip-hop"), ("comedy", "spoken"), ("chicago-house", "electronic"),
        ("synth-pop", "pop"), ("punk-rock", "punk"), ("something else", "pop"), ("hard-rock", "rock"),
        ("singer-songwriter", "country-folk"), ("reggaeton", "latin"), ("hardcore", "punk"),
    ],
)  # fmt: skip
def test_genre_names_lead_to_families(genre, family):
    assert family_of(genre) == family
