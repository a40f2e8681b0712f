"""manage.py retrain: a training run as the admin's pages start it, from a terminal."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from classifier.labels import FAMILIES
from classifier.model_names import MODELS, SOUND_MODELS
from organizer import jobs, tasks
from organizer.models import Dataset, Job, ModelVersion, TrainingRun
from organizer.training import corrections, options, runs
from organizer.training.errors import TrainingError
from organizer.training.options import Options
from organizer.training.runs import Unchanged

ASK_AGAIN_S = 1.0
Rule = TrainingRun.Rule


class Command(BaseCommand):
    help = (
        "Train a model. Without options: as the version in use was trained, with what users have corrected since. "
        "The new version is used by nobody until it is promoted (manage.py models promote)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", nargs="+", metavar="NAME", help="data sets by name, as the admin shows them"
        )
        parser.add_argument("--family", choices=(*MODELS, *SOUND_MODELS))
        parser.add_argument("--genres", help="tell only these apart, e.g. rock,metal")
        parser.add_argument("--seed", type=int)
        parser.add_argument("--epochs", type=int, help="networks: at most so many passes over the data")
        parser.add_argument("--corrections", action="store_true", help="learn from what users corrected, too")
        parser.add_argument("--rule", choices=Rule.values, help="which data may train; wide needs --reason")
        parser.add_argument("--reason", help="why the wide rule is right; kept with the run")
        parser.add_argument("--wait", action="store_true", help="show progress until the run has ended")
        parser.add_argument(
            "--here", action="store_true", help="train in this process instead of in worker-train"
        )

    def handle(self, *_: Any, **given: Any) -> None:
        try:
            with transaction.atomic():
                run = self._asked(given)
                job, _is_new = runs.start(run)
        except Unchanged as unchanged:
            self.stdout.write(str(unchanged))
            return
        except TrainingError as error:
            raise CommandError(str(error)) from error
        for sentence in run.left_out:
            self.stdout.write(sentence)
        self._carry_out(run, job, here=given["here"], wait=given["wait"])

    def _asked(self, given: dict[str, Any]) -> TrainingRun:
        """A run like that of the version in use, changed as the options say."""
        former = None if given["data"] else _former()
        run = _copied(former) if former else TrainingRun()
        for name in ("family", "seed", "rule", "reason"):
            if given[name] is not None:
                setattr(run, name, given[name])
        if given["genres"] is not None:
            run.genres = _genres(given["genres"])
        if given["epochs"] is not None:
            run.options = {**run.options, "epochs": given["epochs"]}
        chosen = set(former.datasets.all()) if former else _named(given["data"])
        if given["corrections"] or (former and not options.is_sound(run.family)):
            chosen.add(corrections.dataset())
        _check(run)
        run.save()
        run.datasets.set(chosen)
        return run

    def _carry_out(self, run: TrainingRun, job: Job, *, here: bool, wait: bool) -> None:
        if here:
            _work_off(job)
        else:
            tasks.enqueue(job)
        if wait and not here:
            self._follow(job)
        if here or wait:
            self._say_result(run, job)
        else:
            self.stdout.write(f"{run} waits for worker-train. Its page in the admin shows how it goes.")

    def _follow(self, job: Job) -> None:
        said = ""
        while True:
            job = Job.objects.get(pk=job.pk)
            place = job.cursor if job.phase == "train" else {}
            epoch = f", epoch {place['epoch']} of {place['epochs']}" if place.get("epoch") else ""
            line = f"{job.percent} %: {place.get('stage') or job.phase}{epoch}"
            if line != said:
                self.stdout.write(line)
                said = line
            if not job.is_active:
                return
            time.sleep(ASK_AGAIN_S)

    def _say_result(self, run: TrainingRun, job: Job) -> None:
        job.refresh_from_db()
        run.refresh_from_db()
        if run.version is None:
            raise CommandError(job.error or f"{run} ended without a version: {job.get_state_display()}.")
        figures = runs.headline(run.metrics)
        self.stdout.write(
            f"{run} made “{run.version}”: accuracy {figures['accuracy']:.1%}, macro-F1 {figures['macro_f1']:.1%} on "
            f"{figures['tracks']:,} that were held out. Nobody uses it until it is promoted."
        )


def _work_off(job: Job) -> None:
    """In this process, phase after phase, with a lease that keeps workers away."""
    token, now = jobs.hand_over(job), job
    while now.state in (Job.State.QUEUED, Job.State.RUNNING):
        worked = tasks.work(job.pk, token)
        if worked is None:  # somebody else has it by now
            return
        now, token = worked, worked.lease_token


def _former() -> TrainingRun:
    """The run of the version in use; CommandError where that came with the program."""
    champion = ModelVersion.objects.champion()
    run = TrainingRun.objects.filter(version=champion).first() if champion else None
    if run is None:
        raise CommandError("The version in use came with the program. Name what to train on: --data NAME …")
    return run


def _check(run: TrainingRun) -> None:
    """CommandError for what the run's row cannot hold."""
    others = {field.name for field in run._meta.fields} - {"seed", "reason"}
    try:
        run.clean_fields(exclude=others)
    except ValidationError as error:
        (name, sentences), *_ = error.message_dict.items()
        raise CommandError(f"--{name}: {' '.join(sentences)}") from error


def _copied(former: TrainingRun) -> TrainingRun:
    return TrainingRun(
        family=former.family,
        genres=former.genres,
        split=former.split,
        seed=former.seed,
        options=Options.of(former.options).stored(),
        rule=former.rule,
        reason=former.reason,
    )


def _named(names: list[str]) -> set[Dataset]:
    found = {one.name: one for one in Dataset.objects.filter(name__in=names)}
    missing = [name for name in names if name not in found]
    if missing:
        known = ", ".join(Dataset.objects.values_list("name", flat=True)) or "none"
        absent = ", ".join(f"“{name}”" for name in missing)
        raise CommandError(f"There is no data set {absent}; there are: {known}.")
    return set(found.values())


def _genres(text: str) -> list[str]:
    genres = [one.strip() for one in text.split(",") if one.strip()]
    unknown = [one for one in genres if one not in FAMILIES]
    if unknown:
        raise CommandError(f"There is no genre {', '.join(unknown)}; there are: {', '.join(FAMILIES)}.")
    if len(genres) < 2:
        raise CommandError(f"Name at least two genres to tell apart, of {', '.join(FAMILIES)}.")
    return genres
