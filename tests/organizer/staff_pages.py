"""Every address of the admin, who may read it and who may change something by it: a table to be added to.

`Change.by` is the least role that may; a role that may not gets `refusal` and nothing is changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse

from organizer.models import (
    Dataset,
    Job,
    ModelVersion,
    Prediction,
    ServiceGate,
    SpotifyAccount,
    TrainingRun,
)
from tests.organizer.browsing import another_account, visitor

ROLES = ("Viewer", "Trainer", "Owner")


@dataclass
class World:
    """One row of everything."""

    account: SpotifyAccount
    failed: Job
    running: Job
    dataset: Dataset
    unused: Dataset
    run: TrainingRun
    version: ModelVersion
    gate: ServiceGate


def make_world() -> World:
    account = another_account("linda")
    failed = Job.objects.create(account=account, kind="organize", phase="sync", state="failed", error="No.")
    running = Job.objects.create(account=account, kind="plan", phase="plan", state="queued")
    table = Dataset.objects.create(name="mine", server_path="/nowhere", label_map={"a": "rock"}, rows=1)
    unused = Dataset.objects.create(name="unused", server_path="/nowhere")
    version = ModelVersion.objects.create(name="mine", path="models/mine", labels=["rock"])
    ModelVersion.objects.create(name="shipped", path="shipped", labels=["rock"], is_champion=True)
    run = TrainingRun.objects.create(job=failed, version=version)
    run.datasets.add(table)
    gate = ServiceGate.objects.create(service="spotify")
    LogEntry.objects.create(user=account.user, action_flag=2, object_repr="x", change_message="Did it.")
    return World(account, failed, running, table, unused, run, version, gate)


Args = Callable[[World], tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    name: str
    args: Args = lambda world: ()
    by: str = "Viewer"


@dataclass(frozen=True)
class Change:
    name: str
    args: Args = lambda world: ()
    data: Mapping[str, Any] | Callable[[World], Mapping[str, Any]] = field(default_factory=dict)
    by: str = "Owner"

    def form(self, world: World) -> Mapping[str, Any]:
        return self.data(world) if callable(self.data) else self.data


def of(row: str) -> Args:
    return lambda world: (getattr(world, row).pk,)


def action(name: str, row: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"action": name, "_selected_action": [getattr(world, row).pk]}


READING = [
    Page("admin:index"),
    Page("admin-health"),
    Page("admin-forget", by="Owner"),
    Page("admin:organizer_spotifyaccount_changelist"),
    Page("admin:organizer_spotifyaccount_change", of("account")),
    Page("admin:organizer_spotifyaccount_history", of("account")),
    Page("admin:organizer_spotifyaccount_disconnect", of("account"), by="Owner"),
    Page("admin:organizer_job_changelist"),
    Page("admin:organizer_job_change", of("failed")),
    Page("admin:organizer_servicegate_changelist"),
    Page("admin:organizer_dataset_changelist"),
    Page("admin:organizer_dataset_add", by="Trainer"),
    Page("admin:organizer_dataset_delete", of("unused"), by="Trainer"),
    Page("admin:organizer_trainingrun_changelist"),
    Page("admin:organizer_trainingrun_run", of("run")),
    Page("admin:organizer_trainingrun_add", by="Trainer"),
    Page("admin:organizer_modelversion_changelist"),
    Page("admin:organizer_modelversion_change", of("version")),
    Page("admin:organizer_modelversion_promote", of("version"), by="Owner"),
    Page("admin:organizer_comparison_changelist"),
    Page("admin:organizer_impact_changelist"),
    Page("admin:organizer_promotion_changelist"),
    Page("admin:admin_logentry_changelist"),
    Page("admin:auth_user_changelist", by="Superuser"),
    Page("admin:auth_group_changelist", by="Superuser"),
]
OPEN_TO_STAFF = {"admin:index"}
RUN = {"datasets": [], "seed": "0", "epochs": "1"}
CHANGES = [
    Change("admin-forget"),
    Change("admin-retrain", by="Trainer"),
    Change("admin:organizer_spotifyaccount_change", of("account"), {}),
    Change("admin:organizer_spotifyaccount_changelist", data=action("read_now", "account")),
    Change("admin:organizer_spotifyaccount_read", of("account")),
    Change("admin:organizer_spotifyaccount_disconnect", of("account")),
    Change("admin:organizer_job_changelist", data=action("resume", "failed")),
    Change("admin:organizer_job_changelist", data=action("cancel", "running")),
    Change("admin:organizer_job_resume", of("failed")),
    Change("admin:organizer_job_cancel", of("running")),
    Change("admin:organizer_servicegate_try", lambda world: ("spotify",)),
    Change("admin:organizer_dataset_add", data={"name": "new", "licence": "MIT"}, by="Trainer"),
    Change("admin:organizer_dataset_labels", of("dataset"), {"label-0": "jazz-blues"}, by="Trainer"),
    Change("admin:organizer_dataset_delete", of("unused"), {"post": "yes"}, by="Trainer"),
    Change("admin:organizer_trainingrun_add", data=RUN, by="Trainer"),
    Change("admin:organizer_trainingrun_cancel", of("run"), by="Trainer"),
    Change("admin:organizer_trainingrun_resume", of("run"), by="Trainer"),
    Change("admin:organizer_trainingrun_delete", of("run"), {"post": "yes"}),
    Change("admin:organizer_modelversion_changelist", data=action("compare", "version"), by="Trainer"),
    Change("admin:organizer_modelversion_compare", of("version"), by="Trainer"),
    Change("admin:organizer_modelversion_preview", of("version"), by="Trainer"),
    Change("admin:organizer_modelversion_notes", of("version"), {"notes": "Mine."}, by="Trainer"),
    Change("admin:organizer_modelversion_promote", of("version"), {"reason": "It is better, I think."}),
    Change("admin:organizer_modelversion_roll_back", lambda world: ("tables",)),
    Change("admin:auth_user_add", data={"username": "eve"}, by="Superuser"),
    Change(
        "admin:auth_user_change", lambda world: (world.account.user_id,), {"is_superuser": "on"}, "Superuser"
    ),
    Change("admin:auth_group_add", data={"name": "Gods"}, by="Superuser"),
]


def may(role: str, least: str) -> bool:
    order = (*ROLES, "Superuser")
    return order.index(role) >= order.index(least)


def staff(role: str) -> Client:
    """Somebody signed in who has that role alone."""
    users = get_user_model().objects
    if role == "Superuser":
        user = users.create_superuser("root")
    else:
        user = users.create_user(f"a-{role.lower()}", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    client = visitor()
    client.force_login(user)
    return client


def address(page: Page | Change, world: World) -> str:
    return reverse(page.name, args=page.args(world))


WATCHED: tuple[type[models.Model], ...] = (
    SpotifyAccount,
    Job,
    Dataset,
    TrainingRun,
    ModelVersion,
    Prediction,
    ServiceGate,
    Group,
    LogEntry,
)


def everything() -> list[list[dict[str, Any]]]:
    """All rows that somebody could have changed; `repr` so that nothing is shared with what comes later."""
    rows = [list(model._default_manager.order_by("pk").values()) for model in WATCHED]
    users = list(get_user_model().objects.order_by("pk").values("username", "is_staff", "is_superuser"))
    return [*rows, users]
