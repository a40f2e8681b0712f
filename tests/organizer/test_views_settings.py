import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from organizer import takeout
from organizer.models import SpotifyAccount
from organizer.views import settings as views
from tests.organizer.browsing import another_account, said, signed_in

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
    charlie = another_account()
    signed_in(account).post(reverse("settings"), FORM)
    charlie.refresh_from_db()
    assert charlie.schedule == "off"


def bring(account: SpotifyAccount, body: bytes, **form: str) -> HttpResponse:
    file = SimpleUploadedFile("export.zip", body)
    return signed_in(account).post(reverse("import"), {"file": file, **form})


def test_what_is_exported_can_be_brought_back(library: SpotifyAccount) -> None:
    answer = signed_in(library).get(reverse("export"))
    assert "cratewise-" in answer["Content-Disposition"]
    file = b"".join(answer.streaming_content)
    library.saves.all().delete()
    response = bring(library, file)
    assert response.status_code == 200
    assert "brought back" in response.content.decode()
    assert library.saves.count() > 100


def test_what_cannot_be_brought_back_is_told_at_the_file(account: SpotifyAccount) -> None:
    page = bring(account, b"GIF89a").content.decode()
    assert 'id="id_file_error"' in page
    assert "neither a zip nor a JSON file" in page
    assert "Choose a file first." in signed_in(account).post(reverse("import")).content.decode()


def test_too_large_a_file_is_refused(account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_BYTES", 1_000_000)
    assert "larger than 1 MB" in bring(account, b"x" * 1_500_000).content.decode()


def test_an_export_of_somebody_else_asks_first(account: SpotifyAccount) -> None:
    body = json.dumps(takeout.document(account)).encode()
    charlie = another_account()
    page = bring(charlie, body).content.decode()
    assert "another Spotify account, Ada" in page
    assert 'name="is_other"' in page
    assert "Brought back" in bring(charlie, body, is_other="on").content.decode()


def test_bringing_back_needs_the_form_of_this_site(account: SpotifyAccount) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1:8000"})
    client.force_login(account.user)
    assert client.post(reverse("import"), {}).status_code == 403
    assert client.get(reverse("import")).status_code == 405
    assert client.post(reverse("export"), {}).status_code in (403, 405)


def test_look_language_and_names_are_stored(account: SpotifyAccount) -> None:
    wish = {
        "theme": "dark",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "name_template": "{genre}, sorted",
    }
    signed_in(account).post(reverse("settings"), FORM | wish)
    account.refresh_from_db()
    assert {name: getattr(account, name) for name in wish} == wish


@pytest.mark.parametrize(
    ("field", "nonsense"),
    [("theme", "pink"), ("language", "tlh"), ("name_template", "Mine"), ("name_template", "{genre} {x}")],
)
def test_nonsense_about_look_language_and_names_is_refused(
    account: SpotifyAccount, field: str, nonsense: str
) -> None:
    response = signed_in(account).post(reverse("settings"), FORM | {field: nonsense})
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()


def test_an_export_carries_look_language_and_time_zone(account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(theme="dark", language="de", time_zone="Europe/Berlin")
    account.refresh_from_db()
    document = json.loads(json.dumps(takeout.document(account)))
    charlie = another_account()
    takeout.restore(charlie, document, is_other=True)
    charlie.refresh_from_db()
    assert (charlie.theme, charlie.language, charlie.time_zone) == ("dark", "de", "Europe/Berlin")


def test_an_older_export_without_them_is_readable(account: SpotifyAccount) -> None:
    document = json.loads(json.dumps(takeout.document(account)))
    for name in ("theme", "language", "time_zone"):
        del document["settings"][name]
    charlie = another_account()
    assert takeout.restore(charlie, document, is_other=True).sections[0].restored
    charlie.refresh_from_db()
    assert (charlie.theme, charlie.language, charlie.time_zone) == ("", "", "")
