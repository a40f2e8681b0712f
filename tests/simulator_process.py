"""Runs the simulator as the separate process it is, for tests that talk HTTP to it."""

import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent
ALL_SCOPES = (
    "user-library-read user-library-modify playlist-read-private playlist-modify-private "
    "playlist-modify-public ugc-image-upload"
)
START_S = 60.0


class SimulatorProcess:
    """`with SimulatorProcess("--liked", "50") as simulator: simulator.url`"""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Starts it on a free port and waits until it says it is ready."""
        command = [sys.executable, "-m", "simulator", "--port", "0", *self.arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self._first_line(self._process)
        if not line.startswith("Simulator ready at "):
            self.stop()
            raise RuntimeError(f"The simulator did not start; it said {line!r}.")
        self.url = line.split()[3]
        return self

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        assert self._process is not None
        self._process.kill()
        self.stop()

    @staticmethod
    def _first_line(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        ends = time.monotonic() + START_S
        while time.monotonic() < ends and process.poll() is None:
            if select.select([process.stdout], [], [], 0.2)[0]:
                return process.stdout.readline()
        return ""

    # What the app is pointed at.
    @property
    def accounts_url(self) -> str:
        return f"{self.url}/accounts"

    @property
    def api_url(self) -> str:
        return f"{self.url}/spotify/v1"

    @property
    def deezer_url(self) -> str:
        return f"{self.url}/deezer"

    @property
    def itunes_url(self) -> str:
        return f"{self.url}/itunes"

    @property
    def reccobeats_url(self) -> str:
        return f"{self.url}/reccobeats"

    def point(self, settings: Any) -> None:
        """Have Django's settings name this simulator in place of every service."""
        from organizer.settings import service_urls

        settings.SIMULATOR_URL = self.url
        settings.PREVIEW_HOSTS = [urlsplit(self.url).netloc]
        for name, url in service_urls(self.url).items():
            setattr(settings, name, url)

    # The control API.
    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(method, f"{self.url}/control/api/{path}", timeout=30, **options)
        if not answer.ok:
            raise ValueError(answer.text)
        return answer.json()

    def state(self, user: str = "ada") -> dict[str, Any]:
        """One user: id, account_id, liked uris (newest first), playlists with their uris in order."""
        return self._call("GET", "state", params={"user": user})["users"][0]

    def playlist(self, name: str, user: str = "ada") -> dict[str, Any] | None:
        """The newest playlist of that name."""
        found = [one for one in self.state(user)["playlists"] if one["name"] == name]
        return found[-1] if found else None

    def set_fault(self, name: str, **wishes: Any) -> dict[str, Any]:
        """Switches a fault on: service, method, path (regexes), times, after, probability, seed, parameters."""
        return self._call("POST", "faults", json={"name": name, **wishes})

    def clear_faults(self, name: str | None = None) -> None:
        self._call("DELETE", "faults", params={"name": name} if name else None)

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are on, with how often each has struck."""
        return self._call("GET", "faults")["active"]

    def like(self, n: int = 3, user: str = "ada", uris: list[str] | None = None) -> list[str]:
        body = {"user": user, "uris": uris} if uris is not None else {"user": user, "n": n}
        return self._call("POST", "like", json=body)["uris"]

    def unlike(self, uris: list[str], user: str = "ada") -> None:
        self._call("POST", "unlike", json={"user": user, "uris": uris})

    def edit_playlist(
        self, action: str, playlist_id: str = "", user: str = "ada", **details: Any
    ) -> dict[str, Any]:
        """A person's own edit: remove, add, reorder, replace, rename, describe, public, unfollow, follow, create."""
        body = {"action": action, "id": playlist_id, "user": user, **details}
        return self._call("POST", "playlists", json=body)

    def release(self, uri: str, *, same_isrc: bool = True) -> str:
        """The uri of a further release of the track's recording."""
        return str(self._call("POST", "release", json={"uri": uri, "same_isrc": same_isrc})["uri"])

    def relink(self, uri: str) -> str:
        """Spotify knows the track by another uri from now on, in likes and playlists; snapshots stay."""
        return str(self._call("POST", "relink", json={"uri": uri})["uri"])

    def requests(self, service: str | None = None, n: int = 20_000) -> list[dict[str, Any]]:
        """What was asked of the simulated services, oldest first."""
        wanted = {"n": n, **({"service": service} if service else {})}
        return self._call("GET", "requests", params=wanted)["requests"]

    def counts(self) -> dict[str, int]:
        """How often each `service METHOD /path/{id}` was called."""
        return self._call("GET", "requests", params={"n": 0})["counts"]

    def token(self, user: str = "ada", scopes: str = ALL_SCOPES, **details: Any) -> dict[str, Any]:
        """A token answer without the consent page."""
        return self._call("POST", "token", json={"user": user, "scopes": scopes, **details})

    def revoke(self, user: str = "ada") -> None:
        self._call("POST", "revoke", json={"user": user})

    def expire(self, user: str | None = None) -> None:
        self._call("POST", "expire", json={"user": user} if user else {})

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Changes expires_in_s or features_share until the next reset."""
        return self._call("POST", "settings", json=changes)

    def advance_clock(self, seconds: float) -> None:
        self._call("POST", "clock", json={"advance_s": seconds})

    def track(self, uri: str) -> dict[str, Any]:
        """What is true about a track and which services know it."""
        return self._call("GET", f"tracks/{uri.rpartition(':')[2]}")

    def reset(self, *, keep_tokens: bool = False) -> None:
        self._call("POST", "reset", json={"keep_tokens": keep_tokens})

    def consent(self, authorize_url: str, user: str = "ada", *, allow: bool = True) -> str:
        """Presses Allow or Deny on the consent page; returns the address the browser is sent to."""
        parts = urlsplit(authorize_url)
        form = {**dict(parse_qsl(parts.query)), "user": user, "decision": "allow" if allow else "deny"}
        answer = requests.post(f"{self.url}{parts.path}", data=form, allow_redirects=False, timeout=30)
        if answer.status_code != 303:
            raise ValueError(answer.text)
        return answer.headers["location"]
