"""A model version's report: one HTML page that needs no server, no script and no connection."""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from classifier import registry
from classifier.errors import ModelError
from classifier.report.confusion import confused
from classifier.report.markup import (
    facts,
    listed,
    number,
    paragraph,
    percent,
    plain,
    section,
    span,
    table,
    text,
)
from classifier.report.model import importance, learning, several, unknown
from classifier.report.scores import comparison, coverage, genres, reliable
from classifier.report.tracks import neighbours, profiles
from classifier.report.view import View, view

REPORT = "report.html"
_SPLITS = {
    "artist": "by artist",
    "fold": "by artist, in fixed fifths",
    "album": "by album",
    "random": "at random",
    "stratified": "at random, with each genre's share kept",
}
_FLATTERED = ", so artists are on both sides and the figures flatter"
_SHARED = {"True": "yes", "False": "no"}
_HEARING = ("sound", "sound-expert")  # kinds of versions that answer to sound
# What the page consists of between summary and licences, and what each part is called above.
_SECTIONS: Mapping[str, tuple[str, Callable[[View], str]]] = {
    "comparison": ("Baselines", comparison),
    "genres": ("Genres", genres),
    "confusion": ("Confusions", confused),
    "reliability": ("Confidence", reliable),
    "coverage": ("Coverage", coverage),
    "importance": ("Features", importance),
    "learning": ("Learning", learning),
    "profiles": ("Profiles", profiles),
    "map": ("Map", neighbours),
    "several": ("Several genres", several),
    "unknown": ("Unknown music", unknown),
}
_OF_FEATURES = {"importance", "profiles", "map", "several", "unknown"}  # what hears has none of it


def write(run: Path, out: Path | None = None, *, evaluation: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write the report of the model version in `run` to `out`, by default report.html beside it; returns the path.

    `evaluation` replaces the test tracks kept with the version. The file is replaced whole or not at all.

    Raises
    ------
    ModelError
        `run` is no model version or is damaged, its kept test tracks cannot be used, or the report cannot be written.
    """
    meta = _described(run)
    evaluation = evaluation or registry.read_evaluation(run)
    try:
        html = page(meta, evaluation)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(f"The model version {run.name} is damaged: its figures cannot be read.") from error
    path = out or run / REPORT
    try:
        _replace(path, html)
    except OSError as error:
        raise ModelError(f"The report cannot be written: {error.strerror}.") from error
    return path


def _described(run: Path) -> dict[str, Any]:
    meta = registry.read_description(run)
    if meta.get("kind") in _HEARING and "labels" in meta:
        return meta
    return registry.read_meta(run)


def _replace(path: Path, html: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(html)
        os.chmod(unfinished, 0o644)  # the worker that writes and the one that serves may be different users
        os.replace(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def page(meta: Mapping[str, Any], evaluation: Mapping[str, np.ndarray] | None) -> str:
    """The report as one HTML page.

    meta: a version's meta.json; what it lacks is said to be unmeasured. evaluation: the test tracks, or None: "x"
    float [n, F], NaN where unknown; "truth" [n, K], 1 for each of a track's genres; "log_p" float [n, K], the answers
    from features alone.

    Raises
    ------
    ModelError
        `evaluation` lacks an array or belongs to another model.
    """
    seen = view(meta, evaluation)
    template = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
    shown = {slug: one for slug, one in _SECTIONS.items() if not (seen.hears and slug in _OF_FEATURES)}
    links = {slug: title for slug, (title, _) in shown.items()} | {"licences": "Licences"}
    sections = [_summary(seen), *(part(seen) for _, part in shown.values()), _licences(seen)]
    nav = "\n".join(f'<li><a href="#{slug}">{text(title)}</a></li>' for slug, title in links.items())
    return template.substitute(name=text(meta["name"]), nav=nav, body="\n".join(sections))


def _summary(seen: View) -> str:
    meta, config, training = seen.meta, seen.meta.get("config") or {}, seen.meta.get("training") or {}
    parts = training.get("clips" if seen.hears else "tracks") or {}
    noun = "clips" if seen.hears else "tracks"
    origins = [f"{one['name']} ({number(one.get('rows'))} rows)" for one in meta.get("data") or []]
    shared = training.get("artists_shared_between_parts")
    whether = _SHARED.get(str(shared), "not recorded")
    split = training.get("split") or config.get("split") or "not recorded"
    pairs = [
        ("Data sets", listed(origins)),
        ("Split", _SPLITS.get(split, plain(split)) + (_FLATTERED if shared is True else "")),
        ("Artists shared between training and test", _as_far_as_named(training) or whether),
        (noun.capitalize(), ", ".join(f"{name} {number(n)}" for name, n in parts.items()) or "not recorded"),
        ("Seed", _seeds(meta)),
        ("Intervals", f"95%, from 1,000 resamplings of the test {'clips' if seen.hears else 'artists'}"),
        ("Made", plain(meta.get("created_at", "not recorded")).partition("T")[0]),
    ]
    more = [
        paragraph(one, "hint")
        for one in (*_refitted(training, noun, refit=bool(config.get("refit"))), *_kept_ears(meta))
    ]
    return section("summary", "In short", paragraph(_verdict(seen), "lead"), facts(pairs), *more)


def _as_far_as_named(training: Mapping[str, Any]) -> str:
    """Of a split by artist: what is not known of tracks that name none; empty where all do, or as once recorded."""
    nameless = training.get("tracks_without_artist")
    if not nameless or training.get("artists_shared_between_parts") is not False:
        return ""
    if nameless == sum(training["tracks"].values()):
        return "unknown: the data names no artists, so each track is held to be by an artist of its own"
    return f"no, as far as artists are named; of {number(nameless)} tracks none is"


def _refitted(training: Mapping[str, Any], noun: str, *, refit: bool) -> list[str]:
    if training.get("refitted_on_all_rows") or training.get("refitted_on_all_clips"):
        which = f"all {noun}"
    elif training.get("test_spared") and refit:
        which = f"all {noun} but those of the test, which it has never seen"
    else:
        return []
    return [f"After it was measured, the model learned once more from {which}; the figures are those before."]


def _kept_ears(meta: Mapping[str, Any]) -> list[str]:
    if (meta.get("model") or {}).get("start") != "shipped":
        return []
    return [
        "It kept the ears of an expert that had learned from clips before, GTZAN's among them: on these its figures flatter."
    ]


def _seeds(meta: Mapping[str, Any]) -> str:
    config, model = meta.get("config") or {}, meta.get("model") or {}
    places = (
        model.get("networks"),
        model,
        config.get("net"),
        config,
    )  # a blend's, others', and as once recorded
    members = next((one["members"] for one in places if one and one.get("members")), 1)
    networks = f"; {number(members)} networks, averaged" if members > 1 else ""
    return f"{plain(config.get('seed', 'not recorded'))}{networks}"


def _verdict(seen: View) -> str:
    """What the model is, and how right it is beside the baselines."""
    if seen.hears:
        what = f"Tells {len(seen.genres)} genres apart by listening."
    else:
        what = f"Tells {len(seen.genres)} genres apart by {len(seen.meta['features'])} named features of a track's sound."
    report, baselines = seen.report, seen.metrics.get("baselines") or {}
    if not report.get("tracks"):
        return f"{what} How often it is right was not measured."
    dummy = baselines.get("majority") or baselines.get("dummy") or {}
    logistic = baselines.get("logistic") or {}
    linear = f", a logistic regression {percent(logistic.get('accuracy'))}" if logistic else ""
    return (
        f"{what} Of {number(report['tracks'])} test {'clips' if seen.hears else 'tracks'}, "
        f"{percent(report['accuracy'])} were given one of their genres "
        f"(95% interval {span(report.get('accuracy_interval'))}); always naming the commonest genre gets "
        f"{percent(dummy.get('accuracy'))}{linear}."
    )


def _licences(seen: View) -> str:
    rows = [
        [plain(one["name"]), number(one.get("rows")), plain(one.get("licence") or "not stated"),
         plain(one.get("source") or "not stated"), plain(one.get("sha256") or "not recorded")[:16]]
        for one in seen.meta.get("data") or []
    ]  # fmt: skip
    head = ["Data set", "Rows", "Licence", "Source", "SHA-256, its start"]
    body = (
        table("Data the model learned from", head, rows) if rows else paragraph("The data were not recorded.")
    )
    return section("licences", "Data and licences", body)
