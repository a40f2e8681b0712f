"""A playlist's versions, one after another, lead from nothing to what is on Spotify now."""

from organizer.models import GenrePlaylist
from tests.faults.sequences.person import Person


def check(person: Person, written: set[str]) -> None:
    there = person.playlists()
    for rule in person.rules().exclude(spotify_id=""):
        held = _replayed(rule)
        if rule.spotify_id in written:
            assert person.songs.all(held) == person.songs.all(there[rule.spotify_id]["uris"]), (
                f"{rule}: the last version"
            )


def _replayed(rule: GenrePlaylist) -> list[str]:
    held: list[str] = []
    for version in rule.versions.order_by("pk"):
        assert version.uris_before == held, (
            f"{rule}: version {version.pk} does not begin where the one before ended"
        )
        assert version.uris_after is not None, f"{rule}: a write is still open"
        held = version.uris_after
    return held
