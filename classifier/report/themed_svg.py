"""A drawing as inline SVG whose colours are the page's CSS variables, so that one picture serves light and dark."""

import io
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_SVG_BYTES = 300_000  # beyond this a PNG is smaller and quicker to show
FONT_SIZE = 11
_FONT_FAMILY = re.compile(r" ?font-family: [^;]+;")


@dataclass(frozen=True)
class Palette:
    """Colours by role; `series` tells up to eight kinds apart."""

    ink: str
    muted: str
    line: str
    card: str
    brand: str
    series: tuple[str, ...]


# Okabe and Ito's colour-blind-safe set (2008), yellow and sky blue darkened so that dots keep 3:1 on a light page.
LIGHT = Palette(
    ink="#29212c",
    muted="#655b69",
    line="#cfc6ba",
    card="#fffdfa",
    brand="#5a3a63",
    series=("#0072b2", "#d55e00", "#008a64", "#b8639a", "#a87b00", "#2f95c8", "#7a5230", "#4d4d4d"),
)
# Stand-ins that occur nowhere else in a drawing; each becomes the variable of the same role.
THEMED = Palette(
    "#010101", "#020202", "#030303", "#040404", "#050505", tuple(f"#0a0a{i:02x}" for i in range(1, 9))
)
_VARIABLES = {
    THEMED.ink: "var(--ink)",
    THEMED.muted: "var(--muted)",
    THEMED.line: "var(--grid)",
    THEMED.card: "var(--card)",
    THEMED.brand: "var(--brand)",
    **{colour: f"var(--s{i})" for i, colour in enumerate(THEMED.series)},
}
_STAND_IN = re.compile("|".join(_VARIABLES))


@dataclass(frozen=True)
class Frame:
    """What surrounds a drawing: an id unique on its page, its size in CSS px, and the text that stands in for it."""

    id: str
    width: float
    height: float
    alt: str
    wide: bool = False  # keep the size on small screens and scroll, instead of shrinking


def render(draw: Callable[["Figure", Palette], None], frame: Frame) -> str:
    """The drawing as an `<svg>` element, or as an `<img>` with a PNG inside where the SVG would be too large."""
    svg = _drawn(draw, frame, THEMED, "svg").decode()
    text = _themed(svg, frame)
    return text if len(text) <= MAX_SVG_BYTES else _png(draw, frame)


def _drawn(
    draw: Callable[["Figure", Palette], None], frame: Frame, palette: Palette, file_format: str
) -> bytes:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_settings(palette, frame.id)):
        figure = Figure(figsize=(frame.width / 72, frame.height / 72), layout="constrained")
        draw(figure, palette)
        file = io.BytesIO()
        dated: dict[str, Any] = {"metadata": {"Date": None}} if file_format == "svg" else {}
        figure.savefig(file, format=file_format, dpi=144 if file_format == "png" else 72, **dated)
    return file.getvalue()


def _settings(palette: Palette, salt: str) -> Any:
    return {
        "font.size": FONT_SIZE,
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "text.parse_math": False,  # a label is a label, dollar signs included
        "text.color": palette.ink,
        "axes.edgecolor": palette.line,
        "axes.labelcolor": palette.muted,
        "xtick.color": palette.line,
        "ytick.color": palette.line,
        "xtick.labelcolor": palette.muted,
        "ytick.labelcolor": palette.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "grid.color": palette.line,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
    }


def _themed(svg: str, frame: Frame) -> str:
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in [one for one in parent if one.tag.endswith(("metadata", "style"))]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # an HTML page needs no XML namespaces
        element.attrib = {
            key.rpartition("}")[2]: _attribute(key.rpartition("}")[2], value, frame.id)
            for key, value in element.items()
        }
        element.text, element.tail = (element.text or "").strip(), ""
    least = f"; min-width: {frame.width:.0f}px" if frame.wide else ""
    root.attrib = {
        "viewBox": f"0 0 {frame.width:g} {frame.height:g}",
        "role": "img",
        "aria-label": frame.alt,
        "style": f"max-width: {frame.width * 1.2:.0f}px{least}",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(key: str, value: str, page_id: str) -> str:
    if key == "style":
        return _STAND_IN.sub(lambda found: _VARIABLES[found.group()], _FONT_FAMILY.sub("", value))
    if key == "id":
        return f"{page_id}-{value}"
    return (
        value.replace("\n", " ").replace("url(#", f"url(#{page_id}-")
        if value[:1] != "#"
        else f"#{page_id}-{value[1:]}"
    )


def _png(draw: Callable[["Figure", Palette], None], frame: Frame) -> str:
    data = b64encode(_drawn(draw, frame, LIGHT, "png")).decode()
    least = f"; min-width: {frame.width:.0f}px" if frame.wide else ""
    return (
        f'<img class="paper" alt="{escape(frame.alt)}" style="max-width: {frame.width * 1.2:.0f}px{least}"'
        f' src="data:image/png;base64,{data}">'
    )
