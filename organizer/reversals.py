"""Plans that take something back: undoing a run, or restoring a playlist to an earlier version."""

from collections.abc import Sequence
from typing import Any

from organizer.models import GenrePlaylist, Plan, SpotifyAccount
from organizer.proposals import Draft, Heads


class PlanError(Exception):
    """There can be no plan now; the message says why and what to do."""


def concerned(account: SpotifyAccount, wish: dict[str, Any]) -> list[GenrePlaylist]:
    """The playlists that the wish is about; none for a wish of nothing special."""
    return []


def draft(
    account: SpotifyAccount, wish: dict[str, Any], rules: Sequence[GenrePlaylist], heads: Heads
) -> Draft | None:
    return None


def model_of(plan: Plan, rule: GenrePlaylist) -> list[str] | None:
    """The order in which songs that are put back belong; None when they go to the end."""
    return None
