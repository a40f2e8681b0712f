"""What `organizer.placing` needs, from the database: the user's rules and settings, and their songs as columns."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet

from organizer import rejudging
from organizer.models import Artist, GenrePlaylist, SpotifyAccount, StoredVerdict
from organizer.placing import Decisions, Exclusions, Flags, Shelf, Songs
from organizer.verdicts import Verdict


def decisions_of(account: SpotifyAccount) -> Decisions:
    return decisions(
        per_song=account.genres_per_song,
        small_to_parent=account.small_to_parent,
        exclusions=account.exclusions,
    )


def decisions(*, per_song: int, small_to_parent: bool, exclusions: dict[str, Any]) -> Decisions:
    """`exclusions` as SpotifyAccount keeps them. One query where artists are excluded."""
    ids = [spotify_id for spotify_id, _ in exclusions.get("artists", ())]
    artists = dict(Artist.objects.filter(spotify_id__in=ids).values_list("pk", "name")) if ids else {}
    barred = Exclusions(frozenset(exclusions.get("genres", ())), artists, tuple(exclusions.get("words", ())))
    return Decisions(per_song, small_to_parent, barred)


def shelf_of(rule: GenrePlaylist) -> Shelf:
    return Shelf(
        frozenset(rule.genres),
        rule.min_confidence,
        rule.min_size,
        is_new=not rule.spotify_id,
        is_rest=rule.is_rest,
    )


def of_verdicts(songs: Sequence[Verdict], rules: Iterable[GenrePlaylist]) -> Songs:
    """The library as a job sees it."""
    labels = next((list(song.log_probs) for song in songs if song.log_probs), [])
    unknown = [-np.inf] * len(labels)
    log_probs = [[song.log_probs[label] for label in labels] if song.log_probs else unknown for song in songs]
    return Songs(
        said=[(song.genre, *song.also) if song.genre else () for song in songs],
        is_own=np.array([song.is_own_word for song in songs], bool),
        chances=np.exp(np.array(log_probs, float).reshape(len(songs), len(labels))).astype(np.float32),
        labels=labels,
        artists=[song.track.primary_artist_id for song in songs],
        words=[names_of(song) for song in songs],
        is_kept=_kept([song.track.uri for song in songs], [bool(song.genre) for song in songs], rules),
    )


def names_of(song: Verdict) -> str:
    """Title, artists and album, case-folded, as StoredVerdict.words has them."""
    track = song.track
    return " ".join((track.name, track.artist_line, track.album_name)).casefold()


def of_account(
    account: SpotifyAccount, rows: QuerySet[StoredVerdict], shelves: Iterable[Shelf], decided: Decisions
) -> Songs:
    """The library as a page sees it: narrow columns of the stored verdicts. At most four queries.

    Rows are read as plainly as can be: a list of genres is decoded only where the user gave one.
    """
    version = rejudging.version_of(account)
    labels = list(version.labels) if version else []
    barred, has_rest = decided.exclusions, any(shelf.is_rest for shelf in shelves)
    wide = {"track__primary_artist": barred.artists, "words": barred.words, "track__uri": has_rest}
    names = [name for name, is_needed in wide.items() if is_needed]
    rows = rows.order_by()
    guessed = _columns(rows.exclude(part=StoredVerdict.Part.OWN), ["genre", "chances", *names])
    own = _columns(rows.filter(part=StoredVerdict.Part.OWN), ["genre", "also", *names])
    both = {name: [*guessed[name], *own[name]] for name in ["genre", *names]}
    nothing = [b""] * len(own["genre"])
    rules = account.playlists.filter(is_active=True, is_rest=False) if has_rest else ()
    return Songs(
        said=[
            *((genre,) if genre else () for genre in guessed["genre"]),
            *((genre, *also) for genre, also in zip(own["genre"], own["also"], strict=True)),
        ],
        is_own=np.repeat([False, True], [len(guessed["genre"]), len(nothing)]),
        chances=_matrix([*guessed["chances"], *nothing], len(labels)),
        labels=labels,
        artists=both.get("track__primary_artist", ()),
        words=both.get("words", ()),
        is_kept=_kept(both["track__uri"], list(map(bool, both["genre"])), rules) if has_rest else None,
    )


def _columns(rows: Any, names: Sequence[str]) -> dict[str, Sequence[Any]]:
    found = list(rows.values_list(*names))
    return {name: [row[place] for row in found] for place, name in enumerate(names)}


def _matrix(chances: Sequence[Any], width: int) -> Any:
    """float32 [S, K]; zeros where nothing predicted, or another version did."""
    size = width * np.dtype(np.float32).itemsize
    nothing = bytes(size)
    whole = b"".join(row if len(row) == size else nothing for row in map(bytes, chances))
    return np.frombuffer(whole, np.float32).reshape(len(chances), width)


def _kept(uris: Sequence[str], is_known: Sequence[bool], rules: Iterable[GenrePlaylist]) -> Flags:
    """[S] songs that stand in a playlist by hand, or because nothing is known of them yet: none for the rest."""
    pinned: set[str] = set()
    there: set[str] = set()
    for rule in rules:
        if not rule.is_rest:
            pinned |= set(rule.pins)
            there |= set(rule.written_uris)
    pairs = zip(uris, is_known, strict=True)
    return np.array([uri in pinned or (not known and uri in there) for uri, known in pairs], bool)
