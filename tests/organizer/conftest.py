from typing import Any

import pytest

from organizer import accounts, network
from organizer.models import SpotifyAccount


@pytest.fixture(autouse=True)
def fresh_clients() -> Any:
    network.reset()
    yield
    network.reset()


@pytest.fixture
def ada(db: None, simulator: Any) -> SpotifyAccount:
    """Ada, linked through the simulator's real consent page, with her 400-odd liked songs."""
    network.reset()
    return link("ada", simulator)


def link(user: str, simulator: Any) -> SpotifyAccount:
    from urllib.parse import parse_qs, urlsplit

    from django.conf import settings

    verifier = "v" * 64
    url = network.spotify_accounts().authorize_url(
        state="s", verifier=verifier, scopes=settings.SPOTIFY_SCOPES
    )
    back = simulator.consent(url, user)
    return accounts.link_account(parse_qs(urlsplit(back).query)["code"][0], verifier, user=None)
