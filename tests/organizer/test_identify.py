"""A sound that a user brings: what is stored of it, what comes back, and what can go wrong."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from classifier import audio
from classifier.results import Result
from classifier.sound.expert import FAST_SECONDS, SoundExpert
from organizer import accounts, classify, ear, enrich, identify, tasks
from organizer.models import AudioAnalysis, Identification, Job, SavedTrack, SpotifyAccount, Track
from organizer.views import uploads
from tests.classifier.audio_samples import encoded, long_mp3, m4a, tone
from tests.organizer.browsing import said, signed_in

SONG = encoded(tone(8), "MP3")


@pytest.fixture(scope="module")
def fast() -> SoundExpert:
    return SoundExpert.load(accurate=False)


@pytest.fixture(autouse=True)
def expert(fast: SoundExpert, monkeypatch: pytest.MonkeyPatch) -> SoundExpert:
    """The small network alone, loaded once."""
    monkeypatch.setattr(ear, "sound_expert", lambda: fast)
    return fast


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Have the version in use say jazz with 60 % and pop with 25 %, and be sure of it or not."""

    def say(is_sure: bool) -> None:
        log_probs = {"jazz-blues": math.log(0.6), "pop": math.log(0.25), "rock": math.log(0.15)}
        result = Result("", log_probs, "jazz-blues", ("jazz-blues",), 0.6, 0.1, is_sure, ("sound",), {})
        monkeypatch.setattr(classify, "by_sound_alone", lambda spoken: result)

    return say


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The messages to the worker, which the tests carry themselves."""
    numbers: list[int] = []
    monkeypatch.setattr(tasks.hear, "apply_async", lambda args, **_: numbers.append(args[0]))
    return numbers


def bring(account: SpotifyAccount, sound: bytes, name: str = "song.mp3") -> HttpResponse:
    return signed_in(account).post(reverse("identify"), {"sound": SimpleUploadedFile(name, sound)})


def brought(account: SpotifyAccount, sound: bytes = SONG) -> Identification:
    """Uploaded and heard."""
    bring(account, sound)
    found = account.identifications.first()
    tasks.hear(found.pk)
    found.refresh_from_db()
    return found


def page_of(found: Identification) -> str:
    return signed_in(found.account).get(reverse("identified", args=[found.pk])).content.decode()


def like(account: SpotifyAccount, name: str, embedding: np.ndarray, encoder: str) -> Track:
    track = Track.objects.create(uri=f"spotify:track:{name}", name=name, artist_names=["Somebody"])
    now = timezone.now()
    SavedTrack.objects.create(account=account, track=track, added_at=now)
    stored = embedding.astype("<f2").tobytes()
    AudioAnalysis.objects.create(track=track, encoder=encoder, embedding=stored, checked_at=now)
    return track


def test_a_file_is_heard_and_named_and_its_audio_is_gone(
    account: SpotifyAccount, sent: list[int], judged: Callable[[bool], None]
) -> None:
    judged(True)
    response = bring(account, SONG)
    found = account.identifications.get()
    assert response["Location"] == reverse("identified", args=[found.pk])
    assert sent == [found.pk] and bytes(found.sound) == SONG and "Listening" in page_of(found)
    tasks.hear(found.pk)
    found.refresh_from_db()
    assert (found.state, found.sound) == ("done", None)
    page = page_of(found)
    assert (
        "It sounds like Jazz" in page
        and "54%" in page
        and "Another genre, or none" in page
        and "8 seconds of sound alone" in page
    )


def test_what_the_model_says_by_sound_alone_is_what_is_stored(
    account: SpotifyAccount, expert: SoundExpert
) -> None:
    found = brought(account)
    (spoken,) = expert.opinion.spoken(expert.embed([audio.decode(SONG)]))
    expected = classify.by_sound_alone(spoken)
    assert found.ranked[0][0] == expected.genre and found.is_sure == expected.sure
    assert sum(found.genres.values()) == pytest.approx(1, abs=0.01)


def test_a_doubtful_sound_is_called_doubtful(account: SpotifyAccount, judged: Callable[[bool], None]) -> None:
    judged(False)
    assert "Probably Jazz &amp; blues, but not sure" in page_of(brought(account))


def test_the_picture_is_there_with_words_for_those_who_do_not_see_it(account: SpotifyAccount) -> None:
    found = brought(account)
    picture = signed_in(account).get(reverse("spectrogram", args=[found.pk]))
    assert picture["Content-Type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    page = page_of(found)
    assert 'alt="Mel spectrogram of 8 seconds' in page and "1,000 Hz" in page and "8 s</text>" in page


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (b"<!doctype html><title>Not music</title>", "The file is a web page, not audio."),
        (encoded(np.zeros((44_100 * 5, 1), np.float32), "WAV"), "The audio is silent."),
        (encoded(tone(1), "WAV"), "The audio holds only 1.0 s of sound; at least 3 s are needed."),
        (SONG[: len(SONG) // 50], "at least 3 s are needed"),
        (m4a(tone(8))[:2000], "cut off or damaged"),
        (b"\x00" * 5000, "not audio that can be read"),
    ],
)
def test_what_cannot_be_heard_is_explained_and_dropped(
    account: SpotifyAccount, sound: bytes, sentence: str
) -> None:
    found = brought(account, sound)
    assert (found.state, found.sound) == ("failed", None)
    assert sentence in found.error and found.error in page_of(found)


def test_of_eight_hours_the_middle_is_heard(account: SpotifyAccount) -> None:
    low = long_mp3(hours=8)
    identify.start(account, "night.mp3", low)
    identify.hear(account.identifications.get().pk)
    assert account.identifications.get().seconds == pytest.approx(FAST_SECONDS, abs=0.1)


def test_a_file_that_is_too_large_is_refused_while_it_is_read(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    keep = uploads.InMemory.receive_data_chunk

    def watched(self: uploads.InMemory, raw_data: bytes, start: int) -> None:
        held.append(len(self.body))
        keep(self, raw_data, start)

    monkeypatch.setattr(uploads.InMemory, "receive_data_chunk", watched)
    monkeypatch.setattr(identify, "MAX_BYTES", 1_000_000)
    response = bring(account, bytes(5_000_000))
    assert "larger than 1 MB" in said(response) and not account.identifications.exists()
    assert max(held) <= 1_000_000


@pytest.mark.parametrize(
    ("files", "sentence"), [({}, "Choose an audio file"), ({"sound": b""}, "file is empty")]
)
def test_nothing_to_hear_is_said_at_once(
    account: SpotifyAccount, files: dict[str, bytes], sentence: str
) -> None:
    data = {name: SimpleUploadedFile("song.mp3", body) for name, body in files.items()}
    response = signed_in(account).post(reverse("identify"), data)
    assert response.status_code == 302 and sentence in said(response)
    assert not account.identifications.exists()


def test_two_clicks_make_one(account: SpotifyAccount, sent: list[int]) -> None:
    first, second = bring(account, SONG), bring(account, SONG)
    assert first["Location"] == second["Location"] and "One sound at a time" in said(second)
    assert account.identifications.count() == 1 and len(sent) == 1


def test_an_upload_without_its_token_is_refused(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.handler.enforce_csrf_checks = True
    response = client.post(reverse("identify"), {"sound": SimpleUploadedFile("song.mp3", SONG)})
    assert response.status_code == 403 and not account.identifications.exists()


def test_hearing_twice_changes_nothing(account: SpotifyAccount) -> None:
    found = brought(account)
    before = Identification.objects.filter(pk=found.pk).values().get()
    tasks.hear(found.pk)
    assert Identification.objects.filter(pk=found.pk).values().get() == before


def test_a_sound_that_kills_the_worker_is_given_up(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(account, SONG)
    number = account.identifications.get().pk
    monkeypatch.setattr(ear, "attend", lambda sound: (_ for _ in ()).throw(MemoryError))
    for _ in range(identify.ATTEMPTS):
        with pytest.raises(MemoryError):
            tasks.hear(number)
    tasks.hear(number)
    found = account.identifications.get()
    assert (found.state, found.sound) == ("failed", None) and "given up" in found.error


@pytest.mark.parametrize(
    ("age_s", "state", "again"), [(10, "waiting", 0), (90, "waiting", 1), (700, "failed", 0)]
)
def test_lost_messages_are_sent_again_and_stale_sounds_dropped(
    account: SpotifyAccount, sent: list[int], age_s: int, state: str, again: int
) -> None:
    bring(account, SONG)
    sent.clear()
    Identification.objects.update(created_at=timezone.now() - timedelta(seconds=age_s))
    tasks.wake_jobs()
    found = account.identifications.get()
    assert (found.state, len(sent)) == (state, again)
    assert (found.sound is None) == (state == "failed")


def test_one_that_was_deleted_meanwhile_is_not_missed(account: SpotifyAccount) -> None:
    bring(account, SONG)
    number = account.identifications.get().pk
    signed_in(account).post(reverse("identify-delete", args=[number]))
    tasks.hear(number)
    assert not account.identifications.exists()


def test_the_last_ten_are_kept(account: SpotifyAccount) -> None:
    for number in range(12):
        identify.start(account, f"song {number}", b"x")
        Identification.objects.update(state="failed")
    names = list(account.identifications.values_list("name", flat=True))
    assert names == [f"song {number}" for number in range(11, 1, -1)]


def test_they_go_with_the_account(account: SpotifyAccount) -> None:
    brought(account)
    accounts.unlink(account)
    assert not Identification.objects.exists()


def test_songs_that_sound_alike_come_first_with_a_link(account: SpotifyAccount, expert: SoundExpert) -> None:
    rng = np.random.default_rng(1)
    heard = ear.attend(SONG).embedding
    for number in range(12):
        like(account, f"other{number}", heard * rng.uniform(0, 2, len(heard)), expert.encoder)
    like(account, "twin", heard, expert.encoder)
    like(account, "foreign", heard, "another encoder")
    found = brought(account)
    page = page_of(found)
    assert Track.objects.get(pk=found.nearest[0][0]).name == "twin" and found.compared == 13
    assert "practically the same sound" in page and "https://open.spotify.com/track/twin" in page


def test_songs_no_longer_liked_are_not_named(account: SpotifyAccount, expert: SoundExpert) -> None:
    like(account, "gone", ear.attend(SONG).embedding, expert.encoder)
    found = brought(account)
    SavedTrack.objects.all().delete()
    assert "no longer among your likes" in page_of(found)


def test_without_a_library_the_genre_is_named_all_the_same(account: SpotifyAccount) -> None:
    assert "not been listened to yet" in signed_in(account).get(reverse("identify")).content.decode()
    page = page_of(brought(account))
    assert "of sound alone" in page and "nothing to compare with" in page


def test_similarity_is_the_cosine_of_standardised_embeddings() -> None:
    library = np.random.default_rng(0).normal(3, [1, 10, 0.1], (50, 3)).astype(np.float16)
    wanted = np.array([3.5, 8, 3.05], np.float32)
    rows = library.astype(float)
    a, b = (rows - rows.mean(0)) / rows.std(0), (wanted - rows.mean(0)) / rows.std(0)
    expected = a @ b / np.linalg.norm(a, axis=1) / np.linalg.norm(b)
    assert identify.similarity(library, wanted) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("songs", [1, 9, 10, 5000])
def test_similarity_stays_between_its_bounds_for_any_library(songs: int) -> None:
    library = np.zeros((songs, 4), np.float16)
    library[: songs // 2] = np.random.default_rng(songs).normal(size=(songs // 2, 4))
    alike = identify.similarity(library, np.array([1, 0, 0, 0], np.float32))
    assert alike.shape == (songs,) and np.isfinite(alike).all() and np.abs(alike).max() <= 1.001


def test_only_the_page_that_records_may_ask_for_the_microphone(account: SpotifyAccount) -> None:
    client = signed_in(account)
    assert "microphone=(self)" in client.get(reverse("identify"))["Permissions-Policy"]
    assert "microphone=()" in client.get(reverse("jobs"))["Permissions-Policy"]


def test_htmx_is_told_to_load_the_page_once_it_is_done(account: SpotifyAccount) -> None:
    bring(account, SONG)
    address = reverse("identified", args=[account.identifications.get().pk])
    client = signed_in(account)
    assert "HX-Refresh" not in client.get(address, headers={"HX-Request": "true"})
    tasks.hear(account.identifications.get().pk)
    assert client.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_waiting_person_goes_before_the_rest_of_a_library(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        like(account, f"song{number}", np.ones(9), "sound")
    monkeypatch.setattr(enrich, "LISTEN_BATCH", 1)
    missing = enrich._unheard(Job(account=account), "another encoder")
    assert len(list(enrich._in_batches(missing, float("inf")))) == 3
    bring(account, SONG)
    assert len(list(enrich._in_batches(missing, float("inf")))) == 1


def test_the_list_and_the_page_take_few_queries(
    account: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    found, client = brought(account), signed_in(account)
    for address in (reverse("identify"), reverse("identified", args=[found.pk])):
        with django_assert_max_num_queries(6):
            client.get(address)
