"""Pure: which of the user's playlists does each song go to? Columns of songs come in, a table of places goes out.

The plan and the live counts of the page both ask here, so that they cannot disagree.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.labels import FAMILIES, SUB_GENRES

Flags = npt.NDArray[np.bool_]
MOST_GENRES = 3  # of a song that can count
NOBODY = -1  # the code of no genre
# Chances are kept in float32; with this much less, a chance of exactly 55 % passes where 55 % are asked for.
SLACK = 1e-6
_SLUGS = (*FAMILIES, *SUB_GENRES)
_CODES = {slug: code for code, slug in enumerate(_SLUGS)}


@dataclass(frozen=True)
class Shelf:
    """One playlist as its rule describes it."""

    genres: frozenset[str]
    min_confidence: float = 0.5
    min_size: int = 1
    is_new: bool = True  # not on Spotify yet: with fewer songs than `min_size` it is not made
    is_rest: bool = False  # takes what no other takes

    @property
    def is_of_sub_genres(self) -> bool:
        return bool(self.genres) and all(genre in SUB_GENRES for genre in self.genres)


@dataclass(frozen=True)
class Exclusions:
    """Songs that go to no playlist: by their foremost genre, their first artist, or a word of their names."""

    genres: frozenset[str] = frozenset()
    artists: Mapping[Any, str] = field(default_factory=dict)  # {primary key: name}
    words: tuple[str, ...] = ()
    _pattern: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        whole = "|".join(re.escape(word.casefold()) for word in self.words)
        pattern = re.compile(rf"(?<!\w)(?:{whole})(?!\w)") if whole else None
        object.__setattr__(self, "_pattern", pattern)

    def __bool__(self) -> bool:
        return bool(self.genres or self.artists or self.words)

    def takes_genre(self, genre: str) -> bool:
        return genre in self.genres or SUB_GENRES.get(genre, genre) in self.genres

    def word_in(self, text: str) -> str:
        """The first of the words that stands whole in `text` (case-folded), or nothing."""
        found = self._pattern.search(text) if self._pattern else None
        return found[0] if found else ""


@dataclass(frozen=True)
class Decisions:
    """What the user decided for all playlists together."""

    per_song: int = 1  # how many of a song's likeliest genres count
    small_to_parent: bool = True
    exclusions: Exclusions = field(default_factory=Exclusions)


@dataclass(frozen=True)
class Songs:
    """S songs as columns. `said` holds the user's own word, the foremost genre first, or else the model's genre."""

    said: Sequence[tuple[str, ...]]  # [S]; empty: nothing is known
    is_own: Flags  # [S]
    chances: npt.NDArray[np.float32]  # [S, K]
    labels: Sequence[str]  # [K]
    artists: Sequence[Any] = ()  # [S] primary keys of the first artists; needed to exclude artists
    words: Sequence[str] = ()  # [S] case-folded names; needed to exclude words
    is_kept: Flags | None = None  # [S] stands in a playlist without its rule: no song for the rest

    def __len__(self) -> int:
        return len(self.said)


@dataclass(frozen=True)
class Placement:
    takes: Flags  # [S, R] the songs of each playlist; of one that is too small, those that it would have
    is_small: Flags  # [R] would be new and has too few songs: it is not made
    is_excluded: Flags  # [S]

    @property
    def is_placed(self) -> Flags:
        """[S] the songs that go to some playlist."""
        return np.asarray(self.takes[:, ~self.is_small].any(axis=1), bool)

    @property
    def sizes(self) -> list[int]:
        """[R]"""
        sizes: list[int] = self.takes.sum(axis=0).tolist()
        return sizes


def place(songs: Songs, shelves: Sequence[Shelf], decisions: Decisions) -> Placement:
    """Every song's playlists.

    A song goes, for each of its genres that count, to the playlist that names this genre, else to the one that names
    its family, if the playlist's genres together are likely enough. The user's own word counts whole and is certain;
    of the model's genres the `per_song` likeliest count. A new playlist of sub-genres that stays too small leaves its
    songs to their families' playlists. What then is in no playlist goes to the rest, unless it is excluded;
    a new rest without enough songs is not made either.
    """
    is_excluded = _excluded(songs, decisions.exclusions)
    genres = _candidates(songs, decisions)
    genres[is_excluded] = NOBODY
    passes = _passes(songs, shelves)
    least = np.array([max(1, shelf.min_size) if shelf.is_new else 0 for shelf in shelves], int)
    takes = _takes(genres, shelves, passes, given_up=np.zeros(len(shelves), bool))
    is_small = takes.sum(axis=0) < least
    given_up = is_small & np.array([shelf.is_of_sub_genres for shelf in shelves], bool)
    if decisions.small_to_parent and given_up.any():
        again = _takes(genres, shelves, passes, given_up)
        takes = np.where(given_up, takes, again)
        is_small = np.where(given_up, True, takes.sum(axis=0) < least)
    is_rest = np.array([shelf.is_rest for shelf in shelves], bool)
    is_small &= ~is_rest
    left = ~takes[:, ~is_small].any(axis=1) & ~is_excluded
    if songs.is_kept is not None:
        left &= ~songs.is_kept
    takes[:, is_rest] = left[:, None]
    is_small[is_rest] = left.sum() < least[is_rest]
    return Placement(takes, is_small, is_excluded)


def _excluded(songs: Songs, exclusions: Exclusions) -> Flags:
    """[S]"""
    found = np.zeros(len(songs), bool)
    if exclusions.genres:
        found |= [bool(said) and exclusions.takes_genre(said[0]) for said in songs.said]
    if exclusions.artists:
        found |= [artist in exclusions.artists for artist in songs.artists]
    if exclusions.words:
        found |= [bool(exclusions.word_in(text)) for text in songs.words]
    return found


def _candidates(songs: Songs, decisions: Decisions) -> npt.NDArray[np.int64]:
    """[S, C] codes of the genres that count, the foremost first; of a genre that is excluded only the first counts."""
    kinds = {
        said: row for row, said in enumerate(set(songs.said))
    }  # a library has thousands of songs, but few of these
    table = np.full((len(kinds), max([decisions.per_song, *map(len, kinds)])), NOBODY)
    for said, row in kinds.items():
        table[row, : len(said)] = [_CODES.get(genre, NOBODY) for genre in said]
    codes = table[np.fromiter(map(kinds.__getitem__, songs.said), int, len(songs))]
    if decisions.per_song > 1 and songs.chances.size:
        further = _likeliest(songs, codes[:, 0], decisions.per_song - 1)
        is_guessed = ~songs.is_own & (codes[:, 0] != NOBODY)
        codes[is_guessed, 1 : decisions.per_song] = further[is_guessed]
    barred = [code for slug, code in _CODES.items() if decisions.exclusions.takes_genre(slug)]
    codes[:, 1:][np.isin(codes[:, 1:], barred)] = NOBODY
    return codes


def _likeliest(songs: Songs, first: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """[S, count] codes of the next likeliest genres after the first."""
    labels = np.array([_CODES.get(label, NOBODY) for label in songs.labels])
    # Of equal chances the same ones are taken, in whatever order labels come.
    order = np.argsort(labels)
    labels = labels[order]
    chances = np.where(labels == first[:, None], -1.0, songs.chances[:, order])
    ranks = np.argsort(-chances, axis=1, kind="stable")[:, :count]
    found = np.full((len(songs), count), NOBODY)
    found[:, : ranks.shape[1]] = np.where(
        np.take_along_axis(chances, ranks, axis=1) > 0, labels[ranks], NOBODY
    )
    return found


def _passes(songs: Songs, shelves: Sequence[Shelf]) -> Flags:
    """[S, R] the playlist's genres together are likely enough; certain where the user spoke."""
    within = np.array([[_is_within(label, shelf.genres) for shelf in shelves] for label in songs.labels])
    within = within.reshape(len(songs.labels), len(shelves)).astype(float)
    asked = np.array([shelf.min_confidence for shelf in shelves]) - SLACK
    likely: Flags = songs.chances.astype(float) @ within >= asked
    return likely | songs.is_own[:, None]


def _is_within(genre: str, genres: Collection[str]) -> bool:
    return genre in genres or SUB_GENRES.get(genre, genre) in genres


def _takes(genres: npt.NDArray[np.int64], shelves: Sequence[Shelf], passes: Flags, given_up: Flags) -> Flags:
    """[S, R]; for each genre of a song, playlists that name it go before those that name its family."""
    named = np.zeros((len(_SLUGS) + 1, len(shelves)), bool)  # the last row is nobody's
    family = named.copy()
    for column, shelf in enumerate(shelves):
        for slug, code in _CODES.items():
            named[code, column] = slug in shelf.genres and not given_up[column]
            family[code, column] = SUB_GENRES.get(slug) in shelf.genres
    takes = np.zeros_like(passes)
    for codes in genres.T:
        exact = named[codes] & passes
        wider = family[codes] & passes & ~given_up
        takes |= np.where(exact.any(axis=1)[:, None], exact, wider)
    return takes
