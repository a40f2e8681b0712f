"""The one door to the network: a session with timeouts, size limits, an allow-list of hosts, and the gate."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _

from organizer.providers import sentences
from organizer.providers.errors import AmbiguousWrite, GateClosed, ProviderError
from organizer.providers.gate import Gate
from organizer.providers.paces import NAMES
from organizer.providers.standing import QUOTA, RATE

USER_AGENT = "Cratewise/0.1 (self-hosted playlist organizer)"
MAX_JSON_BYTES = 5_000_000
DEFAULT_RATE_PAUSE_S = 30.0  # a 429 without Retry-After: Spotify's window is 30 s
QUOTA_PAUSE_S = 3600.0  # QUOTA_EXCEEDED names no reset; probe once an hour
MAX_PAUSE_S = 24 * 3600.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def _parsed(self) -> tuple[bool, Any]:
        if not self.text.strip():
            return True, None
        try:
            return True, json.loads(self.text)
        except ValueError:
            return False, None

    @property
    def is_readable(self) -> bool:
        """False for a success that says nothing we understand; a refusal may be plain text."""
        return self.status >= 300 or self._parsed[0]

    def json(self) -> Any:
        """The parsed body, None if empty; ProviderError if it is not JSON."""
        is_json, body = self._parsed
        if not is_json:
            raise ProviderError(_("The service gave an answer that could not be read."))
        return body

    def error_field(self, name: str) -> str:
        """`error.NAME` of an error body; empty where the body is plain text or shaped otherwise."""
        try:
            error = (json.loads(self.text) or {}).get("error")
        except (ValueError, AttributeError):
            return ""
        return str(error.get(name, "")) if isinstance(error, dict) else ""


@dataclass
class Http:
    gate: Gate
    timeout_s: float = 10.0
    allowed_hosts: tuple[str, ...] = ()  # exact host[:port], or ".suffix"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["User-Agent"] = USER_AGENT
        self.session.trust_env = False  # no credentials from .netrc, no surprise proxies

    def call(self, service: str, method: str, url: str, **options: Any) -> Answer:
        """One request through the gate. Raises GateClosed, AmbiguousWrite or ProviderError; a 429 closes the gate."""
        self._check_host(url)
        is_shaky = self.gate.enter(service)
        try:
            answer = self._exchange(service, method, url, options)
        except ProviderError as failure:
            if not failure.permanent:
                self.gate.failed(service)
            raise
        if answer.status == 429:
            raise self._close_gate(service, answer)
        if not answer.is_readable:
            self.gate.failed(service)
        elif is_shaky:
            self.gate.succeeded(service)
        return answer

    def _exchange(self, service: str, method: str, url: str, options: dict[str, Any]) -> Answer:
        response = self._send(service, method, url, options)
        text = self._read(response).decode("utf-8", "replace")
        if response.status_code >= 500:
            sentence = _("%(service)s answered with an error (%(status)s).")
            raise _outage(service, method, sentence, status=response.status_code)
        return Answer(response.status_code, response.headers, text)

    def download(self, url: str, *, max_bytes: int, max_seconds: float) -> bytes:
        """Bytes of a preview; ProviderError when the host is not allowed, or it is gone, too large or too slow."""
        self._check_host(url)
        self.gate.enter("previews")
        response = self._send("previews", "GET", url, {})
        if response.status_code != 200:
            response.close()
            is_gone = response.status_code < 500  # else the host is ill, and the preview may well be there
            raise ProviderError(
                _("The preview could not be fetched (%(status)s).") % {"status": response.status_code},
                permanent=is_gone,
            )
        return self._read(response, max_bytes=max_bytes, max_seconds=max_seconds)

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in {"http", "https"} or not any(
            _matches(host, rule) for rule in self.allowed_hosts
        ):
            sentence = _("Refused to contact %(host)s: not on the list.")
            raise ProviderError(sentence % {"host": host or _("an unknown host")}, permanent=True)

    def _send(self, service: str, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        try:
            return self.session.request(
                method, url, timeout=self.timeout_s, stream=True, allow_redirects=False, **options
            )
        except requests.ConnectTimeout as error:  # nothing was sent, so nothing can have happened
            raise ProviderError(
                _("%(service)s could not be reached.") % {"service": _name(service)}
            ) from error
        except requests.RequestException as error:
            raise _outage(service, method, _("%(service)s did not answer.")) from error

    def _read(
        self, response: requests.Response, *, max_bytes: int = MAX_JSON_BYTES, max_seconds: float = 30.0
    ) -> bytes:
        deadline, body = time.monotonic() + max_seconds, bytearray()
        method = response.request.method or "GET"
        try:
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > max_bytes:
                    raise ProviderError(_("The answer was larger than allowed."), permanent=True)
                if time.monotonic() > deadline:
                    raise _outage("", method, _("%(service)s took too long to answer."))
        except requests.RequestException as error:
            raise _outage("", method, _("%(service)s broke off its answer.")) from error
        finally:
            response.close()
        return bytes(body)

    def _close_gate(self, service: str, answer: Answer) -> GateClosed:
        if answer.error_field("reason") == "QUOTA_EXCEEDED":
            seconds, kind = QUOTA_PAUSE_S, QUOTA
            reason = sentences.kept(sentences.USED_UP, service)
        else:
            seconds, kind = _retry_after_s(answer.headers.get("Retry-After")), RATE
            reason = sentences.kept(sentences.ASKED, service)
        self.gate.block(service, seconds, reason, kind)
        return GateClosed(sentences.told(reason, service), retry_after_s=seconds, kind=kind)


def _matches(host: str, rule: str) -> bool:
    return host.endswith(rule) if rule.startswith(".") else host == rule


def _retry_after_s(header: str | None) -> float:
    try:
        return min(MAX_PAUSE_S, max(1.0, float(header or "")))
    except ValueError:
        return DEFAULT_RATE_PAUSE_S


def _name(service: str) -> str:
    return NAMES.get(service) or _("The service")


def _outage(service: str, method: str, sentence: str, **values: object) -> ProviderError:
    sentence %= {"service": _name(service), **values}
    if method in {"POST", "PUT", "DELETE"}:
        return AmbiguousWrite(sentence)
    return ProviderError(sentence)
