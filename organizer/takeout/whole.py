"""Everybody's data in one file, for the operator: into an empty instance it brings back what was there.

Tokens stay encrypted as they are in the database: with the same TOKEN_KEYS nobody has to reconnect, and without them
the file gives no access. It still holds people's libraries and password hashes: keep it as you keep the database.
"""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from organizer.models import ModelVersion, SpotifyAccount
from organizer.takeout import archiving, reading, sections
from organizer.takeout.checks import (
    TakeoutError,
    flag,
    listing,
    maybe,
    moment,
    number,
    record,
    text,
)
from organizer.takeout.form import OWNER, WHOLE
from organizer.takeout.report import Report
from organizer.takeout.restoring import restore as restore_one

FORMAT, VERSION = "cratewise-backup", 1
CONTENTS = "backup.json"
MOST_BYTES = 2_000_000_000  # of one account's document, unzipped
Row = dict[str, Any]

_USER = {
    "username": text(150, shortest=1),
    "first_name": text(150),
    "last_name": text(150),
    "email": text(254),
    "password": text(128),
    "is_staff": flag,
    "is_superuser": flag,
    "is_active": flag,
    "date_joined": moment,
}
_LINK = {
    "granted_scopes": text(500),
    "needs_link": flag,
    "liked_total": number(0, WHOLE, is_whole=True),
    "unreadable_total": number(0, WHOLE, is_whole=True),
    "token_expires_at": moment,
    "authorized_at": moment,
    "synced_at": maybe(moment),
    "full_walk_at": maybe(moment),
    "next_run_at": maybe(moment),
    "visited_at": maybe(moment),
}
_TOKENS = {"access_token": text(10_000), "refresh_token": text(10_000)}
_MODEL = {
    "name": text(100, shortest=1),
    "path": text(500),
    "is_champion": flag,
}
_HEAD = record(
    accounts=number(0, 100_000, is_whole=True),
    users=listing(record(**_USER), key=lambda row: row["username"]),
    models=listing(record(**_MODEL), key=lambda row: row["name"]),
)
_HOLDER = record(user=text(150, shortest=1), account=OWNER, link=record(**_LINK, **_TOKENS))


def backup(file: IO[bytes]) -> int:
    """Write all of it; how many accounts. One account's rows at a time are in memory, and of those only a few.

    On PostgreSQL all of it is as of one moment; on SQLite a job that works meanwhile may be seen half-way.
    """
    with _one_moment():
        return _backup(file)


@contextmanager
def _one_moment() -> Iterator[None]:
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _backup(file: IO[bytes]) -> int:
    raw = {f"raw_{name}": Cast(name, TextField()) for name in _TOKENS}  # as stored: not decrypted
    accounts = SpotifyAccount.objects.select_related("user").annotate(**raw).order_by("pk")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
        count = 0
        for count, account in enumerate(accounts.defer(*_TOKENS).iterator(100), 1):
            archiving.write_document(into, _name(count), account, _holder(account))
        into.writestr(CONTENTS, json.dumps(_head(count), ensure_ascii=False))
    return count


def _name(number: int) -> str:
    return f"accounts/{number}.json"


def _head(count: int) -> Row:
    users = get_user_model().objects.order_by("pk").values(*_USER)
    models = ModelVersion.objects.order_by("pk").values(*_MODEL, "kind", "labels", "metrics", "context")
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": sections.when(timezone.now()),
        "accounts": count,
        "users": [row | {"date_joined": sections.when(row["date_joined"])} for row in users],
        "models": list(models),
    }


def _holder(account: Any) -> Row:
    times = {name for name in _LINK if name.endswith("_at")}
    link = {name: getattr(account, name) for name in _LINK}
    link |= {name: sections.when(link[name]) for name in times}
    return {
        "user": account.user.username,
        "link": link | {name: getattr(account, f"raw_{name}") for name in _TOKENS},
    }


@transaction.atomic
def restore(file: IO[bytes]) -> list[tuple[SpotifyAccount, Report]]:
    """Bring a backup into an instance without accounts: all of it or nothing. Raises TakeoutError.

    Tokens that no key of TOKEN_KEYS opens come along sealed: of use once the key is back, or replaced by reconnecting.
    """
    if SpotifyAccount.objects.exists():
        raise TakeoutError(
            _("This instance has accounts already. A backup is restored into an empty one only.")
        )
    head = reading.parse(reading.unzipped(file, CONTENTS))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise TakeoutError(
            _("This is not a backup of Cratewise. One user's export is brought back on the settings page.")
        )
    if head.get("version") != VERSION:
        raise TakeoutError(f"This backup is of another version than {VERSION}, which this program reads.")
    checked = _HEAD(head, "")
    _models(checked["models"], head["models"])
    for row in checked["users"]:
        get_user_model().objects.get_or_create(username=row["username"], defaults=row)
    return [_account(file, _name(number)) for number in range(1, checked["accounts"] + 1)]


def _models(rows: list[Row], raw: list[Row]) -> None:
    """Trained versions are files that the backup does not hold: one without its files cannot be in use."""
    for row, whole in zip(rows, raw, strict=True):
        facts = {name: whole.get(name) for name in ("labels", "metrics", "context")}
        kind = whole.get("kind", ModelVersion.Kind.TABLES)  # backups from before there were others name none
        if not isinstance(facts["labels"], list) or not all(
            isinstance(facts[name], dict) for name in ("metrics", "context")
        ):
            raise TakeoutError(f"models: “{row['name']}” has no labels, metrics or context.")
        if kind not in ModelVersion.Kind.values:
            raise TakeoutError(f"models: “{row['name']}” is of a kind that this program does not know.")
        version, _ = ModelVersion.objects.get_or_create(
            name=row["name"], defaults={"path": row["path"], "kind": kind, **facts}
        )
        has_files = version.path == "shipped" or version.directory.is_dir()
        if (
            row["is_champion"]
            and has_files
            and ModelVersion.objects.champion(ModelVersion.Kind(version.kind)) is None
        ):
            ModelVersion.objects.filter(pk=version.pk).update(is_champion=True)


def _account(file: IO[bytes], name: str) -> tuple[SpotifyAccount, Report]:
    document = reading.parse(reading.unzipped(file, name, MOST_BYTES))
    holder = _HOLDER(document, name)
    user = get_user_model().objects.filter(username=holder["user"]).first()
    if user is None:
        raise TakeoutError(f"{name}: there is no user “{holder['user']}” in this backup.")
    link = {key: holder["link"][key] for key in _LINK}
    tokens = {key: holder["link"][key] for key in _TOKENS}
    account = SpotifyAccount.objects.create(user=user, **holder["account"], **link)
    report = restore_one(account, document, is_backup=True)
    stored = {
        key: Value(token, output_field=TextField()) for key, token in tokens.items()
    }  # not encrypted twice
    SpotifyAccount.objects.filter(pk=account.pk).update(**link, **stored)
    account.refresh_from_db()
    return account, report
