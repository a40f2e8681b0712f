"""Writes one playlist of one plan. Every step leaves rows that a successor can go on from."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizer import accounts, jobs, learning, plans, proposals, reversals
from organizer.merging import ROOM, WRITE, Action, wrote
from organizer.models import GenrePlaylist, Job, Plan
from organizer.providers.errors import NotFound, ProviderError
from organizer.providers.spotify import PlaylistHead, Refused, SnapshotChanged
from organizer.reading import Reader, mark_of
from organizer.reverting import placed

DESCRIPTION = gettext_lazy("Made by Cratewise from your liked songs. %(mark)s")
TRIES = 3  # of removals from a playlist that is changed all the time


class NotOurs(ProviderError):
    """A playlist that this account does not own is never written."""


class PlaylistWriter:
    def __init__(
        self, job: Job, plan: Plan, rule: GenrePlaylist, *, reader: Reader, entry: dict[str, Any]
    ) -> None:
        self.job, self.plan, self.rule, self.reader, self.entry = job, plan, rule, reader, entry
        self.intent = learning.intent_of(plan, rule)
        self.refused: set[str] = set()  # songs that are not to be added after all
        self.entries = 0  # in the playlist now, as far as we know
        self.has_sent = False

    def write(self) -> None:
        if self.rule.is_claimed:
            self._tell(_("“%(name)s” comes from a backup and was not looked at yet. Make a new plan."))
        elif self._is_ready():
            self._remove()
            self._add()
            self._check()
            learning.end_writes(self.rule)
            reversals.settle(self.plan, self.rule)
            self._count()

    def _is_ready(self) -> bool:
        """Find or make the playlist and know what is in it; False when it is not there to be written."""
        if self.entry["action"] == Action.GONE and self.rule.spotify_id == self.entry["spotify_id"]:
            learning.forget_playlist(self.rule)
        if not self.rule.spotify_id:
            self._create()
            return True
        try:
            self._look(self._head())
        except NotFound:
            self._tell(_("“%(name)s” is gone from Spotify; it was not written. Make a new plan."))
            return False
        return True

    def _head(self) -> PlaylistHead:
        head = accounts.with_spotify(self.rule.account, lambda api: api.playlist(self.rule.spotify_id))
        if (head.spotify_id, head.owner_id) != (self.rule.spotify_id, self.rule.account.spotify_id):
            sentence = _("“%(name)s” belongs to somebody else on Spotify; Cratewise does not write to it.")
            raise NotOurs(sentence % {"name": self.rule.name}, permanent=True)
        return head

    def _look(self, head: PlaylistHead) -> None:
        """Learn what was changed since, and leave out of the plan what no longer makes sense."""
        taken_out = set(self.rule.tombstones)
        found = learning.look(self.reader, self.rule, head, writing=self.plan)
        self.entries = found.entries
        if found.is_edited:
            self._tell(_("“%(name)s” had changed on Spotify meanwhile; your edits were kept."))
            self.refused |= set(self.rule.tombstones) - taken_out
        has_changed = self.rule.snapshot_id != self.entry.get("snapshot_id")
        if has_changed and self.plan.kind == Plan.Kind.ORGANIZE:
            self.refused |= proposals.held_already(self.rule, self.intent.adds)
        self._begin()

    def _begin(self, *, was_created: bool = False) -> None:
        if not self.rule.versions.filter(uris_after__isnull=True).exists():
            self.rule.versions.create(
                plan=self.plan, uris_before=self.rule.written_uris, was_created=was_created
            )

    def _create(self) -> None:
        """Make the playlist and store its id before anything is added. A lost answer is looked for, not repeated."""
        found = self._find_created() if self.rule.ref else None
        head = found or self._send_create()
        with transaction.atomic():
            self.rule.spotify_id, self.rule.read_at = head.spotify_id, timezone.now()
            self.rule.snapshot_id = "" if head.total else head.snapshot_id
            self.rule.save(update_fields=["spotify_id", "snapshot_id", "read_at"])
            self._begin(was_created=True)
        if head.total:  # somebody was quicker than we
            self._look(head)

    def _send_create(self) -> PlaylistHead:
        self.rule.ref = self.rule.ref or secrets.token_hex(6)
        self.rule.save(update_fields=["ref"])
        description = DESCRIPTION % {"mark": mark_of(self.rule)}
        return accounts.with_spotify(
            self.rule.account,
            lambda api: api.create_playlist(name=self.rule.name, description=description),
        )

    def _find_created(self) -> PlaylistHead | None:
        """The playlist of an earlier create whose answer never came, known by the mark in its description."""
        found = self.reader.marked(mark_of(self.rule))
        if len(found) > 1:
            self._tell(_("Spotify made “%(name)s” twice. Cratewise uses one; you can delete the empty one."))
        return max(found, key=lambda head: (head.total, head.spotify_id)) if found else None

    def _remove(self) -> None:
        for _attempt in range(TRIES):
            try:
                for chunk in _chunks(self._to_remove()):
                    self._send_remove(chunk)
                return
            except SnapshotChanged:  # somebody was quicker: learn, and go on from the difference
                self._look(self._head())
        sentence = _("“%(name)s” is being changed on Spotify right now.")
        raise ProviderError(sentence % {"name": self.rule.name})

    def _to_remove(self) -> list[str]:
        """What is still there, and not put in by hand since. What was ticked although it was put in by hand, goes."""
        there, pins = set(self.rule.written_uris), set(self.rule.pins) - self.intent.buried
        return [uri for uri in self.intent.removes if uri in there and uri not in pins]

    def _send_remove(self, chunk: list[str]) -> None:
        playlist, snapshot = self.rule.spotify_id, self.rule.snapshot_id
        new = accounts.with_spotify(self.rule.account, lambda api: api.remove(playlist, chunk, snapshot))
        gone = set(chunk)
        self._wrote([uri for uri in self.rule.written_uris if uri not in gone], new)

    def _add(self) -> None:
        out = {*self.rule.written_uris, *self.refused, *(set(self.rule.tombstones) - self.intent.revived)}
        adds = [uri for uri in self.intent.adds if uri not in out]
        if len(adds) > (room := ROOM - self.entries):
            self._tell(
                _("“%(name)s” is full: Spotify takes %(room)s songs in a playlist. The rest stays out."),
                room=number_format(ROOM, force_grouping=True),
            )
        model = reversals.model_of(self.plan, self.rule)
        if model is None:
            for chunk in _chunks(adds[:room]):
                self._send_add(chunk, None)
            return
        for position, chunk in placed(self.rule.written_uris, adds[:room], model):
            self._send_add(chunk, min(position, self.entries))

    def _send_add(self, chunk: list[str], position: int | None) -> int:
        """Add the songs; how many. One that Spotify no longer has is left out, and does not keep the others out."""
        playlist = self.rule.spotify_id
        try:
            new = accounts.with_spotify(
                self.rule.account, lambda api: api.add(playlist, chunk, position=position)
            )
        except Refused as refused:
            if len(chunk) == 1:
                self._tell(
                    _("Spotify did not take a song for “%(name)s” (%(song)s). %(reason)s"),
                    song=chunk[0],
                    reason=refused,
                )
                # Unticked it stays unticked in later plans, and is not tried again every day.
                self.plan.items.filter(playlist=self.rule, uri=chunk[0]).update(is_accepted=False)
                return 0
            half = len(chunk) // 2
            done = self._send_add(chunk[:half], position)
            return done + self._send_add(chunk[half:], None if position is None else position + done)
        place = len(self.rule.written_uris) if position is None else position
        uris = list(self.rule.written_uris)
        uris[place:place] = chunk
        self._wrote(uris, new)
        return len(chunk)

    def _wrote(self, uris: list[str], snapshot_id: str) -> None:
        self.entries += len(uris) - len(self.rule.written_uris)
        self.has_sent = True
        learning.remember(self.rule, wrote(learning.seen_of(self.rule), uris, self.intent), snapshot_id)
        self._count()

    def _check(self) -> None:
        """One last look: what we did is all that was done since the first, or else we read and learn."""
        if not self.has_sent:
            return
        head = self._head()
        if head.snapshot_id == self.rule.snapshot_id and head.total == self.entries:
            return
        self.rule.snapshot_id = ""  # stored, so that a successor reads, too
        self.rule.save(update_fields=["snapshot_id"])
        self._look(head)

    def _count(self) -> None:
        """Songs written are those that the first version does not have as they are now: right after a lost answer, too."""
        first = self.rule.versions.filter(plan=self.plan).order_by("pk").first()
        before, there = (
            set(first.uris_before if first else self.rule.written_uris),
            set(self.rule.written_uris),
        )
        came = sum(uri in there and uri not in before for uri in self.intent.adds)
        went = sum(uri in before and uri not in there for uri in self.intent.removes)
        written = self.job.cursor.get("written", 0) + came + went
        jobs.tick(self.job, done=written, counts=self.job.counts | {"written": written})

    def _tell(self, sentence: str, **values: object) -> None:
        plans.tell(self.plan, sentence % {"name": self.entry["name"], **values})


def _chunks(uris: list[str]) -> list[list[str]]:
    return [uris[start : start + WRITE] for start in range(0, len(uris), WRITE)]
