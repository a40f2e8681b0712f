"""Predictions + the user's rules + what is on Spotify now → a Plan that shows every change before it is made."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from classifier.labels import display_name
from organizer import accounts, verdicts
from organizer.merging import Action, PlaylistDiff, Seen, calls, diff, observe
from organizer.models import GenrePlaylist, Job, Plan, PlanItem, SpotifyAccount, Track
from organizer.providers.spotify import PlaylistHead
from organizer.verdicts import Verdict

EVIDENCE = {
    "features": "audio features",
    "artist": "the artist",
    "sound": "the sound of its preview",
    "library": "your other songs by the artist",
}


class PlanError(Exception):
    """There can be no plan now; the message says why and what to do."""


@dataclass(frozen=True)
class Choice:
    """One playlist that the user wants: its name and the genres merged into it."""

    name: str
    genres: tuple[str, ...]
    min_confidence: float
    min_size: int = 1


@transaction.atomic
def choose(account: SpotifyAccount, choices: list[Choice]) -> list[GenrePlaylist]:
    """Store the user's rules. A rule keeps its playlist when its name or its genres stay; others become inactive.

    Playlists on Spotify are not touched here: dropping a genre only stops updates. Safe to run twice.
    """
    known = list(account.playlists.select_for_update().order_by("-is_active", "pk"))
    account.playlists.update(is_active=False)
    kept = []
    for choice in choices:
        row = _matching(known, choice) or GenrePlaylist(account=account)
        if row.pk:
            known.remove(row)
        row.name, row.genres, row.is_active = choice.name, list(choice.genres), True
        row.min_confidence, row.min_size = choice.min_confidence, choice.min_size
        row.save()
        kept.append(row)
    return kept


def _matching(rows: list[GenrePlaylist], choice: Choice) -> GenrePlaylist | None:
    """The rule that the choice continues. What is in use goes before what has a playlist, and that before the rest;
    among equals the same genres count more than the same name, so that two names can be swapped."""

    def rank(row: GenrePlaylist) -> tuple[int, bool] | None:
        has_genres, has_name = set(row.genres) == set(choice.genres), row.name == choice.name
        standing = 0 if row.is_active else 1 if row.spotify_id else 2
        return (standing, not has_genres) if has_genres or has_name else None

    ranked = [(place, row.pk, row) for row in rows if (place := rank(row))]
    return min(ranked)[2] if ranked else None


def rules_of(account: SpotifyAccount) -> list[dict[str, Any]]:
    """The user's rules as they stand, for `put_back`."""
    fields = ("id", "name", "genres", "min_confidence", "min_size", "is_active")
    return list(account.playlists.values(*fields))


@transaction.atomic
def put_back(account: SpotifyAccount, rules: list[dict[str, Any]]) -> None:
    """Undo a `choose` from which nothing was written."""
    account.playlists.update(is_active=False)
    account.playlists.filter(spotify_id="").exclude(pk__in=[rule["id"] for rule in rules]).delete()
    for rule in rules:
        account.playlists.filter(pk=rule["id"]).update(**rule)


def make(account: SpotifyAccount) -> Plan:
    """Read what is on Spotify (one call per 50 playlists, plus the contents of those that changed) and propose.

    Hand edits found on the way are remembered at once; the proposal replaces older ones that were not applied.
    """
    if (
        account.jobs.active().filter(kind=Job.Kind.WRITE).exists()
    ):  # its half-written lists would look like hand edits
        raise PlanError("Playlists are being written right now. Make a new plan when that is done.")
    rules = list(account.playlists.filter(is_active=True))
    if not rules:
        raise PlanError("Choose at least one genre first.")
    heads = _heads(account, rules)
    songs = verdicts.of_library(account)
    for rule in rules:
        look(account, rule, heads.get(rule.spotify_id), ours=_unfinished(rule))
    proposals = [(rule, _propose(rule, songs, heads.get(rule.spotify_id))) for rule in rules]
    return _store(account, proposals, heads)


def _heads(account: SpotifyAccount, rules: list[GenrePlaylist]) -> dict[str, PlaylistHead]:
    """The user's playlists by id. One that is missing here was deleted (on Spotify: unfollowed) by the user."""
    if not any(rule.spotify_id for rule in rules):
        return {}
    heads = accounts.with_spotify(account, lambda api: list(api.my_playlists()))
    return {head.spotify_id: head for head in heads}


def look(
    account: SpotifyAccount,
    rule: GenrePlaylist,
    head: PlaylistHead | None,
    *,
    ours: frozenset[str] = frozenset(),
) -> None:
    """Read the playlist if its snapshot is not the one we know, and learn the hand edits. Safe to run twice."""
    if head is None or (head.snapshot_id == rule.snapshot_id and not ours):
        return
    now = accounts.with_spotify(account, lambda api: api.contents(head.spotify_id))
    learned = observe(seen_of(rule), now.uris, ours, is_whole=not now.unreadable)
    remember(rule, learned, head.snapshot_id)


def _unfinished(rule: GenrePlaylist) -> frozenset[str]:
    """What writes that never ended may have added: ours, should it turn up in the playlist."""
    plans = rule.versions.filter(uris_after__isnull=True).values("plan")
    items = PlanItem.objects.filter(plan__in=plans, playlist=rule, kind=PlanItem.Kind.ADD, is_accepted=True)
    return frozenset(items.values_list("uri", flat=True))


def seen_of(rule: GenrePlaylist) -> Seen:
    return Seen(tuple(rule.written_uris), tuple(rule.tombstones), tuple(rule.pins))


def remember(rule: GenrePlaylist, seen: Seen, snapshot_id: str) -> None:
    rule.written_uris, rule.snapshot_id = list(seen.uris), snapshot_id
    rule.tombstones, rule.pins = list(seen.tombstones), list(seen.pins)
    rule.save(update_fields=["written_uris", "snapshot_id", "tombstones", "pins"])


def passes(verdict: Verdict, rule: GenrePlaylist) -> bool:
    """The song's own genre is one of the playlist's, and the playlist's genres together are likely enough."""
    return verdict.genre in rule.genres and verdict.probability_of(rule.genres) >= rule.min_confidence


def _propose(rule: GenrePlaylist, songs: list[Verdict], head: PlaylistHead | None) -> PlaylistDiff:
    wanted = {song.track.uri: _reason(song, rule) for song in songs if passes(song, rule)}
    is_gone = bool(rule.spotify_id) and head is None
    seen = replace(seen_of(rule), uris=(), pins=()) if is_gone else seen_of(rule)
    known = {song.track.uri: song for song in songs}
    leaving = {uri: _leaving(known.get(uri), rule) for uri in seen.uris if uri not in wanted}
    proposal = diff(seen, wanted, leaving, exists=head is not None)
    if is_gone:
        return replace(proposal, action=Action.GONE)
    if proposal.action is Action.NEW and len(proposal.uris("add")) < max(1, rule.min_size):
        return replace(proposal, action=Action.TOO_SMALL, calls=0)
    return proposal


def _reason(song: Verdict, rule: GenrePlaylist) -> str:
    if song.is_own_word:
        return f"You said {display_name(song.genre)}."
    percent = f"{song.probability_of(rule.genres):.0%}"
    spoke = " and ".join(EVIDENCE.get(name, name) for name in song.why)
    return f"{percent} {' / '.join(display_name(genre) for genre in rule.genres)}, by {spoke or 'the model'}."


def _leaving(song: Verdict | None, rule: GenrePlaylist) -> str:
    if song is None:
        return "You no longer like this song."
    if song.genre not in rule.genres:
        return f"Now {display_name(song.genre)}." if song.genre else "It has no genre any more."
    return (
        f"Only {song.probability_of(rule.genres):.0%} sure; this playlist asks for {rule.min_confidence:.0%}."
    )


@transaction.atomic
def _store(
    account: SpotifyAccount,
    proposals: list[tuple[GenrePlaylist, PlaylistDiff]],
    heads: Mapping[str, PlaylistHead],
) -> Plan:
    account.plans.filter(state__in=[Plan.State.PROPOSED, Plan.State.APPLYING]).update(
        state=Plan.State.OUTDATED
    )
    for rule, _ in proposals:  # a write that was broken off ends here, with what it left
        rule.versions.filter(uris_after__isnull=True).update(uris_after=rule.written_uris)
    entries = [_entry(rule, proposal, heads.get(rule.spotify_id)) for rule, proposal in proposals]
    entries.sort(key=lambda entry: not entry["is_accepted"])  # what would change comes first
    cost = sum(int(str(entry["calls"])) for entry in entries if entry["is_accepted"])
    plan = Plan.objects.create(account=account, entries=entries, calls=cost)
    uris = {item.uri for _, proposal in proposals for item in proposal.items}
    tracks = dict(Track.objects.filter(uri__in=uris).values_list("uri", "pk"))
    PlanItem.objects.bulk_create(
        [
            PlanItem(
                plan=plan,
                playlist=rule,
                track_id=tracks.get(item.uri),
                uri=item.uri,
                kind=item.kind,
                position=position,
                reason=item.reason,
                is_accepted=item.is_accepted,
            )
            for rule, proposal in proposals
            for position, item in enumerate(proposal.items)
        ],
        batch_size=1000,
    )
    return plan


def _entry(rule: GenrePlaylist, proposal: PlaylistDiff, head: PlaylistHead | None) -> dict[str, object]:
    return {
        "playlist": rule.pk,
        "spotify_id": rule.spotify_id,
        "name": head.name if head else rule.name,  # a renamed playlist keeps its new name
        "wished_name": rule.name if head and head.name != rule.name else "",
        "action": str(proposal.action),
        "is_accepted": proposal.action in {Action.NEW, Action.UPDATE},
        "calls": proposal.calls,
        **{kind: len(proposal.uris(kind)) for kind in ("add", "remove", "kept_out", "kept_in")},
    }


def set_accepted(plan: Plan, playlist_id: int, *, item_ids: list[int], shown_ids: list[int]) -> None:
    """The user's ticks on the songs that were shown: those in `item_ids` are accepted, the other shown ones not."""
    with _open(plan) as row:
        kinds = [PlanItem.Kind.ADD, PlanItem.Kind.REMOVE]
        shown = row.items.filter(playlist_id=playlist_id, pk__in=shown_ids, kind__in=kinds)
        shown.update(is_accepted=False)
        shown.filter(pk__in=item_ids).update(is_accepted=True)


def accept_playlists(plan: Plan, playlist_ids: set[int]) -> None:
    """The user's ticks on whole playlists."""
    with _open(plan) as row:
        for entry in row.entries:
            is_offered = entry["action"] not in {Action.UNCHANGED, Action.TOO_SMALL}
            entry["is_accepted"] = is_offered and entry["playlist"] in playlist_ids


@contextmanager
def _open(plan: Plan) -> Iterator[Plan]:
    """The plan's row, locked while its ticks change; its costs are counted anew. PlanError when it is closed."""
    with transaction.atomic():
        row = Plan.objects.select_for_update().get(pk=plan.pk)
        if row.state != Plan.State.PROPOSED:
            raise PlanError("This plan can no longer be changed. Make a new one.")
        yield row
        for entry in row.entries:
            kinds = list(
                row.items.filter(playlist_id=entry["playlist"], is_accepted=True).values_list(
                    "kind", flat=True
                )
            )
            is_new = entry["action"] in {Action.NEW, Action.GONE}
            entry["calls"] = calls(kinds.count("add"), kinds.count("remove"), is_new=is_new)
        row.calls = sum(entry["calls"] for entry in row.entries if entry["is_accepted"])
        row.save(update_fields=["entries", "calls"])


def begin_applying(plan: Plan, job: Job) -> bool:
    """Bind a proposed plan to its job; False when somebody applied, discarded or replaced it before."""
    won = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED).update(
        state=Plan.State.APPLYING, job=job
    )
    return bool(won)


def discard(plan: Plan) -> bool:
    return bool(Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED).update(state=Plan.State.DISCARDED))


def mark_applied(plan: Plan) -> None:
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.APPLIED, applied_at=timezone.now())
