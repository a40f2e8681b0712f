"""The registry of models without a browser: the same services, and the same guard, as in the administration."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifier.errors import DataError, ModelError
from classifier.labels import display_name
from organizer import tasks
from organizer.models import Comparison, Impact, ModelVersion
from organizer.training import comparing, impact, runs, versions
from organizer.training.errors import TrainingError
from organizer.training.versions import Switch

Kind = ModelVersion.Kind
MOVES = 10  # of a library


class Command(BaseCommand):
    help = (
        "Lists model versions, compares them, previews what one would change, puts one into use or goes back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        what.add_parser("list", help="all versions, which are in use, and their figures")
        promote = what.add_parser("promote", help="put a version into use; libraries are judged again")
        promote.add_argument("name")
        promote.add_argument("--reason", default="", help="why, where something speaks against it")
        back = what.add_parser("rollback", help="put what was in use before back into use")
        back.add_argument("--kind", choices=[Kind.TABLES.value, Kind.SOUND.value], default=Kind.TABLES.value)
        back.add_argument("--to", help="an older one, where those between cannot be used any more")
        what.add_parser("impact", help="what a version would change in the libraries").add_argument("name")
        what.add_parser("compare", help="versions on the same test rows").add_argument("names", nargs="+")

    def handle(self, *_: Any, what: str, **options: Any) -> None:
        try:
            getattr(self, f"_{what}")(options)
        except (TrainingError, ModelError, DataError) as error:
            raise CommandError(str(error)) from error

    def _list(self, options: Mapping[str, Any]) -> None:
        standing = [versions.in_use(kind) for kind in (Kind.TABLES, Kind.SOUND)]
        for version in ModelVersion.objects.order_by("kind", "-created_at"):
            figures = runs.headline(version.metrics)
            said = [version.kind, "in use" if version in standing else _former(version)]
            said += [
                f"{name} {figures[key]:.1%}"
                for key, name in (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
                if key in figures
            ]
            self.stdout.write(f"{version.name}: {', '.join(filter(None, said))}")
        if standing[1] is None:
            self.stdout.write(f"In use for sound: {versions.SHIPPED_SOUND}.")

    def _promote(self, options: Mapping[str, Any]) -> None:
        self._done(versions.promote(named(options["name"]), reason=options["reason"]))

    def _rollback(self, options: Mapping[str, Any]) -> None:
        self._done(versions.roll_back(Kind(options["kind"]), to=options["to"]))

    def _done(self, switch: Switch) -> None:
        for job in switch.jobs:
            tasks.enqueue(job)
        self.stdout.write(switch.sentence)

    def _impact(self, options: Mapping[str, Any]) -> None:
        version = named(options["name"])
        impact.check(version)
        found = Impact.objects.create(version=version, against=versions.in_use(Kind(version.kind)))
        impact.make(found)
        if found.error:
            raise CommandError(found.error)
        self.stdout.write(impact.sentence(found.result))
        for account in found.result["accounts"]:
            self._library(account)

    def _library(self, account: Mapping[str, Any]) -> None:
        self.stdout.write(f"{account['name']}: {account['changed']:,} of {account['songs']:,} songs")
        for old, new, songs in account["moves"][:MOVES]:
            names = [display_name(genre) if genre else "nothing known" for genre in (old, new)]
            self.stdout.write(f"  {names[0]} → {names[1]}: {songs:,}")
        for one in account["playlists"]:
            if one["come"] or one["leave"]:
                self.stdout.write(f"  Playlist {one['name']}: {one['come']:,} come, {one['leave']:,} leave")

    def _compare(self, options: Mapping[str, Any]) -> None:
        comparison = comparing.asked([named(name) for name in options["names"]])
        comparing.make(comparison)
        if comparison.error:
            raise CommandError(comparison.error)
        self._side_by_side(comparison)

    def _side_by_side(self, comparison: Comparison) -> None:
        result = comparison.result
        test, words = result["test"], result["words"]
        what = f"rows by {test['artists']:,} artists" if comparison.kind == Kind.TABLES else "clips"
        self.stdout.write(f"The same {test['rows']:,} {what} for all.")
        for sentence in test["sentences"]:
            self.stdout.write(f"  {sentence}")
        self._table(result["versions"], result["figures"])
        if result["baseline"]:
            found = result["baseline"]
            self.stdout.write(f"Baseline, {found['name']}: macro-F1 {found['macro_f1']:.1%}")
        if "sentence" in words:
            self.stdout.write(words["sentence"])
        else:
            self.stdout.write(f"{words['rows']:,} held-out corrections:")
            self._table(result["versions"], words)

    def _table(self, compared: Any, figures: Mapping[str, Any]) -> None:
        for place, (version, found) in enumerate(zip(compared, figures["versions"], strict=True)):
            value, low, high = found["macro_f1"]
            line = f"{version['name']}: accuracy {found['accuracy'][0]:.1%}, macro-F1 {value:.1%} ({low:.1%} – {high:.1%})"
            self.stdout.write(
                line + (f", {told(figures['differences'][place - 1])}" if place else ", in use")
            )


def told(difference: Mapping[str, Any]) -> str:
    value, low, high = (100 * one for one in difference["macro_f1"])
    points = f"{value:+.1f} points ({low:+.1f} – {high:+.1f})".replace("-", "−")
    return points if difference["beyond"] else f"{points}, not distinguishable"


def named(name: str) -> ModelVersion:
    versions.in_use(Kind.TABLES)  # the shipped version has a row even before the first classification
    version = ModelVersion.objects.filter(name=name).first()
    if version is None:
        known = ", ".join(ModelVersion.objects.values_list("name", flat=True))
        raise CommandError(f"There is no model version “{name}”; there are {known}.")
    return version


def _former(version: ModelVersion) -> str:
    return "was in use" if version.was_champion_at else "candidate"
