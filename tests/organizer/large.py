"""Whole libraries of any size, made by the thousand: for what must cost the same at 100 songs and at 12,000."""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from classifier.labels import FAMILIES, SUB_GENRES
from organizer import stored_verdicts
from organizer.models import (
    Artist,
    Correction,
    GenrePlaylist,
    Identification,
    Job,
    ModelVersion,
    Plan,
    PlanItem,
    PlaylistVersion,
    Prediction,
    SavedTrack,
    SpotifyAccount,
    Track,
)

BATCH = 2000
PATTERNS = 499  # of predictions; prime, so that artists do not repeat them
SONGS_AN_ARTIST = 8
WORDS = (
    "blue",
    "night",
    "river",
    "glass",
    "summer",
    "paper",
    "echo",
    "stone",
    "light",
    "winter",
    "crown",
    "dust",
)
OTHER_KINDS = {"unplayable": 40, "local": 60, "reissue": 25}  # one in so many


def library(songs: int, name: str = "ada") -> SpotifyAccount:
    """An account with that many liked songs, everything known of them, playlists, a plan and a past."""
    account = _account(name, songs)
    tracks = _tracks(songs, name)
    now = timezone.now()
    SavedTrack.objects.bulk_create(
        (
            SavedTrack(account=account, track=track, added_at=now - timedelta(hours=place))
            for place, track in enumerate(tracks)
        ),
        batch_size=BATCH,
    )
    _predictions(tracks)
    _words(account, tracks)
    _past(account, tracks)
    stored_verdicts.refresh(account)
    return account


def analyse() -> None:
    """As a running PostgreSQL does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _account(name: str, songs: int) -> SpotifyAccount:
    now = timezone.now()
    return SpotifyAccount.objects.create(
        user=get_user_model().objects.create_user(name, password=f"{name}'s password"),
        account_id=f"account-{name}",
        spotify_id=name,
        display_name=name.title(),
        access_token="access",
        refresh_token="refresh",
        token_expires_at=now + timedelta(hours=1),
        granted_scopes="user-library-read playlist-read-private playlist-modify-private",
        authorized_at=now,
        synced_at=now,
        full_walk_at=now,
        visited_at=now - timedelta(days=1),
        liked_total=songs,
        unreadable_total=3,
    )


def _tracks(songs: int, name: str) -> list[Track]:
    chance = random.Random(songs)
    artists = Artist.objects.bulk_create(
        [
            Artist(spotify_id=f"{name}-artist-{number}", name=f"{chance.choice(WORDS).title()} Band {number}")
            for number in range(max(1, songs // SONGS_AN_ARTIST))
        ],
        batch_size=BATCH,
    )
    made: list[Track] = []
    for number in range(songs):
        artist = artists[number // SONGS_AN_ARTIST % len(artists)]
        made.append(_track(number, name, artist, chance, made[-1] if made else None))
    return Track.objects.bulk_create(made, batch_size=BATCH)


def _track(number: int, name: str, artist: Artist, chance: random.Random, before: Track | None) -> Track:
    is_local = number % OTHER_KINDS["local"] == 7
    kind = "local" if is_local else "track"
    title = f"{' '.join(chance.sample(WORDS, 3)).title()} {number}"
    isrc = f"QZ{name[:3].upper():X<3}{number:07}"
    if before and number % OTHER_KINDS["reissue"] == 3:
        title, isrc = f"{before.name} - Remastered 2011", before.isrc
    return Track(
        uri=f"spotify:{kind}:{name}{number:019}",
        name=title,
        artist_names=[artist.name],
        primary_artist=artist,
        album_name=f"{chance.choice(WORDS).title()} and {chance.choice(WORDS)}",
        album_image_url="https://i.scdn.co/image/ab67616d00001e02ff9ca10b55ce82ae553c8228",
        isrc="" if is_local else isrc,
        duration_ms=180_000 + number,
        is_local=is_local,
        is_playable=is_local or number % OTHER_KINDS["unplayable"] != 5,
    )


def _version() -> ModelVersion:
    values = {"path": "test", "labels": list(FAMILIES), "is_champion": True}
    version, _ = ModelVersion.objects.get_or_create(name="test", defaults=values)
    return version


def _predictions(tracks: Sequence[Track]) -> None:
    version, chance = _version(), random.Random(1)
    kinds = [_prediction(version, chance) for _ in range(PATTERNS)]
    rows = (
        Prediction(track=track, **kinds[place % PATTERNS])
        for place, track in enumerate(tracks)
        if not track.is_local
    )
    Prediction.objects.bulk_create(rows, batch_size=BATCH)


def _prediction(version: ModelVersion, chance: random.Random) -> dict[str, Any]:
    weights = [chance.random() ** 8 / (place + 2) + 1e-4 for place in range(len(FAMILIES))]
    shares = {genre: weight / sum(weights) for genre, weight in zip(FAMILIES, weights, strict=True)}
    genre = max(shares, key=lambda name: shares[name])
    kinds = [
        kind
        for kind, share in (("features", 0.9), ("sound", 0.8), ("artist", 0.4))
        if chance.random() < share
    ]
    return {
        "version": version,
        "genre": genre,
        "confidence": shares[genre],
        "other": 0.05,
        "is_sure": shares[genre] >= 0.6,
        "log_probs": {name: math.log(share) for name, share in shares.items()},
        "evidence": kinds,
        "why": {kind: {genre: round(shares[genre], 3)} for kind in kinds},
    }


def _words(account: SpotifyAccount, tracks: Sequence[Track]) -> None:
    """The user's own word on every fiftieth song, one in three of them a sub-genre."""
    subs = list(SUB_GENRES)
    Correction.objects.bulk_create(
        Correction(
            account=account,
            track=track,
            genre=subs[place % len(subs)] if place % 3 == 0 else FAMILIES[place % len(FAMILIES)],
        )
        for place, track in enumerate(track for track in tracks[::50] if not track.is_local)
    )


def _past(account: SpotifyAccount, tracks: Sequence[Track]) -> None:
    """Playlists that were written twice, a plan that waits, jobs and something identified."""
    now = timezone.now()
    movable = [track for track in tracks if not track.is_local]
    shares = [movable[place :: len(FAMILIES)] for place in range(len(FAMILIES))]
    rules = GenrePlaylist.objects.bulk_create(
        GenrePlaylist(
            account=account,
            name=f"My {genre}",
            genres=[genre],
            spotify_id=f"{account.spotify_id}-{genre}",
            written_uris=[track.uri for track in share[::2]],
        )
        for genre, share in zip(FAMILIES, shares, strict=True)
    )
    applied = Plan.objects.create(account=account, state=Plan.State.APPLIED, applied_at=now, entries=[])
    for rule, share in zip(rules, shares, strict=True):
        uris = [track.uri for track in share]
        PlaylistVersion.objects.create(playlist=rule, plan=applied, uris_before=[], uris_after=uris[::3])
        PlaylistVersion.objects.create(
            playlist=rule, by=PlaylistVersion.By.USER, uris_before=uris[::3], uris_after=uris[::2]
        )
    _plan(account, list(zip(rules, shares, strict=True)))
    Job.objects.bulk_create(
        Job(account=account, kind=kind, state=Job.State.DONE, phase="", finished_at=now, counts={"new": 3})
        for kind in (Job.Kind.ORGANIZE, Job.Kind.PLAN, Job.Kind.WRITE)
        for _ in range(10)
    )
    Identification.objects.create(
        account=account,
        name="sound.mp3",
        state=Identification.State.DONE,
        genres={"rock": 0.6, "pop": 0.4},
        spectrogram=b"not looked at",
        nearest=[[track.pk, 0.9] for track in movable[:10]],
    )


def _plan(account: SpotifyAccount, shares: Sequence[tuple[GenrePlaylist, Sequence[Track]]]) -> None:
    entries = [_entry(rule, len(share[1::2])) for rule, share in shares]
    plan = Plan.objects.create(
        account=account, entries=entries, calls=sum(entry["calls"] for entry in entries)
    )
    PlanItem.objects.bulk_create(_items(plan, shares), batch_size=BATCH)


def _entry(rule: GenrePlaylist, additions: int) -> dict[str, object]:
    return {
        "playlist": rule.pk,
        "spotify_id": rule.spotify_id,
        "snapshot_id": "",
        "name": rule.name,
        "wished_name": "",
        "action": "update",
        "is_accepted": True,
        "is_declined": False,
        "calls": additions // 100 + 1,
        "add": additions,
        "remove": 0,
        "kept_out": 0,
        "kept_in": 0,
        "duplicate": 0,
    }


def _items(plan: Plan, shares: Sequence[tuple[GenrePlaylist, Sequence[Track]]]) -> Iterator[PlanItem]:
    for rule, share in shares:
        for position, track in enumerate(share[1::2]):
            yield PlanItem(
                plan=plan,
                playlist=rule,
                track=track,
                uri=track.uri,
                kind=PlanItem.Kind.ADD,
                position=position,
                reason="Audio features say Rock (81%).",
                is_accepted=True,
            )
