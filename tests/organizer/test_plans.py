from typing import Any

import pytest

from organizer import plans, review, verdicts
from organizer.models import GenrePlaylist, Plan, PlanItem, SpotifyAccount, Track
from organizer.plans import Choice

ROCK, JAZZ = Choice("Rock", ("rock",), 0.6), Choice("Jazz", ("jazz-blues",), 0.6)


def added(plan: Plan, name: str) -> list[str]:
    items = plan.items.filter(playlist__name=name, kind=PlanItem.Kind.ADD).order_by("position")
    return list(items.values_list("uri", flat=True))


def entry(plan: Plan, name: str) -> dict[str, Any]:
    return next(entry for entry in plan.entries if entry["name"] == name)


def test_the_plan_holds_exactly_the_songs_that_pass_in_the_order_they_were_liked(
    library: SpotifyAccount,
) -> None:
    plans.choose(library, [ROCK])
    plan = plans.make(library)
    passing = Track.objects.filter(predictions__genre="rock", predictions__confidence__gte=0.6)
    assert added(plan, "Rock") == list(
        passing.order_by("saves__added_at", "uri").values_list("uri", flat=True)
    )
    assert entry(plan, "Rock")["action"] == "new"


def test_merged_genres_share_a_playlist_and_their_probability(library: SpotifyAccount) -> None:
    plans.choose(library, [Choice("Guitars", ("rock", "jazz-blues"), 0.6)])
    uris = set(added(plans.make(library), "Guitars"))
    both = [song for song in verdicts.of_library(library) if song.genre in {"rock", "jazz-blues"}]
    assert uris == {s.track.uri for s in both if s.probability_of(["rock", "jazz-blues"]) >= 0.6}


def test_a_correction_outranks_the_model_at_once(library: SpotifyAccount) -> None:
    unsure = review.queue(library)[0]
    review.correct(library, unsure.track, "jazz-blues")
    plans.choose(library, [JAZZ])
    item = plans.make(library).items.get(uri=unsure.track.uri)
    assert item.reason == "You said Jazz & blues."
    assert unsure.track.pk not in {song.track.pk for song in review.queue(library)}


def test_a_word_on_an_artist_counts_for_all_their_songs_and_can_be_taken_back(
    library: SpotifyAccount,
) -> None:
    track = review.queue(library)[0].track
    review.correct(library, track, "metal", whole_artist=True)
    songs = [
        song
        for song in verdicts.of_library(library)
        if song.track.primary_artist_id == track.primary_artist_id
    ]
    assert {song.genre for song in songs} == {"metal"}
    assert review.take_back(library, track) == 1
    assert all(not song.is_own_word for song in verdicts.of_library(library))


def test_an_unknown_genre_is_refused(library: SpotifyAccount) -> None:
    with pytest.raises(review.UnknownGenre):
        review.correct(library, Track.objects.first(), "polka")


def test_a_playlist_below_the_minimum_size_is_not_made(library: SpotifyAccount) -> None:
    plans.choose(library, [Choice("Rock", ("rock",), 0.6, min_size=5000)])
    plan = plans.make(library)
    assert entry(plan, "Rock")["action"] == "too_small"
    assert plan.calls == 0


def test_a_new_plan_replaces_the_one_that_was_not_applied(library: SpotifyAccount) -> None:
    plans.choose(library, [ROCK])
    first, second = plans.make(library), plans.make(library)
    first.refresh_from_db()
    assert (first.state, second.state) == (Plan.State.OUTDATED, Plan.State.PROPOSED)
    with pytest.raises(plans.PlanError):
        plans.accept_playlists(first, set())


def test_choosing_other_genres_keeps_the_rules_known(library: SpotifyAccount) -> None:
    (rock,) = plans.choose(library, [ROCK])
    plans.choose(library, [JAZZ])
    (again,) = plans.choose(library, [Choice("Loud", ("rock",), 0.7)])
    assert again.pk == rock.pk
    assert GenrePlaylist.objects.filter(is_active=True).count() == 1


def test_swapping_two_names_keeps_each_rule_with_its_genres(library: SpotifyAccount) -> None:
    rock, jazz = plans.choose(library, [ROCK, JAZZ])
    plans.choose(library, [Choice("Jazz", ("rock",), 0.6), Choice("Rock", ("jazz-blues",), 0.6)])
    rock.refresh_from_db(), jazz.refresh_from_db()
    assert (rock.name, jazz.name) == ("Jazz", "Rock")


def test_a_rule_that_is_renamed_and_merged_at_once_keeps_its_playlist(account: SpotifyAccount) -> None:
    rock, rest = plans.choose(account, [ROCK, Choice("The rest", (), 0.0, is_rest=True)])
    wider = Choice("Loud", ("metal", "rock"), 0.6)
    pop, loud, left = plans.choose(
        account, [Choice("Pop", ("pop",), 0.6), wider, Choice("Rock", (), 0.0, is_rest=True)]
    )
    assert (loud.pk, left.pk) == (rock.pk, rest.pk) and pop.pk not in {rock.pk, rest.pk}


def test_no_genre_chosen_is_a_sentence(library: SpotifyAccount) -> None:
    with pytest.raises(plans.PlanError, match="at least one genre"):
        plans.make(library)


def test_ticks_decide_and_costs_follow(library: SpotifyAccount) -> None:
    rock, jazz = plans.choose(library, [ROCK, JAZZ])
    plan = plans.make(library)
    shown = list(plan.items.filter(playlist=rock).values_list("pk", flat=True))
    plans.set_accepted(plan, rock.pk, item_ids=shown[1:], shown_ids=shown)
    plans.accept_playlists(plan, {rock.pk})
    plan.refresh_from_db()
    assert not plan.items.get(pk=shown[0]).is_accepted
    assert not entry(plan, "Jazz")["is_accepted"]
    assert plan.calls == entry(plan, "Rock")["calls"] == 3


def test_a_word_on_one_song_outranks_the_one_on_its_artist(library: SpotifyAccount) -> None:
    by_artist = Track.objects.exclude(primary_artist=None).order_by("primary_artist", "pk")
    first, second = next(
        (one, other)
        for one, other in zip(by_artist, by_artist[1:], strict=False)
        if one.primary_artist_id == other.primary_artist_id
    )
    review.correct(library, second, "reggae")
    review.correct(library, first, "metal", whole_artist=True)
    genres = {song.track.pk: song.genre for song in verdicts.of_library(library)}
    assert (genres[first.pk], genres[second.pk]) == ("metal", "reggae")


def test_taking_a_genre_out_of_a_merged_playlist_continues_that_playlist(library: SpotifyAccount) -> None:
    plans.choose(library, [ROCK, JAZZ])
    (mixed,) = plans.choose(library, [Choice("Mix", ("rock", "jazz-blues"), 0.6)])
    GenrePlaylist.objects.filter(pk=mixed.pk).update(spotify_id="made")
    (again,) = plans.choose(library, [Choice("Mix", ("rock",), 0.6)])
    assert again.pk == mixed.pk


def test_a_choice_that_is_not_written_can_be_put_back(library: SpotifyAccount) -> None:
    plans.choose(library, [ROCK])
    before = plans.rules_of(library)
    plans.choose(library, [Choice("Loud", ("rock", "metal"), 0.2), JAZZ])
    plans.put_back(library, before)
    assert plans.rules_of(library) == before
