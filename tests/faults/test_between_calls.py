"""kill -9 between any two calls of a write, before and after the call took effect: the contents are exact all the same."""

from dataclasses import dataclass
from itertools import count

import pytest

from organizer import plans, playlist_writer, writing
from organizer.models import GenrePlaylist, Job, ModelVersion, Plan, SpotifyAccount
from tests.faults import mortal
from tests.faults.conftest import forget_everybody, open_gates
from tests.faults.rounds import go_on
from tests.organizer.conftest import link, predict_in_turn
from tests.organizer.test_library import sync
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(900)]
SONGS, CHUNK, LEAST_CALLS = 36, 10, 9
OLD = plans.Choice("Old", ("rock", "pop"), 0.0)
CHANGED = plans.Choice("Old", ("rock", "jazz-blues"), 0.0)
NEW = plans.Choice("New", ("pop",), 0.0)


def library(world: SimulatorProcess) -> SpotifyAccount:
    """Everything anew: Cleo has a playlist of 24 songs."""
    forget_everybody()
    open_gates()
    ModelVersion.objects.all().delete()
    world.reset()
    world.like(SONGS, user="cleo")
    cleo = link("cleo", world)
    sync(cleo)
    predict_in_turn(cleo)
    plans.choose(cleo, [OLD])
    go_on(writing.start(plans.make(cleo))[0], world)
    return cleo


@dataclass(frozen=True)
class Edits:
    out: str
    foreign: str
    left: list[str]  # what her playlist holds after them, in order


def edit(world: SimulatorProcess) -> Edits:
    """Cleo takes one song out of her playlist and puts one in that she does not like."""
    playlist = world.playlist("Old", "cleo")
    out, foreign = playlist["uris"][0], world.state("ada")["liked"][0]
    world.edit_playlist("remove", playlist["id"], user="cleo", uris=[out])
    left = world.edit_playlist("add", playlist["id"], user="cleo", uris=[foreign], position=3)
    return Edits(out, foreign, left["uris"])


def proposed(account: SpotifyAccount) -> Plan:
    """A new playlist, and another that loses eleven songs or more and gets twelve."""
    plans.choose(account, [CHANGED, NEW])
    plan = plans.make(account)
    ids = list(plan.items.filter(kind="remove").values_list("pk", flat=True))
    assert len(ids) > CHUNK
    old = GenrePlaylist.objects.get(name="Old")
    plans.set_accepted(plan, old.pk, item_ids=ids, shown_ids=ids)
    return plan


def check(world: SimulatorProcess, plan: Plan, edits: Edits) -> None:
    """Exactly the plan's songs, in order; hand edits kept; a playlist a rule."""
    mine = [row for row in world.state("cleo")["playlists"] if row["owner"] == "cleo"]
    contents = {row["name"]: row["uris"] for row in mine}
    assert sorted(row["name"] for row in mine) == ["New", "Old"]
    gone = uris_of(plan, "Old", "remove")
    assert contents["New"] == uris_of(plan, "New", "add")
    assert contents["Old"] == [uri for uri in edits.left if uri not in gone] + uris_of(plan, "Old", "add")
    for rule in GenrePlaylist.objects.all():
        assert rule.written_uris == contents[rule.name] == rule.versions.latest("pk").uris_after
        assert len(set(rule.written_uris)) == len(rule.written_uris)
    old = GenrePlaylist.objects.get(name="Old")
    assert (old.pins, old.tombstones) == ([edits.foreign], [edits.out])


def uris_of(plan: Plan, name: str, kind: str) -> list[str]:
    items = plan.items.filter(playlist__name=name, kind=kind, is_accepted=True).order_by("position")
    return list(items.values_list("uri", flat=True))


def killed_at(moment: int, world: SimulatorProcess) -> bool:
    """A write that is killed at the moment and resumed by another worker; False when there is no such moment."""
    cleo = library(world)
    edits = edit(world)
    plan = proposed(cleo)
    job, _ = writing.start(plan)
    is_over = mortal.outlived(lambda: mortal.batches(job.pk), last=moment)
    assert (Job.objects.get(pk=job.pk).state == Job.State.DONE) == is_over
    if not is_over:
        go_on(job, world)
    check(world, plan, edits)
    return not is_over


def test_a_write_killed_between_any_two_calls(
    world: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlist_writer, "WRITE", CHUNK)  # several calls for few songs
    moment = next(moment for moment in count(1) if not killed_at(moment, world))
    assert moment > 2 * LEAST_CALLS
