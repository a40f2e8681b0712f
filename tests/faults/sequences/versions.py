"""A playlist's versions, one after another, lead from nothing to what is on Spotify now."""

from organizer.models import GenrePlaylist
from tests.faults.sequences.person import Person


def check(person: Person, written: dict[str, list[str]]) -> None:
    """`written`: what the playlists hold that were written just now."""
    for rule in person.rules().exclude(spotify_id=""):
        held = _replayed(rule)
        if rule.spotify_id in written:
            assert person.songs.all(held) == person.songs.all(written[rule.spotify_id]), (
                f"{rule}: its last version is not what is there"
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
