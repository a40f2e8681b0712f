"""The pages: who may do what, and that they ask before anything is put into use."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from classifier import registry
from organizer import classify, jobs, tasks
from organizer.admin import version_page
from organizer.models import Comparison, Impact, Job, ModelVersion, Promotion, SpotifyAccount
from organizer.training import datasets, versions
from tests.organizer.browsing import said, signed_in, visitor
from tests.organizer.promoting import WHY, command, described, reclassified
from tests.organizer.versions import expert, table, to_the_end, trained

Kind = ModelVersion.Kind
VIEWER = ("view_modelversion", "view_comparison", "view_impact", "view_promotion")
TRAINER = (*VIEWER, "add_trainingrun")
OWNER = (*TRAINER, "promote_modelversion")


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "enqueue", lambda job, **_: None)


@pytest.fixture
def pair(library: SpotifyAccount, media: Path, tmp_path: Path) -> tuple[ModelVersion, ModelVersion]:
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
    assert LogEntry.objects.latest("pk").object_repr.startswith("comparison of 2")
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
    assert "measured before it learned once more" in about
    assert "+00:00</td>" not in about


def test_a_version_tells_how_many_rows_it_learned_from_and_not_how_many_there_were(
    media: Path, tmp_path: Path
) -> None:
    version = trained(media, "spares", [datasets.read(table(tmp_path))])
    (shown,) = version_page.meta_of(version)["data"]
    training = registry.read_description(version.directory)["training"]
    assert shown["rows"] == training["tracks_learned_from"] == 900 - training["tracks"]["test"]


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


def test_an_old_page_is_shown_again_when_something_else_is_in_use(pair: Any, media: Path) -> None:
    second, client = pair[1], staff(*OWNER)
    url, seen = page("modelversion_promote", second.pk), '<input type="hidden" name="seen" value="{}">'
    old = client.get(url)
    assert seen.format("first") in old.text
    assert 'name="seen"' not in client.get(url, headers={"HX-Request": "true"}).text
    third = trained(media, "third", [datasets.read(table(media.parent, "another", seed=3))])
    versions.promote(third, reason=WHY)
    refused = client.post(url, {"seen": "first", "reason": WHY})
    assert refused.status_code == 422
    assert f'role="alert">{versions.AT_ONCE}' in refused.text
    assert f">{WHY}</textarea>" in refused.text
    assert seen.format("third") in refused.text
    assert classify.champion() == third
    assert "“second” is in use" in said(client.post(url, {"seen": "third", "reason": WHY}))


def test_the_page_that_asks_whether_to_use_a_version_says_only_that_it_is_in_use(pair: Any) -> None:
    first, client = pair[0], staff(*OWNER)
    asked = client.get(page("modelversion_promote", first.pk))
    for words in ("into use?", "takes its place", "What it would change", "How good it is"):
        assert words not in asked.text
    again = client.post(page("modelversion_promote", first.pk), {"reason": WHY})
    assert again.status_code == 422
    for answer in (asked, again):
        assert answer.text.count("“first” is in use already.") == 1


def test_a_version_that_knows_fewer_genres_says_so_everywhere_and_wants_a_reason(
    pair: Any, media: Path, tmp_path: Path
) -> None:
    data = datasets.read(table(tmp_path, "narrow table"))
    narrow, client = trained(media, "narrow", [data], genres=("rock", "electronic")), staff(*OWNER)
    compared = client.post(page("modelversion_compare", narrow.pk)).url
    worked()
    lost = "It does not know a genre that what is in use knows (Jazz &amp; blues)"
    for url in (compared, page("modelversion_change", narrow.pk), page("modelversion_promote", narrow.pk)):
        assert lost in client.get(url).text
    with pytest.raises(CommandError, match="does not know a genre .* Give a reason"):
        command("promote", "narrow")


def test_a_damaged_version_is_passed_on_the_way_back_and_is_not_to_be_compared(
    pair: Any,
    media: Path,
) -> None:
    first, second = pair
    versions.promote(second, reason=WHY)
    third = trained(media, "third", [datasets.read(table(media.parent, "another", seed=3))])
    versions.promote(third, reason=WHY)
    shutil.rmtree(second.directory)
    client = staff(*OWNER)
    listed = client.get(page("modelversion_changelist")).text
    assert "There is no going back to “second”. Its files are missing" in listed
    assert "Go back to “first”" in listed
    about = client.get(page("modelversion_change", second.pk)).text
    assert "can be neither compared nor put into use. Its files are missing" in about
    assert page("modelversion_compare", second.pk) not in about
    ticked = {"action": "compare", "_selected_action": [second.pk]}
    assert "“second” cannot be compared" in said(client.post(page("modelversion_changelist"), ticked))
    back = client.post(page("modelversion_roll_back", "tables"), {"seen": "third", "to": "first"})
    assert "“first” is in use" in said(back)


def test_a_version_in_use_without_its_files_is_said_to_judge_nothing(pair: Any) -> None:
    first, client = pair[0], staff(*OWNER)
    urls = page("modelversion_changelist"), page("modelversion_change", first.pk)
    assert not any("nothing can be judged by it" in client.get(url).text for url in urls)
    shutil.rmtree(first.directory)
    for text in (client.get(url).text for url in urls):
        assert "Its files are missing or damaged." in text
        assert (
            "So nothing can be judged by it: go back to an earlier version, or put another one into" in text
        )
        assert "neither compared nor put into use" not in text


def test_a_library_that_is_judged_anew_says_so_and_no_plan_is_made_meanwhile(
    pair: Any,
    library: SpotifyAccount,
    media: Path,
) -> None:
    reclassified()
    (job,) = versions.promote(expert(media, "ears"), reason=WHY).jobs
    client = signed_in(library)
    assert "Sorting again with another model" in client.get(reverse("library")).text
    assert "being judged again by another model" in said(client.post(reverse("plan-make")))
    jobs.ask_cancel(job)
    assert "Resume" in client.get(reverse("library")).text
    assert "Only some of your songs are judged" in said(client.post(reverse("plan-make")))


def test_the_list_says_which_genres_a_version_knows(pair: Any) -> None:
    listed = staff(*VIEWER).get(page("modelversion_changelist")).text
    assert "<summary>3</summary>Rock, Electronic, Jazz &amp; blues</details>" in listed


def test_what_is_being_computed_is_not_said_to_be_missing(pair: Any, library: SpotifyAccount) -> None:
    client, second = staff(*OWNER), pair[1]
    url = page("modelversion_promote", second.pk)
    assert "Nobody has looked yet" in client.get(url).text
    client.post(page("modelversion_preview", second.pk))
    waiting = client.get(url).text
    assert "Nobody has looked yet" not in waiting
    assert "Being made: 0 % done." in waiting
    assert f'hx-get="{url}"' in waiting
    assert (
        f'hx-get="{page("modelversion_change", second.pk)}"'
        in client.get(page("modelversion_change", second.pk)).text
    )
    news = client.get(url, headers={"HX-Request": "true"}).text
    assert "Being made" in news
    assert '<form class="notes"' not in news
    worked()
    ended = client.get(url, headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"
    typed = client.get(url, {"reason": "half a sen"}, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in typed
    assert "songs change genre" in typed.text


def test_what_waits_behind_a_training_says_so(pair: Any) -> None:
    client, second = staff(*OWNER), pair[1]
    made = client.post(page("modelversion_compare", second.pk)).url
    pages = [made, page("modelversion_change", second.pk), page("modelversion_promote", second.pk)]
    waits = "It waits until the training that is under way has ended."
    assert not any(waits in client.get(url).text for url in pages)
    training = Job.objects.create(kind=Job.Kind.TRAIN, phase="train", state="running", done=4, total=9)
    for _ in range(2):
        assert all(waits in client.get(url).text for url in pages)
        assert not any("Being made" in client.get(url).text for url in pages)
        Job.objects.filter(pk=training.pk).update(created_at=Comparison.objects.get().created_at)
    Job.objects.filter(pk=training.pk).update(state="done")
    worked()
    assert "Macro-F1" in client.get(made).text


def test_what_is_being_made_says_so_while_a_training_waits(pair: Any) -> None:
    client, second = staff(*OWNER), pair[1]
    made = client.post(page("modelversion_compare", second.pk)).url
    Job.objects.filter(kind=Job.Kind.COMPARE).update(state="running", done=1, total=4)
    Job.objects.create(kind=Job.Kind.TRAIN, phase="train", state="queued")
    for url in (made, page("modelversion_change", second.pk)):
        assert "Being made: 25 % done." in client.get(url).text


def test_what_no_job_works_on_is_not_said_to_be_made(pair: Any) -> None:
    client, (first, second) = staff(*OWNER), pair
    Impact.objects.create(version=second, against=first)
    Comparison.objects.create(kind=Kind.TABLES).versions.set(pair)
    lists = [page("comparison_changelist"), page("impact_changelist")]
    for url, times in ((lists[0], 1), (lists[1], 1), (page("modelversion_change", second.pk), 2)):
        text = client.get(url).text
        assert text.count("it waits, and no job works on it") == times
        assert "being made" not in text
    made = [jobs.start(None, kind)[0] for kind in (Job.Kind.COMPARE, Job.Kind.IMPACT)]
    for url in (*lists, page("modelversion_change", second.pk)):
        assert "being made" in client.get(url).text
    for job in made:
        jobs.ask_cancel(job)
    for url in (*lists, page("modelversion_change", second.pk)):
        text = client.get(url).text
        assert "It was cancelled." in text
        assert "being made" not in text


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
