from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import jobs, schedules, summary
from organizer.models import GenrePlaylist, Job, Plan, PlanItem, PlaylistVersion, SpotifyAccount
from tests.organizer.browsing import another_account, signed_in

NOW = timezone.now()
YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture
def rock(account: SpotifyAccount) -> GenrePlaylist:
    SpotifyAccount.objects.update(visited_at=YESTERDAY)
    account.refresh_from_db()
    return GenrePlaylist.objects.create(account=account, name="Rock", genres=["rock"], spotify_id="0Rock")


def told(account: SpotifyAccount) -> summary.Summary:
    moment = summary.last_visit(account)
    assert moment is not None
    return summary.since(account, moment)


def ended(account: SpotifyAccount, kind: str = "organize", state: str = "done", **values: Any) -> Job:
    return Job.objects.create(
        account=account, kind=kind, state=state, phase="sync", finished_at=timezone.now(), **values
    )


def version(rule: GenrePlaylist, before: str, after: str, **values: Any) -> PlaylistVersion:
    return PlaylistVersion.objects.create(
        playlist=rule, uris_before=list(before), uris_after=list(after), **values
    )


def test_nothing_new_is_no_news(rock: GenrePlaylist) -> None:
    assert not told(rock.account).has_news


def test_before_the_first_reading_there_is_no_last_visit(account: SpotifyAccount) -> None:
    assert summary.last_visit(account) is None


def test_the_first_reading_itself_is_no_news(account: SpotifyAccount) -> None:
    ended(account, counts={"new": 400})
    assert not told(account).has_news
    ended(account, counts={"new": 3, "removed": 1})
    assert (told(account).liked, told(account).unliked) == (3, 1)


def test_what_runs_wrote_and_hands_changed_is_counted_per_playlist(rock: GenrePlaylist) -> None:
    version(rock, "", "abc")
    version(rock, "abc", "bcde")
    version(rock, "bcde", "bcd", by="user")
    found = told(rock.account)
    assert [(tally.name, tally.added, tally.removed) for tally in found.runs] == [("Rock", 5, 1)]
    assert [(tally.name, tally.added, tally.removed) for tally in found.by_hand] == [("Rock", 0, 1)]


def test_what_was_read_before_is_not_told_again(rock: GenrePlaylist) -> None:
    version(rock, "", "abc")
    ended(rock.account, counts={"new": 3})
    SpotifyAccount.objects.update(visited_at=timezone.now())
    rock.account.refresh_from_db()
    assert not told(rock.account).has_news


def test_a_failure_is_told_until_a_later_run_succeeds(rock: GenrePlaylist) -> None:
    failed = ended(rock.account, state="failed", error="Spotify said no.")
    assert told(rock.account).troubles == (failed,)
    ended(rock.account)
    assert told(rock.account).troubles == ()


def test_what_waits_or_is_paused_is_told_with_its_reason(rock: GenrePlaylist) -> None:
    job, _ = jobs.start(rock.account, Job.Kind.ORGANIZE)
    running = jobs.claim(job.pk)
    assert running is not None
    jobs.wait(running, 600, "The daily quota is used up.")
    assert [job.wait_reason for job in told(rock.account).troubles] == ["The daily quota is used up."]


def test_a_run_that_the_clock_had_to_end_early_says_why(rock: GenrePlaylist) -> None:
    ended(rock.account, counts={"ended_early": "No genre is chosen yet."})
    assert told(rock.account).notes == ("No genre is chosen yet.",)


def test_a_due_run_that_waits_for_the_link_is_told(rock: GenrePlaylist) -> None:
    SpotifyAccount.objects.update(needs_link=True, next_run_at=timezone.now() - timedelta(hours=1))
    rock.account.refresh_from_db()
    assert told(rock.account).is_late


def test_an_open_plan_waits_for_the_user(rock: GenrePlaylist) -> None:
    entries = [{"playlist": rock.pk, "is_accepted": True, "add": 1}]
    plan = Plan.objects.create(account=rock.account, entries=entries)
    for place, kind in enumerate(["add", "remove", "remove", "kept_in"]):
        PlanItem.objects.create(
            plan=plan, playlist=rock, uri=str(place), kind=kind, position=place, is_accepted=kind == "add"
        )
    waiting = told(rock.account).waiting
    assert waiting and (waiting.plan_id, waiting.additions, waiting.removals) == (plan.pk, 1, 2)
    Plan.objects.update(state=Plan.State.DISCARDED)
    assert told(rock.account).waiting is None


def test_songs_of_a_playlist_too_small_to_be_made_do_not_wait(rock: GenrePlaylist) -> None:
    entries = [{"playlist": rock.pk, "is_accepted": False, "add": 1, "action": "too_small"}]
    plan = Plan.objects.create(account=rock.account, entries=entries)
    PlanItem.objects.create(plan=plan, playlist=rock, uri="a", kind="add", position=0, is_accepted=True)
    assert told(rock.account).waiting is None


def test_removals_that_the_clock_left_alone_wait_for_the_user(rock: GenrePlaylist) -> None:
    job = ended(rock.account, kind="write", wish=schedules.BY_CLOCK)
    plan = Plan.objects.create(account=rock.account, state="applied", job=job)
    for place, kind in enumerate(["add", "remove"]):
        PlanItem.objects.create(
            plan=plan, playlist=rock, uri=str(place), kind=kind, position=place, is_accepted=kind == "add"
        )
    waiting = told(rock.account).waiting
    assert waiting and (waiting.additions, waiting.removals) == (0, 1)
    Job.objects.update(wish={})
    assert told(rock.account).waiting is None


def test_the_queries_are_as_many_however_much_there_is(
    rock: GenrePlaylist, django_assert_num_queries: Any
) -> None:
    for place in range(30):
        version(rock, "a" * place, "b")
        ended(rock.account, state="failed", error="No.")
    with django_assert_num_queries(3):
        summary.since(rock.account, YESTERDAY)


def test_the_card_goes_with_a_press_and_later_news_brings_it_back(library: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(visited_at=timezone.now())
    client, address = signed_in(library), reverse("library")
    ended(library, counts={"new": 2})
    page = client.get(address)
    assert "<b>2</b> new likes" in page.content.decode()
    until = page.context["now"].isoformat()
    ended(library, counts={"new": 5})
    client.post(reverse("seen"), {"until": until})
    assert "<b>5</b> new likes" in client.get(address).content.decode()
    client.post(reverse("seen"))
    assert "Since your last visit" not in client.get(address).content.decode()


@pytest.mark.parametrize("until", ["", "yesterday", "2026-02-31T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_strange_time_counts_as_now(account: SpotifyAccount, until: str) -> None:
    signed_in(account).post(reverse("seen"), {"until": until})
    account.refresh_from_db()
    assert abs(account.visited_at - timezone.now()) < timedelta(minutes=1)


def test_reading_ones_news_leaves_others_theirs(account: SpotifyAccount) -> None:
    charlie = another_account()
    signed_in(account).post(reverse("seen"))
    charlie.refresh_from_db()
    assert charlie.visited_at is None
    assert signed_in(account).get(reverse("seen")).status_code == 405


def test_removals_that_were_carried_out_wait_no_longer(rock: GenrePlaylist) -> None:
    clock = Job.objects.create(
        account=rock.account, kind=Job.Kind.WRITE, state=Job.State.DONE, wish={"by": "clock"}
    )
    early = Plan.objects.create(account=rock.account, state=Plan.State.APPLIED, job=clock)
    PlanItem.objects.create(
        plan=early, playlist=rock, uri="spotify:track:a", kind="remove", position=0, is_accepted=False
    )
    assert told(rock.account).waiting
    later = Plan.objects.create(account=rock.account, state=Plan.State.APPLIED)
    assert told(rock.account).waiting is None
    Plan.objects.filter(pk=later.pk).update(state=Plan.State.OUTDATED)
    assert told(rock.account).waiting
