"""Apply a Plan to Spotify, resumably: one playlist at a time, in calls of at most 100, only to playlists we made.

After a kill, a timeout or a 5xx nothing is sent again blindly: the playlist is read and only the difference written.
"""

import secrets
from typing import Any

from django.db import transaction

from organizer import accounts, jobs, plans
from organizer.models import GenrePlaylist, Job, Plan, PlaylistVersion, SpotifyAccount
from organizer.providers.errors import NotFound, ProviderError
from organizer.providers.spotify import WRITE, PlaylistHead

DESCRIPTION = "Made by Cratewise from your liked songs. Ref {marker}"


class NotOurs(ProviderError):
    """A playlist that this account does not own is never written."""


@transaction.atomic
def start(plan: Plan) -> tuple[Job, bool]:
    """One write job for the plan; a second click finds the first one's. Raises PlanError when it is too late."""
    job, is_new = jobs.start(plan.account, Job.Kind.WRITE)
    if is_new and not plans.begin_applying(plan, job):
        raise plans.PlanError("This plan was applied, discarded or replaced already. Make a new one.")
    if not is_new and not Plan.objects.filter(pk=plan.pk, job=job).exists():
        raise plans.PlanError("Another plan is being written right now. Wait until that is done.")
    return job, is_new


def write_batch(job: Job) -> bool:
    """Write the next playlist of the job's plan; True when all are written."""
    plan = Plan.objects.select_related("account").filter(job=job, state=Plan.State.APPLYING).first()
    if plan is None:
        raise ProviderError("This plan was replaced by a newer one; nothing more is written.", permanent=True)
    done = set(job.cursor.get("done", []))
    entries = [entry for entry in plan.entries if entry["is_accepted"]]
    waiting = [entry for entry in entries if entry["playlist"] not in done]
    if not waiting:
        plans.mark_applied(plan)
        jobs.tick(job, done=job.total)
        return True
    jobs.tick(job, total=_songs(plan, entries))
    rule = GenrePlaylist.objects.get(pk=waiting[0]["playlist"], account=plan.account)
    _Writer(job, plan, rule, waiting[0]).write()
    jobs.tick(job, cursor=job.cursor | {"done": sorted(done | {rule.pk})})
    return False


def _songs(plan: Plan, entries: list[dict[str, Any]]) -> int:
    playlists = [entry["playlist"] for entry in entries]
    return plan.items.filter(playlist__in=playlists, is_accepted=True, kind__in=["add", "remove"]).count()


class _Writer:
    """One playlist of one plan. Every method leaves rows that a successor can go on from."""

    def __init__(self, job: Job, plan: Plan, rule: GenrePlaylist, entry: dict[str, Any]) -> None:
        self.job, self.plan, self.rule, self.entry = job, plan, rule, entry
        self.account: SpotifyAccount = plan.account
        accepted = plan.items.filter(playlist=rule, is_accepted=True)
        self.adds = list(accepted.filter(kind="add").values_list("uri", flat=True))
        self.removes = list(accepted.filter(kind="remove").values_list("uri", flat=True))

    def write(self) -> None:
        version, is_first = PlaylistVersion.objects.get_or_create(
            playlist=self.rule, plan=self.plan, defaults={"uris_before": self.rule.written_uris}
        )
        if self.entry["action"] == "gone" and self.rule.spotify_id == self.entry["spotify_id"]:
            self._forget_deleted_playlist()
        if not self.rule.spotify_id:
            self._create(version)
        head = self._head()
        # What this plan adds may be there already, from a write whose answer was lost: then it is ours, not theirs.
        ours = frozenset() if is_first else frozenset(self.adds)
        plans.look(self.account, self.rule, head, ours=ours)
        if is_first:
            PlaylistVersion.objects.filter(pk=version.pk).update(uris_before=self.rule.written_uris)
        self._remove_and_add(head.snapshot_id)
        PlaylistVersion.objects.filter(pk=version.pk).update(uris_after=self.rule.written_uris)

    def _head(self) -> PlaylistHead:
        try:
            head = accounts.with_spotify(self.account, lambda api: api.playlist(self.rule.spotify_id))
        except NotFound as error:
            raise ProviderError(
                f"“{self.rule.name}” is gone from Spotify. Make a new plan.", permanent=True
            ) from error
        if head.owner_id != self.account.spotify_id:
            raise NotOurs(
                f"“{self.rule.name}” belongs to somebody else on Spotify; Cratewise does not write to it.",
                permanent=True,
            )
        return head

    def _forget_deleted_playlist(self) -> None:
        """The user asked to have a playlist again that they had deleted: a new one takes its place."""
        self.rule.spotify_id = self.rule.snapshot_id = self.rule.ref = ""
        self.rule.written_uris, self.rule.pins = [], []
        self.rule.save(update_fields=["spotify_id", "snapshot_id", "ref", "written_uris", "pins"])

    def _create(self, version: PlaylistVersion) -> None:
        """Make the playlist and store its id before anything is added. A lost answer is looked for, not repeated."""
        found = self._find_created() if self.rule.ref else None
        head = found or self._send_create()
        self.rule.spotify_id, self.rule.snapshot_id = head.spotify_id, head.snapshot_id
        self.rule.save(update_fields=["spotify_id", "snapshot_id"])
        PlaylistVersion.objects.filter(pk=version.pk).update(was_created=True)

    def _send_create(self) -> PlaylistHead:
        self.rule.ref = secrets.token_hex(6)
        self.rule.save(update_fields=["ref"])
        description = DESCRIPTION.format(marker=self.rule.ref)
        return accounts.with_spotify(
            self.account, lambda api: api.create_playlist(name=self.rule.name, description=description)
        )

    def _find_created(self) -> PlaylistHead | None:
        """The playlist of an earlier create whose answer never came, known by the mark in its description."""
        heads = accounts.with_spotify(self.account, lambda api: list(api.my_playlists()))
        mark = f"Ref {self.rule.ref}"
        ours = (head for head in heads if head.owner_id == self.account.spotify_id)
        return next((head for head in ours if head.description.endswith(mark)), None)

    def _remove_and_add(self, snapshot_id: str) -> None:
        there = set(self.rule.written_uris)
        removes = [uri for uri in self.removes if uri in there and uri not in self.rule.pins]
        adds = [uri for uri in self.adds if uri not in there and uri not in self.rule.tombstones]
        for chunk in _chunks(removes):
            snapshot_id = self._send_remove(chunk, snapshot_id)
        for chunk in _chunks(adds):
            self._send_add(chunk)

    def _send_remove(self, chunk: list[str], snapshot_id: str) -> str:
        new = accounts.with_spotify(
            self.account, lambda api: api.remove(self.rule.spotify_id, chunk, snapshot_id)
        )
        gone = set(chunk)
        self._wrote([uri for uri in self.rule.written_uris if uri not in gone], new, len(chunk))
        return new

    def _send_add(self, chunk: list[str]) -> None:
        new = accounts.with_spotify(self.account, lambda api: api.add(self.rule.spotify_id, chunk))
        self._wrote([*self.rule.written_uris, *chunk], new, len(chunk))

    def _wrote(self, uris: list[str], snapshot_id: str, songs: int) -> None:
        self.rule.written_uris, self.rule.snapshot_id = uris, snapshot_id
        self.rule.save(update_fields=["written_uris", "snapshot_id"])
        counts = self.job.counts | {"written": self.job.counts.get("written", 0) + songs}
        jobs.tick(self.job, done=self.job.done + songs, counts=counts)


def _chunks(uris: list[str]) -> list[list[str]]:
    return [uris[start : start + WRITE] for start in range(0, len(uris), WRITE)]
