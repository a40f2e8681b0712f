"""The `fields` parameter: `name,owner.id,items(total,item(uri))` picks parts of an answer."""

import re
from typing import Any

from simulator.web import ApiError

Wanted = dict[str, "Wanted"]  # an empty value means: all of it


def picked(body: Any, expression: str | None) -> Any:
    """The parts of the body that the expression names; all of it without one."""
    return _pick(body, parse(expression)) if expression else body


def parse(expression: str) -> Wanted:
    tokens = re.findall(r"[A-Za-z_!]\w*|[(),.]", expression)
    if "".join(tokens) != re.sub(r"\s", "", expression):
        raise ApiError(400, "Invalid fields")
    wanted = _list(tokens)
    if tokens:
        raise ApiError(400, "Invalid fields")
    return wanted


def _list(tokens: list[str]) -> Wanted:
    wanted: Wanted = {}
    while tokens and tokens[0] != ")":
        name = tokens.pop(0)
        if name == ",":
            continue
        wanted.setdefault(name, {}).update(_inside(tokens))
    return wanted


def _inside(tokens: list[str]) -> Wanted:
    if tokens[:1] == ["."]:
        tokens.pop(0)
        if not tokens:
            raise ApiError(400, "Invalid fields")
        name = tokens.pop(0)
        return {name: _inside(tokens)}
    if tokens[:1] != ["("]:
        return {}
    tokens.pop(0)
    inner = _list(tokens)
    if tokens[:1] != [")"]:
        raise ApiError(400, "Invalid fields")
    tokens.pop(0)
    return inner


def _pick(body: Any, wanted: Wanted) -> Any:
    if isinstance(body, list):
        return [_pick(part, wanted) for part in body]
    if not isinstance(body, dict) or not wanted:
        return body
    unwanted = {name[1:] for name in wanted if name.startswith("!")}
    if unwanted:
        return {name: value for name, value in body.items() if name not in unwanted}
    return {name: _pick(body[name], inner) for name, inner in wanted.items() if name in body}
