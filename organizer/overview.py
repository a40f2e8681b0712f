"""What a library looks like after sorting: counts, samples and evidence, all of them counted by the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from classifier.labels import SUB_GENRES
from organizer import stored_verdicts
from organizer.models import SpotifyAccount, StoredVerdict

PARTS = ("own", "sure", "review", "none")
EVIDENCE = ("features", "sound", "artist", "library")
SUBS_AT_ONCE = 4
# Of a song in a list, and of its track.
SHOWN = ("account", "track", "added_at", "part", "genre", "also", "confidence", "other")
OF_TRACK = ("uri", "name", "artist_names", "album_name", "album_image_url", "is_local", "is_playable")

Songs = QuerySet[StoredVerdict]


def listed(songs: Songs) -> Songs:
    """With their tracks, and without the columns that no list shows."""
    return songs.select_related("track").only(*SHOWN, *(f"track__{name}" for name in OF_TRACK))


@dataclass(frozen=True)
class GenreBar:
    """A family with its sub-genres: what a bar of the chart shows, and what its link leads to."""

    genre: str
    songs: int = 0
    sure: int = 0
    within: tuple["GenreBar", ...] = ()  # the sub-genres that occur, the largest first

    @property
    def largest_within(self) -> tuple["GenreBar", ...]:
        """Those that are shown at once; a single one more is not worth hiding."""
        return self.within if len(self.within) <= SUBS_AT_ONCE + 1 else self.within[:SUBS_AT_ONCE]

    @property
    def further_within(self) -> tuple["GenreBar", ...]:
        return self.within[len(self.largest_within) :]


@dataclass(frozen=True)
class Segment:
    """A part of the library as a piece of a bar; `x` and `width` in per cent, as SVG wants them in every language."""

    name: str
    songs: int
    x: str
    width: str


@dataclass(frozen=True)
class Overview:
    """A library in numbers. Every movable song is in exactly one of `parts`; evidence it may have several, or none."""

    bars: tuple[GenreBar, ...]
    parts: dict[str, int]
    known: dict[str, int]
    repeats: int = 0  # further releases of recordings that are liked already
    wanted: int = 0  # songs that match what was asked for

    @property
    def songs(self) -> int:
        return sum(self.parts.values())

    @property
    def genres(self) -> list[str]:
        return [one.genre for bar in self.bars for one in (bar, *bar.within)]

    @property
    def segments(self) -> list[Segment]:
        found, before = [], 0
        for name, songs in self.parts.items():
            share = 100 / max(1, self.songs)
            found.append(Segment(name, songs, f"{share * before:.2f}", f"{share * songs:.2f}"))
            before += songs
        return found

    @property
    def largest(self) -> int:
        return max((bar.songs for bar in self.bars), default=0)


def of(account: SpotifyAccount, wanted: Q | None = None) -> Overview:
    """Counted in one look at the songs, those that match `wanted` along with them. Two queries."""
    counts = {name: Count("account", filter=Q(why__has_key=name)) for name in EVIDENCE}
    counts |= {
        "songs": Count("*"),
        "repeats": Count("same_as"),
        "wanted": Count("account", filter=wanted or Q(pk__gt=0)),
    }
    rows: list[Any] = list(stored_verdicts.of(account).order_by().values("genre", "part").annotate(**counts))
    return Overview(
        bars=tuple(_bars(rows)),
        parts={part: _sum(rows, "songs", part=part) for part in PARTS},
        known={name: _sum(rows, name) for name in EVIDENCE},
        repeats=_sum(rows, "repeats"),
        wanted=_sum(rows, "wanted"),
    )


Row = Mapping[str, Any]


def _sum(rows: Iterable[Row], column: str, **where: str) -> int:
    return sum(row[column] for row in rows if where.items() <= row.items())


def _bars(rows: Iterable[Row]) -> list[GenreBar]:
    """By family, the largest first."""
    genres: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        genres[row["genre"]].append(row)
    single = [_bar(genre, found) for genre, found in genres.items() if genre]
    families: dict[str, list[GenreBar]] = defaultdict(list)
    for bar in sorted(single, key=lambda bar: -bar.songs):
        families[SUB_GENRES.get(bar.genre, bar.genre)].append(bar)
    return sorted(
        (_family(genre, bars) for genre, bars in families.items()), key=lambda bar: (-bar.songs, bar.genre)
    )


def _bar(genre: str, rows: list[Row]) -> GenreBar:
    return GenreBar(
        genre, _sum(rows, "songs"), _sum(rows, "songs", part="sure") + _sum(rows, "songs", part="own")
    )


def _family(genre: str, bars: list[GenreBar]) -> GenreBar:
    within = tuple(bar for bar in bars if bar.genre != genre)
    return GenreBar(genre, sum(bar.songs for bar in bars), sum(bar.sure for bar in bars), within)


@dataclass(frozen=True)
class Apart:
    """Likes that are no songs like the others."""

    local: int  # files on the user's own devices
    unplayable: int
    unreadable: int  # entries without a song


def apart(account: SpotifyAccount) -> Apart:
    """One query."""
    odd = account.saves.filter(Q(track__is_local=True) | Q(track__is_playable=False), is_unliked=False)
    counts = odd.aggregate(
        local=Count("account", filter=Q(track__is_local=True)),
        unplayable=Count("account", filter=Q(track__is_local=False, track__is_playable=False)),
    )
    return Apart(**counts, unreadable=account.unreadable_total)
