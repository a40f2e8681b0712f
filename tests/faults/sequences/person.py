"""Cleo: her account, her Spotify, and what her hands do there."""

from datetime import timedelta
from random import Random
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.utils import timezone

from organizer.models import GenrePlaylist, SpotifyAccount
from tests.faults.sequences.expected import Songs
from tests.simulator_process import SimulatorProcess

ME, OTHER = "cleo", "ben"
SONGS = 14


class Quick(SimulatorProcess):
    """Talks to the simulator over one connection."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        self._session = requests.Session()
        self._session.trust_env = False

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, f"{self.url}/control/api/{path}", timeout=30, **options)
        if not answer.ok:
            raise ValueError(answer.text)
        return answer.json()


class Person:
    def __init__(self, world: SimulatorProcess) -> None:
        self.world, self.songs = world, Songs()
        world.reset()
        world.like(SONGS, user=ME)
        liked = self.liked
        self.strange = world.state("ada")["liked"][:12]  # she does not like these
        theirs = world.edit_playlist("create", user=OTHER, name="Rock", uris=liked[:5])
        world.edit_playlist("public", theirs["id"], user=OTHER, public=True)
        world.edit_playlist("follow", theirs["id"], user=ME)
        world.edit_playlist("create", user=ME, name="Jazz", uris=[*liked[:3], *self.strange[:2]])
        self.ever_ours: set[str] = set()
        self.not_ours = self.playlists_apart_from(set())
        self.moved: dict[
            str, list[tuple[str, str]]
        ] = {}  # playlist id → (out or in, song) since it was last read
        self.account = self._account()
        self.has_new_likes = True  # or has taken some back, since the program read them

    def _account(self) -> SpotifyAccount:
        user = get_user_model().objects.create(username=ME)
        values = {"account_id": f"account-{ME}", "spotify_id": ME, "authorized_at": timezone.now()}
        account = SpotifyAccount(user=user, **values)
        self._take_tokens(account)
        return account

    def reconnect(self) -> None:
        self.account.refresh_from_db()
        self.account.needs_link = False
        self._take_tokens(self.account)

    def _take_tokens(self, account: SpotifyAccount) -> None:
        answer = self.world.token(ME)
        account.access_token, account.refresh_token = answer["access_token"], answer["refresh_token"]
        account.granted_scopes = answer["scope"]
        account.token_expires_at = timezone.now() + timedelta(hours=1)
        account.save()

    @property
    def liked(self) -> list[str]:
        """Oldest first."""
        return self.world.state(ME)["liked"][::-1]

    def playlists(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.world.state(ME)["playlists"]}

    def playlists_apart_from(self, ours: set[str]) -> dict[str, Any]:
        """Everything else that there is, whole: names, snapshots, contents."""
        return {key: row for key, row in self.playlists().items() if key not in ours}

    def ours(self) -> list[str]:
        return [one for one in self.rules().values_list("spotify_id", flat=True) if one]

    def rules(self) -> Any:
        return GenrePlaylist.objects.filter(account=self.account).order_by("pk")

    # --- what hands do on Spotify -------------------------------------------------------------------
    def _one(self, random: Random) -> dict[str, Any] | None:
        """One of our playlists that she has not deleted."""
        playlists = self.playlists()
        mine = [playlists[one] for one in self.ours() if playlists.get(one, {}).get("followed")]
        return random.choice(mine) if mine else None

    def hand(self, random: Random, action: str = "") -> None:
        """An edit of one of our playlists."""
        playlist = self._one(random)
        if playlist is None:
            return
        action = action or random.choice(["take_out", "put_in", "put_in_again", "reorder", "rename"])
        getattr(self, f"_{action}")(playlist, random)

    def _edit(self, action: str, playlist: dict[str, Any], **details: Any) -> None:
        self.world.edit_playlist(action, playlist["id"], user=ME, **details)

    def _take_out(self, playlist: dict[str, Any], random: Random) -> None:
        if playlist["uris"]:
            count = random.randint(1, min(3, len(playlist["uris"])))
            uris = random.sample(sorted(set(playlist["uris"])), min(count, len(set(playlist["uris"]))))
            self._edit("remove", playlist, uris=uris)
            self._note(playlist, "out", uris)

    def _put_in(self, playlist: dict[str, Any], random: Random) -> None:
        known = [uri for uri in [*self.liked, *self.strange] if uri not in playlist["uris"]]
        uris = random.sample(known, random.randint(1, min(2, len(known))))
        self._edit("add", playlist, uris=uris, position=random.randint(0, len(playlist["uris"])))
        self._note(playlist, "in", uris)

    def _put_in_again(self, playlist: dict[str, Any], random: Random) -> None:
        if playlist["uris"]:
            self._edit("add", playlist, uris=[random.choice(playlist["uris"])])

    def _reorder(self, playlist: dict[str, Any], random: Random) -> None:
        self._edit("reorder", playlist, uris=random.sample(playlist["uris"], len(playlist["uris"])))

    def _rename(self, playlist: dict[str, Any], random: Random) -> None:
        self._edit("rename", playlist, name=random.choice(["Mine now", "Rock", "Late nights", "Jazz"]))

    def _note(self, playlist: dict[str, Any], way: str, uris: list[str]) -> None:
        self.moved.setdefault(playlist["id"], []).extend((way, self.songs.root(uri)) for uri in uris)

    def wavering(self, playlist_id: str) -> set[str]:
        """Songs that her hands moved both ways since the playlist was last read."""
        moves = self.moved.get(playlist_id, [])
        return {uri for way, uri in moves if ("in" if way == "out" else "out", uri) in moves}

    def delete(self, random: Random) -> None:
        if playlist := self._one(random):
            self._edit("unfollow", playlist)

    def take_back(self, random: Random) -> None:
        """A deleted playlist of ours is followed again."""
        gone = [one for one in self.ours() if not self.playlists().get(one, {"followed": True})["followed"]]
        if gone:
            self.world.edit_playlist("follow", random.choice(gone), user=ME)

    def touch_others(self, random: Random) -> None:
        """Playlists that are not ours change too; what they are then is what they must stay."""
        theirs = random.choice(list(self.not_ours.values()))
        action = random.choice(["add", "remove", "rename"])
        uris = random.sample(self.strange, 2) if action == "add" else theirs["uris"][:1]
        details = (
            {"name": random.choice(["Rock", "Classical", "x"])} if action == "rename" else {"uris": uris}
        )
        self.world.edit_playlist(action, theirs["id"], user=theirs["owner"], **details)
        self.not_ours = self.playlists_apart_from(self.ever_ours)

    # --- likes --------------------------------------------------------------------------------------
    def like(self, random: Random) -> None:
        self.has_new_likes = True
        self.world.like(random.randint(1, 3), user=ME)

    def unlike(self, random: Random) -> None:
        self.has_new_likes = True
        if liked := self.liked:
            self.world.unlike(random.sample(liked, min(len(liked), random.randint(1, 2))), user=ME)

    def like_again(self, random: Random) -> None:
        self.has_new_likes = True
        if liked := self.liked:
            uri = random.choice(liked)
            self.world.unlike([uri], user=ME)
            self.world.like(uris=[uri], user=ME)

    def like_another_release(self, random: Random) -> None:
        self.has_new_likes = True
        if liked := self.liked:
            first = random.choice(liked)
            again = self.world.release(first, same_isrc=random.random() < 0.5)
            self.songs.released(first, again)
            self.world.like(uris=[again], user=ME)
