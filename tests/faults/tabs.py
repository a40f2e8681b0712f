"""People in front of the real web process: browser tabs that share a session, and clicks at the same moment."""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import requests

from organizer.models import SpotifyAccount
from tests.organizer.browsing import signed_in

REFUSED = "You are signed out"


class Tab:
    """One browser tab of an account's user; tabs of the same user share their cookies."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self.url, self._session = url, requests.Session()
        self._session.trust_env = False
        self._session.cookies.update(cookies)

    def get(self, path: str) -> str:
        answer = self._session.get(self.url + path, timeout=60)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def token(self, path: str) -> str:
        """What the page's forms send along."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert found, f"{path} has no form"
        return found[1]

    def click(self, path: str, form: dict[str, Any]) -> tuple[int, str]:
        """Status, and where the answer leads."""
        answer = self._session.post(
            self.url + path, data=form, headers={"Referer": self.url}, timeout=60, allow_redirects=False
        )
        return answer.status_code, answer.headers.get("Location", "")


def tabs_of(account: SpotifyAccount, url: str, count: int) -> list[Tab]:
    cookies = {"sessionid": signed_in(account).cookies["sessionid"].value}
    tabs = [Tab(url, cookies) for _ in range(count)]
    return tabs


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """All of them in the same moment; what each gave, errors included."""
    gate, found = threading.Barrier(len(acts)), [None] * len(acts)

    def act(place: int) -> None:
        gate.wait()
        try:
            found[place] = acts[place]()
        except requests.RequestException as error:
            found[place] = error

    threads = [threading.Thread(target=act, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
