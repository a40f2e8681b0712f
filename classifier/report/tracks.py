"""The report's sections drawn from the test tracks themselves: how genres sound, and how they lie to each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from classifier.report.markup import (
    UNDEFINED,
    beside,
    figure,
    number,
    paragraph,
    percent,
    plain,
    section,
    short,
    table,
    text,
)
from classifier.report.pictures import MAX_NUMBERS, Axis, heat_map, spreads, track_map
from classifier.report.themed_svg import Frame
from classifier.report.view import View

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_POINTS = 1500
FEW_POINTS = 50  # t-SNE's neighbourhoods need more
MAX_NAMED = 15  # genres with a colour and a name on the map
LEAST_SPREAD = 1e-6  # of the log-probabilities; below it the tracks are one point
LEAST_LOG_P = -12.0  # below this, differences say nothing more about a track
_NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_SCALES = {"ms": (60_000.0, "minutes")}
_NOT_KEPT = "This was not measured: the test tracks were not kept with this version."


def profiles(view: View) -> str:
    title = "How the genres sound"
    if view.tracks is None:
        return section("profiles", title, paragraph(_NOT_KEPT))
    order = [k for k in view.rows_by_size() if view.tracks.truth[:, k].any()]
    parts = [
        (_categories if feature["kind"] in ("category", "flag") else _distribution)(
            view, order, column, feature
        )
        for column, feature in enumerate(view.meta["features"])
    ]
    shown = f" The pictures show the {MAX_NUMBERS} most frequent genres." if len(order) > MAX_NUMBERS else ""
    return section(
        "profiles",
        title,
        paragraph(
            "Test tracks only; a track counts for each of its genres. Thin lines reach from the 5% to the 95% "
            f"quantile, thick ones from 25% to 75%, the tick is the median.{shown}"
        ),
        f'<div class="grid">{"".join(parts)}</div>',
    )


def _values(view: View, genre: int, column: int) -> np.ndarray:
    """The known values of a feature among a genre's tracks."""
    assert view.tracks is not None
    values = view.tracks.x[view.tracks.truth[:, genre], column]
    return values[np.isfinite(values)]


def _distribution(view: View, order: list[int], column: int, feature: Mapping[str, Any]) -> str:
    factor, unit = _SCALES.get(feature["unit"], (1.0, plain(feature["unit"])))
    known = [_values(view, k, column) / factor for k in order]
    quantiles = np.array([np.quantile(v, QUANTILES) if len(v) else [np.nan] * 5 for v in known])
    name, names = plain(feature["name"]), [view.genres[k] for k in order]
    rows = [
        [genre, *(number(float(q)) for q in row), number(len(values))]
        for genre, row, values in zip(names, quantiles, known, strict=True)
    ]
    head = ["Genre", *(f"{q:.0%}" for q in QUANTILES), "Tracks"]
    if not any(map(len, known)):
        return _profile(name, paragraph("No test track has it."))
    medians = sorted(
        (float(row[2]), genre) for row, genre in zip(quantiles, names, strict=True) if row[2] == row[2]
    )
    alt = f"{name} by genre; median lowest for {medians[0][1]}, highest for {medians[-1][1]}."
    shown = names[:MAX_NUMBERS]
    frame = Frame(f"profile-{column}", 300, 60 + 15 * len(shown), alt)
    picture = spreads([short(one) for one in shown], quantiles[:MAX_NUMBERS], Axis(unit), frame)
    return _profile(name, figure(picture, ""), table(f"Quantiles of {name}", head, rows, folded=True))


def _categories(view: View, order: list[int], column: int, feature: Mapping[str, Any]) -> str:
    name, known = plain(feature["name"]), [_values(view, k, column) for k in order]
    values = np.unique(np.concatenate(known))
    if not len(values):
        return _profile(name, paragraph("No test track has it."))
    shares = np.array([[(one == v).mean() if len(one) else 0.0 for v in values] for one in known])
    columns, names = [_category(feature, v) for v in values], [view.genres[k] for k in order]
    rows = [
        [genre, *(percent(float(share)) if len(one) else UNDEFINED for share in row), number(len(one))]
        for genre, row, one in zip(names, shares, known, strict=True)
    ]
    alt = f"Share of each genre's tracks by {name}; columns {', '.join(columns)}."
    shown = [short(one) for one in names[:MAX_NUMBERS]]
    frame = Frame(f"profile-{column}", 300, 60 + 15 * len(shown), alt)
    picture = heat_map(shares[:MAX_NUMBERS], shown, columns, frame)
    folded = table(f"Shares of {name}", ["Genre", *columns, "Tracks"], rows, folded=True)
    return _profile(name, figure(picture, "Percent of each genre's tracks."), folded)


def _profile(name: str, *parts: str) -> str:
    return f"<div><h3>{text(name)}</h3>{''.join(parts)}</div>"


def _category(feature: Mapping[str, Any], value: float) -> str:
    """A category's name: a note, what the unit says ("0 minor, 1 major"), or the value itself."""
    if feature["unit"] == "pitch class":
        return _NOTES[int(value)] if 0 <= value < len(_NOTES) else "?"
    meanings = dict(
        part.strip().split(" ", 1) for part in plain(feature["unit"]).split(",") if " " in part.strip()
    )
    return meanings.get(f"{value:g}", f"{value:g}")


def neighbours(view: View) -> str:
    title = "Map of the test tracks"
    if view.tracks is None:
        return section("map", title, paragraph(_NOT_KEPT))
    rows = np.flatnonzero(view.tracks.truth.any(1))
    if len(rows) < 3:
        return section("map", title, paragraph("There are too few test tracks for a map."))
    if len(rows) > MAX_POINTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MAX_POINTS, replace=False))
    log_p = np.nan_to_num(np.clip(view.tracks.log_p[rows], LEAST_LOG_P, 0), nan=LEAST_LOG_P)
    if np.ptp(log_p, axis=0).max() < LEAST_SPREAD:  # also because t-SNE crashes on equal points
        return section("map", title, paragraph("All test tracks are answered alike, so there is no map."))
    points, method = _flat(log_p)
    genre = view.tracks.truth[rows].argmax(1)
    present = [k for k in np.argsort(-np.bincount(genre), kind="stable").tolist() if (genre == k).any()]
    close = _close(view, log_p, genre, present)
    places = np.full(len(view.genres), -1)  # of each genre in the map's key; -1 is unnamed
    named = present[:MAX_NAMED]
    places[named] = range(len(named))
    alt = f"Map of {len(rows):,} test tracks; " + "; ".join(f"{a} is most like {b}" for a, _, b in close[:6])
    picture = track_map(
        points, places[genre], [short(view.genres[k]) for k in named], Frame("map-picture", 420, 400, alt)
    )
    muted = f" Only the {MAX_NAMED} most frequent are named." if len(present) > MAX_NAMED else ""
    return section(
        "map",
        title,
        paragraph(
            f"{len(rows):,} test tracks by {method} of the answers' log-probabilities: near tracks are answered alike. "
            "The axes, and distances across the map, mean nothing."
        ),
        beside(
            figure(
                picture,
                f"Colour and shape tell the true genre; names stand at its median or just above.{muted}",
            ),
            table("Which genres are answered alike", ["Genre", "Tracks shown", "Most alike"], close),
        ),
    )


def _close(view: View, log_p: np.ndarray, genre: np.ndarray, present: list[int]) -> list[list[str]]:
    """Each genre of `present`, how many of its tracks are on the map, and the genre whose tracks are answered most alike."""
    medians = np.array([np.median(log_p[genre == k], axis=0) for k in present])
    return [
        [view.genres[k], number(int((genre == k).sum())), view.genres[present[n]] if n >= 0 else UNDEFINED]
        for k, n in zip(present, _nearest(medians), strict=True)
    ]


def _flat(log_p: np.ndarray) -> tuple[np.ndarray, str]:
    """Points [n, 2] and the name of the method: t-SNE (van der Maaten and Hinton, 2008), PCA for few tracks."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    if len(log_p) < FEW_POINTS:
        return PCA(2, random_state=0).fit_transform(log_p), "principal components"
    settings: dict[str, Any] = {
        "perplexity": min(30, len(log_p) / 5),
        "init": "pca",
        "random_state": 0,
        "max_iter": 500,
    }
    with threadpool_limits(1):  # its threads wait for each other: two took four times as long as one
        return TSNE(2, **settings).fit_transform(log_p), "t-SNE"


def _nearest(medians: np.ndarray) -> list[int]:
    """For each point the index of the nearest other one, -1 where there is none."""
    if len(medians) < 2:
        return [-1] * len(medians)
    distance = np.linalg.norm(medians[:, None] - medians[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance.argmin(1).tolist()
