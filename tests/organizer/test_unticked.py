"""What the user did not want stays unwanted, and what nothing is known of stays where it is."""

from typing import Any

from classifier.labels import FAMILIES
from organizer import plans
from organizer.models import GenrePlaylist, Job, ModelVersion, Plan, PlanItem, SpotifyAccount
from tests.organizer.test_careful_writing import write
from tests.organizer.test_plans import JAZZ, ROCK, added, entry
from tests.organizer.test_writing import apply, contents, make_plan, run


def untick(plan: Plan, name: str, uris: list[str]) -> None:
    items = plan.items.filter(playlist__name=name, kind=PlanItem.Kind.ADD)
    keep = [item.pk for item in items if item.uri not in uris]
    shown = [item.pk for item in items]
    plans.set_accepted(plan, entry(plan, name)["playlist"], item_ids=keep, shown_ids=shown)


def test_an_unticked_song_stays_unticked_in_the_next_plan(library: SpotifyAccount, simulator: Any) -> None:
    plan = make_plan(library, [ROCK])
    unwanted = added(plan, "Rock")[:3]
    untick(plan, "Rock", unwanted)
    write(Plan.objects.get(pk=plan.pk))
    again = plans.make(library)
    left = again.items.filter(kind=PlanItem.Kind.ADD)
    assert [(item.uri, item.is_accepted) for item in left] == [(uri, False) for uri in unwanted]
    assert again.calls == 0
    assert not set(unwanted) & set(contents(simulator, "Rock"))


def test_an_unticked_playlist_stays_unticked_until_it_is_ticked(library: SpotifyAccount) -> None:
    plan = make_plan(library, [ROCK, JAZZ])
    plans.accept_playlists(plan, {entry(plan, "Rock")["playlist"]})
    write(Plan.objects.get(pk=plan.pk))
    again = plans.make(library)
    assert (entry(again, "Jazz")["is_accepted"], again.calls) == (False, 0)
    plans.accept_playlists(again, {entry(again, "Jazz")["playlist"]})
    assert entry(plans.make(library), "Jazz")["is_accepted"]


def test_the_clock_writes_nothing_that_was_unticked(library: SpotifyAccount, simulator: Any) -> None:
    plan = make_plan(library, [ROCK, JAZZ])
    unwanted = added(plan, "Rock")[:3]
    untick(plan, "Rock", unwanted)
    plans.accept_playlists(plan, {entry(plan, "Rock")["playlist"]})
    SpotifyAccount.objects.update(schedule="daily", schedule_applies=True)
    job, _ = plans.start(library, {"then": "apply"})
    run(job)
    for writing in Job.objects.filter(kind=Job.Kind.WRITE):
        run(writing)
    assert contents(simulator, "Rock") == [uri for uri in added(plan, "Rock") if uri not in unwanted]
    assert simulator.playlist("Jazz") is None


def test_liked_songs_that_nothing_judged_yet_are_no_removals(library: SpotifyAccount) -> None:
    """Another version has just become the champion, and its predictions are still being made."""
    apply(library, [ROCK])
    SpotifyAccount.objects.update(removals="mirror")
    ModelVersion.objects.update(is_champion=False)
    ModelVersion.objects.create(name="two", path="two", labels=list(FAMILIES), is_champion=True)
    plan = plans.make(SpotifyAccount.objects.get())
    assert (entry(plan, "Rock")["remove"], plan.calls) == (0, 0)


def test_a_song_whose_other_release_is_not_judged_yet_is_no_removal(library: SpotifyAccount) -> None:
    apply(library, [ROCK])
    first, second = library.saves.filter(track__uri__in=GenrePlaylist.objects.get().written_uris)[:2]
    type(first.track).objects.filter(pk__in=[first.track_id, second.track_id]).update(isrc="SAME00000001")
    library.saves.filter(pk=first.pk).update(is_unliked=True)
    second.track.predictions.all().delete()
    plan = plans.make(library)
    assert not plan.items.filter(kind=PlanItem.Kind.REMOVE).exists()


def test_a_song_that_spotify_refused_is_not_tried_every_day(library: SpotifyAccount) -> None:
    plan = make_plan(library, [ROCK])
    refused = added(plan, "Rock")[3]
    rule = GenrePlaylist.objects.get()
    plan.items.filter(uri=refused).update(uri="spotify:track:withdrawn")
    write(plan)
    assert not plan.items.get(playlist=rule, uri="spotify:track:withdrawn").is_accepted
