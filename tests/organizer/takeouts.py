"""An account with everything a user can have, for tests that take it along and bring it back."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from organizer import accounts, review
from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SpotifyAccount
from tests.organizer.browsing import another_account


def furnish(library: SpotifyAccount) -> SpotifyAccount:
    """Words, a taken-back like, playlists with hand edits, runs, an undo, settings."""
    songs = list(library.saves.filter(track__is_local=False).select_related("track")[:40])
    library.saves.filter(pk=songs[0].pk).update(is_unliked=True)
    review.correct(library, songs[1].track, "metal")
    review.correct(library, songs[2].track, "jazz-blues", whole_artist=True)
    SpotifyAccount.objects.update(schedule="weekly", removals="mirror", visited_at=timezone.now())
    barred = {"genres": ["spoken", "drone"], "artists": [["0Artist", "An Artist"]], "words": ["christmas"]}
    SpotifyAccount.objects.update(genres_per_song=2, small_to_parent=False, exclusions=barred)
    SpotifyAccount.objects.update(name_template="My {genre}")
    SpotifyAccount.objects.update(next_run_at=timezone.now() + timedelta(days=3))
    playlist_with_history(library, "Rock", [song.track.uri for song in songs])
    GenrePlaylist.objects.create(account=library, name="Old", genres=["pop"], is_active=False)
    GenrePlaylist.objects.create(account=library, name="Grunge", genres=["grunge"])
    GenrePlaylist.objects.create(account=library, name="The rest", genres=[], is_rest=True)
    library.refresh_from_db()
    return library


def playlist_with_history(account: SpotifyAccount, name: str, uris: list[str]) -> GenrePlaylist:
    states = [[], uris[:20], [*uris[5:20], *uris[25:30]], uris[5:30], uris[:20]]
    rule = GenrePlaylist.objects.create(
        account=account,
        name=name,
        genres=["rock", "metal"],
        min_confidence=0.61,
        spotify_id=f"0{name}",
        ref="abcdef123456",
        written_uris=states[-1],
        tombstones=[uris[39]],
        pins=uris[3:5],
        isrcs={"spotify:track:stranger": "USRC12345678"},
        snapshot_id="snapshot-5",
        read_at=timezone.now(),
    )
    run = Plan.objects.create(account=account, state="applied", applied_at=timezone.now(), notes=["Note."])
    undo = Plan.objects.create(account=account, kind="undo", target=run, state="applied", calls=3)
    for k, (plan, by) in enumerate([(run, "us"), (None, "user"), (None, "user"), (undo, "us")]):
        PlaylistVersion.objects.create(
            playlist=rule,
            plan=plan,
            by=by,
            uris_before=states[k],
            uris_after=states[k + 1],
            was_created=k == 0,
        )
    Plan.objects.create(
        account=account, kind="restore", version=rule.versions.order_by("pk")[1], state="outdated"
    )
    return rule


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document without the moment it was made at."""
    return json.loads(json.dumps({name: value for name, value in document.items() if name != "made_at"}))


def emptied(account: SpotifyAccount) -> SpotifyAccount:
    """The same Spotify account, linked anew to an instance that has nothing of it."""
    facts = {"account_id": account.account_id, "spotify_id": account.spotify_id}
    accounts.unlink(account)
    fresh = another_account("new")
    for name, value in facts.items():
        setattr(fresh, name, value)
    fresh.display_name = "Ada Example"
    fresh.save()
    return fresh
