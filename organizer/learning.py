"""What a look at a playlist teaches: what our own unfinished write left there, and what its owner changed by hand."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from organizer.merging import Intent, Seen, observe, relinks, settle
from organizer.models import GenrePlaylist, Plan, PlanItem, PlaylistVersion, Track
from organizer.providers.spotify import PlaylistHead
from organizer.reading import Contents, Reader, is_due

COMING = (PlanItem.Kind.ADD, PlanItem.Kind.KEPT_OUT)
GOING = (PlanItem.Kind.REMOVE, PlanItem.Kind.KEPT_IN)


def seen_of(rule: GenrePlaylist) -> Seen:
    return Seen(tuple(rule.written_uris), tuple(rule.tombstones), tuple(rule.pins))


def remember(rule: GenrePlaylist, seen: Seen, snapshot_id: str) -> None:
    rule.written_uris, rule.snapshot_id = list(seen.uris), snapshot_id
    rule.tombstones, rule.pins = list(seen.tombstones), list(seen.pins)
    rule.save(update_fields=["written_uris", "snapshot_id", "tombstones", "pins"])


def intent_of(plan: Plan | None, rule: GenrePlaylist) -> Intent:
    """What the plan, as ticked, wants of the playlist.

    A song that was put in by hand and goes on the user's word stays out. What is taken back by an undo or a
    restoring counts as the user's own edit, or else the next plan would do again what was undone.
    """
    if plan is None:
        return Intent()
    rows = plan.items.filter(playlist=rule, is_accepted=True).order_by("position").values_list("kind", "uri")
    adds = tuple(uri for kind, uri in rows if kind in COMING)
    removes = tuple(uri for kind, uri in rows if kind in GOING)
    if plan.kind != Plan.Kind.ORGANIZE:
        return Intent(adds, removes, frozenset(adds), frozenset(adds), frozenset(removes))
    revived = frozenset(uri for kind, uri in rows if kind == PlanItem.Kind.KEPT_OUT)
    buried = frozenset(uri for kind, uri in rows if kind == PlanItem.Kind.KEPT_IN)
    return Intent(adds, removes, revived=revived, buried=buried)


@dataclass(frozen=True)
class Look:
    is_edited: bool  # by hand, since we looked last
    entries: int  # readable or not


def look(reader: Reader, rule: GenrePlaylist, head: PlaylistHead, *, writing: Plan | None = None) -> Look:
    """Read the playlist if it may not be as we know it, and learn. Safe to run twice.

    `writing`: the plan that is being written and goes on; every other unfinished write ends here.
    """
    if head.snapshot_id == rule.snapshot_id and (writing or not is_due(rule)):
        end_writes(rule, but=writing)
        return Look(False, head.total)
    now = reader.contents(head)
    return Look(learn(rule, now, writing=writing), len(now.uris) + now.unreadable)


def end_writes(rule: GenrePlaylist, *, but: Plan | None = None) -> None:
    """Writes that were broken off end with what they left."""
    for version in rule.versions.filter(uris_after__isnull=True).exclude(plan=but if but else -1):
        close(version, rule.written_uris)


def close(version: PlaylistVersion, uris: list[str]) -> None:
    """The write is over. One that changed nothing leaves no trace."""
    if version.uris_before == uris and not version.was_created:
        version.delete()
        return
    version.uris_after = uris
    version.save(update_fields=["uris_after"])


@transaction.atomic
def learn(rule: GenrePlaylist, now: Contents, *, writing: Plan | None = None) -> bool:
    """Store the contents as the new base; True if its owner changed something by hand.

    Every difference that is not our own write's becomes a version, so that the versions of a playlist form a chain.
    """
    version = rule.versions.filter(uris_after__isnull=True).select_related("plan").first()
    intent = intent_of(version.plan, rule) if version else Intent()
    is_whole = not now.unreadable
    ours = settle(seen_of(rule), now.uris, intent, is_whole=is_whole)
    found = observe(ours, now.uris, is_whole=is_whole, relinked=_relinks(rule, ours, now) if is_whole else {})
    is_edited = found.uris != ours.uris
    if version and (is_edited or version.plan != writing):
        close(version, list(ours.uris))
    if is_edited:
        _store_edit(rule, list(ours.uris), list(found.uris))
    remember(rule, found, now.snapshot_id)
    rule.isrcs, rule.read_at = _isrcs_of_strangers(found.uris, now), timezone.now()
    rule.save(update_fields=["isrcs", "read_at"])
    return is_edited


def _isrcs_of_strangers(uris: Iterable[str], now: Contents) -> dict[str, str]:
    known = set(Track.objects.filter(uri__in=list(uris)).values_list("uri", flat=True))
    return {uri: now.isrcs[uri] for uri in uris if uri in now.isrcs and uri not in known}


def _store_edit(rule: GenrePlaylist, before: list[str], after: list[str]) -> None:
    PlaylistVersion.objects.create(
        playlist=rule, by=PlaylistVersion.By.USER, uris_before=before, uris_after=after
    )


def _relinks(rule: GenrePlaylist, ours: Seen, now: Contents) -> dict[str, str]:
    there, base = set(now.uris), set(ours.uris)
    missing = [uri for uri in ours.uris if uri not in there]
    known = rule.isrcs | dict(Track.objects.filter(uri__in=missing).values_list("uri", "isrc"))
    removed = {uri: known.get(uri, "") for uri in missing}
    return relinks(removed, {uri: now.isrcs.get(uri, "") for uri in now.uris if uri not in base})


@transaction.atomic
def forget_playlist(rule: GenrePlaylist) -> None:
    """The playlist is no longer the user's: the rule lets go of it and may be given a new one. Tombstones stay."""
    end_writes(rule)
    if rule.written_uris:
        _store_edit(rule, rule.written_uris, [])
    rule.spotify_id = rule.snapshot_id = rule.ref = ""
    rule.written_uris, rule.pins, rule.is_claimed = [], [], False
    rule.save(update_fields=["spotify_id", "snapshot_id", "ref", "written_uris", "pins", "is_claimed"])
