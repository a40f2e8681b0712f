"""What a library looks like after sorting: counts, samples and evidence, all of them counted by the database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Floor, RowNumber

from classifier.labels import SUB_GENRES
from organizer import stored_verdicts
from organizer.models import Job, SpotifyAccount, StoredVerdict

SAMPLES = 3
PARTS = ("sure", "review", "own", "none")
EVIDENCE = ("features", "sound", "artist", "library")
SHOWN = (
    "track",
    "genre",
    "also",
    "part",
    "confidence",
    "other",
    "added_at",
    "account",
)  # of a song in a list
IS_SURE = Q(part__in=("sure", "own"))

Songs = QuerySet[StoredVerdict]


@dataclass(frozen=True)
class GenreCard:
    """One genre of a library. `histogram[p]`: songs whose probability of it is p per cent (rounded down)."""

    genre: str
    songs: int
    sure: int
    samples: tuple[StoredVerdict, ...]
    histogram: tuple[int, ...]

    def at_least(self, percent: int) -> int:
        return sum(self.histogram[percent:])

    @property
    def levels(self) -> list[tuple[int, int]]:
        return [(percent, self.at_least(percent)) for percent in (40, 60, 80)]


@dataclass(frozen=True)
class GenreBar:
    """A family with its sub-genres: what a bar of the chart shows, and what its link leads to."""

    genre: str
    songs: int
    sure: int
    within: tuple[GenreCard, ...] = ()  # the sub-genres that occur, the largest first


@dataclass(frozen=True)
class Split:
    """Every movable song is in exactly one of these."""

    sure: int
    review: int
    own: int
    none: int

    @property
    def songs(self) -> int:
        return self.sure + self.review + self.own + self.none


@dataclass(frozen=True)
class Coverage:
    """How many songs each kind of evidence is known of. A song may have several, or none."""

    features: int
    sound: int
    artist: int
    library: int
    own: int


def genre_cards(account: SpotifyAccount, *, also: Iterable[str] = ()) -> list[GenreCard]:
    """The genres that occur, the largest first, and those in `also`, even without a song. Three queries."""
    songs = stored_verdicts.of(account)
    histograms: dict[str, list[int]] = {genre: [0] * 101 for genre in also}
    sure: dict[str, int] = defaultdict(int)
    for genre, percent, count, certain in _percents(songs):
        histograms.setdefault(genre, [0] * 101)[min(100, int(percent))] += count
        sure[genre] += certain
    samples = _samples(songs)
    cards = [
        GenreCard(genre, sum(histogram), sure[genre], tuple(samples[genre]), tuple(histogram))
        for genre, histogram in histograms.items()
    ]
    return sorted(cards, key=lambda card: (-card.songs, card.genre))


def _percents(songs: Songs) -> Iterator[tuple[str, float, int, int]]:
    """(genre, per cent, songs, how many of them are sure)."""
    rows = songs.exclude(genre="").values("genre", percent=Floor(F("confidence") * 100))
    counted = rows.annotate(count=Count("pk"), certain=Count("pk", filter=IS_SURE))
    return counted.order_by().values_list("genre", "percent", "count", "certain").iterator()


def _samples(songs: Songs) -> dict[str, list[StoredVerdict]]:
    """The likeliest songs of each genre."""
    place = Window(RowNumber(), partition_by="genre", order_by=[F("confidence").desc(), F("track_id").asc()])
    best = songs.exclude(genre="").annotate(place=place).filter(place__lte=SAMPLES).values("pk")
    found: dict[str, list[StoredVerdict]] = defaultdict(list)
    for song in listed(StoredVerdict.objects.filter(pk__in=best)).order_by("-confidence", "track_id"):
        found[song.genre].append(song)
    return found


def listed(songs: Songs) -> Songs:
    """With their tracks, and without the columns that no list shows."""
    return songs.select_related("track").only(*SHOWN, *(f"track__{name}" for name in OF_TRACK))


OF_TRACK = ("uri", "name", "artist_names", "album_name", "album_image_url", "is_local", "is_playable")


def bars(cards: Iterable[GenreCard]) -> list[GenreBar]:
    """The cards by family, the largest first."""
    families: dict[str, list[GenreCard]] = defaultdict(list)
    for card in cards:
        families[SUB_GENRES.get(card.genre, card.genre)].append(card)
    found = [
        GenreBar(
            genre,
            sum(card.songs for card in within),
            sum(card.sure for card in within),
            tuple(card for card in within if card.genre != genre),
        )
        for genre, within in families.items()
    ]
    return sorted(found, key=lambda bar: (-bar.songs, bar.genre))


def split(songs: Songs) -> Split:
    """One query."""
    return Split(**songs.aggregate(**{part: Count("pk", filter=Q(part=part)) for part in PARTS}))


def coverage(songs: Songs) -> Coverage:
    """One query."""
    known = {name: Count("pk", filter=Q(why__has_key=name)) for name in EVIDENCE}
    return Coverage(**songs.aggregate(**known, own=Count("pk", filter=Q(part="own"))))


def notes(account: SpotifyAccount) -> list[str]:
    """What the last reading of the library could not do."""
    last = account.jobs.filter(kind=Job.Kind.ORGANIZE, state=Job.State.DONE).first()
    return last.counts.get("notes", []) if last else []
