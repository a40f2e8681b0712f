"""The roles against the table of the admin's addresses: who reads, who changes, who is not let in."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, reverse

from organizer import staff
from organizer.models import Dataset
from tests.organizer import staff_pages
from tests.organizer.browsing import signed_in, visitor
from tests.organizer.staff_pages import CHANGES, READING, ROLES, Change, Page, World, address, may


def named(one: Page | Change) -> str:
    return one.name.removeprefix("admin:")


@pytest.fixture
def world(db: None, redis_client: object, settings: Any) -> World:
    settings.SPOTIFY_CLIENT_ID = ""  # the health page asks nobody over the network
    staff.prepare()
    return staff_pages.make_world()


@pytest.fixture
def clients(world: World) -> dict[str, Client]:
    return {role: staff_pages.staff(role) for role in ROLES}


@pytest.mark.parametrize("page", READING, ids=named)
def test_every_role_reads_what_it_may_and_nothing_else(
    clients: dict[str, Client], world: World, page: Page
) -> None:
    url = address(page, world)
    told = {role: client.get(url).status_code for role, client in clients.items()}
    assert told == {role: 200 if may(role, page.by) else 403 for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_no_page_links_to_what_its_reader_may_not_open(world: World, role: str) -> None:
    client, user = staff_pages.staff(role), world.account.user
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, "Made staff.", single_object=True)
    pages = [client.get(address(page, world)) for page in READING if may(role, page.by)]
    links = {link for page in pages for link in re.findall(r'href="(/admin/[^"#]+)"', page.content.decode())}
    assert len(links) > 20
    assert [link for link in sorted(links) if client.get(unescape(link)).status_code == 403] == []


@pytest.mark.parametrize("change", CHANGES, ids=named)
def test_who_may_not_change_something_gets_a_403_and_changes_nothing(
    clients: dict[str, Client], world: World, change: Change
) -> None:
    before, url = staff_pages.everything(), address(change, world)
    refused = [role for role in ROLES if not may(role, change.by)]
    assert refused
    for role in refused:
        assert clients[role].post(url, change.form(world)).status_code == 403, role
    assert staff_pages.everything() == before


@pytest.mark.parametrize("change", [one for one in CHANGES if one.by in ROLES], ids=named)
def test_who_may_is_not_refused(clients: dict[str, Client], world: World, change: Change) -> None:
    answer = clients[change.by].post(address(change, world), change.form(world))
    assert answer.status_code in (200, 302, 422)  # 422: asks for something first


@pytest.mark.parametrize("one", [*READING, *CHANGES], ids=named)
def test_users_and_visitors_do_not_see_the_admin(world: World, one: Page | Change) -> None:
    before, url = staff_pages.everything(), address(one, world)
    for client in (visitor(), signed_in(world.account)):
        for answer in (client.get(url), client.post(url, {"post": "yes"})):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("admin:login"))
    assert staff_pages.everything() == before


def test_staff_without_a_role_see_nothing_of_it(world: World) -> None:
    world.account.user.is_staff = True
    world.account.user.save()
    client = signed_in(world.account)
    for page in READING:
        if page.name in staff_pages.OPEN_TO_STAFF:
            continue
        assert client.get(address(page, world)).status_code == 403, page.name
    assert "Model in use" not in client.get(reverse("admin:index")).content.decode()


def test_the_table_knows_every_address_that_a_role_can_change_something_by() -> None:
    """What Django's own admin adds to each table is left to Django, except where the table above names it."""
    own = {
        pattern.name
        for pattern in get_resolver("organizer.urls").url_patterns
        if getattr(pattern, "name", None) and str(pattern.pattern).startswith("admin/")
    }
    assert own == {one.name for one in [*READING, *CHANGES] if ":" not in one.name}


@pytest.mark.parametrize(("role", "goes"), [("Trainer", False), ("Owner", True)])
def test_data_from_spotify_that_bars_its_twins_is_deleted_by_owners_only(
    clients: dict[str, Client], world: World, role: str, goes: bool
) -> None:
    Dataset.objects.filter(pk=world.unused.pk).update(origin=Dataset.Origin.SPOTIFY, sha256="a" * 64)
    url = reverse("admin:organizer_dataset_delete", args=[world.unused.pk])
    page = clients[role].post(url, {"post": "yes"}, follow=True).content.decode()
    assert Dataset.objects.filter(pk=world.unused.pk).exists() != goes
    assert ("Only an owner deletes data" in page) != goes


def test_whether_a_data_set_is_there_is_not_told_to_who_may_not_delete(
    clients: dict[str, Client], world: World
) -> None:
    urls = [
        reverse("admin:organizer_dataset_delete", args=[pk]) for pk in (world.dataset.pk, world.unused.pk)
    ]
    urls += [reverse("admin:organizer_dataset_remove", args=[pk]) for pk in (world.dataset.pk, 999_999)]
    assert {clients["Viewer"].post(url).status_code for url in urls} == {403}


@pytest.mark.parametrize("wrong", ["abc", "-1", "1_2F", "é", "999999"])
def test_an_address_of_nothing_is_not_found(clients: dict[str, Client], wrong: str) -> None:
    for name in ("trainingrun", "modelversion", "comparison", "impact", "dataset", "job"):
        answer = clients["Owner"].get(f"/admin/organizer/{name}/{wrong}/change/", follow=True)
        assert answer.status_code == 404 or "doesn’t exist" in answer.content.decode()


def test_roles_hold_each_other_and_are_made_once(db: None) -> None:
    for _ in range(2):
        call_command("prepare")
    held = {name: Group.objects.get(name=name).permissions.count() for name in ROLES}
    assert list(held) == list(staff.ROLES)
    assert held == {name: len(wanted) for name, wanted in staff.ROLES.items()}
    assert staff.VIEWER < staff.TRAINER < staff.OWNER


def test_prepare_gives_back_what_is_missing_and_leaves_what_was_added(db: None) -> None:
    staff.prepare()
    viewer = Group.objects.get(name="Viewer")
    viewer.permissions.remove(Permission.objects.get(codename="view_job"))
    added = Permission.objects.get(codename="operate_job")
    viewer.permissions.add(added)
    staff.prepare()
    assert viewer.permissions.filter(codename="view_job").exists()
    assert added in viewer.permissions.all()
    assert Group.objects.count() == len(ROLES)


def test_a_superuser_does_everything(world: World) -> None:
    client = staff_pages.staff("Superuser")
    assert {client.get(address(page, world)).status_code for page in READING} == {200}


def test_who_is_in_the_audit_log_or_linked_is_not_deleted(world: World) -> None:
    client = staff_pages.staff("Superuser")
    url = reverse("admin:auth_user_delete", args=[world.account.user_id])
    assert client.post(url, {"post": "yes"}).status_code == 403
    role = reverse("admin:auth_group_delete", args=[Group.objects.get(name="Viewer").pk])
    assert client.post(role, {"post": "yes"}).status_code == 403
