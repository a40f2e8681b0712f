"""Plans that take something back: undoing a run, or restoring a playlist to an earlier version."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from organizer import reverting
from organizer.drafts import Draft, Proposal
from organizer.merging import WRITE, Action, Item, PlaylistDiff, calls
from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SpotifyAccount
from organizer.proposals import Heads

ADDABLE = "spotify:track:"  # local files cannot be added through the Web API
Versions = Sequence[PlaylistVersion]


class PlanError(Exception):
    """There can be no plan now; the message says why and what to do."""


def runs(account: SpotifyAccount) -> QuerySet[Plan]:
    """The plans of which something was written, the newest first."""
    return account.plans.filter(versions__by=PlaylistVersion.By.US).distinct()


def concerned(account: SpotifyAccount, wish: Mapping[str, Any]) -> list[GenrePlaylist]:
    """The playlists that the wish is about; none where it is about no run and no version. PlanError if it is gone."""
    if "undo" in wish:
        run = _run(account, wish["undo"])
        found = account.playlists.filter(versions__plan=run).distinct()
    elif "restore" in wish:
        found = account.playlists.filter(pk=_version(account, wish["restore"]).playlist_id)
    else:
        return []
    return list(found.select_related("account"))


def _run(account: SpotifyAccount, plan_id: int) -> Plan:
    run = runs(account).filter(pk=plan_id).first()
    if run is None:
        raise PlanError(_("Nothing was written in this run, so there is nothing to undo."))
    return run


def _version(account: SpotifyAccount, version_id: int) -> PlaylistVersion:
    found = PlaylistVersion.objects.filter(pk=version_id, playlist__account=account, uris_after__isnull=False)
    if (version := found.first()) is None:
        raise PlanError(_("This version is not known any more, so it cannot be restored."))
    return version


def draft(
    account: SpotifyAccount, wish: Mapping[str, Any], rules: Sequence[GenrePlaylist], heads: Heads
) -> Draft | None:
    """What it takes to go back, as a plan; None where the wish is about no run and no version."""
    if "undo" in wish:
        run = _run(account, wish["undo"])
        return _draft(Draft([], kind=Plan.Kind.UNDO, target=run), rules, heads)
    if "restore" in wish:
        version = _version(account, wish["restore"])
        return _draft(Draft([], kind=Plan.Kind.RESTORE, version=version), rules, heads)
    return None


def _draft(empty: Draft, rules: Iterable[GenrePlaylist], heads: Heads) -> Draft:
    proposals, notes = [], []
    for rule in rules:
        head = heads.get(rule.spotify_id)
        if head is None:
            sentence = _("You deleted “%(name)s” on Spotify, so nothing in it can be taken back.")
            notes.append(sentence % {"name": rule.name})
            continue
        items = _undone(empty.target, rule) if empty.target else _restored(empty.version, rule)
        kept = [item for item in items if item.kind != "add" or item.uri.startswith(ADDABLE)]
        if len(kept) < len(items):
            notes.append(_lost(len(items) - len(kept), head.name))
        if empty.target and _was_created(empty.target, rule):
            sentence = _(
                "“%(name)s” was made by this run. Apps cannot delete playlists, so it stays, without the run's"
                " songs, and is not updated any more."
            )
            notes.append(sentence % {"name": head.name})
        proposals.append(Proposal(rule, _diff(rule, kept, empty), head))
    return Draft(proposals, notes, empty.kind, empty.target, empty.version)


def _lost(count: int, name: str) -> str:
    sentence = ngettext(
        "%(count)s of the songs of “%(name)s” is a file of your own; only you can put it back.",
        "%(count)s of the songs of “%(name)s” are files of your own; only you can put them back.",
        count,
    )
    return sentence % {"count": count, "name": name}


def _undone(run: Plan, rule: GenrePlaylist) -> tuple[Item, ...]:
    ours = _versions_of(run, rule)
    later = _hand_edits(rule, ours[0])
    return reverting.undone(rule.written_uris, _change(ours), later)


def _restored(version: PlaylistVersion | None, rule: GenrePlaylist) -> tuple[Item, ...]:
    assert version is not None and version.uris_after is not None
    return reverting.restored(rule.written_uris, version.uris_after, _hand_edits(rule, version))


def _hand_edits(rule: GenrePlaylist, since: PlaylistVersion) -> reverting.HandEdits:
    edits = rule.versions.filter(by=PlaylistVersion.By.USER, pk__gt=since.pk).order_by("pk")
    changes = [(edit.uris_before, edit.uris_after or []) for edit in edits]
    return reverting.hand_edits(changes, rule.written_uris)


def _versions_of(run: Plan, rule: GenrePlaylist) -> Versions:
    """One, or several where hand edits came in the middle of the write. By now each has its end."""
    return list(run.versions.filter(playlist=rule, uris_after__isnull=False).order_by("pk"))


def _change(versions: Versions) -> reverting.Change:
    """Before and after of the run's own changes, as if nothing had come in between."""
    before, came, went = versions[0].uris_before, dict[str, None](), set[str]()
    for version in versions:
        after = version.uris_after or []
        came |= dict.fromkeys(uri for uri in after if uri not in set(version.uris_before))
        went |= set(version.uris_before) - set(after)
    return before, [*(uri for uri in before if uri not in went), *came]


def _was_created(run: Plan, rule: GenrePlaylist) -> bool:
    return run.versions.filter(playlist=rule, was_created=True).exists()


def _diff(rule: GenrePlaylist, items: Sequence[Item], empty: Draft) -> PlaylistDiff:
    adds = [item.uri for item in items if item.kind == "add"]
    removes = [item.uri for item in items if item.kind == "remove"]
    action = Action.UPDATE if adds or removes else Action.UNCHANGED
    model = _model(empty.target, empty.version, rule)
    return PlaylistDiff(action, tuple(items), cost(rule, adds, removes, model or ()))


def cost(rule: GenrePlaylist, adds: Sequence[str], removes: Collection[str], model: Sequence[str]) -> int:
    """Calls for one playlist: songs that are put back side by side go in one, up to 100."""
    gone = set(removes)
    left = [uri for uri in rule.written_uris if uri not in gone]
    blocks = len(reverting.placed(left, adds, model))
    return calls(blocks * WRITE, len(removes), is_new=False)


def model_of(plan: Plan, rule: GenrePlaylist) -> Sequence[str] | None:
    """The order in which songs that are put back belong; None for a plan whose songs go to the end."""
    return _model(plan.target, plan.version, rule)


def _model(target: Plan | None, version: PlaylistVersion | None, rule: GenrePlaylist) -> Sequence[str] | None:
    if target:
        ours = _versions_of(target, rule)
        return ours[0].uris_before if ours else None
    return version.uris_after if version else None


def settle(plan: Plan, rule: GenrePlaylist) -> None:
    """After an undo was written: a rule whose playlist the run had made rests, until the undo is undone itself."""
    run = plan.target
    if plan.kind != Plan.Kind.UNDO or run is None:
        return
    if _was_created(run, rule):
        GenrePlaylist.objects.filter(pk=rule.pk).update(is_active=False)
    elif run.kind == Plan.Kind.UNDO and run.target and _was_created(run.target, rule):
        is_taken = rule.account.playlists.filter(is_active=True, name=rule.name).exclude(pk=rule.pk).exists()
        GenrePlaylist.objects.filter(pk=rule.pk).update(is_active=not is_taken)
