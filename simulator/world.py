"""The state of the simulated world. Only the event loop's thread changes it, so it needs no lock."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from simulator import identifiers
from simulator.catalog import Catalogue, Track
from simulator.invented import invent
from simulator.people import Entry, Like, Playlist, User
from simulator.profiles import FAMILIES
from simulator.tokens import Tokens

USERS = (("ada", "Ada Example"), ("ben", "Ben Example"), ("cleo", "Cleo Example"))
STRANGER = ("dora", "Dora Example")  # makes playlists that others follow; nobody can log in as her
KEPT_BACK = 10  # tracks nobody likes yet, for "like 3 new songs"
BUILT_IN_LIKES = 400
CATALOGUE_LIKES = 2_000
AWKWARD_FROM = 20  # a library smaller than this has none of the awkward tracks
NEWEST_LIKE = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Options:
    """What the command line fixes for the life of the process."""

    seed: int = 1
    liked: int | None = None
    features_share: float = 0.8
    expires_in_s: int = 3600
    client_id: str | None = None
    client_secret: str | None = None


class World:
    def __init__(self, catalogue: Catalogue, options: Options) -> None:
        self.options = options
        self.first_options = options
        self.catalogue = _with_kept_back(catalogue, options)
        self.shuffled = Random(options.seed).sample(self.catalogue.tracks, len(self.catalogue.tracks))
        self.tokens = Tokens()
        self.releases: list[tuple[str, bool]] = []  # of tracks by their uris, and whether with the same ISRC
        self.reset()

    def reset(self, *, keep_tokens: bool = False) -> None:
        """Likes, playlists, clock and options as they were at the start."""
        self.options = self.first_options
        self.clock_offset = timedelta()
        self.tokens = self.tokens if keep_tokens else Tokens()
        self.users = {user_id: _user(user_id, name) for user_id, name in USERS}
        self.playlists: dict[str, Playlist] = {}
        self._like_at_start()
        self._keep_playlists_at_start()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_offset

    def change_options(self, **changes: object) -> None:
        self.options = replace(self.options, **changes)  # type: ignore[arg-type]

    def track(self, uri: str) -> Track | None:
        return self.catalogue.by_uri.get(uri)

    def display_name(self, user_id: str) -> str:
        return dict((*USERS, STRANGER))[user_id]

    def new_playlist(self, owner_id: str, **details: object) -> Playlist:
        """An empty playlist at the top of the owner's list."""
        # Unlike everything else not repeatable: an id must never mean another playlist in a later world.
        playlist_id = identifiers.base62("playlist", secrets.token_hex(16))
        playlist = Playlist(playlist_id, owner_id, revision=1, **details)  # type: ignore[arg-type]
        self.playlists[playlist_id] = playlist
        if owner_id in self.users:
            self.users[owner_id].followed.insert(0, playlist_id)
        return playlist

    def entries(self, uris: list[str], user_id: str) -> list[Entry]:
        return [Entry(uri, self.now(), user_id) for uri in uris]

    def unliked(self, user: User, count: int) -> list[Track]:
        """Catalogue tracks the user does not like yet; the kept-back ones, which nobody had, come first."""
        known = set(user.liked_uris)
        fresh = (track for track in reversed(self.shuffled) if track.uri not in known)
        return list(islice(fresh, count))

    def _like_at_start(self) -> None:
        pool = self.shuffled[:-KEPT_BACK]
        for user_id, count in self._likes_wanted(len(pool)).items():
            random = Random(f"likes {self.options.seed} {user_id}")
            awkward = self.catalogue.awkward if user_id == "ada" and count > AWKWARD_FROM else []
            chosen = _mixed_in(random.sample(pool, count - len(awkward)), awkward)
            moments = _moments(len(chosen), random)
            self.users[user_id].likes = [
                Like(track, moment) for track, moment in zip(chosen, moments, strict=True)
            ]

    def _likes_wanted(self, available: int) -> dict[str, int]:
        most = likes_asked_for(self.catalogue, self.options)
        wanted = {"ada": most, "ben": min(most, 60) if self.catalogue.awkward else most}
        return {user_id: min(count, available) for user_id, count in wanted.items()}

    def _keep_playlists_at_start(self) -> None:
        ada = self.users["ada"]
        mine = [uri for uri in ada.liked_uris if uri.startswith("spotify:track:")][20:32]
        road_trip = self.new_playlist("ada", name="Road trip", description="Made by hand", public=False)
        road_trip.insert(self.entries(mine, "ada"), None)
        theirs = self.new_playlist(STRANGER[0], name="Fresh finds of nowhere", description="Dora's picks")
        theirs.insert(self.entries([track.uri for track in self.shuffled[:30]], STRANGER[0]), None)
        ada.followed.append(theirs.id)


def _user(user_id: str, name: str) -> User:
    return User(user_id, identifiers.base62("account", user_id), name)


def likes_asked_for(catalogue: Catalogue, options: Options) -> int:
    if options.liked is not None:
        return options.liked
    return BUILT_IN_LIKES if catalogue.awkward else CATALOGUE_LIKES


def _with_kept_back(catalogue: Catalogue, options: Options) -> Catalogue:
    """A table whose every track would be liked gets a few invented ones, so that there is more to like."""
    wanted = min(likes_asked_for(catalogue, options), len(catalogue.tracks))
    if len(catalogue.tracks) - wanted >= KEPT_BACK:
        return catalogue
    extra = [track for family in FAMILIES[:KEPT_BACK] for track in invent(family, 1, options.seed + 1)]
    fresh = [track for track in extra if track.uri not in catalogue.by_uri]
    return Catalogue([*catalogue.tracks, *fresh], catalogue.awkward)


def _mixed_in(tracks: list[Track], awkward: list[Track]) -> list[Track]:
    mixed = list(tracks)
    for number, track in enumerate(awkward):
        mixed.insert(5 + 11 * number, track)
    return mixed


def _moments(count: int, random: Random) -> list[datetime]:
    moment, moments = NEWEST_LIKE, []
    for _ in range(count):
        moments.append(moment)
        moment -= timedelta(seconds=random.randint(60, 9_000))
    return moments
