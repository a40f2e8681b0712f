from typing import Any

import pytest
from django.urls import reverse

from organizer import plans
from organizer.models import Job, Plan, SpotifyAccount
from organizer.plans import Choice
from tests.organizer.browsing import said, signed_in

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
    with django_assert_max_num_queries(9):
        client.get(reverse("plan", args=[plan.pk]))


def test_the_newest_plan_has_an_address_of_its_own(plan: Plan) -> None:
    response = signed_in(plan.account).get(reverse("plan-latest"))
    assert response["Location"] == reverse("plan", args=[plan.pk])


def test_without_a_plan_the_way_leads_to_the_genres(account: SpotifyAccount) -> None:
    assert signed_in(account).get(reverse("plan-latest"))["Location"] == reverse("genres")


def test_one_playlist_shows_its_songs_a_hundred_a_page(plan: Plan) -> None:
    rock = plan.account.playlists.get(name="Rock")
    response = signed_in(plan.account).get(reverse("plan-playlist", args=[plan.pk, rock.pk]))
    assert len(response.context["page"]) == 100
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
