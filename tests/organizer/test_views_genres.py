import random
from collections import Counter
from typing import Any

import pytest
from django.urls import reverse

from organizer import choosing, placements, plans, review, verdicts
from organizer.models import Artist, Job, Plan, SpotifyAccount, Track
from organizer.placing import place
from organizer.plans import Choice
from tests.organizer.browsing import said, signed_in

FORM = {
    "confidence": "60",
    "per_song": "1",
    "min_size": "1",
    "name_template": "{genre}",
    "pick_rock": "on",
    "name_rock": "Loud",
    "pick_pop": "on",
    "name_pop": "Pop",
    "name_jazz-blues": "Jazz",
}


def test_every_genre_that_occurs_has_a_card_with_its_counts(library: SpotifyAccount) -> None:
    rows = signed_in(library).get(reverse("genres")).context["rows"]
    cards = [row["card"] for row in rows]
    assert {card.genre for card in cards} == {"rock", "jazz-blues", "pop"}
    songs = verdicts.of_library(library)
    assert {card.genre: card.songs for card in cards} == Counter(song.genre for song in songs)
    assert all(len(card.samples) == 3 and 0 < card.sure < card.songs for card in cards)


def test_a_newcomer_finds_the_large_genres_ticked_and_needs_one_click(library: SpotifyAccount) -> None:
    client = signed_in(library)
    page = client.get(reverse("genres"))
    form = page.context["form"]
    assert form.picked == [row["card"].genre for row in page.context["rows"]]
    assert (form["confidence"].value(), form["min_size"].value()) == (50, 5)
    assert client.post(reverse("genres"), as_sent(form))["Location"].startswith("/plan/")
    assert library.playlists.count() == 3


def as_sent(form: Any) -> dict[str, Any]:
    """What a browser sends of the form as it is shown."""
    fields = {field.name: field.value() for field in form}
    return {name: value for name, value in fields.items() if value not in (None, False)}


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
    plans.choose(library, [Choice("My jazz", ("jazz-blues",), 0.72, 9)])
    page = signed_in(library).get(reverse("genres"))
    values = {row["card"].genre: (row["is_ticked"], row["name"]) for row in page.context["rows"]}
    assert values["jazz-blues"] == (True, "My jazz")
    assert values["rock"] == (False, "")
    assert page.context["form"]["confidence"].value() == 72


def test_a_playlist_without_a_name_is_called_by_the_template(library: SpotifyAccount) -> None:
    form = {**FORM, "name_rock": "  ", "name_template": "My {genre} songs"}
    signed_in(library).post(reverse("genres"), form)
    assert set(library.playlists.values_list("name", flat=True)) == {"My Rock songs", "Pop"}


def test_names_are_of_one_line(library: SpotifyAccount) -> None:
    spaced = {"name_rock": "Loud\r\nand  fast", "name_pop": "\n", "name_template": "My\t{genre}"}
    signed_in(library).post(reverse("genres"), {**FORM, **spaced, "rest": "on", "rest_name": "The\u2028rest"})
    names = set(library.playlists.values_list("name", flat=True))
    assert names == {"Loud and fast", "My Pop", "The rest"}


def test_what_is_decided_for_all_playlists_is_stored_and_shown_again(library: SpotifyAccount) -> None:
    artist = Artist.objects.filter(tracks__saves__account=library).first()
    assert artist
    decided = {"per_song": "2", "rest": "on", "rest_name": "What is left", "exclude_genres": ["jazz-blues"]}
    typed = {"exclude_artists": f"{artist.name.upper()}\n", "exclude_words": "Live\n\nlive\nIn  concert"}
    client = signed_in(library)
    client.post(reverse("genres"), {**FORM, **decided, **typed})
    library.refresh_from_db()
    assert library.genres_per_song == 2
    words = ["live", "In concert"]
    assert library.exclusions["genres"] == ["jazz-blues"] and library.exclusions["words"] == words
    assert [artist.spotify_id, artist.name] in library.exclusions["artists"]
    assert library.playlists.get(is_rest=True).name == "What is left"
    form = client.get(reverse("genres")).context["form"]
    assert artist.name in form["exclude_artists"].value() and form["rest_name"].value() == "What is left"


def test_putting_genres_together_and_apart_again_stores_nothing(library: SpotifyAccount) -> None:
    client, address = signed_in(library), reverse("genres")
    form = {**FORM, "together": ["rock", "jazz-blues"], "group_name": "Both", "merge": "1"}
    page = client.post(address, form)
    shared = {row["card"].genre: row["others"] for row in page.context["rows"]}
    assert shared == {"rock": ["jazz-blues"], "jazz-blues": ["rock"], "pop": []}
    again = client.post(address, as_sent(page.context["form"]) | {"separate": "rock"})
    assert sorted(one.name for one in again.context["counts"].playlists) == ["Both", "Pop", "Rock"]
    assert not library.playlists.exists()


def test_a_genre_leaves_a_group_of_its_own_name(library: SpotifyAccount) -> None:
    plans.choose(library, [Choice("Rock", ("rock", "pop"), 0.5), Choice("Calm", ("jazz-blues",), 0.5)])
    client, address = signed_in(library), reverse("genres")
    form = client.get(address).context["form"]
    page = client.post(address, as_sent(form) | {"separate": "rock", "name_pop": " ROCK "})
    found = {one.genres: one.name for one in page.context["counts"].playlists}
    assert found == {("rock",): "Rock", ("pop",): "Pop", ("jazz-blues",): "Calm"}
    assert not any(row["others"] for row in page.context["rows"])


def test_one_genre_alone_is_no_group(library: SpotifyAccount) -> None:
    page = signed_in(library).post(reverse("genres"), {**FORM, "together": "rock", "merge": "1"})
    assert "Tick two genres or more" in page.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pick_rock": "", "pick_pop": ""}, "Tick at least one genre."),
        ({"name_template": "My songs"}, "Write {genre} once"),
        ({"exclude_artists": "Nobody at all"}, "No song that you like is by “Nobody at all”."),
        ({"exclude_words": "x" * 61}, "at most 60 characters"),
        ({"exclude_genres": "rock"}, "You want a playlist of Rock and leave it out."),
        ({"rest": "on", "rest_name": "kept"}, "Another playlist here has this name."),
        ({"per_song": "4"}, "a whole number from 1 to 3"),
        ({"name_rock": "x" * 101}, "at most 100 characters"),
        ({"name_rock": "Loud\x07"}, "A name cannot hold control characters."),
        ({"rest": "on", "rest_name": "\x00"}, "A name cannot hold control characters."),
        ({"name_template": "My\x1b {genre}"}, "A name cannot hold control characters."),
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


def some_form(chance: random.Random) -> dict[str, Any]:
    """A form that somebody may have filled in."""
    form: dict[str, Any] = {"per_song": chance.randint(1, 3), "min_size": chance.choice([1, 5, 60])}
    form |= {"confidence": chance.choice([5, 20, 50, 80]), "name_template": "{genre}"}
    for genre in ("rock", "jazz-blues", "pop", "grunge"):
        form[f"name_{genre}"] = chance.choice(["", "", "One", "Two"])
        if chance.random() < 0.7:
            form[f"pick_{genre}"] = "on"
    if chance.random() < 0.5:
        form |= {"rest": "on", "rest_name": "The rest"}
    if chance.random() < 0.5:
        form |= {"small_to_parent": "on"}
    if chance.random() < 0.6:
        names = Artist.objects.filter(tracks__saves__isnull=False).values_list("name", flat=True)
        form |= {"exclude_artists": names[chance.randrange(9)], "exclude_words": "love\nnight"}
    return form


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_are_what_a_plan_would_place(library: SpotifyAccount, seed: int) -> None:
    chance = random.Random(seed)
    for track in chance.sample(list(Track.objects.liked_by(library).movable()), 12):
        review.correct(library, track, chance.choice(["grunge", "rock"]), also=["pop"])
    form = some_form(chance)
    page = signed_in(library).post(reverse("genre-counts"), form)
    assert page.status_code == 200
    shown = page.context["counts"]
    plans.choose(library, page.context["form"].choices(), page.context["form"].settings())
    rules = list(library.playlists.filter(is_active=True))
    songs = verdicts.of_library(library)
    shelves, decided = [placements.shelf_of(rule) for rule in rules], placements.decisions_of(library)
    found = place(placements.of_verdicts(songs, rules), shelves, decided)
    assert {one.name: (one.songs, one.is_small) for one in shown.playlists} == {
        rule.name: (size, small)
        for rule, size, small in zip(rules, found.sizes, found.is_small.tolist(), strict=True)
    }
    assert (shown.placed, shown.excluded) == (found.is_placed.sum(), found.is_excluded.sum())


def test_a_playlist_that_is_too_long_for_spotify_says_so(
    library: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organizer.choosing.ROOM", 10)
    page = signed_in(library).get(reverse("genres"))
    longest = max(page.context["counts"].playlists, key=lambda one: one.songs)
    assert f"Too long for Spotify: {longest.songs - 10} songs stay out." in page.content.decode()


def test_the_counts_are_the_additions_of_the_plan(library: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(merges_duplicates=False)
    form = {**FORM, "rest": "on", "rest_name": "The rest", "exclude_words": "the"}
    shown = signed_in(library).post(reverse("genre-counts"), form).context["counts"]
    assert shown.excluded and not library.playlists.exists()
    signed_in(library).post(reverse("genres"), form)
    planned = {entry["name"]: entry["add"] for entry in Plan.objects.get().entries}
    assert planned == {one.name: one.songs for one in shown.playlists}
    assert sum(planned.values()) == shown.placed and shown.nowhere == 0


def test_a_rest_without_a_song_counts_as_no_playlist(library: SpotifyAccount) -> None:
    form = {**FORM, "confidence": "0", "pick_jazz-blues": "on", "rest": "on", "rest_name": "Leftovers"}
    page = signed_in(library).post(reverse("genre-counts"), form)
    assert page.context["counts"].nowhere == 0
    signed_in(library).post(reverse("genres"), form)
    actions = {entry["name"]: entry["action"] for entry in Plan.objects.get().entries}
    assert actions.pop("Leftovers") == "too_small" and len(actions) == page.context["counts"].made == 3
    assert "It would hold no song, so it is not made." in page.content.decode()


def test_a_mistake_is_told_with_the_counts_of_the_rest_of_the_form(library: SpotifyAccount) -> None:
    form = {**FORM, "exclude_artists": "Nobody at all"}
    page = signed_in(library).post(reverse("genre-counts"), form)
    assert "Nobody at all" in page.content.decode() and page.context["counts"].placed


def test_the_page_and_its_counts_take_few_queries(
    library: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(library)
    artist = Artist.objects.filter(tracks__saves__account=library).first()
    assert artist
    form = {**FORM, "exclude_artists": artist.name, "exclude_words": "love", "rest": "on"}
    client.post(reverse("genres"), form)
    client.get(reverse("genres"))  # the verdicts are stored now
    with django_assert_max_num_queries(12):
        client.get(reverse("genres"))
    with django_assert_max_num_queries(12):
        client.post(reverse("genre-counts"), form)


def test_artists_are_suggested_from_ones_own_library(library: SpotifyAccount) -> None:
    artist = Artist.objects.filter(tracks__saves__account=library).first()
    assert artist
    Artist.objects.create(spotify_id="0stranger", name=f"{artist.name} of somebody else")
    page = signed_in(library).get(reverse("genre-artists"), {"artist": artist.name.lower()})
    assert (
        artist.name in page.context["names"]
        and f"{artist.name} of somebody else" not in page.context["names"]
    )


@pytest.mark.parametrize(("songs", "least"), [(3, 1), (400, 5), (3000, 15), (50_000, 30)])
def test_the_smallest_playlist_goes_with_the_library(songs: int, least: int) -> None:
    assert choosing.likely_min_size(songs) == least


def test_while_playlists_are_written_there_is_no_new_plan(library: SpotifyAccount) -> None:
    Job.objects.create(account=library, kind=Job.Kind.WRITE, phase="write", state=Job.State.RUNNING)
    response = signed_in(library).post(reverse("genres"), FORM)
    assert "being written right now" in said(response)
    assert response["Location"] == reverse("genres")


def test_a_link_that_died_keeps_the_choices_and_says_so(library: SpotifyAccount) -> None:
    client = signed_in(library)
    plans.choose(library, [Choice("Loud", ("rock",), 0.5)])
    library.playlists.update(spotify_id="written-before")
    SpotifyAccount.objects.update(needs_link=True)
    response = client.post(reverse("genres"), FORM, follow=True)
    assert b"The job goes on where it stopped, by itself, once you have reconnected." in response.content
    assert library.playlists.filter(is_active=True).count() == 2


def test_an_unsorted_library_leads_back_to_the_start(account: SpotifyAccount) -> None:
    response = signed_in(account).get(reverse("genres"))
    assert b"No genres yet" in response.content


def test_small_genres_are_folded_away_until_they_are_wanted(
    library: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organizer.views.genres.FIRST", 1)
    client, form = signed_in(library), FORM | {"pick_pop": "", "name_pop": "Kept"}
    del form["name_jazz-blues"]

    def shown(**sent: str) -> set[str]:
        page = client.post(reverse("genres"), form | sent) if sent else client.get(reverse("genres"))
        return {row["card"].genre for row in page.context["rows"]}

    plans.choose(library, [Choice("Jazz", ("jazz-blues",), 0.5)])
    assert "jazz-blues" in shown() and len(shown()) < 3  # the largest, and what has a playlist
    assert "pop" in shown(counts="1")  # what was on the page stays there, with what was typed
    assert shown(all="1") == {"rock", "pop", "jazz-blues"}
    assert "Show all 3 genres" in client.get(reverse("genres")).content.decode()
