"""What a library looks like after classifying: counts for the page, from the verdicts and the evidence."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from classifier.labels import FAMILIES
from organizer.models import AudioAnalysis, AudioFeatures, Job, SpotifyAccount
from organizer.verdicts import Verdict

SAMPLES = 3


@dataclass(frozen=True)
class GenreCard:
    """One genre of a library. `histogram[p]`: songs whose probability of it is p per cent (rounded down)."""

    genre: str
    songs: int
    sure: int
    samples: tuple[Verdict, ...]
    histogram: tuple[int, ...]

    def at_least(self, percent: int) -> int:
        return sum(self.histogram[percent:])

    @property
    def levels(self) -> list[tuple[int, int]]:
        return [(percent, self.at_least(percent)) for percent in (40, 60, 80)]


@dataclass(frozen=True)
class Split:
    """Every movable song is in exactly one of these."""

    sure: int
    review: int
    own: int
    none: int


@dataclass(frozen=True)
class Coverage:
    songs: int
    local: int
    unplayable: int
    with_features: int
    with_preview: int


def standing(verdict: Verdict) -> str:
    """Which part of the split a song is in: own, none, sure or review."""
    if verdict.is_own_word:
        return "own"
    if not verdict.genre:
        return "none"
    return "sure" if verdict.is_sure else "review"


def split(songs: Iterable[Verdict]) -> Split:
    counts = Counter(standing(song) for song in songs)
    return Split(**{name: counts[name] for name in ("sure", "review", "own", "none")})


def genre_cards(songs: Iterable[Verdict], *, also: Iterable[str] = ()) -> list[GenreCard]:
    """The genres that occur, the largest first, and those in `also`, even without a song."""
    by_genre: dict[str, list[Verdict]] = {genre: [] for genre in FAMILIES}
    for song in songs:
        if song.genre:
            by_genre.setdefault(song.genre, []).append(song)
    wanted = set(also)
    cards = [_card(genre, found) for genre, found in by_genre.items() if found or genre in wanted]
    return sorted(cards, key=lambda card: -card.songs)


def _card(genre: str, found: list[Verdict]) -> GenreCard:
    percents = Counter(int(song.probability_of([genre]) * 100) for song in found)
    best = sorted(found, key=lambda song: -song.probability_of([genre]))[:SAMPLES]
    return GenreCard(
        genre=genre,
        songs=len(found),
        sure=sum(song.is_sure for song in found),
        samples=tuple(best),
        histogram=tuple(percents[percent] for percent in range(101)),
    )


def coverage(account: SpotifyAccount) -> Coverage:
    """What is known about the liked songs. Three queries."""
    saves = account.saves.filter(is_unliked=False)
    liked = saves.values("track")
    counts = saves.aggregate(
        songs=Count("pk"),
        local=Count("pk", filter=Q(track__is_local=True)),
        unplayable=Count("pk", filter=Q(track__is_playable=False, track__is_local=False)),
    )
    features = AudioFeatures.objects.filter(track__in=liked, values__isnull=False)
    heard = AudioAnalysis.objects.filter(track__in=liked, embedding__isnull=False)
    return Coverage(
        **counts,
        with_features=features.values("track").distinct().count(),
        with_preview=heard.values("track").distinct().count(),
    )


def notes(account: SpotifyAccount) -> list[str]:
    """What the last reading of the library could not do."""
    last = account.jobs.filter(kind=Job.Kind.ORGANIZE, state=Job.State.DONE).first()
    return last.counts.get("notes", []) if last else []
