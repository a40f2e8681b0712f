"""What a version would do to this instance's libraries and playlists. Computed in memory: nothing is stored but the sums.

The result, as it is stored:
{"against": {"tables": name, "sound": name}, "aim": what is in use as `rejudging.aim` says, "songs", "changed", "playlists",
 "accounts": [{"pk", "name", "songs", "changed", "moves": [[from, to, songs]], "parts": {part: [before, after]},
               "playlists": [{"name", "before", "after", "come", "leave"}], "examples": [{"song", "from", "to", …}],
               "seen": when the library last changed, "rules": what its playlists' rules come to, as one word,
               "corrections": [how many the user had made, when the last]}]}
Results of before the program kept "rules" and "corrections" lack them, and say nothing of either.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max

from classifier.errors import DataError, ModelError
from organizer import classify, ear, jobs, placements, rejudging, stored_verdicts, verdicts
from organizer.models import Correction, GenrePlaylist, Impact, Job, ModelVersion, SpotifyAccount, Track
from organizer.placing import place
from organizer.training.errors import TrainingError
from organizer.training.versions import in_use, name_of, unusable
from organizer.verdicts import Basis, Row, Verdict

if TYPE_CHECKING:
    from classifier.predict import Predictor
    from classifier.sound.opinion import Opinion

Kind = ModelVersion.Kind
EXAMPLES = 20  # of an account
CHUNK = 500
OUTDATED = {
    "version": "Another version is in use by now: preview again.",
    "seen": "Libraries have changed since: preview again.",
    "rules": "Rules for playlists have changed since: preview again.",
    "corrections": "Users have corrected genres since: preview again.",
}


def check(version: ModelVersion) -> None:
    """TrainingError where there is nothing to preview: it judges nothing, or all is judged by it already."""
    problem = unusable(version)
    if problem:
        raise TrainingError(f"“{version}” cannot judge libraries. {problem}")
    if in_use(Kind(version.kind)) == version:
        raise TrainingError(f"“{version}” is in use already.")


def start(version: ModelVersion) -> tuple[Impact, Job]:
    """Ask for a preview; it is made by the one job that works off all of them. TrainingError as `check` raises."""
    check(version)
    waiting = Impact.objects.filter(version=version, result={}, error="").first()
    impact = waiting or Impact.objects.create(version=version, against=in_use(Kind(version.kind)))
    return impact, jobs.start(None, Job.Kind.IMPACT)[0]


def impact_batch(job: Job) -> bool:
    """Make every preview that was asked for, one at a time; True when none is left."""
    waiting = Impact.objects.filter(result={}, error="").order_by("pk")
    impact = waiting.first()
    if impact is None:
        return True
    make(impact, job)
    return not waiting.exists()


def weigh_batch(job: Job) -> bool:
    """Preview what the version that the job's run has made would do. A failure is a sentence, never a failed training."""
    run = getattr(job, "training_run", None)
    version = run.version if run else None
    if version is None or version.is_champion or version.kind == Kind.NET:
        return True
    impact = Impact.objects.filter(pk=job.cursor.get("impact")).first()
    if impact is None:
        impact = Impact.objects.create(version=version, against=in_use(Kind(version.kind)))
        jobs.tick(job, cursor={"impact": impact.pk})
    if not (impact.result or impact.error):
        make(impact, job)
    return True


def make(impact: Impact, job: Job | None = None) -> None:
    """Weigh and store what was found, or in one sentence why it could not be."""
    try:
        impact.against = in_use(Kind(impact.version.kind))
        impact.result = _weighed(impact.version, _ticking(job))
    except (DataError, ModelError, TrainingError) as error:
        impact.error = str(error)[:500]
    impact.save(update_fields=["against", "result", "error"])


def _ticking(job: Job | None) -> Callable[[int], None]:
    if job is None:
        return lambda songs: None
    total = Track.objects.filter(saves__is_unliked=False, saves__account__in=_accounts()).movable().count()
    jobs.tick(job, done=0, total=total)
    return lambda songs: jobs.tick(job, done=min(total, job.done + songs))


def _accounts() -> Any:
    return SpotifyAccount.objects.filter(synced_at__isnull=False).order_by("pk")


@dataclass(frozen=True)
class _Candidate:
    """Who would judge: a version of features and artists with its predictor, and an opinion on embeddings."""

    version: ModelVersion
    predictor: "Predictor"
    ears: "Opinion"

    @classmethod
    def of(cls, version: ModelVersion) -> "_Candidate":
        if version.kind == Kind.SOUND:
            tables = classify.champion()
            return cls(tables, classify.load(tables), ear.opinion_afresh(version))
        return cls(version, classify.load(version), ear.opinion())

    def basis(self, account: SpotifyAccount, tick: Callable[[int], None]) -> Basis:
        """What verdicts would rest on: stored predictions where they would stay, new ones where not."""
        rows = verdicts.stored(account, self.version)
        tracks = Track.objects.liked_by(account).movable().order_by("pk").iterator(CHUNK)
        while chunk := list(islice(tracks, CHUNK)):
            fresh = classify.predicted(chunk, self.version, by=self.predictor, ears=self.ears)
            rows |= {one.track_id: Row(*(getattr(one, name) for name in Row._fields)) for one in fresh}
            tick(len(chunk))
        return Basis.of(self.version, rows)


def _weighed(version: ModelVersion, tick: Callable[[int], None]) -> dict[str, Any]:
    problem = unusable(version)
    if problem:
        raise TrainingError(f"“{version}” cannot judge libraries. {problem}")
    candidate, aim = _Candidate.of(version), rejudging.aim()
    accounts = [_of_account(account, candidate, tick) for account in _accounts()]
    sums = {name: sum(one[name] for one in accounts) for name in ("songs", "changed")}
    touched = sum(bool(rule["come"] or rule["leave"]) for one in accounts for rule in one["playlists"])
    against = {kind.value: name_of(in_use(kind)) for kind in (Kind.TABLES, Kind.SOUND)}
    return {"against": against, "aim": aim, **sums, "playlists": touched, "accounts": accounts}


def _of_account(
    account: SpotifyAccount, candidate: _Candidate, tick: Callable[[int], None]
) -> dict[str, Any]:
    state = _states([account])[account.pk]  # first of all: what changes from here on may not be in the sums
    before = verdicts.of_library(account)
    after = verdicts.of_library(account, basis=candidate.basis(account, tick))
    pairs = list(zip(before, after, strict=True))
    changed = [(old, new) for old, new in pairs if old.genre != new.genre]
    moves = Counter((old.genre, new.genre) for old, new in changed)
    return {
        "pk": account.pk,
        "name": str(account),
        "songs": len(pairs),
        "changed": len(changed),
        "moves": [[*move, songs] for move, songs in moves.most_common()],
        "parts": _parts(pairs),
        "playlists": list(_playlists(account, before, after)),
        "examples": [_example(*pair) for pair in _foremost(changed)],
        **state,
    }


def _parts(pairs: Sequence[tuple[Verdict, Verdict]]) -> dict[str, list[int]]:
    """Sure, to be reviewed, the user's own word, nothing known: how many songs before and after."""
    counts = [Counter(str(stored_verdicts.part_of(pair[place])) for pair in pairs) for place in (0, 1)]
    return {part: [one[part] for one in counts] for part in counts[0] | counts[1]}


def _playlists(
    account: SpotifyAccount, before: Sequence[Verdict], after: Sequence[Verdict]
) -> Iterator[dict[str, Any]]:
    """What each of the user's rules would take in and let go of, as a plan places songs."""
    rules = list(account.playlists.filter(is_active=True))
    had, would = (_taken(account, songs, rules) for songs in (before, after))
    for column, rule in enumerate(rules):
        yield {
            "name": rule.name,
            "before": int(had[:, column].sum()),
            "after": int(would[:, column].sum()),
            "come": int((would[:, column] & ~had[:, column]).sum()),
            "leave": int((had[:, column] & ~would[:, column]).sum()),
        }


def _taken(account: SpotifyAccount, songs: Sequence[Verdict], rules: Sequence[GenrePlaylist]) -> Any:
    """bool [S, R]; nothing for a playlist that would be too small to be made."""
    placed = place(
        placements.of_verdicts(songs, rules),
        [placements.shelf_of(rule) for rule in rules],
        placements.decisions_of(account),
    )
    return placed.takes & ~placed.is_small[None, :]


def _foremost(changed: Sequence[tuple[Verdict, Verdict]]) -> list[tuple[Verdict, Verdict]]:
    """Of each move the surest, then the next: so that rare moves are shown, too."""
    seen: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[int, int, tuple[Verdict, Verdict]]] = []
    for old, new in sorted(changed, key=lambda pair: -pair[1].confidence):
        ranked.append((seen[old.genre, new.genre], len(ranked), (old, new)))
        seen[old.genre, new.genre] += 1
    return [pair for _, _, pair in sorted(ranked, key=lambda one: one[:2])[:EXAMPLES]]


def _example(old: Verdict, new: Verdict) -> dict[str, Any]:
    return {
        "song": str(new.track),
        "from": old.genre,
        "to": new.genre,
        "before": round(old.confidence, 3),
        "after": round(new.confidence, 3),
    }


def _states(accounts: Iterable[SpotifyAccount]) -> dict[int, dict[str, Any]]:
    """By account what its part of a preview rests on, besides the versions. Two queries."""
    accounts = list(accounts)
    rules, corrections = _rules(accounts), _corrections(accounts)
    return {
        account.pk: {
            "seen": account.synced_at.isoformat() if account.synced_at else "",
            "rules": _word(account, rules[account.pk]),
            "corrections": corrections.get(account.pk, [0, ""]),
        }
        for account in accounts
    }


def _rules(accounts: Sequence[SpotifyAccount]) -> dict[int, list[GenrePlaylist]]:
    fields = ("account", "genres", "min_confidence", "min_size", "is_rest", "spotify_id")
    found: dict[int, list[GenrePlaylist]] = defaultdict(list)
    for rule in GenrePlaylist.objects.filter(account__in=accounts, is_active=True).only(*fields):
        found[rule.account_id].append(rule)
    return found


def _corrections(accounts: Sequence[SpotifyAccount]) -> dict[int, list[Any]]:
    rows = Correction.objects.filter(account__in=accounts).values_list("account")
    told = rows.annotate(Count("pk"), Max("created_at"))
    return {account: [count, newest.isoformat()] for account, count, newest in told}


def _word(account: SpotifyAccount, rules: Iterable[GenrePlaylist]) -> str:
    """The same for the same rules and settings, whatever the playlists are called."""
    shelves = [placements.shelf_of(rule) for rule in rules]
    told = [
        [
            sorted(one.genres),
            one.min_confidence,
            one.min_size if one.is_new and one.min_size > 1 else 0,
            one.is_rest,
        ]
        for one in shelves
    ]
    settings = [account.genres_per_song, account.small_to_parent, account.exclusions]
    return sha256(json.dumps([sorted(told), settings], sort_keys=True).encode()).hexdigest()[:16]


def outdated(impact: Impact) -> str:
    """Why the preview no longer holds, in one sentence; empty while it does."""
    if not impact.result:
        return ""
    if impact.result["aim"] != rejudging.aim():
        return OUTDATED["version"]
    now, was = _states(_accounts()), {one["pk"]: one for one in impact.result["accounts"]}
    if now.keys() != was.keys():
        return OUTDATED["seen"]
    reasons = ("seen", "rules", "corrections")
    changed = (name for name in reasons if any(_differs(now[pk], was[pk], name) for pk in now))
    return next((OUTDATED[name] for name in changed), "")


def _differs(now: dict[str, Any], was: dict[str, Any], name: str) -> bool:
    return name in was and was[name] != now[name]


def sentence(result: dict[str, Any]) -> str:
    """All in one line."""
    if not result["songs"]:
        return "There is no library to preview it on."
    playlists = f"{result['playlists']} playlist{'s' if result['playlists'] != 1 else ''} affected"
    return f"{result['changed']:,} of {result['songs']:,} songs change genre, {playlists}."
