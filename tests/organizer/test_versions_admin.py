"""The pages and the command: who may do what, and that both ask before anything is put into use."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from organizer import classify, tasks
from organizer.models import Comparison, Impact, Job, ModelVersion, Promotion, SpotifyAccount
from organizer.training import datasets, versions
from tests.organizer.browsing import said, visitor
from tests.organizer.test_impact import described, media, reclassified  # noqa: F401  a fixture
from tests.organizer.versions import expert, table, to_the_end, trained

Kind = ModelVersion.Kind
WHY = "because the test says so"
VIEWER = ("view_modelversion", "view_comparison", "view_impact", "view_promotion")
TRAINER = (*VIEWER, "add_trainingrun")
OWNER = (*TRAINER, "promote_modelversion")


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job, **_: None)


@pytest.fixture
def pair(library: SpotifyAccount, media: Path, tmp_path: Path) -> tuple[ModelVersion, ModelVersion]:  # noqa: F811
    """One in use, and a candidate that learned from fewer songs."""
    tracks = datasets.read(table(tmp_path))
    first = trained(media, "first", [tracks])
    versions.promote(first, reason=WHY)
    return first, trained(media, "second", [tracks.take(slice_of(300))])


def slice_of(count: int) -> Any:
    import numpy as np

    return np.arange(count)


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user(f"staff-{len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = visitor()
    client.force_login(user)
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:organizer_{name}", args=args)


def worked() -> None:
    for job in Job.objects.active().exclude(kind=Job.Kind.RECLASSIFY):
        to_the_end(job)


def test_every_page_shows_what_it_is_about(pair: Any, library: SpotifyAccount) -> None:
    described(library, 1)
    reclassified()
    first, second = pair
    client = staff(*OWNER)
    ticked = {"action": "compare", "_selected_action": [first.pk, second.pk]}
    answer = client.post(page("modelversion_changelist"), ticked)
    assert answer.status_code == 302
    assert "Being made" in client.get(answer.url).text
    client.post(page("modelversion_preview", second.pk))
    worked()
    compared = client.get(answer.url).text
    for words in (
        "second",
        "95 % interval",
        "Logistic regression",
        "distinguishable",
        "Jazz &amp; blues",
        "<svg",
    ):
        assert words in compared
    previewed = client.get(page("impact_change", Impact.objects.get().pk)).text
    assert "songs change genre" in previewed
    assert "<caption>Examples" in previewed
    for name in (
        "modelversion_changelist",
        "comparison_changelist",
        "impact_changelist",
        "promotion_changelist",
    ):
        assert client.get(page(name)).status_code == 200
    about = client.get(page("modelversion_change", second.pk)).text
    assert "three genres" in about or "learned from" in about


def test_promoting_asks_first_and_wants_a_reason(pair: Any, library: SpotifyAccount) -> None:
    first, second = pair
    client, url = staff(*OWNER), page("modelversion_promote", second.pk)
    assert "not been compared" in client.get(url).text
    refused = client.post(url, {"reason": "short"})
    assert refused.status_code == 422
    assert "at least 10 characters" in refused.text
    assert classify.champion() == first
    done = client.post(url, {"reason": WHY})
    assert "“second” is in use" in said(done)
    assert classify.champion() == second
    assert WHY in LogEntry.objects.latest("pk").change_message
    back = client.post(page("modelversion_roll_back", "tables"))
    assert "“first” is in use" in said(back)
    assert [one.is_rollback for one in Promotion.objects.order_by("pk")] == [False, False, True]


def test_a_viewer_sees_and_changes_nothing(pair: Any) -> None:
    client, second = staff(*VIEWER), pair[1]
    assert client.get(page("modelversion_change", second.pk)).status_code == 200
    assert "Put it into use" not in client.get(page("modelversion_change", second.pk)).text
    for name in ("compare", "preview", "notes", "promote"):
        assert client.post(page(f"modelversion_{name}", second.pk)).status_code == 403
    assert client.post(page("modelversion_roll_back", "tables")).status_code == 403
    ticked = {"action": "compare", "_selected_action": [second.pk]}
    assert client.post(page("modelversion_changelist"), ticked).status_code == 403
    assert not Comparison.objects.exists()
    assert not Impact.objects.exists()


def test_a_trainer_compares_and_previews_but_does_not_promote(pair: Any) -> None:
    client, (first, second) = staff(*TRAINER), pair
    assert client.post(page("modelversion_compare", second.pk)).status_code == 302
    assert client.post(page("modelversion_preview", second.pk)).status_code == 302
    assert client.post(page("modelversion_notes", second.pk), {"notes": "for later"}).status_code == 302
    assert client.post(page("modelversion_promote", second.pk), {"reason": WHY}).status_code == 403
    assert client.get(page("modelversion_promote", second.pk)).status_code == 403
    assert client.post(page("modelversion_roll_back", "tables")).status_code == 403
    assert classify.champion() == first
    second.refresh_from_db()
    assert second.notes == "for later"


def test_songs_are_named_only_to_those_who_may_promote(pair: Any, library: SpotifyAccount) -> None:
    described(library, 1)
    Impact.objects.create(version=pair[1])
    from organizer import jobs

    jobs.start(None, Job.Kind.IMPACT)
    worked()
    url = page("impact_change", Impact.objects.get().pk)
    song = Impact.objects.get().result["accounts"][0]["examples"][0]["song"].split(" – ")[0]
    assert song in staff(*OWNER).get(url).text.replace("&amp;", "&").replace("&#x27;", "'")
    assert "Examples" not in staff(*TRAINER).get(url).text
    assert str(library) not in staff(*VIEWER).get(url).text


def test_nobody_else_sees_any_of_it(pair: Any, library: SpotifyAccount) -> None:
    client = visitor()
    client.force_login(library.user)
    for name in (
        "modelversion_changelist",
        "comparison_changelist",
        "impact_changelist",
        "promotion_changelist",
    ):
        assert client.get(page(name)).status_code in (302, 403)
    assert client.post(page("modelversion_promote", pair[1].pk), {"reason": WHY}).status_code in (302, 403)
    assert classify.champion() == pair[0]


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("models", *words, stdout=out)
    return out.getvalue()


def test_the_command_does_the_same(pair: Any, library: SpotifyAccount, media: Path) -> None:  # noqa: F811
    described(library, 1)
    reclassified()
    listed = told("list")
    assert "first: tables, in use, accuracy" in listed
    assert "second: tables, candidate" in listed
    assert "comes with the program" in listed
    with pytest.raises(CommandError, match="not been compared"):
        told("promote", "second")
    assert "rows by" in told("compare", "second")
    assert "songs change genre" in told("impact", "second")
    assert "“second” is in use" in told("promote", "second", "--reason", WHY)
    assert "“first” is in use" in told("rollback")
    expert(media, "ears")
    told("promote", "ears", "--reason", WHY)
    assert "comes with the program” is in use" in told("rollback", "--kind", "sound")


def test_the_command_says_what_cannot_be_done(pair: Any) -> None:
    with pytest.raises(CommandError, match="no model version “nobody”; there are"):
        told("promote", "nobody")
    with pytest.raises(CommandError, match="no earlier version"):
        told("rollback", "--kind", "sound")
    with pytest.raises(CommandError, match="besides the one"):
        told("compare", "first")
