"""What one sitting at the review remembers: songs put off, steps to undo, and what was gained.

A step to undo is a signed text, so that it can wait in the page as well: two tabs that write to the session at the
same moment lose no step of their own.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from organizer.models import SpotifyAccount
from organizer.review import Step, Word

MOST_STEPS, MOST_PUT_OFF = 30, 300
VALID_S = 24 * 3600
EMPTY: dict[str, Any] = {"since": None, "settled": 0, "moved": 0, "later": [], "steps": []}


@dataclass(frozen=True)
class Undo:
    """A step as it comes back from the page."""

    before: tuple[Word, ...]
    track: int
    settled: int
    moved: int


class ReviewSession:
    def __init__(self, request: HttpRequest, account: SpotifyAccount) -> None:
        self._session, self._account = request.session, account
        self._kept: dict[str, Any] = EMPTY | request.session.get("review", {})

    @property
    def later(self) -> list[int]:
        return list(self._kept["later"])

    @property
    def steps(self) -> list[dict[str, str]]:
        """Newest last; each with its `token` and a `text` that says what was done."""
        return list(self._kept["steps"])

    @property
    def settled(self) -> int:
        return int(self._kept["settled"])

    @property
    def moved(self) -> int:
        return int(self._kept["moved"])

    def reviewed(self) -> int:
        """Words said since the first of this session."""
        since = parse_datetime(self._kept["since"] or "")
        return self._account.corrections.filter(created_at__gte=since).count() if since else 0

    def put_off(self, track: int, *, back: bool = False) -> None:
        """To the end of the queue, or back to its place."""
        rest = [one for one in self.later if one != track]
        self._keep(later=rest if back else [*rest, track][-MOST_PUT_OFF:])

    def said(self, step: Step, *, track: int, text: str, before: datetime) -> str:
        """Remember the step; the token that undoes it. `before`: a moment before the word was said."""
        gains = {"settled": step.change.settled, "moved": step.change.moved} if step.is_new else {}
        words = [asdict(word) | {"at": word.at and word.at.isoformat()} for word in step.before]
        token = signing.dumps({"words": words, "track": track, **gains}, salt=self._salt, compress=True)
        self._keep(
            since=self._kept["since"] or before.isoformat(),
            settled=self.settled + gains.get("settled", 0),
            moved=self.moved + gains.get("moved", 0),
            later=[one for one in self.later if one != track],
            steps=[*self.steps, {"token": token, "text": text}][-MOST_STEPS:],
        )
        return token

    def read(self, token: str) -> Undo:
        """The step of a token; signing.BadSignature for any that was not given to this account in the last day."""
        found = signing.loads(token, salt=self._salt, max_age=VALID_S)
        words = [
            Word(**row | {"also": tuple(row["also"]), "at": parse_datetime(row["at"] or "")})
            for row in found["words"]
        ]
        return Undo(tuple(words), found["track"], found.get("settled", 0), found.get("moved", 0))

    def undone(self, token: str, undo: Undo) -> None:
        if token not in {step["token"] for step in self.steps}:
            return  # undone before: its gain is off already
        self._keep(
            settled=max(0, self.settled - undo.settled),
            moved=max(0, self.moved - undo.moved),
            steps=[step for step in self.steps if step["token"] != token],
        )

    @property
    def _salt(self) -> str:
        return f"review-undo-{self._account.pk}"

    def _keep(self, **changes: Any) -> None:
        self._kept |= changes
        self._session["review"] = self._kept
