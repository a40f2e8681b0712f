import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from organizer import accounts, jobs, network
from organizer.models import Job, SavedTrack, SpotifyAccount, Track
from organizer.providers.errors import AuthRevoked, ProviderError
from tests.organizer.browsing import another_account
from tests.organizer.conftest import link
from tests.organizer.test_library import sync


def profile_name(account: SpotifyAccount) -> str:
    return accounts.with_spotify(account, lambda api: api.profile()).display_name


def refreshes(simulator: Any) -> int:
    calls = simulator.requests("accounts")
    return sum(
        1
        for call in calls
        if "refresh_token" in str(call["body"]) and "code_verifier" not in str(call["body"])
    )


def test_linking_stores_scopes_and_the_time_of_consent(ada: SpotifyAccount) -> None:
    assert set(ada.granted_scopes.split()) == {
        "user-library-read",
        "playlist-read-private",
        "playlist-modify-private",
    }
    assert timezone.now() - ada.authorized_at < timedelta(minutes=1)
    assert ada.user.username.startswith("spotify-")


def test_tokens_are_encrypted_at_rest(ada: SpotifyAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM organizer_spotifyaccount")
        stored = cursor.fetchone()
    assert ada.access_token not in stored and ada.refresh_token not in stored
    assert all(value.startswith("gAAAA") for value in stored)


def test_linking_again_finds_the_same_account(ada: SpotifyAccount, simulator: Any) -> None:
    assert link("ada", simulator).pk == ada.pk
    assert SpotifyAccount.objects.count() == 1


def test_an_account_of_another_user_is_not_taken_over(
    ada: SpotifyAccount, simulator: Any, django_user_model: Any
) -> None:
    eve = django_user_model.objects.create_user("eve")
    with pytest.raises(accounts.LinkError, match="linked to another user"):
        accounts._store_link(
            network.spotify_accounts().refresh(ada.refresh_token),
            network.spotify(ada.access_token).profile(),
            eve,
        )


def test_an_expired_token_is_refreshed_before_use(ada: SpotifyAccount, simulator: Any) -> None:
    SpotifyAccount.objects.update(token_expires_at=timezone.now())
    profile_name(ada)
    profile_name(ada)
    assert refreshes(simulator) == 1


def test_a_token_that_spotify_rejects_is_refreshed_once(ada: SpotifyAccount, simulator: Any) -> None:
    simulator.expire("ada")
    assert profile_name(ada)
    assert refreshes(simulator) == 1


def test_the_old_refresh_token_is_kept_when_none_is_sent(ada: SpotifyAccount, simulator: Any) -> None:
    simulator.set_fault("missing_refresh_token")
    accounts.fresh_token(ada, instead_of=ada.access_token)
    fresh = SpotifyAccount.objects.get()
    assert fresh.refresh_token == ada.refresh_token
    assert fresh.access_token != ada.access_token


def test_a_revoked_link_is_asked_about_once_and_remembered(ada: SpotifyAccount, simulator: Any) -> None:
    simulator.revoke("ada")
    for _ in range(3):
        with pytest.raises(AuthRevoked, match="reconnect"):
            profile_name(ada)
    assert SpotifyAccount.objects.get().needs_link
    assert refreshes(simulator) == 1


def test_an_outage_of_the_accounts_service_is_not_a_revoked_link(ada: SpotifyAccount, simulator: Any) -> None:
    simulator.set_fault("accounts_outage")
    with pytest.raises(ProviderError) as failure:
        accounts.fresh_token(ada, instead_of=ada.access_token)
    assert not isinstance(failure.value, AuthRevoked)
    assert not SpotifyAccount.objects.get().needs_link


def test_reconnecting_wakes_the_paused_jobs(ada: SpotifyAccount, simulator: Any) -> None:
    Job.objects.create(account=ada, kind=Job.Kind.ORGANIZE, phase="sync", state=Job.State.PAUSED)
    (job,) = jobs.unpause(link("ada", simulator))
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_unlinking_deletes_what_came_from_spotify_but_not_others_songs(
    ada: SpotifyAccount, simulator: Any
) -> None:
    ben = link("ben", simulator)
    sync(ada), sync(ben)
    accounts.unlink(ada)
    assert SpotifyAccount.objects.get() == ben
    assert set(Track.objects.values_list("pk", flat=True)) == set(ben.saves.values_list("track", flat=True))


def test_connecting_in_two_tabs_works_in_both(simulator: Any, client: Any, settings: Any, db: None) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    host = settings.PUBLIC_URL.removeprefix("http://")
    urls = [client.post("/spotify/connect", HTTP_HOST=host).headers["Location"] for _ in range(2)]
    for url in urls:
        back = simulator.consent(url).removeprefix(settings.PUBLIC_URL)
        assert client.get(back, HTTP_HOST=host).headers["Location"] == "/library"


def test_a_polling_page_is_sent_to_the_start_when_the_session_has_ended(client: Any, db: None) -> None:
    answer = client.get("/jobs", HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (
        204,
        "/?next=%2Flibrary",
        b"",
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    os.environ.get("TEST_DB") == "sqlite", reason="threads need a database that they can share"
)
@pytest.mark.parametrize("table", ["organizer_spotifyaccount", "organizer_track"])
def test_a_worker_that_stores_a_like_meanwhile_does_not_keep_the_link(
    account: SpotifyAccount, table: str
) -> None:
    track = Track.objects.create(uri="spotify:track:late", name="Late")
    owner = account if table == "organizer_spotifyaccount" else another_account()
    late = SavedTrack(account=owner, track=track, added_at=timezone.now())
    stored: list[SavedTrack] = []

    def store() -> None:
        late.save()
        connection.close()

    def disturbed(execute: Any, sql: str, *more: Any) -> Any:
        """The worker's statement comes when what belongs to the row is deleted already, and the row is not."""
        if sql.startswith(f'DELETE FROM "{table}"') and not stored:
            stored.append(late)
            with ThreadPoolExecutor(1) as worker:
                worker.submit(store).result()
        return execute(sql, *more)

    with connection.execute_wrapper(disturbed):
        accounts.unlink(account)
    assert stored
    assert not SpotifyAccount.objects.filter(account_id="account-ada").exists()
    assert list(SavedTrack.objects.all()) == ([] if owner == account else [late])
