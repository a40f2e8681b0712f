from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from organizer import classify, history, plans, review, writing
from organizer.models import Job, ModelVersion, Plan, Promotion, SpotifyAccount
from organizer.plans import Choice
from organizer.training import versions
from organizer.views import plan as plan_views
from tests.organizer.browsing import said, signed_in
from tests.organizer.promoting import other, put_into_use, reclassified
from tests.organizer.test_writing import run
from tests.organizer.versions import expert

WHY = "The plans were looked at"
ROCK, POP = Choice("Rock", ("rock",), 0.2), Choice("Pop", ("pop",), 0.6)


@pytest.fixture
def plan(library: SpotifyAccount) -> Plan:
    plans.choose(library, [ROCK, POP])
    return plans.make(library)


def test_the_plan_shows_each_playlist_with_its_change_and_first_songs(plan: Plan) -> None:
    response = signed_in(plan.account).get(reverse("plan", args=[plan.pk]))
    page = response.content.decode()
    rock = next(row for row in response.context["rows"] if row["entry"]["name"] == "Rock")
    assert f"+{rock['entry']['add']}" in page
    assert page.count(">NEW<") == 2
    assert len(rock["items"]) == 10
    assert "Apply to Spotify" in page


def test_the_plan_takes_few_queries(plan: Plan, django_assert_max_num_queries: Any) -> None:
    client = signed_in(plan.account)
    with django_assert_max_num_queries(12):
        client.get(reverse("plan", args=[plan.pk]))


def test_the_newest_plan_has_an_address_of_its_own(plan: Plan) -> None:
    response = signed_in(plan.account).get(reverse("plan-latest"))
    assert response["Location"] == reverse("plan", args=[plan.pk])


def test_without_a_plan_the_way_leads_to_the_genres(account: SpotifyAccount) -> None:
    assert signed_in(account).get(reverse("plan-latest"))["Location"] == reverse("genres")


def test_one_playlist_shows_its_songs_by_pages(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_views, "PER_PAGE", 30)
    rock = plan.account.playlists.get(name="Rock")
    response = signed_in(plan.account).get(reverse("plan-playlist", args=[plan.pk, rock.pk]))
    assert len(response.context["page"]) == 30
    assert b"Save, next page" in response.content


def test_a_playlist_of_another_plan_is_not_there(plan: Plan) -> None:
    address = reverse("plan-playlist", args=[plan.pk, 999_999])
    assert signed_in(plan.account).get(address).status_code == 404


def test_unticked_songs_are_not_accepted_and_unseen_ones_stay(plan: Plan) -> None:
    rock = plan.account.playlists.get(name="Rock")
    items = list(plan.items.filter(playlist=rock).order_by("position").values_list("pk", flat=True))
    form = {"shown": items[:3], "item": [items[0]], "then": "2"}
    response = signed_in(plan.account).post(reverse("plan-playlist", args=[plan.pk, rock.pk]), form)
    assert response["Location"].endswith("?page=2")
    accepted = plan.items.filter(playlist=rock, is_accepted=True)
    assert accepted.count() == len(items) - 2
    assert not accepted.filter(pk__in=items[1:3]).exists()


def test_applying_writes_only_the_ticked_playlists(plan: Plan) -> None:
    rock = plan.account.playlists.get(name="Rock")
    response = signed_in(plan.account).post(reverse("plan-apply", args=[plan.pk]), {"playlist": rock.pk})
    job = plan.account.jobs.get(kind=Job.Kind.WRITE)
    assert response["Location"] == reverse("job", args=[job.pk])
    plan.refresh_from_db()
    assert plan.state == Plan.State.APPLYING
    assert {entry["name"]: entry["is_accepted"] for entry in plan.entries} == {"Rock": True, "Pop": False}


def test_a_double_click_on_apply_makes_one_job(plan: Plan) -> None:
    client = signed_in(plan.account)
    ticked = {"playlist": [entry["playlist"] for entry in plan.entries]}
    first, second = (client.post(reverse("plan-apply", args=[plan.pk]), ticked) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert plan.account.jobs.filter(kind=Job.Kind.WRITE).count() == 1


def test_applying_nothing_is_refused(plan: Plan) -> None:
    response = signed_in(plan.account).post(reverse("plan-apply", args=[plan.pk]))
    assert "Tick at least one playlist" in said(response)
    assert not plan.account.jobs.filter(kind=Job.Kind.WRITE).exists()


@pytest.mark.parametrize("number", ["²", "9" * 30, "-1", "x", ""])
def test_what_is_no_number_of_ours_counts_as_unticked(plan: Plan, number: str) -> None:
    client = signed_in(plan.account)
    answer = client.post(reverse("plan-apply", args=[plan.pk]), {"playlist": number})
    assert "Tick at least one" in said(client.get(answer["Location"]))
    ticks = {"item": number, "shown": number, "then": number}
    songs = reverse("plan-playlist", args=[plan.pk, plan.entries[0]["playlist"]])
    assert client.post(songs, ticks)["Location"].startswith(songs)


def test_a_discarded_plan_cannot_be_applied(plan: Plan) -> None:
    client = signed_in(plan.account)
    client.post(reverse("plan-discard", args=[plan.pk]))
    response = client.post(reverse("plan-apply", args=[plan.pk]), {"playlist": plan.entries[0]["playlist"]})
    assert "can no longer be changed" in said(response)
    assert b"Apply to Spotify" not in client.get(reverse("plan", args=[plan.pk])).content


def test_a_new_plan_outdates_the_old_one(plan: Plan) -> None:
    client = signed_in(plan.account)
    response = client.post(reverse("plan-make"))
    newest = plan.account.plans.first()
    assert response["Location"] == reverse("plan", args=[newest.pk])
    page = client.get(reverse("plan", args=[plan.pk])).content.decode()
    assert "Outdated plan" in page
    assert f'href="{reverse("plan", args=[newest.pk])}"' in page


def test_a_plan_without_changes_says_so_and_offers_no_apply(plan: Plan) -> None:
    for entry in plan.entries:
        entry["action"] = "unchanged"
    plan.save()
    page = signed_in(plan.account).get(reverse("plan", args=[plan.pk])).content.decode()
    assert "Everything is up to date" in page
    assert "Apply to Spotify" not in page


def test_an_applied_plan_links_to_the_playlists(plan: Plan) -> None:
    plan.account.playlists.filter(name="Rock").update(spotify_id="0Rock")
    plans.mark_applied(plan)
    page = signed_in(plan.account).get(reverse("plan", args=[plan.pk])).content.decode()
    assert "Written to Spotify" in page
    assert "https://open.spotify.com/playlist/0Rock" in page


@pytest.fixture
def leaving(plan: Plan) -> Plan:
    """A plan after which three songs of “Rock” could go."""
    run(writing.start(plan)[0])
    rock = plan.account.playlists.get(name="Rock")
    plan.account.saves.filter(track__uri__in=rock.written_uris[:3]).update(is_unliked=True)
    return plans.make(plan.account)


def test_all_removals_are_ticked_with_one_button(leaving: Plan) -> None:
    client, address = signed_in(leaving.account), reverse("plan", args=[leaving.pk])
    page = client.get(address).content.decode()
    assert "Tick all removals (3)" in page and "they stay unless you tick them" in page
    form = {"playlist": [entry["playlist"] for entry in leaving.entries]}
    client.post(reverse("plan-removals", args=[leaving.pk]), form)
    leaving.refresh_from_db()
    assert leaving.items.filter(kind="remove", is_accepted=True).count() == 3
    assert leaving.calls == 4
    page = client.get(address).content.decode()
    assert "ticked to be removed" in page and "a few seconds" in page


def test_only_additions_are_left_ticked_for_runs_that_nobody_watches(leaving: Plan) -> None:
    plans.accept_removals(leaving)
    plans.only_additions(leaving)
    leaving.refresh_from_db()
    assert not leaving.items.filter(is_accepted=True).exclude(kind="add").exists()
    assert (leaving.calls, [entry["is_accepted"] for entry in leaving.entries]) == (0, [False, False])


def test_a_song_kept_out_can_be_ticked(leaving: Plan, simulator: Any) -> None:
    simulator.edit_playlist(
        "remove", simulator.playlist("Pop")["id"], uris=simulator.playlist("Pop")["uris"][:1]
    )
    plan = plans.make(leaving.account)
    pop = plan.account.playlists.get(name="Pop")
    item = plan.items.get(playlist=pop, kind="kept_out")
    address = reverse("plan-playlist", args=[plan.pk, pop.pk])
    client = signed_in(plan.account)
    assert f'name="item" value="{item.pk}"' in client.get(address).content.decode()
    client.post(address, {"shown": [item.pk], "item": [item.pk]})
    plan.refresh_from_db()
    assert {entry["name"]: entry["action"] for entry in plan.entries}["Pop"] == "update"
    client.post(address, {"shown": [item.pk]})
    plan.refresh_from_db()
    assert {entry["name"]: entry["action"] for entry in plan.entries}["Pop"] == "unchanged"


def test_an_undo_says_what_it_is_and_notes_are_shown(plan: Plan) -> None:
    run(writing.start(plan)[0])
    undo = history.undo(plan.account, plan)
    page = signed_in(plan.account).get(reverse("plan", args=[undo.pk])).content.decode()
    assert "This would be undone" in page and "What you changed by hand since stays." in page
    assert "Apps cannot delete playlists" in page
    assert reverse("run", args=[plan.pk]) in page


def test_while_a_plan_is_made_its_job_is_shown(plan: Plan) -> None:
    job, _ = plans.start(plan.account)
    response = signed_in(plan.account).get(reverse("plan-latest"))
    assert response["Location"] == reverse("job", args=[job.pk])


def rows_of(page: Any) -> dict[str, dict[str, Any]]:
    return {row["entry"]["name"]: row for row in page.context["rows"]}


def test_every_playlist_has_a_picture_on_one_scale(leaving: Plan) -> None:
    plans.accept_removals(leaving)
    rows = rows_of(signed_in(leaving.account).get(reverse("plan", args=[leaving.pk])))
    rock, pop = rows["Rock"]["bar"], rows["Pop"]["bar"]
    there = {name: row["entry"]["there"] for name, row in rows.items()}
    longest = max(there.values())
    assert rock.removed == pytest.approx(100 * 3 / longest, abs=0.01)
    assert rock.kept == pytest.approx(100 * (there["Rock"] - 3) / longest, abs=0.01)
    assert (pop.added, pop.removed) == (0, 0)


def test_a_plan_of_before_there_were_pictures_has_none(plan: Plan) -> None:
    plan.items.all().delete()
    for entry in plan.entries:
        del entry["there"]
    plan.save()
    page = signed_in(plan.account).get(reverse("plan", args=[plan.pk]))
    assert page.status_code == 200 and rows_of(page)["Rock"]["bar"] is None


def test_ticks_can_be_kept_for_another_day(plan: Plan) -> None:
    pop = plan.account.playlists.get(name="Pop")
    response = signed_in(plan.account).post(reverse("plan-save", args=[plan.pk]), {"playlist": pop.pk})
    assert response["Location"] == reverse("plan", args=[plan.pk])
    plan.refresh_from_db()
    assert {entry["name"]: entry["is_accepted"] for entry in plan.entries} == {"Rock": False, "Pop": True}
    plans.discard(plan)
    response = signed_in(plan.account).post(reverse("plan-save", args=[plan.pk]))
    assert "can no longer be changed" in said(response)


def test_what_happened_since_is_told_with_a_way_to_plan_anew(plan: Plan) -> None:
    client, address = signed_in(plan.account), reverse("plan", args=[plan.pk])
    assert client.get(address).context["stale"] == []
    SpotifyAccount.objects.update(synced_at=timezone.now() - timedelta(days=3))
    Plan.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert "older than a day" in client.get(address).content.decode()
    plan.account.playlists.filter(name="Rock").update(snapshot_id="another")
    SpotifyAccount.objects.update(synced_at=timezone.now())
    review.correct(plan.account, plan.items.first().track, "metal")
    page = client.get(address).content.decode()
    assert "Spotify has changed since: “Rock”." in page and "read again" in page and "corrected" in page
    assert "Make the plan anew" in page


def test_a_plan_from_before_another_model_says_so(plan: Plan, media: Path, tmp_path: Path) -> None:
    said_then = "sorted by another model since"
    client = signed_in(plan.account)

    def page_of(one: Plan) -> str:
        return client.get(reverse("plan", args=[one.pk])).content.decode()

    put_into_use(plan.account, media, tmp_path)
    assert said_then in page_of(plan)
    for change in (
        lambda: versions.promote(other(media, tmp_path), reason=WHY),
        versions.roll_back,
        lambda: versions.promote(expert(media, "ears"), reason=WHY),
        lambda: versions.roll_back(ModelVersion.Kind.SOUND),
    ):
        reclassified()
        fresh = plans.make(SpotifyAccount.objects.get(pk=plan.account_id))
        assert said_then not in page_of(fresh)
        change()
        assert said_then in page_of(fresh)


def test_what_judges_no_library_and_what_changed_nothing_outdate_no_plan(plan: Plan) -> None:
    version = classify.champion()
    Promotion.objects.create(kind=ModelVersion.Kind.TABLES, version=version, before=version)
    Promotion.objects.create(kind=ModelVersion.Kind.NET, version=version)
    assert signed_in(plan.account).get(reverse("plan", args=[plan.pk])).context["stale"] == []


def test_a_plan_that_could_not_be_made_leads_to_its_job(plan: Plan) -> None:
    job, _ = plans.start(plan.account)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED)
    client = signed_in(plan.account)
    assert client.get(reverse("plan-latest"))["Location"] == reverse("job", args=[job.pk])
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert client.get(reverse("plan-latest"))["Location"] == reverse("plan", args=[plan.pk])


def test_the_old_plan_says_that_a_new_one_is_being_made(plan: Plan) -> None:
    job, _ = plans.start(plan.account)
    page = signed_in(plan.account).get(reverse("plan", args=[plan.pk])).content.decode()
    assert "A new plan is being made" in page and reverse("job", args=[job.pk]) in page


def test_a_song_is_found_in_a_playlist_and_its_tick_saved(plan: Plan) -> None:
    rock = plan.account.playlists.get(name="Rock")
    item = plan.items.filter(playlist=rock).select_related("track").last()
    address, client = reverse("plan-playlist", args=[plan.pk, rock.pk]), signed_in(plan.account)
    words = f"{item.track.name} {item.track.artist_names[0]}"
    page = client.get(address, {"q": words.upper()})
    assert item in page.context["page"].object_list and len(page.context["page"]) < 100
    response = client.post(address, {"shown": [item.pk], "then": "1", "q": "a b&c"})
    assert response["Location"] == f"{address}?q=a+b%26c&page=1"
    item.refresh_from_db()
    assert not item.is_accepted
    assert "matches “nothing like it”" in client.get(address, {"q": "nothing like it"}).content.decode()
