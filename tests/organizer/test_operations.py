"""Accounts and the audit log in the admin: what is shown, what an action does, what is kept of it."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer import accounts, review, takeout
from organizer.models import Correction, Job, SpotifyAccount, Track
from tests.organizer import staff_pages
from tests.organizer.admin_pages import at, told
from tests.organizer.browsing import another_account, said, signed_in


def test_accounts_show_their_link_and_never_a_token(owner: Client, account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(authorized_at=timezone.now() - timedelta(days=172))
    pages = [owner.get(at("spotifyaccount_changelist")), owner.get(at("spotifyaccount_change", account.pk))]
    for page in (one.content.decode() for one in pages):
        assert "linked" in page and ">10<" in page.replace("\n", "").replace(" ", "")
        assert "access-ada" not in page and "refresh-ada" not in page
    SpotifyAccount.objects.update(needs_link=True)
    assert "needs a new link" in owner.get(at("spotifyaccount_changelist")).content.decode()


def test_the_list_of_accounts_counts_songs_and_corrections_in_few_queries(
    library: SpotifyAccount, owner: Client, django_assert_max_num_queries: Any
) -> None:
    review.correct(library, Track.objects.liked_by(library).movable()[0], "metal")
    another_account()
    with django_assert_max_num_queries(12):
        page = owner.get(at("spotifyaccount_changelist"))
    rows = {row.account_id: row for row in page.context["cl"].queryset}
    assert rows[library.account_id].song_count == library.saves.filter(is_unliked=False).count() > 100
    assert rows[library.account_id].word_count == 1
    assert rows["account-charlie"].song_count == 0


def test_disconnecting_says_what_goes_and_keeps_no_name(library: SpotifyAccount, owner: Client) -> None:
    url, songs, name = at("spotifyaccount_disconnect", library.pk), library.saves.count(), str(library)
    assert f"{songs}" in owner.get(url).content.decode()
    assert SpotifyAccount.objects.exists()
    owner.post(url)
    assert not SpotifyAccount.objects.exists() and not Track.objects.exists()
    assert not get_user_model().objects.filter(pk=library.user_id).exists()
    entry = LogEntry.objects.get(content_type__model="spotifyaccount")
    assert f"{songs}" in entry.change_message and entry.is_deletion()
    assert name not in entry.object_repr + entry.change_message


def test_staff_who_are_disconnected_stay_and_so_does_what_they_did(account: SpotifyAccount) -> None:
    account.user.is_staff = True
    account.user.set_unusable_password()
    account.user.save()
    accounts.unlink(account)
    assert get_user_model().objects.filter(username="ada").exists()


def test_reading_now_starts_one_job_and_is_kept(owner: Client, account: SpotifyAccount) -> None:
    for _ in range(2):
        owner.post(at("spotifyaccount_read", account.pk))
    assert Job.objects.get().kind == Job.Kind.ORGANIZE
    assert told("spotifyaccount") == [f"Started reading the library (job {Job.objects.get().pk})."]


def test_an_account_that_needs_a_link_is_not_read(owner: Client, account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(needs_link=True)
    answer = owner.post(at("spotifyaccount_read", account.pk))
    assert "reconnect" in said(answer) and not Job.objects.exists()


def test_an_owner_takes_corrections_out_and_only_the_user_gives_them(
    owner: Client, account: SpotifyAccount
) -> None:
    url = at("spotifyaccount_change", account.pk)
    owner.post(url, {})
    account.refresh_from_db()
    assert account.teaches is False and account.access_token == "access-ada"
    assert told("spotifyaccount") == ["Their corrections are left out of training."]
    assert "Only the user" in owner.post(url, {"teaches": "on"}).content.decode()
    account.refresh_from_db()
    assert account.teaches is False


def test_the_audit_log_is_searched_and_changed_by_nobody(owner: Client, account: SpotifyAccount) -> None:
    owner.post(at("spotifyaccount_read", account.pk))
    root = staff_pages.staff("Superuser")
    url = reverse("admin:admin_logentry_changelist")
    page = root.get(url, {"q": "Started reading"})
    assert page.context["cl"].result_count == 1
    assert at("spotifyaccount_change", account.pk) in page.content.decode()
    assert root.get(url, {"q": "nonsense"}).context["cl"].result_count == 0
    entry = LogEntry.objects.get()
    for name in ("change", "delete"):
        changed = root.post(reverse(f"admin:admin_logentry_{name}", args=[entry.pk]), {"post": "yes"})
        assert changed.status_code == 403
    data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    root.post(url, data)
    assert LogEntry.objects.get() == entry


# --- the user's own switch ------------------------------------------------------------------------

FORM = {"schedule": "off", "may": "plan", "removals": "ask", "name_template": "{genre}"}


def test_users_decide_whether_their_corrections_train(account: SpotifyAccount) -> None:
    client = signed_in(account)
    page = client.get(reverse("settings")).content.decode()
    assert 'name="teaches" id="id_teaches" checked' in page
    for form, teaches in ((FORM, False), (FORM | {"teaches": "on"}, True)):
        client.post(reverse("settings"), form)
        account.refresh_from_db()
        assert account.teaches is teaches


def test_a_word_holds_at_once_for_who_teaches_nobody(library: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(teaches=False)
    track = Track.objects.liked_by(library).movable()[0]
    review.correct(library, track, "metal")
    assert Correction.objects.get().genre == "metal"


def test_an_export_carries_whether_corrections_train(account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(teaches=False)
    account.refresh_from_db()
    document = json.loads(json.dumps(takeout.document(account)))
    charlie, dora = another_account(), another_account("dora")
    takeout.restore(charlie, document, is_other=True)
    del document["settings"]["teaches"]  # an older one
    takeout.restore(dora, document, is_other=True)
    told_of = dict(SpotifyAccount.objects.values_list("spotify_id", "teaches"))
    assert (told_of["charlie"], told_of["dora"]) == (False, True)
