"""Accounts, jobs, gates and the audit log in the admin: what is shown, what an action does, what is kept of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizer import accounts, jobs, network, review, staff, takeout
from organizer.models import Correction, Job, ServiceGate, SpotifyAccount, Track
from organizer.providers.standing import QUOTA, RATE
from tests.gates import open_gates
from tests.organizer import staff_pages
from tests.organizer.browsing import another_account, said, signed_in


@pytest.fixture
def owner(db: None, redis_client: Any) -> Client:
    network.reset()
    staff.prepare()
    return staff_pages.staff("Owner")


def told(name: str) -> list[str]:
    """The audit log's sentences on rows of that kind, the newest first."""
    rows = LogEntry.objects.filter(content_type__model=name).order_by("-pk")
    return [entry.get_change_message() for entry in rows]


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:organizer_{name}", args=args)


# --- accounts -------------------------------------------------------------------------------------


def test_accounts_show_their_link_and_never_a_token(owner: Client, account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(authorized_at=timezone.now() - timedelta(days=172))
    pages = [owner.get(at("spotifyaccount_changelist")), owner.get(at("spotifyaccount_change", account.pk))]
    for page in (one.content.decode() for one in pages):
        assert "linked" in page and ">10<" in page.replace("\n", "").replace(" ", "")
        assert "access-ada" not in page and "refresh-ada" not in page
    SpotifyAccount.objects.update(needs_link=True)
    assert "needs a new link" in owner.get(at("spotifyaccount_changelist")).content.decode()


def test_the_list_of_accounts_counts_songs_and_corrections_in_few_queries(
    owner: Client, library: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    review.correct(library, Track.objects.liked_by(library).movable()[0], "metal")
    another_account()
    with django_assert_max_num_queries(12):
        page = owner.get(at("spotifyaccount_changelist"))
    rows = {row.account_id: row for row in page.context["cl"].queryset}
    assert rows[library.account_id].song_count == library.saves.filter(is_unliked=False).count() > 100
    assert rows[library.account_id].word_count == 1
    assert rows["account-charlie"].song_count == 0


def test_disconnecting_says_what_goes_and_keeps_no_name(owner: Client, library: SpotifyAccount) -> None:
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


# --- jobs -----------------------------------------------------------------------------------------


def failed(account: SpotifyAccount | None, kind: str = "organize", **values: Any) -> Job:
    return Job.objects.create(
        account=account, kind=kind, phase="sync", state="failed", error="Spotify said no.", **values
    )


def test_failures_that_nothing_made_good_come_first(owner: Client, account: SpotifyAccount) -> None:
    old = failed(account)
    Job.objects.create(account=account, kind="organize", phase="sync", state="done")
    mine = failed(account, "plan")
    training = failed(None, "train")
    running = Job.objects.create(
        account=account, kind="write", phase="write", state="running", done=1, total=4
    )
    Job.objects.create(account=account, kind="map", phase="map", state="done")
    rows = list(owner.get(at("job_changelist")).context["cl"].queryset)
    assert rows[:3] == [training, mine, running]
    assert old in rows[3:]


def test_a_later_job_of_the_same_kind_and_account_answers_a_failure(account: SpotifyAccount) -> None:
    failed(account)
    theirs = failed(another_account())
    failed(None, "train")
    Job.objects.create(account=account, kind="organize", phase="sync", state="done")
    Job.objects.create(kind="train", phase="train", state="done")
    assert list(Job.objects.unanswered()) == [theirs]


def test_the_list_of_jobs_says_how_far_they_are_and_what_they_wait_for(
    owner: Client, account: SpotifyAccount, django_assert_max_num_queries: Any
) -> None:
    until = timezone.now() + timedelta(hours=2)
    Job.objects.create(
        account=account,
        kind="organize",
        phase="enrich",
        state="waiting",
        done=30,
        total=120,
        wait_reason="Deezer asked us to wait.",
        wait_until=until,
    )
    with django_assert_max_num_queries(12):
        page = owner.get(at("job_changelist")).content.decode()
    assert "30 of 120" in page and "Deezer asked us to wait. Until " in page
    assert (
        owner.get(at("job_changelist"), {"q": "Deezer", "state__exact": "done"}).context["cl"].result_count
        == 0
    )


@pytest.mark.parametrize(("state", "is_under_way"), [("running", True), ("waiting", True), ("failed", False)])
def test_the_page_of_a_job_that_is_under_way_keeps_itself_up_to_date(
    owner: Client, account: SpotifyAccount, state: str, is_under_way: bool
) -> None:
    job = Job.objects.create(account=account, kind="reclassify", phase="classify", state=state)
    page = owner.get(at("job_change", job.pk)).content.decode()
    assert (f'<div id="job-poll" hx-get="{at("job_change", job.pk)}"' in page) == is_under_way
    assert ("htmx" in page) == is_under_way
    for swapped in ('id="job-poll"', 'id="operations"', "<fieldset"):  # and nothing else, so that focus stays
        assert page.count(swapped) == 1


def test_jobs_say_in_words_what_they_do_and_whether_their_worker_is_missed(owner: Client) -> None:
    then = timezone.now() + timedelta(seconds=9)
    job = Job.objects.create(kind="train", phase="judge", state="running", lease_until=then)
    for url in (at("job_changelist"), at("job_change", job.pk), reverse("admin:index")):
        page = owner.get(url).content.decode()
        assert "Its worker has not been heard of since" in page and f"{then:%H:%M:%S}." in page
        assert "judge" not in page
    assert "Running: Comparing with the model in use" in owner.get(at("job_changelist")).content.decode()


def test_a_classification_that_the_app_replaced_does_not_look_cancelled(
    owner: Client, account: SpotifyAccount
) -> None:
    job = Job.objects.create(account=account, kind="reclassify", phase="classify", state="cancelled")
    page = owner.get(at("job_change", job.pk)).content.decode()
    assert "Replaced by a newer one" in page and "Resume" not in page


def test_resuming_and_cancelling_are_done_and_kept(owner: Client, account: SpotifyAccount) -> None:
    job = failed(account)
    owner.post(at("job_resume", job.pk))
    assert Job.objects.get().state == Job.State.QUEUED
    owner.post(at("job_cancel", job.pk))
    assert Job.objects.get().state == Job.State.CANCELLED
    assert told("job") == [
        "Cancelled at “Reading your liked songs”, 0 of 0 done.",
        "Resumed after: Spotify said no.",
    ]


def test_several_jobs_at_once_are_each_kept(owner: Client, account: SpotifyAccount) -> None:
    rows = [failed(account), failed(account, "plan")]
    data = {"action": "resume", "_selected_action": [job.pk for job in rows]}
    assert "2 of 2 jobs go on" in said(owner.post(at("job_changelist"), data))
    assert len(told("job")) == 2


def test_what_has_ended_is_neither_cancelled_nor_kept(owner: Client, account: SpotifyAccount) -> None:
    job, _ = jobs.start(account, Job.Kind.PLAN)
    Job.objects.update(state="done")
    assert "ended before" in said(owner.post(at("job_cancel", job.pk)))
    assert told("job") == []


# --- gates ----------------------------------------------------------------------------------------


def state_of(client: Client, title: str) -> Any:
    rows = client.get(at("servicegate_changelist")).context["rows"]
    return next(row for row in rows if row.title == title)


def test_gates_are_read_where_they_keep_their_state(owner: Client) -> None:
    open_gates()
    gate = network.gate()
    gate.enter("deezer")
    gate.block("itunes", 600, "iTunes asked us to wait (rate limit).", RATE)
    for _ in range(5):
        gate.failed("reccobeats")
    assert state_of(owner, "Deezer").used == 1 and state_of(owner, "Deezer").state == "open"
    itunes = state_of(owner, "iTunes")
    assert "asked us to wait" in itunes.state and itunes.until and not itunes.may_try
    assert "failures" in state_of(owner, "ReccoBeats").state


def test_gates_are_read_from_the_database_without_redis(owner: Client, settings: Any) -> None:
    open_gates()
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    network.reset()
    assert "quota" in state_of(owner, "Spotify").state


def test_a_quota_is_tried_early_once_in_five_minutes_and_its_jobs_wake(
    owner: Client, account: SpotifyAccount
) -> None:
    open_gates()
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    later = timezone.now() + timedelta(hours=1)
    Job.objects.create(
        account=account, kind="plan", phase="plan", state="waiting", wait_kind="quota", wait_until=later
    )
    url = at("servicegate_try", "spotify")
    assert "Jobs woken: 1" in said(owner.post(url))
    assert network.gate().blocked("spotify") is None
    assert len(told("servicegate")) == 1
    network.gate().block("spotify", 3600, "Used up.", QUOTA)
    assert "once in five minutes" in said(owner.post(url))


def test_a_pause_that_was_asked_for_is_kept(owner: Client) -> None:
    open_gates()
    network.gate().block("spotify", 600, "Wait.", RATE)
    owner.post(at("servicegate_try", "spotify"))
    assert network.gate().blocked("spotify") is not None
    assert not ServiceGate.objects.filter(reopened_at__isnull=False).exists()


# --- audit log ------------------------------------------------------------------------------------


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
