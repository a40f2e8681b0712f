from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from organizer import accounts, network, staff
from organizer.models import ModelVersion, SpotifyAccount
from tests.gates import open_gates
from tests.organizer import staff_pages


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A request leaves the language of its page behind, which only the next request would change."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def fresh_clients() -> Any:
    network.reset()
    yield
    network.reset()


@pytest.fixture
def ada(db: None, simulator: Any) -> SpotifyAccount:
    """Ada, linked through the simulator's real consent page, with her 160 liked songs."""
    network.reset()
    open_gates()
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


@pytest.fixture
def library(ada: SpotifyAccount, simulator: Any) -> SpotifyAccount:
    """Ada's likes, synced, each with a prediction; read the first time only, put back after that."""
    from organizer.models import Track
    from tests.organizer import kept
    from tests.organizer.test_library import sync

    likes = tuple(simulator.state()["liked"])
    if likes in kept.LIBRARIES and not Track.objects.exists():
        kept.put_back(kept.LIBRARIES[likes], ada)
    else:
        sync(ada)
        predict_in_turn(ada)
        kept.LIBRARIES[likes] = kept.keep(ada)
    return ada


@pytest.fixture
def media(db: None, tmp_path: Path, settings: Any) -> Path:
    """A folder of its own for what is uploaded and trained."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def places(db: None, tmp_path: Path, settings: Any) -> Iterator[None]:
    """Folders of uploads, of tables on the server, and of temporary files, of which a test must leave none."""
    settings.MEDIA_ROOT, settings.DATASET_DIRS = tmp_path / "media", [tmp_path / "server"]
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "temp")
    for folder in ("media", "server", "temp"):
        (tmp_path / folder).mkdir()
    yield
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.fixture
def base(library: SpotifyAccount, media: Path, tmp_path: Path) -> ModelVersion:
    from tests.organizer.promoting import put_into_use

    return put_into_use(library, media, tmp_path)


@pytest.fixture
def rich(library: SpotifyAccount) -> SpotifyAccount:
    """Somebody with everything that a user can have."""
    from tests.organizer.takeouts import furnish

    return furnish(library)


def predict_in_turn(account: SpotifyAccount) -> None:
    """A champion that says rock, jazz-blues and pop in turn, with falling confidence."""
    import math

    from classifier.labels import FAMILIES
    from organizer.models import Prediction, Track

    ModelVersion.objects.update(is_champion=False)
    version = ModelVersion.objects.create(name="test", path="test", labels=list(FAMILIES), is_champion=True)
    tracks = Track.objects.liked_by(account).movable().order_by("uri")
    rows = []
    for place, track in enumerate(tracks):
        genre = ("rock", "jazz-blues", "pop")[place % 3]
        confidence = 0.95 - 0.9 * place / len(tracks)
        rest = (1 - confidence) / (len(FAMILIES) - 1)
        log_probs = {name: math.log(confidence if name == genre else rest) for name in FAMILIES}
        rows.append(
            Prediction(
                track=track,
                version=version,
                genre=genre,
                confidence=confidence,
                is_sure=confidence >= 0.5,
                log_probs=log_probs,
                why={"features": {genre: confidence}},
            )
        )
    Prediction.objects.bulk_create(rows)


@pytest.fixture
def owner(db: None, redis_client: Any, settings: Any) -> Client:
    """A member of staff who may do everything, in an admin that asks nobody over the network."""
    settings.SPOTIFY_CLIENT_ID = ""
    network.reset()
    staff.prepare()
    return staff_pages.staff("Owner")
