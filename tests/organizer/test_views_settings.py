from django.urls import reverse

from organizer.models import SpotifyAccount
from tests.organizer.browsing import said, signed_in

FORM = {"schedule": "daily", "may": "apply", "removals": "never"}


def test_the_page_shows_what_is_chosen(account: SpotifyAccount) -> None:
    page = signed_in(account).get(reverse("settings"))
    form = page.context["form"]
    assert [form[name].value() for name in ("schedule", "may", "removals")] == ["off", "plan", "ask"]
    assert page.content.decode().count('class="primary"') == 1


def test_choices_are_stored_and_the_next_run_is_told(account: SpotifyAccount) -> None:
    client = signed_in(account)
    response = client.post(reverse("settings"), FORM)
    assert response["Location"] == reverse("settings")
    assert "saved" in said(response)
    account.refresh_from_db()
    assert (account.schedule, account.schedule_applies, account.removals) == ("daily", True, "never")
    assert account.merges_duplicates is False
    assert "Next run" in client.get(reverse("settings")).content.decode()


def test_nonsense_is_marked_at_its_place_and_nothing_is_stored(account: SpotifyAccount) -> None:
    response = signed_in(account).post(reverse("settings"), FORM | {"schedule": "hourly"})
    assert response.status_code == 422
    assert 'id="id_schedule_error"' in response.content.decode()
    account.refresh_from_db()
    assert account.schedule == "off"


def test_a_run_that_waits_for_the_link_is_told(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.post(reverse("settings"), FORM)
    SpotifyAccount.objects.update(needs_link=True)
    assert "waits until you reconnect" in client.get(reverse("settings")).content.decode()


def test_only_ones_own_settings_change(account: SpotifyAccount) -> None:
    from tests.organizer.browsing import another_account

    charlie = another_account()
    signed_in(account).post(reverse("settings"), FORM)
    charlie.refresh_from_db()
    assert charlie.schedule == "off"
