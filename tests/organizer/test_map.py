"""The map of a library and the page of one song."""

import gzip
from typing import Any

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.labels import FEATURES
from classifier.sound.opinion import ENCODER, WIDTH, packed
from organizer import atlas, jobs, review, stored_verdicts, tasks
from organizer.models import AudioAnalysis, AudioFeatures, Job, SpotifyAccount, StoredVerdict, Track
from tests.organizer.browsing import another_account, signed_in

HEARD = 40


@pytest.fixture
def heard(library: SpotifyAccount) -> SpotifyAccount:
    """The first forty songs were heard, in two kinds of sound; the next ten are only described, as some heard ones are."""
    rng, tracks = (
        np.random.default_rng(0),
        Track.objects.liked_by(library).movable().order_by("pk")[: HEARD + 10],
    )
    sounds = packed(rng.normal(size=(HEARD, WIDTH)) + 3 * (np.arange(HEARD) % 2)[:, None])
    now = timezone.now()
    AudioAnalysis.objects.bulk_create(
        AudioAnalysis(track=track, encoder=ENCODER, embedding=sound, source="deezer", checked_at=now)
        for track, sound in zip(tracks, sounds, strict=False)
    )
    AudioFeatures.objects.bulk_create(
        AudioFeatures(track=track, source="reccobeats", values=described(place % 2), checked_at=now)
        for place, track in enumerate(tracks)
        if place >= HEARD // 2
    )
    return library


def described(kind: int) -> dict[str, float]:
    return {feature.name: 0.2 + 0.5 * kind for feature in FEATURES[:12]}


def drawn(account: SpotifyAccount) -> Job:
    job, _ = jobs.start(account, Job.Kind.MAP)
    tasks.work(job.pk)
    job.refresh_from_db()
    return job


def test_songs_with_evidence_are_put_on_the_map(heard: SpotifyAccount) -> None:
    job = drawn(heard)
    assert (job.state, job.counts) == (Job.State.DONE, {"placed": HEARD + 10, "by": "sound"})
    assert atlas.on_the_map(heard).count() == HEARD + 10
    assert not atlas.off_the_map(heard).exists()


def test_drawing_twice_changes_nothing(heard: SpotifyAccount) -> None:
    drawn(heard)
    before = set(atlas.on_the_map(heard).values_list("track", "x", "y"))
    drawn(heard)
    assert set(atlas.on_the_map(heard).values_list("track", "x", "y")) == before


def test_without_sound_the_features_draw_it(heard: SpotifyAccount) -> None:
    AudioAnalysis.objects.all().delete()
    assert drawn(heard).counts == {"placed": HEARD // 2 + 10, "by": "features"}


def test_a_library_without_evidence_has_an_empty_map_and_says_what_to_do(library: SpotifyAccount) -> None:
    assert drawn(library).state == Job.State.DONE
    page = signed_in(library).get(reverse("map")).content.decode()
    assert "Nothing is known yet about how your songs sound" in page


def test_reading_a_library_is_followed_by_drawing(heard: SpotifyAccount) -> None:
    stored_verdicts.refresh(heard)
    job, _ = jobs.start(heard, Job.Kind.ORGANIZE)
    following = atlas.start_if_wanted(job)
    assert following and following.kind == Job.Kind.MAP
    tasks.work(following.pk)
    assert atlas.start_if_wanted(job) is None


def test_the_page_offers_to_draw_and_a_press_starts_one_job(heard: SpotifyAccount) -> None:
    client = signed_in(heard)
    assert b"Draw the map" in client.get(reverse("map")).content
    for _ in range(2):
        assert client.post(reverse("map-draw")).status_code == 302
    assert heard.jobs.filter(kind=Job.Kind.MAP).count() == 1


def test_without_javascript_no_map_is_promised(heard: SpotifyAccount) -> None:
    drawn(heard)
    page = signed_in(heard).get(reverse("map")).content.decode()
    for start in ("<canvas", '<p class="map-loading"', '<aside class="card map-side"'):
        assert " hidden" in page.partition(start)[2].partition(">")[0]
    assert "The map needs JavaScript" in page and "?genre=" in page


@pytest.mark.parametrize(("songs", "words"), [(1, "1 of 1 song."), (2, "1 of 2 songs.")])
def test_the_map_says_how_many_songs_it_holds(library: SpotifyAccount, songs: int, words: str) -> None:
    stored_verdicts.refresh(library)
    kept = library.verdicts.values_list("pk", flat=True)[:songs]
    library.verdicts.exclude(pk__in=list(kept)).delete()
    library.verdicts.filter(pk=kept[0]).update(x=0.5, y=0.5)
    assert f"{words} Neighbours sound alike." in signed_in(library).get(reverse("map")).content.decode()


def test_the_points_come_in_the_order_of_the_legend(heard: SpotifyAccount) -> None:
    drawn(heard)
    client = signed_in(heard)
    legend = [row["genre"] for row in client.get(reverse("map")).context["genres"]]
    answer = client.get(reverse("map-points"))
    body = gzip.decompress(answer.content)
    n = int.from_bytes(body[:4], "little")
    ids = np.frombuffer(body, "<u4", n, 4).cumsum()
    genres = np.frombuffer(body, np.uint8, n, 4 + 8 * n)
    stored = dict(atlas.on_the_map(heard).values_list("track", "genre"))
    assert {int(key): legend[place] for key, place in zip(ids, genres, strict=True)} == stored
    x = np.frombuffer(body, "<u2", n, 4 + 4 * n) / 65535
    there = dict(atlas.on_the_map(heard).values_list("track", "x"))
    assert all(abs(value - there[int(key)]) < 1e-4 for key, value in zip(ids, x, strict=True))


def test_songs_are_found_by_every_word(heard: SpotifyAccount) -> None:
    drawn(heard)
    song = atlas.on_the_map(heard).select_related("track").first()
    assert song
    words = f"{song.track.name} {song.track.artist_names[0]}".upper()
    found = signed_in(heard).get(reverse("map-find"), {"q": words}).json()["ids"]
    assert song.track_id in found
    assert signed_in(heard).get(reverse("map-find"), {"q": "no such words anywhere"}).json() == {"ids": []}


def test_neighbours_come_nearest_first_and_never_from_elsewhere(heard: SpotifyAccount) -> None:
    stored_verdicts.refresh(heard)
    rows = list(StoredVerdict.objects.filter(account=heard).order_by("pk")[:4])
    for row, x in zip(rows, (0.5, 0.53, 0.51, 0.9), strict=True):
        StoredVerdict.objects.filter(pk=row.pk).update(x=x, y=0.5)
    song = StoredVerdict.objects.get(pk=rows[0].pk)
    assert [one.pk for one in atlas.near(song, 8)] == [rows[2].pk, rows[1].pk]


@pytest.mark.parametrize("panel", ["", "?panel"])
def test_a_songs_page_tells_what_is_known(
    heard: SpotifyAccount, panel: str, django_assert_max_num_queries: Any
) -> None:
    drawn(heard)
    row = atlas.on_the_map(heard).select_related("track").first()
    assert row
    client = signed_in(heard)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("song", args=[row.track_id]) + panel).content.decode()
    assert row.track.spotify_url in page
    assert "Around it" in page


def test_a_song_that_was_never_classified_has_a_page(ada: SpotifyAccount) -> None:
    from tests.organizer.test_library import sync

    sync(ada)
    track = Track.objects.liked_by(ada).filter(is_local=True).first() or Track.objects.liked_by(ada).first()
    assert track
    assert signed_in(ada).get(reverse("song", args=[track.pk])).status_code == 200


def test_a_word_on_a_songs_page_leads_back_to_it(heard: SpotifyAccount) -> None:
    track = review.queue(heard)[0].track
    here = reverse("song", args=[track.pk])
    answer = signed_in(heard).post(reverse("correct", args=[track.pk]), {"genre": "reggae", "next": here})
    assert answer["Location"] == here
    elsewhere = {"genre": "reggae", "next": "https://example.org/"}
    answer = signed_in(heard).post(reverse("correct", args=[track.pk]), elsewhere)
    assert answer["Location"].startswith(reverse("review"))


@pytest.mark.parametrize("name", ["map", "map-points", "map-find"])
def test_the_map_is_only_read(library: SpotifyAccount, name: str) -> None:
    assert signed_in(library).post(reverse(name)).status_code == 405


def test_another_users_song_is_not_there(heard: SpotifyAccount) -> None:
    track = Track.objects.liked_by(heard).first()
    assert track
    stranger = signed_in(another_account())
    assert stranger.get(reverse("song", args=[track.pk])).status_code == 404
    assert int.from_bytes(gzip.decompress(stranger.get(reverse("map-points")).content)[:4], "little") == 0
