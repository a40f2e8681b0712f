"""The import rules of the architecture as functions from one file's source to the list of its offences."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

LINES = 300
HTTP = ("requests", "urllib3", "urllib.request", "http.client", "httpx", "aiohttp")
DJANGO = ("django", "celery", "kombu", "redis")
LIGHT = (
    "classifier.context",
    "classifier.hearing",
    "classifier.labels",
    "classifier.model_names",
    "classifier.errors",
    "classifier.registry",
)
COMPOSERS = (
    "organizer.views",
    "organizer.tasks",
    "organizer.admin",
    "organizer.management",
    "organizer.urls",
)
NOT_SERVICES = {"settings", "urls", "wsgi", "celery", "apps", "checks", "tasks", "__init__"}
TRAINING = "organizer/training/"
MAY_USE_CLASSIFIER = {
    "organizer/atlas.py",
    "organizer/classify.py",
    "organizer/ear.py",
}


@dataclass(frozen=True)
class Import:
    name: str  # dotted; `from a import b` counts as a.b
    line: int
    is_deferred: bool  # inside a function, or for the type checker only


def imports(source: str) -> list[Import]:
    return list(_walk(ast.parse(source), is_deferred=False))


def _walk(node: ast.AST, *, is_deferred: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, is_deferred) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from (Import(f"{module}.{alias.name}", node.lineno, is_deferred) for alias in node.names)
    is_deferred = is_deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_typing(node)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, is_deferred=is_deferred)


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _banned(source: str, packages: tuple[str, ...], *, allowed: tuple[str, ...] = ()) -> list[str]:
    found = [i for i in imports(source) if is_within(i.name, packages) and not is_within(i.name, allowed)]
    return [f"line {found_one.line} imports {found_one.name}" for found_one in found]


def classifier_stands_alone(path: str, source: str) -> list[str]:
    """Rule 1: nothing of Django, the organizer or HTTP."""
    return _banned(source, (*DJANGO, *HTTP, "organizer")) if path.startswith("classifier/") else []


WORDS = "django.utils.translation"


def providers_know_only_http(path: str, source: str) -> list[str]:
    """Rule 2: no models, settings or Celery; of the organizer only each other, of Django only its translations."""
    if not path.startswith("organizer/providers/"):
        return []
    return _banned(source, ("organizer", "django", "celery"), allowed=("organizer.providers", WORDS))


def services_do_not_look_up(path: str, source: str) -> list[str]:
    """Rule 3: services and models are composed by views, admin, tasks and commands, never the other way."""
    if path.startswith("organizer/models/"):
        return _banned(source, ("organizer",), allowed=("organizer.models",))
    return _banned(source, COMPOSERS) if is_service(path) else []


def is_service(path: str) -> bool:
    where = PurePosixPath(path)
    return (str(where.parent) == "organizer" and where.stem not in NOT_SERVICES) or path.startswith(TRAINING)


def heavy_modules_stay_behind_one_door(path: str, source: str) -> list[str]:
    """Rule 4: only classify and training import classifier's heavy modules, and only inside functions."""
    if not path.startswith("organizer/"):
        return []
    heavy = [i for i in imports(source) if i.name.startswith("classifier") and not is_within(i.name, LIGHT)]
    if path in MAY_USE_CLASSIFIER or path.startswith(TRAINING):
        heavy = [found for found in heavy if not found.is_deferred]
    return [f"line {found.line} imports {found.name}" for found in heavy]


def simulator_stands_apart(path: str, source: str) -> list[str]:
    """Rule 5: the simulator shares no code with what it tests."""
    if path.startswith("simulator/"):
        return _banned(source, ("organizer", "classifier", "django"))
    return _banned(source, ("simulator",))


def supervisor_starts_fast(path: str, source: str) -> list[str]:
    if not path.startswith("organizer/supervisor/"):
        return []
    return _banned(source, (*DJANGO, "organizer", "torch"), allowed=("organizer.supervisor",))


def imports_are_absolute(path: str, source: str) -> list[str]:
    """The rules above read names as written."""
    return [f"line {found.line} imports {found.name}" for found in imports(source) if found.name[0] == "."]


def no_broad_except(path: str, source: str) -> list[str]:
    """One broad except in the whole program: at the task boundary."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    broad = [handler.lineno for handler in handlers if _is_broad(handler.type)]
    return [] if path == "organizer/tasks.py" else [f"line {line} catches everything" for line in broad]


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def files_stay_small(path: str, source: str) -> list[str]:
    count = len(source.splitlines())
    return [f"{count} lines, more than {LINES}"] if count > LINES else []


RULES: tuple[Callable[[str, str], list[str]], ...] = (
    classifier_stands_alone,
    providers_know_only_http,
    services_do_not_look_up,
    heavy_modules_stay_behind_one_door,
    simulator_stands_apart,
    supervisor_starts_fast,
    imports_are_absolute,
    no_broad_except,
    files_stay_small,
)
