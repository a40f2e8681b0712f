"""The kinds of picture a report holds: bars, lines, heat maps, distributions and a map of tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.report.themed_svg import FONT_SIZE, Frame, Palette, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL = FONT_SIZE - 2
PLUM = (0x6B / 255, 0x3D / 255, 0x78 / 255)  # of heat maps; the style sheet lightens it on dark pages
MAX_NUMBERS = 20  # columns of a heat map whose cells still have room for a number
DARK_CELL = 0.7  # share from which on light figures are easier to read than dark ones
MARKERS = "o^sDvP"


@dataclass(frozen=True)
class Line:
    """One line of a chart; `size` [n] makes it dots of that many square px joined by a thin line."""

    name: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    size: np.ndarray | None = None


@dataclass(frozen=True)
class Axis:
    """What an axis shows; `percent` writes shares as percentages."""

    title: str
    percent: bool = False
    whole: bool = False  # ticks at whole numbers
    low: float | None = None
    high: float | None = None
    ticks: Sequence[float] = ()  # only these, on a logarithmic scale


def bars(
    names: Sequence[str], values: Sequence[float] | np.ndarray, spans: np.ndarray, axis: Axis, frame: Frame
) -> str:
    """Horizontal bars from top to bottom, each with the line from spans[i, 0] to spans[i, 1]; NaN leaves it out."""

    def draw(figure: "Figure", colours: Palette) -> None:
        axes, place = figure.add_subplot(), np.arange(len(names))
        axes.barh(place, values, height=0.62, color=colours.brand, alpha=0.55)
        axes.hlines(place, spans[:, 0], spans[:, 1], color=colours.ink, linewidth=1.6)
        axes.set_yticks(place, names)
        axes.invert_yaxis()
        axes.tick_params(left=False)
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=colours.muted, linewidth=0.8)
        _scale(axes, "x", axis)

    return render(draw, frame)


def lines(
    parts: Sequence[Line],
    across: Axis,
    up: Axis,
    frame: Frame,
    *,
    diagonal: bool = False,
    mark: tuple[float, float, str] | None = None,
) -> str:
    """A line chart; `diagonal` adds the line of equal values, `mark` a named point (x, y, name)."""

    def draw(figure: "Figure", colours: Palette) -> None:
        axes = figure.add_subplot()
        if diagonal:
            axes.plot([0, 1], [0, 1], color=colours.muted, linewidth=1, linestyle=(0, (4, 3)))
        for i, part in enumerate(parts):
            _line(axes, part, colours.series[i % len(colours.series)])
        if mark:
            _mark(axes, mark, colours)
        _scale(axes, "x", across)
        _scale(axes, "y", up)
        if len(parts) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=SMALL)

    return render(draw, frame)


def _line(axes: "Axes", part: Line, colour: str) -> None:
    axes.plot(part.x, part.y, color=colour, linewidth=2 if part.size is None else 0.7, label=part.name)
    if part.size is not None:
        axes.scatter(part.x, part.y, s=part.size, color=colour, alpha=0.75, linewidths=0)
    elif len(part.x) < 30:
        axes.scatter(part.x, part.y, s=16, color=colour, linewidths=0)


def _mark(axes: "Axes", mark: tuple[float, float, str], colours: Palette) -> None:
    x, y, name = mark
    axes.axvline(x, color=colours.muted, linewidth=1, linestyle=(0, (4, 3)))
    axes.scatter([x], [y], s=60, facecolors=colours.card, edgecolors=colours.brand, linewidths=2, zorder=3)
    left = x > 0.5
    axes.annotate(
        name, (x, y), (-8 if left else 8, 8), textcoords="offset points", ha="right" if left else "left"
    )


def _scale(axes: "Axes", which: str, axis: Axis) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    ruler: Any = axes.xaxis if which == "x" else axes.yaxis
    axes.grid(axis="both" if which == "y" else "x", alpha=0.6)
    axes.set_axisbelow(True)
    if axis.ticks:
        axes.set(**{f"{which}scale": "log"})
        ruler.set_ticks(axis.ticks, [f"{tick:,.0f}" for tick in axis.ticks], fontsize=SMALL)
        ruler.set_minor_locator(NullLocator())
    else:
        ruler.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=axis.whole))
        factor, sign = (100, "%") if axis.percent else (1, "")
        ruler.set_major_formatter(FuncFormatter(lambda value, _: f"{factor * value:,g}{sign}"))
    axes.set(**{f"{which}label": axis.title, f"{which}lim": (axis.low, axis.high)})


def heat_map(shares: np.ndarray, rows: Sequence[str], columns: Sequence[str], frame: Frame) -> str:
    """Shares [r, c] from 0 (page) to 1 (plum), with the percentages where there is room."""

    def draw(figure: "Figure", colours: Palette) -> None:
        axes = figure.add_subplot()
        cells = np.empty((*shares.shape, 4))
        cells[..., :3], cells[..., 3] = PLUM, np.clip(shares, 0, 1)
        axes.imshow(cells, interpolation="none", aspect="auto")
        crowded = max(shares.shape) > MAX_NUMBERS
        size = SMALL - 1 if crowded else FONT_SIZE - 1
        long = len(columns) > 3 and max(map(len, columns)) > 3
        axes.set_xticks(range(len(columns)), columns, rotation=90 if long else 0, fontsize=size)
        axes.set_yticks(range(len(rows)), rows, fontsize=size)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        if not crowded:
            _numbers(axes, shares, colours)

    return render(draw, frame)


def _numbers(axes: "Axes", shares: np.ndarray, colours: Palette) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = colours.card if share > DARK_CELL else colours.ink
            axes.text(
                column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=SMALL
            )


def spreads(names: Sequence[str], quantiles: np.ndarray, axis: Axis, frame: Frame) -> str:
    """One row a name: thin from 5 to 95 %, thick from 25 to 75 %, a tick at the median; quantiles [g, 5]."""

    def draw(figure: "Figure", colours: Palette) -> None:
        axes, place = figure.add_subplot(), np.arange(len(names))
        axes.hlines(place, quantiles[:, 0], quantiles[:, 4], color=colours.muted, linewidth=1.2)
        axes.hlines(place, quantiles[:, 1], quantiles[:, 3], color=colours.series[0], linewidth=7)
        axes.vlines(quantiles[:, 2], place - 0.36, place + 0.36, color=colours.ink, linewidth=2)
        axes.set_yticks(place, names, fontsize=SMALL + 1)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(left=False)
        axes.spines["left"].set_visible(False)
        _scale(axes, "x", axis)

    return render(draw, frame)


def track_map(points: np.ndarray, kinds: np.ndarray, names: Sequence[str], frame: Frame) -> str:
    """Points [n, 2] by kind int [n]; names[k] stands at kind k's median, kinds without a name (-1) are muted."""

    def draw(figure: "Figure", colours: Palette) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        others = points[kinds < 0]
        axes.scatter(others[:, 0], others[:, 1], s=7, color=colours.muted, alpha=0.35, linewidths=0)
        for kind in range(len(names)):
            there = points[kinds == kind]
            marker, colour = MARKERS[kind // len(colours.series) % len(MARKERS)], _colour(kind, colours)
            axes.scatter(
                there[:, 0], there[:, 1], s=11, marker=marker, color=colour, alpha=0.75, linewidths=0
            )
        box = {"facecolor": colours.card, "alpha": 0.88, "boxstyle": "round,pad=0.25", "linewidth": 1.4}
        for kind, (x, y) in enumerate(_label_places(points, kinds, len(names))):
            edge = {"edgecolor": _colour(kind, colours)}
            axes.text(x, y, names[kind], fontsize=SMALL + 1, ha="center", va="center", bbox=box | edge)

    return render(draw, frame)


def _colour(kind: int, colours: Palette) -> str:
    return colours.series[kind % len(colours.series)]


def _label_places(points: np.ndarray, kinds: np.ndarray, n_kinds: int) -> np.ndarray:
    """Where each name stands [k, 2]: the kind's median, moved up until no two names touch."""
    places = np.array([np.median(points[kinds == kind], axis=0) for kind in range(n_kinds)]).reshape(-1, 2)
    width, height = 0.2 * np.ptp(points[:, 0]), 0.05 * np.ptp(points[:, 1])
    order = np.argsort(places[:, 1])
    for i, this in enumerate(order):
        for other in sorted(order[:i], key=lambda one: places[one, 1]):
            near = np.abs(places[this] - places[other])
            if near[0] < width and near[1] < height:
                places[this, 1] = places[other, 1] + height
    return places
