"""Who may do what in the admin: three roles, each of them a group that holds what the one before it holds, and more.

`prepare` makes them and gives them what they must have. It takes nothing away: what an operator gave a role by hand
stays. What only a superuser may do (users, groups) is in none of them.
"""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

SEEN = ("dataset", "trainingrun", "modelversion", "comparison", "impact", "promotion")
RUNNING = ("spotifyaccount", "job", "servicegate")

VIEWER = {f"organizer.view_{name}" for name in (*SEEN, *RUNNING)} | {"admin.view_logentry"}
TRAINER = VIEWER | {
    "organizer.add_dataset",
    "organizer.change_dataset",
    "organizer.delete_dataset",
    "organizer.add_trainingrun",
}
OWNER = TRAINER | {
    "organizer.promote_modelversion",
    "organizer.widen_trainingrun",
    "organizer.delete_trainingrun",
    "organizer.export_corrections",
    "organizer.operate_job",
    "organizer.disconnect_spotifyaccount",
    "organizer.change_spotifyaccount",
}
ROLES = {"Viewer": VIEWER, "Trainer": TRAINER, "Owner": OWNER}
MEANINGS = {
    "Viewer": "sees data sets, runs, versions, accounts, jobs and the audit log; changes nothing",
    "Trainer": "also brings data sets and trains on them",
    "Owner": "also puts versions into use, steers jobs, disconnects accounts and exports corrections",
}


def prepare() -> None:
    """Make the roles, and give each what it lacks. Safe to run twice."""
    for label in ("organizer", "admin"):
        create_permissions(apps.get_app_config(label), verbosity=0)
    for name, wanted in ROLES.items():
        group, _is_new = Group.objects.get_or_create(name=name)
        group.permissions.add(*_rows(wanted))


def _rows(names: set[str]) -> list[Permission]:
    """Permissions by their names; a name that the models do not have is a mistake in this file."""
    pairs = [name.split(".") for name in sorted(names)]
    wanted = Q()
    for label, codename in pairs:
        wanted |= Q(content_type__app_label=label, codename=codename)
    found = list(Permission.objects.filter(wanted))
    assert len(found) == len(pairs), "every permission of a role exists"
    return found
