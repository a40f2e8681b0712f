"""What was written, run by run, and the way back: undoing a run or restoring a version is a plan like any other."""

from organizer import plans, reversals
from organizer.models import Job, Plan, PlaylistVersion, SpotifyAccount

runs = reversals.runs


def undo(account: SpotifyAccount, plan: Plan) -> Plan:
    """A plan that takes back what `plan` wrote, except what its owner changed by hand since. Reads inline."""
    return plans.make(account, {"undo": plan.pk})


def restore(account: SpotifyAccount, version: PlaylistVersion) -> Plan:
    """A plan that brings a playlist back to what it was after `version`. Reads inline."""
    return plans.make(account, {"restore": version.pk})


def start_undo(account: SpotifyAccount, plan: Plan) -> tuple[Job, bool]:
    """The job that makes the plan of `undo`; PlanError when there can be none."""
    return plans.start(account, {"undo": plan.pk})


def start_restore(account: SpotifyAccount, version: PlaylistVersion) -> tuple[Job, bool]:
    """The job that makes the plan of `restore`; PlanError when there can be none."""
    return plans.start(account, {"restore": version.pk})
