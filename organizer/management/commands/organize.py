"""The whole job for one user without a browser: read, classify, plan, and, if told so, write."""

import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from tqdm import tqdm

from classifier.labels import FAMILIES, display_name
from organizer import jobs, plans, tasks, writing
from organizer.models import Job, Plan, SpotifyAccount

PHASES = {
    "sync": "Reading liked songs",
    "enrich": "Looking up features",
    "listen": "Listening to previews",
    "classify": "Classifying",
    "plan": "Looking at playlists",
    "write": "Writing playlists",
}


class Command(BaseCommand):
    help = "Sort a user's liked songs into genre playlists: prints the plan, and writes it with --yes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name, Spotify account id, or display name if only one has it")
        parser.add_argument(
            "--genres", help="comma-separated; rock+metal makes one playlist of both. Default: as before"
        )
        parser.add_argument("--min-confidence", type=float, default=None, help="0 to 1 (default 0.5)")
        parser.add_argument("--min-size", type=int, default=1, help="fewest songs that make a new playlist")
        parser.add_argument("--yes", action="store_true", help="write without asking (for cron)")

    def handle(self, *_: Any, **options: Any) -> None:
        account = find_account(options["user"])
        choices = read_choices(options["genres"], options["min_confidence"], options["min_size"])
        self._run(jobs.start(account, Job.Kind.ORGANIZE))
        rules = plans.rules_of(account)
        if choices:
            plans.choose(account, choices)
        elif options["min_confidence"] is not None:
            account.playlists.filter(is_active=True).update(min_confidence=options["min_confidence"])
        plan = self._plan(account)
        self._print(plan)
        if not plan.calls:
            self.stdout.write("Everything is up to date; nothing to write.")
        elif options["yes"] or self._asked(plan):
            self._run(writing.start(plan))
            self._print_written(plan)
        else:
            plans.discard(plan)
            plans.put_back(account, rules)
            self.stdout.write("Nothing was written. Add --yes to write this plan.")

    def _plan(self, account: SpotifyAccount) -> Plan:
        try:
            job = self._run(plans.start(account))
        except plans.PlanError as error:
            raise CommandError(str(error)) from error
        return Plan.objects.get(pk=job.counts["plan"])

    def _run(self, started: tuple[Job, bool]) -> Job:
        job, is_new = started
        with progress_bar(job):
            job = run_here(job, jobs.hand_over(job) if is_new else "")
        if job.state != Job.State.DONE:
            raise CommandError(job.error or job.wait_reason or f"The job was {job.state}.")
        for sentence in job.counts.get("notes", []):
            self.stdout.write(f"Note: {sentence}")
        return job

    def _print(self, plan: Plan) -> None:
        for entry in plan.entries:
            change = f"+{entry['add']}" if entry["add"] else ""
            going = plan.items.filter(playlist=entry["playlist"], kind="remove", is_accepted=True).count()
            kept = entry["remove"] - going
            leaving = (f"-{going}" if going else "", f"{kept} no longer fit (kept)" if kept else "")
            details = ", ".join(part for part in (change, *leaving) if part)
            self.stdout.write(f"{entry['name']}: {entry['action'].replace('_', ' ')} {details}".rstrip())
            for item in plan.items.filter(playlist=entry["playlist"], kind="add").select_related("track")[:5]:
                self.stdout.write(f"    + {item.track}  ({item.reason})")
            if entry["add"] > 5:
                self.stdout.write(f"      … and {entry['add'] - 5} more")
        self._print_notes(plan)
        self.stdout.write(f"Costs {plan.calls} Spotify calls.")

    def _print_notes(self, plan: Plan) -> None:
        for sentence in plan.notes:
            self.stdout.write(f"Note: {sentence}")

    def _asked(self, plan: Plan) -> bool:
        if not sys.stdin.isatty():
            return False
        return input("Write this to Spotify? [y/N] ").strip().lower() in {"y", "yes"}

    def _print_written(self, plan: Plan) -> None:
        plan.refresh_from_db()
        self._print_notes(plan)
        for version in plan.versions.select_related("playlist").order_by("playlist__name"):
            added = len(set(version.uris_after or []) - set(version.uris_before))
            kind = "made, " if version.was_created else ""
            songs = f"{added} song{'' if added == 1 else 's'} added"
            self.stdout.write(f"{version.playlist}: {kind}{songs}  {version.playlist.spotify_url}")


def find_account(text: str) -> SpotifyAccount:
    named = Q(user__username=text) | Q(account_id=text) | Q(spotify_id=text) | Q(display_name=text)
    found = list(SpotifyAccount.objects.filter(named)[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(SpotifyAccount.objects.values_list("user__username", flat=True)) or "none yet"
    problem = "More than one linked account is called" if found else "No linked account is called"
    raise CommandError(f"{problem} “{text}”. Linked users: {known}.")


def read_choices(genres: str | None, min_confidence: float | None, min_size: int) -> list[plans.Choice]:
    """`rock+metal,jazz-blues` as choices; CommandError names what is not a genre."""
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise CommandError("--min-confidence must be between 0 and 1.")
    groups = [group.split("+") for group in (genres or "").replace(" ", "").split(",") if group]
    named = [_genre(name) for group in groups for name in group]
    if len(named) != len(set(named)):
        raise CommandError("--genres names a genre twice; each can be in one playlist only.")
    confidence = 0.5 if min_confidence is None else min_confidence
    return [_choice([_genre(name) for name in group], confidence, min_size) for group in groups]


def _choice(genres: list[str], confidence: float, min_size: int) -> plans.Choice:
    name = " + ".join(map(display_name, genres))[:100]  # as long as Spotify and the column allow
    return plans.Choice(name, tuple(genres), confidence, min_size)


def _genre(name: str) -> str:
    """A genre's slug; the first or second half of a double name will do (jazz → jazz-blues)."""
    if name in FAMILIES:
        return name
    halves = [slug for slug in FAMILIES if name in slug.split("-")]
    if len(halves) == 1:
        return halves[0]
    raise CommandError(f"“{name}” is not a genre. Known: {', '.join(FAMILIES)}.")


def run_here(job: Job, token: str) -> Job:
    """Work the job off in this process, waiting out closed gates; follow along when a worker already has it."""
    while job.is_active and job.state != Job.State.PAUSED:
        if job.wait_until:
            time.sleep(max(0.0, (job.wait_until - timezone.now()).total_seconds()))
        worked = tasks.work(job.pk, token)
        if worked is None:
            time.sleep(0.5)
            job.refresh_from_db()
        else:
            job, token = worked, worked.lease_token
    return job


@contextmanager
def progress_bar(job: Job) -> Iterator[None]:
    """Songs done, phase by phase, read from the job's row twice a second."""
    stop = threading.Event()

    def follow() -> None:
        with tqdm(unit="song", disable=None) as bar:
            while not stop.wait(0.5):
                row = Job.objects.get(pk=job.pk)
                bar.set_description(row.wait_reason or PHASES.get(row.phase, row.phase), refresh=False)
                bar.total, bar.n = row.total, row.done
                bar.refresh()
        connection.close()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
