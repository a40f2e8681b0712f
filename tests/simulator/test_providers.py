import io
import time

import av
import numpy as np
import pytest
import requests
import soundfile

from simulator.deezer import place, sign
from simulator.invented import built_in_catalogue
from simulator.previews import TAKES, m4a_preview, mp3_preview, mp3_take


def get(url, **params):
    return requests.get(url, params=params, timeout=30)


@pytest.fixture(scope="session")
def catalogue():
    return built_in_catalogue(1)


def one_at(catalogue, where):
    return next(track for track in catalogue.tracks if place(track) == where)


def test_the_shares_of_where_tracks_are_found(catalogue):
    found = [place(track) for track in catalogue.tracks]
    shares = {where: found.count(where) / len(found) for where in set(found)}
    assert 0.68 < shares["isrc"] < 0.80 and 0.02 < shares["nowhere"] < 0.09
    assert shares["search"] > 0.07 and shares["itunes"] > 0.04


def test_deezer_finds_by_isrc_with_a_signed_preview(simulator, catalogue):
    track = one_at(catalogue, "isrc")
    body = get(f"{simulator.deezer_url}/track/isrc:{track.isrc}").json()
    assert body["title"] == track.name and body["artist"]["name"] == track.artists[0]
    assert abs(body["duration"] * 1000 - track.duration_ms) <= 500
    clip = get(body["preview"])
    assert clip.headers["content-type"] == "audio/mpeg" and len(clip.content) > 400_000
    assert get(f"{simulator.deezer_url}/track/{body['id']}").json()["title"] == track.name


def test_deezer_reports_errors_with_status_200(simulator, catalogue):
    answer = get(f"{simulator.deezer_url}/track/isrc:{one_at(catalogue, 'search').isrc}")
    assert answer.status_code == 200 and answer.json()["error"]["code"] == 800
    assert get(f"{simulator.deezer_url}/nonsense").json()["error"]["code"] == 600


def test_deezer_search_finds_what_its_isrc_index_lacks(simulator, catalogue):
    track = one_at(catalogue, "search")
    query = f'artist:"{track.artists[0]}" track:"{track.name}"'
    data = get(f"{simulator.deezer_url}/search/track", q=query, limit=5).json()["data"]
    assert track.name in [hit["title"] for hit in data]
    hidden = one_at(catalogue, "nowhere")
    query = f'artist:"{hidden.artists[0]}" track:"{hidden.name}"'
    assert hidden.deezer_id not in [
        hit["id"] for hit in get(f"{simulator.deezer_url}/search/track", q=query).json()["data"]
    ]


def test_a_decoy_sometimes_ranks_above_the_original(simulator, catalogue):
    hits = [
        get(f"{simulator.deezer_url}/search", q=f'artist:"{track.artists[0]}" track:"{track.name}"').json()[
            "data"
        ]
        for track in catalogue.tracks[:60]
    ]
    assert any(data and data[0]["artist"]["name"] == "The Karaoke Copyists" for data in hits)


def test_expired_and_forged_previews_are_forbidden(simulator, catalogue):
    track = one_at(catalogue, "isrc")
    url = get(f"{simulator.deezer_url}/track/isrc:{track.isrc}").json()["preview"]
    address, _, signature = url.partition("?hdnea=")
    later = signature.replace(signature[4:14], str(int(time.time()) + 9999))
    past = sign(f"/api/1/1/{track.deezer_id}.mp3", int(time.time()) - 1)
    for wrong in ("", signature[:-1] + "z", later, past):
        assert requests.get(f"{address}?hdnea={wrong}", timeout=10).status_code == 403


def test_itunes_finds_by_words_and_plays_aac(simulator, catalogue):
    track = one_at(catalogue, "itunes")
    body = get(
        f"{simulator.itunes_url}/search", term=f"{track.artists[0]} {track.name}", entity="song"
    ).json()
    result = next(hit for hit in body["results"] if hit["trackId"] == track.apple_id)
    assert result["trackTimeMillis"] == track.duration_ms and result["artistName"].startswith(
        track.artists[0]
    )
    clip = get(result["previewUrl"]).content
    with av.open(io.BytesIO(clip)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(samples / 44_100 - 30) < 0.1


def test_itunes_lookup_by_isrc_finds_nothing(simulator, catalogue):
    track = one_at(catalogue, "itunes")
    assert get(f"{simulator.itunes_url}/lookup", isrc=track.isrc).json() == {"resultCount": 0, "results": []}
    assert get(f"{simulator.itunes_url}/lookup", id=track.apple_id).json()["resultCount"] == 1


def test_reccobeats_gives_the_catalogues_exact_values_by_href(simulator, catalogue):
    ids = [track.id for track in catalogue.tracks[:39]]
    content = get(f"{simulator.reccobeats_url}/v1/audio-features", ids=",".join([*ids, "unknown"])).json()[
        "content"
    ]
    found = [part["href"].rpartition("/")[2] for part in content]
    assert 20 <= len(found) <= 35 and set(found) < set(ids) and found != [one for one in ids if one in found]
    for part, track_id in zip(content, found, strict=True):
        features = catalogue.get(track_id).features
        assert {name: part[name] for name in features if name != "time_signature"} == {
            name: value for name, value in features.items() if name != "time_signature"
        }


def test_reccobeats_takes_at_most_forty_ids(simulator):
    url = f"{simulator.reccobeats_url}/v1/audio-features"
    assert get(url, ids=",".join("x" * 22 for _ in range(41))).status_code == 400
    assert get(url, ids=["x"] * 40).json() == {"content": []}
    assert get(url).status_code == 400


def test_the_features_share_can_be_changed(simulator, catalogue):
    ids = ",".join(track.id for track in catalogue.tracks[:40])
    simulator.settings(features_share=1.0)
    assert len(get(f"{simulator.reccobeats_url}/v1/track", ids=ids).json()["content"]) == 40
    simulator.settings(features_share=0.0)
    assert get(f"{simulator.reccobeats_url}/v1/track", ids=ids).json()["content"] == []


def test_clips_are_thirty_seconds_of_seamless_deterministic_mp3(catalogue):
    track = catalogue.tracks[330]
    clip = mp3_preview(track)
    mp3_take.cache_clear()
    assert mp3_preview(track) == clip
    sound, sr_hz = soundfile.read(io.BytesIO(clip), dtype="float32")
    assert sr_hz == 44_100 and abs(len(sound) / sr_hz - 30) < 0.1
    assert 0.001 < float(np.sqrt(np.mean(sound**2))) < 0.5 and np.abs(sound).max() <= 1.1


@pytest.mark.parametrize("preview", [mp3_preview, m4a_preview])
def test_hardly_two_songs_of_a_family_share_a_clip(catalogue, preview):
    songs = [track for track in catalogue.tracks if track.family == "jazz-blues"][:20]
    assert len({preview(track) for track in songs}) >= len(songs) - 2


def test_a_long_library_needs_few_takes(catalogue):
    mp3_take.cache_clear()
    for track in catalogue.tracks[:80]:  # forty of each of two families
        mp3_preview(track)
    assert mp3_take.cache_info().misses == TAKES * 2


def test_families_sound_different(catalogue):
    treble = {}
    for family in ("ambient", "metal"):
        track = next(one for one in catalogue.tracks if one.family == family)
        sound, sr_hz = soundfile.read(io.BytesIO(mp3_preview(track)), dtype="float32", frames=2**18)
        power = np.abs(np.fft.rfft(sound)) ** 2
        treble[family] = power[4_000 * len(sound) // sr_hz :].sum() / power.sum()
    assert treble["metal"] > 10 * treble["ambient"]
