"""What the page that chooses genres shows: the genres of a library, what a newcomer is offered, and live counts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from classifier.labels import FAMILIES
from organizer import placements, plans
from organizer.merging import ROOM
from organizer.models import Artist, GenrePlaylist, SpotifyAccount, StoredVerdict, Track
from organizer.placing import Shelf, place
from organizer.plans import Choice

PLACES = ("first", "second", "third")  # of the songs that a card shows
CONFIDENCE = 0.5  # what a newcomer's playlists ask for
SMALL_LIBRARY, PER_PLAYLIST = 50, 200  # songs
LEAST, MOST = 5, 30  # smallest new playlist that is proposed
SUGGESTIONS = 12
Songs = QuerySet[StoredVerdict]
SHOWN = ("uri", "name", "artist_names", "album_image_url", "is_local")  # of a song in a list


@dataclass(frozen=True)
class GenreCard:
    """One genre of a library."""

    genre: str
    songs: int
    sure: int
    likely: int  # songs that a newcomer's playlist would take
    samples: tuple[Track, ...]


@dataclass(frozen=True)
class PlaylistCount:
    """One playlist of the form as it stands."""

    name: str
    genres: tuple[str, ...]
    songs: int
    is_small: bool
    is_rest: bool

    @property
    def overflow(self) -> int:
        """Songs that Spotify would not take any more."""
        return max(0, self.songs - ROOM)


@dataclass(frozen=True)
class Counts:
    """Where the library's movable songs would go."""

    playlists: tuple[PlaylistCount, ...]
    songs: int
    placed: int
    excluded: int

    @property
    def nowhere(self) -> int:
        return self.songs - self.placed - self.excluded

    @property
    def made(self) -> int:
        """How many playlists there would be."""
        return sum(not one.is_small for one in self.playlists)


def cards(verdicts: Songs, *, also: Iterable[str] = ()) -> list[GenreCard]:
    """The genres that occur, the largest first, and those in `also`, even without a song. Two queries."""
    is_sure, is_likely = Q(part__in=["own", "sure"]), Q(confidence__gte=CONFIDENCE)
    counted = verdicts.exclude(genre="").order_by().values("genre")
    counted = counted.annotate(
        songs=Count("account"),
        sure=Count("account", filter=is_sure),
        likely=Count("account", filter=is_likely),
    )
    rows: list[Any] = list(counted.annotate(**_likeliest(verdicts)))
    tracks = Track.objects.only(*SHOWN).in_bulk([row[place] for row in rows for place in PLACES])
    found = [_card(row, tracks) for row in rows]
    found += [GenreCard(genre, 0, 0, 0, ()) for genre in {*also} - {card.genre for card in found}]
    return sorted(found, key=lambda card: (-card.songs, card.genre))


def _likeliest(verdicts: Songs) -> dict[str, Subquery]:
    """The first songs of a genre by their index, which a window over all songs would not use."""
    alike = verdicts.filter(genre=OuterRef("genre")).order_by("-confidence", "track").values("track")
    return {place: Subquery(alike[n : n + 1]) for n, place in enumerate(PLACES)}


def _card(row: Mapping[str, Any], tracks: Mapping[int, Track]) -> GenreCard:
    samples = tuple(tracks[row[place]] for place in PLACES if row[place] in tracks)
    return GenreCard(row["genre"], row["songs"], row["sure"], row["likely"], samples)


def likely_min_size(songs: int) -> int:
    """Every song counts in a small library; in a large one nobody wants a playlist of five."""
    if songs < SMALL_LIBRARY:
        return 1
    return max(LEAST, min(MOST, songs // PER_PLAYLIST))


def first_picks(found: Sequence[GenreCard], min_size: int) -> set[str]:
    """What a newcomer finds ticked: every family with enough songs, or at least the largest."""
    families = [card for card in found if card.genre in FAMILIES and card.songs]
    large = {card.genre for card in families if card.likely >= min_size}
    return large or {card.genre for card in families[:1]}


def rules_of(account: SpotifyAccount) -> list[GenrePlaylist]:
    """All rules, those in use first, without the columns that grow with a playlist."""
    rows = account.playlists.defer("written_uris", "isrcs", "tombstones", "pins")
    return list(rows.order_by("-is_active", "pk"))


def count(
    account: SpotifyAccount,
    verdicts: Songs,
    rules: Sequence[GenrePlaylist],
    *,
    labels: Sequence[str],
    choices: Sequence[Choice],
    settings: Mapping[str, Any],
) -> Counts:
    """Where every song would go, by the rule that plans use. `labels`: what the verdicts' chances are of; `settings`: as
    `plans.choose` takes them.
    """
    continued = plans.continued(rules, choices)
    shelves = [
        _shelf(choice, is_new=not (row and row.spotify_id))
        for choice, row in zip(choices, continued, strict=True)
    ]
    decided = placements.decisions(
        per_song=settings["genres_per_song"],
        small_to_parent=settings["small_to_parent"],
        exclusions=settings["exclusions"],
    )
    songs = placements.of_account(account, verdicts, labels, shelves=shelves, decided=decided)
    found = place(songs, shelves, decided)
    figures = zip(choices, found.sizes, found.is_small.tolist(), strict=True)
    return Counts(
        playlists=tuple(
            PlaylistCount(choice.name, choice.genres, songs, is_small, choice.is_rest)
            for choice, songs, is_small in figures
        ),
        songs=len(found.is_excluded),
        placed=int(found.is_placed.sum()),
        excluded=int(found.is_excluded.sum()),
    )


def _shelf(choice: Choice, *, is_new: bool) -> Shelf:
    return Shelf(frozenset(choice.genres), choice.min_confidence, choice.min_size, is_new, choice.is_rest)


def artists_named(account: SpotifyAccount, names: Collection[str]) -> list[tuple[str, str]]:
    """(Spotify id, name) of the first artists of liked songs that have one of these names, in any case."""
    wanted = {name.lower() for name in names}
    folded = _artists(account).annotate(folded=Lower("name"))
    found = folded.filter(Q(name__in=list(names)) | Q(folded__in=list(wanted)))
    return sorted(found.values_list("spotify_id", "name"))


def artists_like(account: SpotifyAccount, text: str) -> list[str]:
    """Names to suggest while somebody types."""
    found = _artists(account).filter(name__icontains=text).order_by("name")
    return list(found.values_list("name", flat=True).distinct()[:SUGGESTIONS])


def _artists(account: SpotifyAccount) -> Any:
    liked = account.saves.filter(is_unliked=False, track__is_local=False)
    return Artist.objects.filter(pk__in=liked.values("track__primary_artist"))
