"""Plans: the user's rules, the job that makes a plan from them, and the ticks that decide what it will write."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizer import drafts, jobs, learning, proposals, rejudging, reversals
from organizer.merging import Action, calls
from organizer.models import GenrePlaylist, Job, Plan, PlanItem, SpotifyAccount
from organizer.providers.errors import NotFound, ProviderError
from organizer.reading import Interrupted, Reader
from organizer.reversals import PlanError

__all__ = ["Choice", "PlanError", "choose", "make", "plan_batch", "put_back", "rules_of", "start"]
BATCH_S = 10.0
TICKABLE = (*learning.COMING, *learning.GOING)
WRITING = gettext_lazy("Playlists are being written right now. Make a new plan when that is done.")
JUDGING = gettext_lazy("Your songs are being judged again by another model. Make a plan when that is done.")
HALF_JUDGED = gettext_lazy(
    "Only some of your songs are judged by the model that is in use now. Resume that job, or read the library again, "
    "then make a plan."
)
# What of an account is decided together with its rules.
SETTINGS = ("genres_per_song", "small_to_parent", "name_template", "exclusions")
RULE = ("name", "genres", "min_confidence", "min_size", "is_rest")


@dataclass(frozen=True)
class Choice:
    """One playlist that the user wants: its name and the genres merged into it; the rest needs none."""

    name: str
    genres: tuple[str, ...]
    min_confidence: float
    min_size: int = 1
    is_rest: bool = False


@transaction.atomic
def choose(
    account: SpotifyAccount, choices: list[Choice], settings: Mapping[str, Any] | None = None
) -> list[GenrePlaylist]:
    """Store the user's rules. A rule keeps its playlist when its name or genres stay, or some of its genres where no
    other claims it; others become inactive.

    `settings`: those of SETTINGS that change along. Playlists on Spotify are not touched here: dropping a genre only
    stops updates. Safe to run twice.
    """
    if settings:
        for name, value in settings.items():
            setattr(account, name, value)
        account.save(update_fields=list(settings))
    known = list(account.playlists.select_for_update().order_by("-is_active", "pk"))
    found_rows = continued(known, choices)
    account.playlists.update(is_active=False)
    kept = []
    for choice, found in zip(choices, found_rows, strict=True):
        row = found or GenrePlaylist(account=account)
        row.name, row.genres, row.is_active = choice.name, list(choice.genres), True
        row.min_confidence, row.min_size = choice.min_confidence, choice.min_size
        row.is_rest = choice.is_rest
        row.save()
        kept.append(row)
    return kept


def continued(rows: Sequence[GenrePlaylist], choices: Sequence[Choice]) -> list[GenrePlaylist | None]:
    """The rule that each choice continues, if any. Those that are the same in name or genres choose first."""
    free = list(rows)
    found: list[GenrePlaylist | None] = []
    for choice in choices:
        found.append(row := _matching(free, choice))
        if row:
            free.remove(row)
    for place, choice in enumerate(choices):
        if found[place] is None and (row := _overlapping(free, choice)):
            found[place] = row
            free.remove(row)
    return found


def _overlapping(rows: list[GenrePlaylist], choice: Choice) -> GenrePlaylist | None:
    """The rule in use that has most genres in common with the choice: it was renamed and merged at once."""
    shared = [(-len(set(row.genres) & set(choice.genres)), row.pk, row) for row in rows if row.is_active]
    best = min(shared, default=(0, 0, None))
    return best[2] if best[0] else None


def _matching(rows: list[GenrePlaylist], choice: Choice) -> GenrePlaylist | None:
    """The rule that the choice continues. What is in use goes before what has a playlist, and that before the rest;
    among equals the same genres count more than the same name, so that two names can be swapped."""

    def rank(row: GenrePlaylist) -> tuple[int, bool] | None:
        has_genres, has_name = set(row.genres) == set(choice.genres), row.name == choice.name
        if row.is_rest or choice.is_rest:
            has_genres = has_name = row.is_rest and choice.is_rest
        standing = 0 if row.is_active else 1 if row.spotify_id else 2
        return (standing, not has_genres) if has_genres or has_name else None

    ranked = [(place, row.pk, row) for row in rows if (place := rank(row))]
    return min(ranked)[2] if ranked else None


def rules_of(account: SpotifyAccount) -> list[dict[str, Any]]:
    """The user's rules as they stand, for `put_back`."""
    return list(account.playlists.values("id", "is_active", *RULE))


@transaction.atomic
def put_back(account: SpotifyAccount, rules: list[dict[str, Any]]) -> None:
    """Undo a `choose` from which nothing was written."""
    account.playlists.update(is_active=False)
    account.playlists.filter(spotify_id="").exclude(pk__in=[rule["id"] for rule in rules]).delete()
    for rule in rules:
        account.playlists.filter(pk=rule["id"]).update(**rule)


def start(account: SpotifyAccount, wish: dict[str, Any] | None = None) -> tuple[Job, bool]:
    """One job that makes a plan; a second click joins it. `wish`: {"undo": plan id} or {"restore": version id}.

    Raises PlanError when there can be no plan now.
    """
    wish = wish or {}
    with transaction.atomic():
        SpotifyAccount.objects.select_for_update().get(pk=account.pk)
        _check_start(account, wish)
        job, is_new = jobs.start(account, Job.Kind.PLAN)
        if is_new:
            Job.objects.filter(pk=job.pk).update(wish=wish)
            job.wish = wish
    if any(job.wish.get(about) != wish.get(about) for about in ("undo", "restore")):
        raise PlanError(_("Another plan is being made right now. Wait until that is done, or cancel it."))
    return job, is_new


def _check_start(account: SpotifyAccount, wish: dict[str, Any]) -> None:
    if account.jobs.active().filter(kind=Job.Kind.WRITE).exists():
        raise PlanError(str(WRITING))  # half-written lists would be read, and two would change one memory
    if half_way := rejudging.mixing(account):
        raise PlanError(str(JUDGING if half_way.is_active else HALF_JUDGED))
    if not reversals.concerned(account, wish) and not account.playlists.filter(is_active=True).exists():
        raise PlanError(_("Choose at least one genre first."))


def plan_batch(job: Job) -> bool:
    """Read for a while; True when all is read and the plan is stored. Safe to run twice: what is read is kept."""
    assert job.account is not None, "a plan is made for an account"

    def keep(kept: dict[str, Any]) -> None:
        jobs.tick(job, cursor=kept, **reader.progress)

    reader = Reader(job.account, job.cursor, keep=keep, seconds=BATCH_S)
    try:
        _check_start(job.account, job.wish)
        with reader.keeping():
            plan = _make(job.account, job.wish, reader)
    except Interrupted:
        return False
    except PlanError as error:
        raise ProviderError(str(error), permanent=True) from error
    jobs.tick(job, cursor={}, counts=job.counts | {"plan": plan.pk})
    return True


def make(account: SpotifyAccount, wish: dict[str, Any] | None = None) -> Plan:
    """Read all that is needed and propose, without a job. Raises PlanError, or what reading raises."""
    _check_start(account, wish or {})
    return _make(account, wish or {}, Reader(account))


def _make(account: SpotifyAccount, wish: dict[str, Any], reader: Reader) -> Plan:
    """Read what is on Spotify (one call per 50 playlists, plus the contents of those that changed) and propose.

    Hand edits found on the way are remembered at once; the proposal replaces older ones that were not applied.
    """
    rules = reversals.concerned(account, wish) or list(account.playlists.filter(is_active=True))
    unfinished = account.playlists.filter(versions__uris_after__isnull=True, versions__pk__isnull=False)
    looked_at = list({rule.pk: rule for rule in (*unfinished, *rules)}.values())
    heads = reader.heads(looked_at)
    notes = proposals.check_claims(looked_at, heads, reader)
    for rule in looked_at:
        if rule.spotify_id not in heads:
            learning.end_writes(rule)
            continue
        try:
            learning.look(reader, rule, heads[rule.spotify_id])
        except NotFound:  # deleted a moment ago
            del heads[rule.spotify_id]
    draft = reversals.draft(account, wish, rules, heads) or proposals.organize(account, rules, heads)
    draft.notes[:0] = notes
    return drafts.store(account, draft)


def set_accepted(plan: Plan, playlist_id: int, *, item_ids: list[int], shown_ids: list[int]) -> None:
    """The user's ticks on the songs that were shown: those in `item_ids` are accepted, the other shown ones not."""
    with _open(plan) as row:
        shown = row.items.filter(playlist_id=playlist_id, pk__in=shown_ids, kind__in=TICKABLE)
        shown.update(is_accepted=False)
        shown.filter(pk__in=item_ids).update(is_accepted=True)


def accept_removals(plan: Plan) -> None:
    """Tick every song that could be removed, in all playlists."""
    with _open(plan) as row:
        row.items.filter(kind=PlanItem.Kind.REMOVE).update(is_accepted=True)


def only_additions(plan: Plan) -> None:
    """Leave only additions ticked, and no playlist that would be made again: for runs that nobody watches."""
    with _open(plan) as row:
        row.items.exclude(kind=PlanItem.Kind.ADD).update(is_accepted=False)
        for entry in row.entries:
            entry["is_accepted"] &= entry["action"] in {Action.NEW, Action.UPDATE} and bool(entry["add"])


def accept_playlists(plan: Plan, playlist_ids: set[int]) -> None:
    """The user's ticks on whole playlists."""
    with _open(plan) as row:
        for entry in row.entries:
            is_offered = entry["action"] not in {Action.UNCHANGED, Action.TOO_SMALL}
            entry["is_accepted"] = is_offered and entry["playlist"] in playlist_ids
            entry["is_declined"] = is_offered and not entry["is_accepted"]


@contextmanager
def _open(plan: Plan) -> Iterator[Plan]:
    """The plan's row, locked while its ticks change; its costs are counted anew. PlanError when it is closed."""
    with transaction.atomic():
        row = Plan.objects.select_for_update().get(pk=plan.pk)
        if row.state != Plan.State.PROPOSED:
            raise PlanError(_("This plan can no longer be changed. Make a new one."))
        yield row
        rules = GenrePlaylist.objects.in_bulk([entry["playlist"] for entry in row.entries])
        for entry in row.entries:
            _recount(row, entry, rules[entry["playlist"]])
        row.calls = drafts.cost(row.entries)
        row.save(update_fields=["entries", "calls"])


def _recount(plan: Plan, entry: dict[str, Any], rule: GenrePlaylist) -> None:
    """The playlist's cost as ticked. What its owner changed by hand can be ticked in one that else stays as it is."""
    ticked = learning.intent_of(plan, rule)
    has_ticks, has_offers = bool(ticked.adds or ticked.removes), entry["add"] or entry["remove"]
    if entry["action"] == Action.UNCHANGED and has_ticks:
        entry["action"], entry["is_accepted"] = Action.UPDATE, True
    elif entry["action"] == Action.UPDATE and not has_ticks and not has_offers:
        entry["action"], entry["is_accepted"] = Action.UNCHANGED, False
    is_new = entry["action"] in {Action.NEW, Action.GONE}
    model = reversals.model_of(plan, rule)
    if model is None:
        entry["calls"] = calls(len(ticked.adds), len(ticked.removes), is_new=is_new)
    else:
        entry["calls"] = reversals.cost(rule, ticked.adds, ticked.removes, model)


def begin_applying(plan: Plan, job: Job) -> bool:
    """Bind a proposed plan to its job; False when somebody applied, discarded or replaced it before."""
    won = Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED).update(
        state=Plan.State.APPLYING, job=job
    )
    return bool(won)


def tell(plan: Plan, sentence: str) -> None:
    """Add a sentence to what the user is told about the plan, once."""
    with transaction.atomic():
        row = Plan.objects.select_for_update().get(pk=plan.pk)
        if sentence not in row.notes:
            row.notes.append(sentence)
            row.save(update_fields=["notes"])


def discard(plan: Plan) -> bool:
    return bool(Plan.objects.filter(pk=plan.pk, state=Plan.State.PROPOSED).update(state=Plan.State.DISCARDED))


def mark_applied(plan: Plan) -> None:
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.APPLIED, applied_at=timezone.now())
