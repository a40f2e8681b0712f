from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import jobs, overview, review, stored_verdicts, verdicts
from organizer.models import Job, SavedTrack, SpotifyAccount
from tests.organizer.browsing import another_account, signed_in


def test_signed_in_users_skip_the_landing_page(account: SpotifyAccount) -> None:
    assert signed_in(account).get(reverse("landing"))["Location"] == reverse("library")


def test_an_unread_library_offers_one_thing_to_do(account: SpotifyAccount) -> None:
    page = signed_in(account).get(reverse("library")).content.decode()
    assert page.count('class="primary"') == 1
    assert "Read my liked songs" in page


def test_while_reading_the_page_shows_progress_and_no_second_start(account: SpotifyAccount) -> None:
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    Job.objects.update(state="running", phase="listen", done=24, total=600)
    page = signed_in(account).get(reverse("library")).content.decode()
    assert "Listening to previews" in page
    assert "Step 3 of 4" in page
    assert "24 of 600 songs" in page
    assert f'hx-get="{reverse("job", args=[job.pk])}"' in page
    assert "Read my liked songs" not in page


def test_a_read_library_shows_its_genres_and_certainty(library: SpotifyAccount) -> None:
    response = signed_in(library).get(reverse("library"))
    found = response.context["overview"]
    assert found.songs == library.saves.filter(is_unliked=False, track__is_local=False).count()
    assert sum(bar.songs for bar in found.bars) == found.songs - found.parts["none"]
    assert "Jazz &amp; blues" in response.content.decode()


def test_the_library_takes_few_queries_however_long_it_is(
    library: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(library)
    stored_verdicts.refresh(library)
    with django_assert_max_num_queries(12):
        client.get(reverse("library"))


def test_songs_come_fifty_a_page_newest_first(library: SpotifyAccount) -> None:
    page = signed_in(library).get(reverse("library"), {"page": 2}).context["page"]
    added = [song.added_at for song in page.object_list]
    assert len(added) == 50
    assert added == sorted(added, reverse=True)


def test_the_genre_filter_shows_that_genre_only(library: SpotifyAccount) -> None:
    page = signed_in(library).get(reverse("library"), {"genre": "pop"}).context["page"]
    assert {song.genre for song in page.object_list} == {"pop"}


@pytest.mark.parametrize("standing", ["sure", "review", "own"])
def test_every_number_leads_to_its_songs(library: SpotifyAccount, standing: str) -> None:
    review.correct(library, review.queue(library)[0].track, "metal")
    response = signed_in(library).get(reverse("library"), {"part": standing})
    assert response.context["page"].paginator.count == response.context["overview"].parts[standing] > 0


def test_search_looks_at_titles_and_artists(library: SpotifyAccount) -> None:
    track = library.saves.filter(track__is_local=False).first().track
    asked = f"{track.name.upper()} {track.artist_names[0]}"
    page = signed_in(library).get(reverse("library"), {"q": asked}).context["page"]
    assert track.pk in {song.track.pk for song in page.object_list}
    assert page.paginator.count < library.saves.count()


def test_nonsense_in_the_address_shows_everything(library: SpotifyAccount) -> None:
    nonsense = {"genre": "polkas", "part": "half", "known": "all", "sort": "sideways", "page": "many"}
    page = signed_in(library).get(reverse("library"), nonsense).context["page"]
    assert page.number == 1
    assert page.paginator.count > 100


def test_titles_link_back_to_spotify(library: SpotifyAccount) -> None:
    response = signed_in(library).get(reverse("library"))
    assert response.context["page"].object_list[0].track.spotify_url in response.content.decode()


def test_notes_of_the_last_reading_are_told(library: SpotifyAccount) -> None:
    job, _ = jobs.start(library, Job.Kind.ORGANIZE)
    notes = {"notes": ["Deezer was away."]}
    Job.objects.update(state=Job.State.DONE, counts=notes, finished_at=timezone.now())
    assert b"Deezer was away." in signed_in(library).get(reverse("library")).content


def test_the_same_songs_liked_by_somebody_else_change_nothing(library: SpotifyAccount) -> None:
    mine = [(song.track.pk, song.added_at) for song in verdicts.of_library(library)]
    charlie = another_account()
    likes = [SavedTrack(account=charlie, track_id=pk, added_at=timezone.now()) for pk, _ in mine]
    SavedTrack.objects.bulk_create(likes)
    assert [(song.track.pk, song.added_at) for song in verdicts.of_library(library)] == mine
    assert len(verdicts.of_library(charlie)) == len(mine)


@pytest.mark.parametrize(("subs", "shown"), [(5, 5), (6, 4)])
def test_of_many_sub_genres_the_largest_are_shown_and_the_others_folded(subs: int, shown: int) -> None:
    bar = overview.GenreBar("rock", within=tuple(overview.GenreBar(str(place)) for place in range(subs)))
    assert len(bar.largest_within) == shown
    assert bar.largest_within + bar.further_within == bar.within
