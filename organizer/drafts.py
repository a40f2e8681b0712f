"""A plan before it is stored, and storing it: every change with its reason, its tick and its cost."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from django.db import transaction

from organizer.merging import Action, PlaylistDiff, calls
from organizer.models import GenrePlaylist, Plan, PlanItem, PlaylistVersion, SpotifyAccount, Track
from organizer.providers.spotify import ASK, PlaylistHead

COUNTED = ("add", "remove", "kept_out", "kept_in", "duplicate")
AT_ONCE = 5000  # uris a query: databases limit their number


@dataclass(frozen=True)
class Proposal:
    """One playlist's part of a plan."""

    rule: GenrePlaylist
    diff: PlaylistDiff
    head: PlaylistHead | None = None

    @property
    def name(self) -> str:
        return self.head.name if self.head else self.rule.name  # a renamed playlist keeps its new name


@dataclass(frozen=True)
class Draft:
    """A plan before it is stored."""

    proposals: Sequence[Proposal]
    notes: list[str] = field(default_factory=list)
    kind: Plan.Kind = Plan.Kind.ORGANIZE
    target: Plan | None = None
    version: PlaylistVersion | None = None


@dataclass(frozen=True)
class Unticked:
    """What the user did not want of the plan before: it stays unticked until they tick it."""

    playlists: frozenset[int] = frozenset()
    songs: frozenset[tuple[int, str]] = frozenset()  # additions


def _unticked(account: SpotifyAccount) -> Unticked:
    last = account.plans.filter(kind=Plan.Kind.ORGANIZE).first()
    if last is None:
        return Unticked()
    songs = last.items.filter(kind=PlanItem.Kind.ADD, is_accepted=False).values_list("playlist_id", "uri")
    return Unticked(
        frozenset(entry["playlist"] for entry in last.entries if entry.get("is_declined")), frozenset(songs)
    )


def _still_unticked(proposal: Proposal, unticked: Unticked) -> Proposal:
    rule, found = proposal.rule, proposal.diff
    items = tuple(
        replace(item, is_accepted=item.is_accepted and (rule.pk, item.uri) not in unticked.songs)
        for item in found.items
    )
    if items == found.items or found.action is Action.TOO_SMALL:
        return proposal
    ticked = Counter(item.kind for item in items if item.is_accepted)
    is_new = found.action in {Action.NEW, Action.GONE}
    cost = calls(ticked["add"], ticked["remove"], is_new=is_new)
    return replace(proposal, diff=replace(found, items=items, calls=cost))


@transaction.atomic
def store(account: SpotifyAccount, draft: Draft) -> Plan:
    """The draft as a plan, which replaces all that were not applied."""
    unticked = _unticked(account) if draft.kind == Plan.Kind.ORGANIZE else Unticked()
    account.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.APPLYING]).update(
        state=Plan.State.OUTDATED
    )
    draft = replace(draft, proposals=[_still_unticked(one, unticked) for one in draft.proposals])
    entries = [_entry(proposal, unticked) for proposal in draft.proposals]
    entries.sort(key=lambda entry: not entry["is_accepted"])  # what would change comes first
    plan = Plan.objects.create(
        account=account,
        entries=entries,
        calls=cost(entries),
        notes=draft.notes,
        kind=draft.kind,
        target=draft.target,
        version=draft.version,
    )
    uris = {item.uri for proposal in draft.proposals for item in proposal.diff.items}
    tracks = {track.uri: track.pk for track in tracks_of(uris)}
    PlanItem.objects.bulk_create(
        [
            PlanItem(
                plan=plan,
                playlist=proposal.rule,
                track_id=tracks.get(item.uri),
                uri=item.uri,
                kind=item.kind,
                position=position,
                move=item.move[:100],
                reason=item.reason[:300],
                is_accepted=item.is_accepted,
            )
            for proposal in draft.proposals
            for position, item in enumerate(proposal.diff.items)
        ],
        batch_size=1000,
    )
    return plan


def cost(entries: Sequence[Mapping[str, Any]]) -> int:
    """Spotify calls of everything that is ticked: each playlist's own, and one per 40 to see that they still exist."""
    ticked = [entry for entry in entries if entry["is_accepted"] and entry["calls"]]
    return sum(entry["calls"] for entry in ticked) + ceil(sum(bool(e["spotify_id"]) for e in ticked) / ASK)


def _entry(proposal: Proposal, unticked: Unticked) -> dict[str, Any]:
    rule, found = proposal.rule, proposal.diff
    is_declined = rule.pk in unticked.playlists
    return {
        "playlist": rule.pk,
        "spotify_id": rule.spotify_id,
        "snapshot_id": rule.snapshot_id,  # what the proposal was made from
        "name": proposal.name,
        "wished_name": rule.name if proposal.name != rule.name else "",
        "action": str(found.action),
        "is_accepted": found.action in {Action.NEW, Action.UPDATE} and not is_declined,
        "is_declined": is_declined,
        "calls": found.calls,
        "there": len(rule.written_uris) if proposal.head else 0,  # songs in it now
        **{kind: len(found.uris(kind)) for kind in COUNTED},
    }


def tracks_of(uris: Collection[str]) -> Iterator[Track]:
    ordered = sorted(uris)
    for start in range(0, len(ordered), AT_ONCE):
        yield from Track.objects.filter(uri__in=ordered[start : start + AT_ONCE])
