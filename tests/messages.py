"""The translatable strings of templates and Python, and the catalogues that hold their translations.

`make messages` runs this file: it puts new strings into every locale/*/LC_MESSAGES/django.po and compiles them with GNU
gettext. The tests read both without it.
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

from classifier.labels import FAMILIES, display_name
from classifier.taxonomy import SUB_GENRES

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
FUNCTIONS = {
    "_": "m",
    "gettext": "m",
    "ngettext": "mp",
    "pgettext": "cm",
    "npgettext": "cmp",
}  # what the arguments are
# Whose sentences users read, too: translated where they are shown, as the classifier knows no gettext.
HEARD = (ROOT / "classifier" / "audio.py", ROOT / "classifier" / "decoders.py")
LITERAL = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b({'|'.join(FUNCTIONS)})\(\s*((?:{LITERAL}\s*,?\s*)+)", re.DOTALL)
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'


@dataclass(frozen=True)
class Message:
    text: str
    plural: str = ""
    context: str = ""


@dataclass
class Entry:
    message: Message
    translations: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)


# --- what is there to translate -------------------------------------------------------------------


def found() -> dict[Message, str]:
    """Every translatable string, with the file where it is first."""
    places: dict[Message, str] = {}
    for path in sources():
        of_file = in_template if path.suffix == ".html" else in_python
        for message in of_file(path.read_text("utf-8")):
            places.setdefault(message, str(path.relative_to(ROOT)))
    for path in HEARD:
        for message in sentences(path.read_text("utf-8")):
            places.setdefault(message, str(path.relative_to(ROOT)))
    for slug in (*FAMILIES, *SUB_GENRES):
        places.setdefault(Message(display_name(slug), context="genre"), "classifier/taxonomy.py")
    return places


def sources() -> list[Path]:
    return [*templates(), *sorted((ROOT / "organizer").rglob("*.py"))]


def templates() -> list[Path]:
    """All but those of the admin's pages, which only the operator sees."""
    return sorted((ROOT / "templates").glob("*.html"))


def in_template(source: str) -> Iterator[Message]:
    for name, literals, *_ in CALL.findall(templatize(source)):
        values = [ast.literal_eval(text) for text in re.findall(LITERAL, literals)]
        yield _message(name, values)


def in_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := called(node.func)) in FUNCTIONS:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            values = [text for text in texts if isinstance(text, str)]
            if len(values) >= len(FUNCTIONS[name]):  # fewer where the text is only known when it runs
                yield _message(name, values)


def sentences(source: str) -> Iterator[Message]:
    """Constants that begin and end as a sentence does, comments and docstrings left out."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in said else None
        if isinstance(text, str) and re.fullmatch(r"[A-Z].* .*\.", text):
            yield Message(text)


def called(function: ast.expr) -> str:
    name = getattr(function, "id", "") or getattr(function, "attr", "")
    return name.removesuffix("_lazy").removesuffix("_noop")


def _message(name: str, values: list[str]) -> Message:
    parts = dict(zip(FUNCTIONS[name], values, strict=False))
    return Message(parts["m"], parts.get("p", ""), parts.get("c", ""))


# --- catalogues -----------------------------------------------------------------------------------


def catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def parsed(path: Path) -> list[Entry]:
    """The entries of a .po, the header (with an empty message) first; obsolete ones are left out."""
    blocks = re.split(r"\n\s*\n", path.read_text("utf-8"))
    return [entry for block in blocks if (entry := _entry(block))]


def _entry(block: str) -> Entry | None:
    parts: dict[str, str] = {}
    flags: set[str] = set()
    keyword = ""
    for line in block.splitlines():
        if line.startswith("#,"):
            flags |= {flag.strip() for flag in line[2:].split(",")}
        elif line and not line.startswith("#"):
            start, quote, rest = line.partition('"')
            keyword = start.strip() or keyword
            parts[keyword] = parts.get(keyword, "") + ast.literal_eval(quote + rest)
    if "msgid" not in parts:
        return None
    message = Message(parts["msgid"], parts.get("msgid_plural", ""), parts.get("msgctxt", ""))
    return Entry(message, [parts[name] for name in sorted(parts) if name.startswith("msgstr")], flags)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def block(message: Message, place: str) -> str:
    lines = [f"#: {place}"]
    if re.search(r"%\(\w+\)s", message.text + message.plural):
        lines.append("#, python-format")
    if message.context:
        lines.append(f"msgctxt {quoted(message.context)}")
    lines.append(f"msgid {quoted(message.text)}")
    if message.plural:
        lines += [f"msgid_plural {quoted(message.plural)}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"


def merge(catalogue: Path) -> None:
    blocks = [block(message, place) for message, place in found().items()]
    with tempfile.NamedTemporaryFile("w", suffix=".pot", encoding="utf-8") as pot:
        pot.write("\n".join([HEADER, *blocks]))
        pot.flush()
        options = ["--quiet", "--update", "--backup=none", "--no-fuzzy-matching", "--no-wrap"]
        subprocess.run(["msgmerge", *options, str(catalogue), pot.name], check=True)
    subprocess.run(["msgattrib", "--no-obsolete", "--no-wrap", "-o", catalogue, catalogue], check=True)
    subprocess.run(
        ["msgfmt", "--check", "--statistics", "-o", catalogue.with_suffix(".mo"), catalogue], check=True
    )


if __name__ == "__main__":
    for one in catalogues():
        print(f"{one.relative_to(ROOT)}:", file=sys.stderr)
        merge(one)
