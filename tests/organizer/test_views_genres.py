from typing import Any

import pytest
from django.urls import reverse

from organizer import plans, stored_verdicts
from organizer.models import Job, Plan, SpotifyAccount
from tests.organizer.browsing import said, signed_in

FORM = {
    "confidence": "60",
    "min_size": "1",
    "pick_rock": "on",
    "name_rock": "Loud",
    "pick_pop": "on",
    "name_pop": "Pop",
    "name_jazz-blues": "Jazz",
}


def test_every_genre_that_occurs_has_a_card_with_its_counts(library: SpotifyAccount) -> None:
    rows = signed_in(library).get(reverse("genres")).context["rows"]
    cards = [card for card, _, _ in rows]
    assert {card.genre for card in cards} == {"rock", "jazz-blues", "pop"}
    assert all(len(card.samples) == 3 and card.at_least(0) == card.songs for card in cards)
    assert [pick.value() for _, pick, _ in rows] == [False] * 3


def test_choosing_stores_rules_and_leads_to_the_plan(library: SpotifyAccount) -> None:
    response = signed_in(library).post(reverse("genres"), FORM)
    plan = Plan.objects.get()
    assert response["Location"] == reverse("plan", args=[plan.pk])
    rules = {rule.name: (rule.genres, rule.min_confidence) for rule in library.playlists.all()}
    assert rules == {"Loud": (["rock"], 0.6), "Pop": (["pop"], 0.6)}


def test_genres_with_one_name_share_a_playlist(library: SpotifyAccount) -> None:
    same = {**FORM, "name_rock": "Favourites", "name_pop": " favourites"}
    signed_in(library).post(reverse("genres"), same)
    rule = library.playlists.get()
    assert set(rule.genres) == {"rock", "pop"}
    assert rule.name.casefold() == "favourites"


def test_rules_of_before_are_filled_in(library: SpotifyAccount) -> None:
    plans.choose(library, [plans.Choice("My jazz", ("jazz-blues",), 0.72, 9)])
    page = signed_in(library).get(reverse("genres"))
    values = {card.genre: (pick.value(), name.value()) for card, pick, name in page.context["rows"]}
    assert values["jazz-blues"] == (True, "My jazz")
    assert values["rock"] == (False, "Rock")
    assert page.context["form"]["confidence"].value() == 72


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pick_rock": "", "pick_pop": ""}, "Tick at least one genre."),
        ({"name_rock": "  "}, "Give this playlist a name."),
        ({"name_rock": "x" * 101}, "at most 100 characters"),
        ({"confidence": "140"}, "a whole number from 0 to 100"),
        ({"confidence": "much"}, "a whole number from 0 to 100"),
    ],
)
def test_mistakes_are_named_and_the_input_is_kept(
    library: SpotifyAccount, wrong: dict[str, str], words: str
) -> None:
    response = signed_in(library).post(reverse("genres"), {**FORM, **wrong, "name_pop": "Kept"})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'value="Kept"' in response.content.decode()
    assert not library.playlists.exists()


def test_while_playlists_are_written_there_is_no_new_plan(library: SpotifyAccount) -> None:
    Job.objects.create(account=library, kind=Job.Kind.WRITE, phase="write", state=Job.State.RUNNING)
    response = signed_in(library).post(reverse("genres"), FORM)
    assert "being written right now" in said(response)
    assert response["Location"] == reverse("genres")


def test_a_link_that_died_keeps_the_choices_and_says_so(library: SpotifyAccount) -> None:
    client = signed_in(library)
    plans.choose(library, [plans.Choice("Loud", ("rock",), 0.5)])
    library.playlists.update(spotify_id="written-before")
    SpotifyAccount.objects.update(needs_link=True)
    response = client.post(reverse("genres"), FORM, follow=True)
    assert b"Please reconnect your account. The job goes on where it stopped." in response.content
    assert library.playlists.filter(is_active=True).count() == 2


def test_an_unsorted_library_leads_back_to_the_start(account: SpotifyAccount) -> None:
    response = signed_in(account).get(reverse("genres"))
    assert b"No genres yet" in response.content


def test_the_page_takes_few_queries(library: SpotifyAccount, django_assert_max_num_queries: Any) -> None:
    client = signed_in(library)
    stored_verdicts.refresh(library)
    with django_assert_max_num_queries(8):
        client.get(reverse("genres"))
