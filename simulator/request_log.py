"""Remembers every request, and writes each to a file as one JSON line, without secrets."""

import json
import re
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl

SECRETS = ("refresh_token", "client_secret", "code", "code_verifier", "access_token")
REMEMBERED = 20_000
_IDENTIFIER = re.compile(r"(?<=/)(?:[0-9A-Za-z_-]{22}|isrc:[^/]+|\d+|\d+\.[\w.]+)(?=/|$)")


def template(path: str) -> str:
    """The path with its identifiers replaced, for counting."""
    return _IDENTIFIER.sub("{id}", path)


def readable_body(content_type: str, body: bytes) -> Any:
    """A JSON or form body with its secrets starred out; other bodies by size and type."""
    if not body:
        return None
    if content_type.startswith("application/x-www-form-urlencoded"):
        return _starred(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    try:
        return _starred(json.loads(body))
    except ValueError:
        return f"<{len(body)} bytes of {content_type or 'unknown type'}>"


def _starred(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "***" if name in SECRETS else _starred(part) for name, part in value.items()}
    return [_starred(part) for part in value] if isinstance(value, list) else value


class RequestLog:
    def __init__(self, path: Path | None) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.counts: Counter[str] = Counter()
        self._file: TextIO | None = path.open("a", encoding="utf-8", buffering=1) if path else None

    def forget(self) -> None:
        """Starts the counts anew; what is in the file stays."""
        self.entries.clear()
        self.counts.clear()

    def add(self, *, service: str, method: str, path: str, query: str, body: Any, status: int | None) -> None:
        """One request; a status of None means that it was never answered."""
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": service,
            "method": method,
            "path": path,
            "query": query,
            "body": body,
            "status": status,
        }
        self.entries.append(entry)
        self.counts[f"{service} {method} {template(path)}"] += 1
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()

    def recent(self, count: int, service: str | None = None) -> list[dict[str, Any]]:
        """The newest requests, oldest of them first."""
        wanted = [entry for entry in self.entries if service in (None, entry["service"])]
        return wanted[max(0, len(wanted) - count) :]
