"""What the children get to see: .env, secrets made once, and the addresses of this run."""

import base64
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Secrets:
    secret_key: str
    token_keys: str
    admin_password: str


def configured() -> dict[str, str]:
    """The environment over .env, as settings read them; an empty value counts as none."""
    merged = {**dotenv_values(ROOT / ".env"), **os.environ}
    return {name: value for name, value in merged.items() if value}


def without_own_instance(configured: Mapping[str, str]) -> dict[str, str]:
    """What is left for a demo that runs beside an instance of one's own: nothing that leads to its data or account."""
    return {name: value for name, value in configured.items() if name not in _OWN}


_OWN = {
    "SPOTIFY_CLIENT_ID",
    "SPOTIFY_CLIENT_SECRET",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
}
DEMO_APP = {"SPOTIFY_CLIENT_ID": "cratewise-demo", "SPOTIFY_CLIENT_SECRET": "demo-secret"}


def load_secrets(path: Path) -> Secrets:
    """Read the secrets of this installation, making those that are missing. Tokens are lost with the file."""
    known = {name: value for name, value in dotenv_values(path).items() if value}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),  # a Fernet key
        "ADMIN_PASSWORD": secrets.token_urlsafe(9),
    }
    if made.keys() - known.keys():
        known = {**made, **known}
        write_private(path, known)
    return Secrets(known["SECRET_KEY"], known["TOKEN_KEYS"], known["ADMIN_PASSWORD"])


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """An env file that only its owner can read, there as a whole or not at all."""
    text = "".join(f"{name}='{value}'\n" for name, value in values.items())
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def remembered_port(path: Path) -> int:
    """The port of the last run, so that links stay valid; another one when it is taken."""
    text = path.read_text().strip() if path.exists() else ""
    if text.isdigit() and is_free(int(text)):
        return int(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    path.write_text(f"{port}\n")
    return port
