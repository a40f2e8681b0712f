"""The catalogue against the code, the pages' own words, and who decides in which language a page or a job speaks."""

import ast
import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.test import Client
from django.urls import reverse
from django.utils import translation

from organizer import jobs, tasks
from organizer.genre_names import genre_name
from organizer.models import Job, SpotifyAccount
from organizer.providers import sentences
from organizer.providers.errors import ProviderError
from tests import messages
from tests.messages import Message
from tests.organizer.browsing import said, signed_in, visitor

CATALOGUES = messages.catalogues()
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}|<[^>]+>")
SENTENCE = re.compile(r"[^\W\d_]{2,}")
# Names, formats, units and the labels that Spotify prescribes stay as they are in every language.
AS_THEY_ARE = re.compile(
    r"\b(Cratewise|Spotify|OPEN SPOTIFY|PLAY ON SPOTIFY|LISTEN ON SPOTIFY|CSV|JSON|ISRC|Hz|kHz|MB|min"
    r"|Enter|Esc|UTC|[\w.]+\.com[\w/]*)\b"
)
READ_OUT = ("aria-label", "alt", "title", "placeholder", "data-label")


def german() -> dict[Message, list[str]]:
    (path,) = CATALOGUES
    return {entry.message: entry.translations for entry in messages.parsed(path)[1:]}


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    compiled.pop("")
    written = {}
    for entry in messages.parsed(path)[1:]:
        key = "\x04".join(filter(None, (entry.message.context, entry.message.text)))
        forms = dict(enumerate(entry.translations)) if entry.message.plural else {None: entry.translations[0]}
        written |= {key if form is None else (key, form): text for form, text in forms.items()}
    assert compiled == written


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_nothing_is_untranslated_or_doubtful(path: Path) -> None:
    entries = messages.parsed(path)
    assert [entry.message.text for entry in entries if not all(entry.translations)] == []
    assert [entry.message.text for entry in entries if "fuzzy" in entry.flags] == []
    assert [e.message.text for e in entries if e.message.plural and len(e.translations) != 2] == []


def test_translations_keep_the_placeholders_and_tags() -> None:
    for message, translations in german().items():
        originals = (message.text, message.plural) if message.plural else (message.text,)
        for original, text in zip(originals, translations, strict=True):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(original)), original


def test_every_translatable_string_is_in_the_catalogue_and_no_other() -> None:
    assert set(messages.found()) == set(german())


def plain_text(source: str) -> list[str]:
    """The words of a template that no tag translates."""
    words: list[str] = []

    class Reader(HTMLParser):
        is_code = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.is_code = tag == "code" or self.is_code
            words.extend(value or "" for name, value in attrs if name in READ_OUT)

        def handle_endtag(self, tag: str) -> None:
            self.is_code = self.is_code and tag != "code"

        def handle_data(self, data: str) -> None:
            if not self.is_code:
                words.append(data)

    parts, is_hidden = [], False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK and re.match("(end)?(blocktrans|comment)", token.contents):
            is_hidden = not token.contents.startswith("end")
        elif token.token_type == TokenType.TEXT and not is_hidden:
            parts.append(token.contents)
    reader = Reader()
    reader.feed("".join(parts))
    return [text.strip() for text in words if SENTENCE.search(AS_THEY_ARE.sub("", text))]


@pytest.mark.parametrize("path", messages.templates(), ids=lambda path: path.name)
def test_no_template_has_words_of_its_own(path: Path) -> None:
    assert plain_text(path.read_text("utf-8")) == []


def test_the_check_for_words_sees_text_and_attributes() -> None:
    source = (
        '<p aria-label="Not this">Nor {% if x %}that{% endif %} {% translate "but this" %} on Spotify</p>'
    )
    assert plain_text(source) == ["Not this", "Nor that  on Spotify"]


SAYING = {
    "success",
    "error",
    "warning",
    "PlanError",
    "LinkError",
    "TakeoutError",
    "ValidationError",
    "Http404",
}
SAYING |= {
    "ProviderError",
    "AuthRevoked",
    "NotFound",
    "NotOurs",
    "GateClosed",
    "TokenExpired",
    "AmbiguousWrite",
}
FOR_THE_OPERATOR = {"whole.py"}


def bare_sentences(source: str) -> list[str]:
    """What is said to users as it stands in the code, past the catalogue."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    said = [call for call in calls if messages.called(call.func) in SAYING and not is_log(call.func)]
    texts = ["".join(constants(text)) for call in said for text in call.args]
    return [text for text in texts if re.search(r"\w \w", text)]


def constants(node: ast.expr) -> list[str]:
    """Of a text or an f-string; nothing of anything else."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def is_log(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "log"


def test_views_and_services_say_nothing_past_the_catalogue() -> None:
    files = [
        path for path in messages.sources() if path.suffix == ".py" and path.name not in FOR_THE_OPERATOR
    ]
    files = [path for path in files if not {"admin", "management"} & set(path.parts)]
    found = {path.name: bare_sentences(path.read_text("utf-8")) for path in files}
    assert {name: said for name, said in found.items() if said} == {}


# --- who decides ----------------------------------------------------------------------------------


def test_a_visitor_is_read_in_the_browsers_language(db: None) -> None:
    page = visitor().get(reverse("landing"), headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de"' in page.content.decode()
    assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", page["Vary"]))
    other = visitor().get(reverse("landing"), headers={"accept-language": "fr"})
    assert '<html lang="en"' in other.content.decode()


def test_the_switch_at_the_foot_outranks_the_browser(db: None) -> None:
    client = visitor()
    response = client.post(reverse("language"), {"language": "de", "next": reverse("terms")})
    assert response["Location"] == reverse("terms")
    assert '<html lang="de"' in client.get(reverse("terms")).content.decode()
    assert client.get(reverse("language")).status_code == 405


def test_the_switch_leads_nowhere_else_and_takes_known_languages_only(db: None) -> None:
    client = visitor()
    response = client.post(reverse("language"), {"language": "xx", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"
    assert '<html lang="en"' in client.get(reverse("terms")).content.decode()


def test_the_accounts_choice_outranks_cookie_and_browser(account: SpotifyAccount) -> None:
    client = signed_in(account)
    client.cookies["language"] = "en"
    SpotifyAccount.objects.update(language="de")
    page = client.get(reverse("settings"))
    assert '<html lang="de"' in page.content.decode()
    assert page["Content-Language"] == "de"


def test_the_switch_is_remembered_for_who_is_signed_in(account: SpotifyAccount) -> None:
    signed_in(account).post(reverse("language"), {"language": "de"})
    account.refresh_from_db()
    assert account.language == "de"


def test_choosing_german_is_confirmed_in_german(account: SpotifyAccount) -> None:
    form = {"schedule": "off", "may": "plan", "removals": "ask", "language": "de"}
    assert "gespeichert" in said(signed_in(account).post(reverse("settings"), form))


# --- what is stored is in its reader's language -----------------------------------------------------


def test_a_job_speaks_the_language_of_the_browser_that_was_seen(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(account).post(reverse("language"), headers={"accept-language": "de"})
    account.refresh_from_db()
    assert (account.language, account.browser_language) == ("", "de")

    def fails(job: Job) -> bool:
        raise ProviderError(translation.gettext("The answer was larger than allowed."), permanent=True)

    monkeypatch.setitem(tasks.PHASES, "sync", tasks.Phase(fails, tasks.IO))
    job, _ = jobs.start(account, Job.Kind.ORGANIZE)
    with translation.override("en"):
        ended = tasks.work(job.pk)
        assert translation.get_language() == "en"
    assert ended is not None and ended.error == "Die Antwort war größer als erlaubt."


def test_a_closed_gates_reason_is_kept_in_english_and_told_in_german() -> None:
    with translation.override("de"):
        stored = sentences.kept(sentences.ASKED, "deezer")
        assert stored == "Deezer asked us to wait (rate limit)."
        assert sentences.told(stored, "deezer").startswith("Deezer hat")
        assert sentences.told("Somebody else's words.", "deezer") == "Somebody else's words."


def test_genres_are_named_as_their_readers_do() -> None:
    with translation.override("de"):
        assert genre_name("classical") == "Klassik"
        assert genre_name("rock") == "Rock"
    assert genre_name("classical") == "Classical"


def test_numbers_in_drawings_are_not_written_as_in_a_text(account: SpotifyAccount) -> None:
    """A comma in an attribute of an SVG would break it."""
    client = Client(headers={"accept-language": "de"})
    client.force_login(account.user)
    for name in ("library", "genres", "review", "identify", "jobs", "history", "settings"):
        page = client.get(reverse(name)).content.decode()
        assert not re.search(r'\b(?:width|height|x|y|x1|x2|y1|y2|cx|cy|r|d)="[^"]*\d,\d+%?"', page), name
