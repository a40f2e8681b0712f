from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import plans, tasks, timeline, writing
from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SpotifyAccount
from tests.organizer.browsing import another_account, signed_in


@pytest.fixture
def rock(library: SpotifyAccount) -> GenrePlaylist:
    """A playlist of three songs: two written by a run, one swapped for another by hand."""
    uris = list(library.saves.filter(track__is_local=False).values_list("track__uri", flat=True)[:3])
    rule = GenrePlaylist.objects.create(
        account=library, name="Rock", genres=["rock"], spotify_id="0Rock", written_uris=uris[1:]
    )
    plan = Plan.objects.create(account=library, state=Plan.State.APPLIED, applied_at=timezone.now())
    write(rule, [], uris[:2], plan=plan, was_created=True)
    write(rule, uris[:2], uris[1:], by="user")
    return rule


def write(rule: GenrePlaylist, before: list[str], after: list[str], **values: Any) -> PlaylistVersion:
    return PlaylistVersion.objects.create(playlist=rule, uris_before=before, uris_after=after, **values)


def read(account: SpotifyAccount, name: str, *args: Any) -> str:
    response = signed_in(account).get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_nothing_written_yet_leads_to_the_next_step(account: SpotifyAccount) -> None:
    page = read(account, "history")
    assert "Nothing has happened yet" in page
    assert page.count("button primary") == 1


def test_runs_and_hand_edits_are_told_newest_first(rock: GenrePlaylist) -> None:
    by_hand, run = timeline.events(timeline.marks(rock.account))
    assert (by_hand.by_user, by_hand.added, by_hand.removed) == (True, 1, 1)
    assert (run.by_user, run.added, run.removed, run.plan) == (False, 2, 0, Plan.objects.get())
    page = read(rock.account, "history")
    assert page.index("You, on Spotify") < page.index("Sorted your likes")
    assert "year" in page and "20 versions" in page


def test_undone_runs_and_undoing_ones_are_marked(rock: GenrePlaylist) -> None:
    run = Plan.objects.get()
    undo = Plan.objects.create(account=rock.account, kind="undo", target=run, state="applied")
    write(rock, rock.written_uris, [], plan=undo)
    page = read(rock.account, "history")
    assert "Undid the run of" in page
    assert ">undone<" in page


def test_a_run_names_its_songs_and_offers_to_undo(rock: GenrePlaylist) -> None:
    run = Plan.objects.get()
    page = read(rock.account, "run", run.pk)
    for song in rock.account.saves.filter(track__uri__in=rock.versions.get(plan=run).uris_after):
        assert song.track.spotify_url in page
    assert reverse("run-undo", args=[run.pk]) in page


@pytest.mark.parametrize(("state", "is_offered"), [("outdated", True), ("applying", False)])
def test_only_a_run_that_is_over_can_be_undone(rock: GenrePlaylist, state: str, is_offered: bool) -> None:
    Plan.objects.update(state=state)
    run = Plan.objects.get()
    assert (reverse("run-undo", args=[run.pk]) in read(rock.account, "run", run.pk)) == is_offered


def test_undoing_a_run_leads_to_a_plan(library: SpotifyAccount) -> None:
    plans.choose(library, [plans.Choice("Rock", ("rock",), 0.5)])
    run = plans.make(library)
    job, _ = writing.start(run)
    while job.is_active:
        job = tasks.work(job.pk, job.lease_token)
    client = signed_in(library)
    response = client.post(reverse("run-undo", args=[run.pk]))
    undo = library.plans.get(kind="undo")
    assert response["Location"] == reverse("plan", args=[undo.pk])
    page = client.get(response["Location"]).content.decode()
    assert "Apply to Spotify" in page
    version = run.versions.get()
    assert client.post(reverse("version-restore", args=[version.pk]))["Location"] == reverse(
        "plan", args=[library.plans.get(kind="restore").pk]
    )


def test_old_versions_can_be_restored_the_newest_cannot(rock: GenrePlaylist) -> None:
    newest, old = rock.versions.order_by("-pk")
    restore = reverse("version-restore", args=[old.pk])
    assert restore in read(rock.account, "version", old.pk)
    assert "Restore this version" not in read(rock.account, "version", newest.pk)
    assert old.created_at < newest.created_at


def test_songs_are_named_a_hundred_a_page(rock: GenrePlaylist) -> None:
    uris = list(rock.account.saves.filter(track__is_local=False).values_list("track__uri", flat=True)[:150])
    version = write(rock, [], [*uris, "spotify:track:unknown"])
    response = signed_in(rock.account).get(reverse("version", args=[version.pk]), {"page": 2})
    names = [track.name if track else None for _, track in response.context["songs"]]
    assert len(names) == 51
    assert names[-1] is None
    assert b"https://open.spotify.com/track/unknown" in response.content


def test_versions_of_one_playlist_are_listed_with_their_sizes(rock: GenrePlaylist) -> None:
    page = read(rock.account, "playlist-history", rock.pk)
    assert page.count("2 songs") == 2
    assert "You, on Spotify" in page


def test_a_version_can_be_taken_along(rock: GenrePlaylist) -> None:
    client, version = signed_in(rock.account), rock.versions.order_by("pk").first()
    rows = client.get(reverse("version-json", args=[version.pk])).json()["songs"]
    assert [row["uri"] for row in rows] == version.uris_after
    answer = client.get(reverse("version-csv", args=[version.pk]))
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeffposition,title")
    assert len(text.strip().splitlines()) == 3
    assert "rock" in answer["Content-Disposition"]


@pytest.mark.parametrize("name", ["history", "playlist-history"])
def test_the_pages_take_as_many_queries_for_many_versions(
    rock: GenrePlaylist, name: str, django_assert_num_queries: Any
) -> None:
    client, args = signed_in(rock.account), [] if name == "history" else [rock.pk]
    expected = queries(client, name, args)
    for _ in range(8):
        plan = Plan.objects.create(account=rock.account, state="applied")
        write(rock, rock.written_uris, rock.written_uris, plan=plan)
    with django_assert_num_queries(expected):
        client.get(reverse(name, args=args))


def queries(client: Any, name: str, args: list[Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        client.get(reverse(name, args=args))
    return len(seen)


OWNED = [
    ("run", "get", "plan"),
    ("run-undo", "post", "plan"),
    ("playlist-history", "get", "playlist"),
    ("version", "get", "version"),
    ("version-csv", "get", "version"),
    ("version-json", "get", "version"),
    ("version-restore", "post", "version"),
]


@pytest.mark.parametrize(("name", "method", "what"), OWNED)
def test_others_find_nothing_and_other_methods_are_refused(
    rock: GenrePlaylist, name: str, method: str, what: str
) -> None:
    ids = {"plan": Plan.objects.get().pk, "playlist": rock.pk, "version": rock.versions.first().pk}
    address = reverse(name, args=[ids[what]])
    assert getattr(signed_in(another_account()), method)(address).status_code == 404
    other = "post" if method == "get" else "get"
    assert getattr(signed_in(rock.account), other)(address).status_code == 405


def test_versions_over_a_year_old_go_but_never_the_newest_twenty(rock: GenrePlaylist) -> None:
    rock.versions.all().delete()
    kept = [write(rock, [], []).pk for _ in range(25)][-20:]
    PlaylistVersion.objects.update(created_at=timezone.now() - timedelta(days=400))
    other = GenrePlaylist.objects.create(account=rock.account, name="Jazz", genres=["jazz-blues"])
    kept.append(write(other, [], []).pk)
    assert timeline.forget_old() == 5
    assert set(PlaylistVersion.objects.values_list("pk", flat=True)) == set(kept)


def test_younger_versions_stay_however_many(rock: GenrePlaylist) -> None:
    for _ in range(30):
        write(rock, [], [])
    assert timeline.forget_old() == 0


def test_plans_that_left_no_trace_go_after_three_months(rock: GenrePlaylist) -> None:
    trace, gone = Plan.objects.get(), Plan.objects.create(account=rock.account, state="outdated")
    Plan.objects.update(state="outdated", created_at=timezone.now() - timedelta(days=91))
    timeline.forget_old()
    assert not Plan.objects.filter(pk=gone.pk).exists()
    assert Plan.objects.filter(pk=trace.pk).exists()
