import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import architecture as rules

ROOT = Path(__file__).parent.parent
PACKAGES = ("organizer", "classifier", "simulator")
HEAVY = ("torch", "librosa", "sklearn", "pandas", "scipy", "soundfile")

FILES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]

BROKEN = [
    (rules.classifier_stands_alone, "classifier/train.py", "from django.conf import settings"),
    (rules.classifier_stands_alone, "classifier/data.py", "def f():\n    import requests"),
    (rules.classifier_stands_alone, "classifier/data.py", "import organizer.models"),
    (rules.providers_know_only_http, "organizer/providers/deezer.py", "from organizer.models import Track"),
    (rules.providers_know_only_http, "organizer/providers/http.py", "from django.conf import settings"),
    (rules.providers_know_only_http, "organizer/providers/gate.py", "from organizer import library"),
    (rules.services_do_not_look_up, "organizer/library.py", "from organizer import tasks"),
    (rules.services_do_not_look_up, "organizer/plans.py", "def f():\n    from organizer.views.plan import g"),
    (rules.services_do_not_look_up, "organizer/models/job.py", "from organizer import jobs"),
    (rules.heavy_modules_stay_behind_one_door, "organizer/classify.py", "from classifier import predict"),
    (rules.heavy_modules_stay_behind_one_door, "organizer/classify.py", "from classifier.predict import P"),
    (rules.heavy_modules_stay_behind_one_door, "organizer/review.py", "def f():\n    import classifier.nets"),
    (rules.simulator_stands_apart, "simulator/world.py", "from organizer.providers import spotify"),
    (rules.simulator_stands_apart, "organizer/enrich.py", "import simulator"),
    (rules.simulator_stands_apart, "classifier/data.py", "from simulator import catalog"),
    (rules.supervisor_starts_fast, "organizer/supervisor/watch.py", "from organizer import settings"),
    (rules.supervisor_starts_fast, "organizer/supervisor/watch.py", "import django"),
    (rules.imports_are_absolute, "organizer/library.py", "from . import tasks"),
    (rules.no_broad_except, "organizer/jobs.py", "try:\n    f()\nexcept Exception:\n    g()"),
    (
        rules.no_broad_except,
        "organizer/jobs.py",
        "try:\n    f()\nexcept (ValueError, BaseException):\n    g()",
    ),
    (rules.no_broad_except, "simulator/app.py", "try:\n    f()\nexcept:\n    g()"),
    (rules.files_stay_small, "organizer/jobs.py", "x = 1\n" * 301),
]

ALLOWED = [
    (
        rules.heavy_modules_stay_behind_one_door,
        "organizer/review.py",
        "from classifier.labels import FAMILIES",
    ),
    (
        rules.heavy_modules_stay_behind_one_door,
        "organizer/classify.py",
        "def f():\n    import classifier.nets",
    ),
    (rules.services_do_not_look_up, "organizer/tasks.py", "from organizer import library"),
    (rules.no_broad_except, "organizer/tasks.py", "try:\n    f()\nexcept Exception:\n    g()"),
    (rules.classifier_stands_alone, "classifier/data.py", "import numpy"),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Callable[[str, str], list[str]]):
    names = {path: path.relative_to(ROOT).as_posix() for path in FILES}
    offences = {names[path]: rule(names[path], path.read_text()) for path in FILES}
    assert not {name: found for name, found in offences.items() if found}


@pytest.mark.parametrize(("rule", "path", "source"), BROKEN)
def test_a_breach_of_the_rule_is_found(rule: Callable[[str, str], list[str]], path: str, source: str):
    assert rule(path, source)


@pytest.mark.parametrize(("rule", "path", "source"), ALLOWED)
def test_what_is_allowed_passes(rule: Callable[[str, str], list[str]], path: str, source: str):
    assert rule(path, source) == []


def test_the_rules_see_every_package():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)


@pytest.mark.parametrize("module", ["organizer.urls", "organizer.tasks"])
def test_pages_and_workers_start_without_the_heavy_libraries(module: str):
    code = f"import django, sys; django.setup(); import {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
