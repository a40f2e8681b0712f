"""Small pieces of HTML for the report; whatever comes from a file passes `text` and cannot become markup."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

UNDEFINED = "–"
TALL = 30  # rows from which a table scrolls under its head
IN_PICTURES = 22  # characters of a name that fit beside a picture


def plain(value: Any) -> str:
    """One line without control, surrogate or direction characters."""
    return "".join(char if char.isprintable() else " " for char in str(value))


def short(name: str) -> str:
    """The name as it fits into a picture."""
    return name if len(name) <= IN_PICTURES else name[: IN_PICTURES - 1] + "…"


def text(value: Any) -> str:
    """The value as text of a page."""
    return escape(plain(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def percent(share: Any) -> str:
    """A share as percentage, a dash where there is none."""
    return f"{share:.1%}" if _is_number(share) else UNDEFINED


def number(value: Any, digits: int = 2) -> str:
    """A count with thousands separators, any other number rounded, a dash where there is none."""
    if not _is_number(value):
        return UNDEFINED
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}"


def span(interval: Any) -> str:
    """An interval of shares."""
    low, high = interval or (None, None)
    return f"{percent(low)} to {percent(high)}" if _is_number(low) else UNDEFINED


def listed(names: Iterable[Any]) -> str:
    """Names in one sentence."""
    *most, last = [plain(name) for name in names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def paragraph(sentence: str, kind: str = "") -> str:
    """A paragraph of text that is not markup."""
    return f'<p class="{kind}">{text(sentence)}</p>' if kind else f"<p>{text(sentence)}</p>"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, folded: bool = False) -> str:
    """A table of texts; each row's first cell is its heading. `folded` hides it behind its caption."""
    top = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    rows = list(rows)
    body = "".join(
        f'<tr><th scope="row">{text(first)}</th>'
        + "".join(f"<td>{text(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    title = f'<caption class="{"hidden" if folded else ""}">{text(caption)}</caption>'
    inner = f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    kind = "scroll tall" if len(rows) > TALL else "scroll"
    scrolling = f'<div class="{kind}" tabindex="0" role="region" aria-label="{text(caption)}">{inner}</div>'
    return f"<details><summary>{text(caption)}</summary>{scrolling}</details>" if folded else scrolling


def figure(picture: str, caption: str) -> str:
    """A picture (markup) above its caption (text)."""
    below = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return f'<figure><div class="picture">{picture}</div>{below}</figure>'


def filled(head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Head and rows without the columns in which every value is undefined."""
    kept = [i for i in range(len(head)) if i == 0 or any(row[i] != UNDEFINED for row in rows)]
    return [head[i] for i in kept], [[row[i] for i in kept] for row in rows]


def beside(*parts: str) -> str:
    """Parts next to each other where the page is wide enough."""
    return f'<div class="beside">{"".join(parts)}</div>'


def stacked(*parts: str) -> str:
    """Parts below each other."""
    return "".join(parts)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values, one a line."""
    lines = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{lines}</dl>'


def section(slug: str, title: str, *parts: str) -> str:
    """A headed part of the page."""
    return f'<section class="card" id="{slug}"><h2>{text(title)}</h2>{"".join(parts)}</section>'
