"""The checks of the set-up doctor. Each says what it found and how to mend it, and never shows a secret."""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from kombu.exceptions import OperationalError as BrokerError

from classifier import registry
from classifier.errors import ModelError
from organizer import network, pulse
from organizer.celery import app
from organizer.checks import LOOPBACK
from organizer.doctor import Check, Finding, State
from organizer.models import ModelVersion, SpotifyAccount
from organizer.providers.errors import GateClosed, LedgerDown, ProviderError

ANSWER_S = 1.1  # Spotify is asked twice within the doctor's limit
WORKERS_S = 0.9
LEAST_SECRET = 32  # characters
LITTLE_DISK, SCARCE_DISK = 2_000_000_000, 300_000_000  # bytes
MOST_PEOPLE = 5  # of a new app (Spotify, 2026-02-11)


def all_checks() -> Sequence[Check]:
    return (
        Check("address", _("Address and redirect URI"), address),
        Check("spotify", _("Spotify app"), spotify_app, is_slow=True),
        Check("people", _("People"), people),
        Check("database", _("Database"), database),
        Check("redis", _("Redis"), broker, is_slow=True),
        Check("workers", _("Workers"), workers, is_slow=True),
        Check("clock", _("Clock"), clock, is_slow=True),
        Check("model", _("Model"), model),
        Check("disk", _("Disk"), disk),
        Check("keys", _("Keys"), keys),
    )


def address() -> Finding:
    title, url = _("Address and redirect URI"), urlsplit(settings.PUBLIC_URL)
    copy = settings.SPOTIFY_REDIRECT_URI
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK):
        says = _("Spotify accepts this address. The app on developer.spotify.com has to name exactly:")
        return Finding(title, State.GOOD, says, to_copy=copy)
    if url.hostname == "localhost":
        fix = _("Set PUBLIC_URL to http://127.0.0.1:%(port)s, and open the site under that address.")
        return Finding(
            title, State.BAD, _("Spotify refuses “localhost”."), fix % {"port": url.port or 8000}, copy
        )
    says = _("Spotify refuses plain http for %(host)s.") % {"host": url.hostname or settings.PUBLIC_URL}
    fix = _(
        "Put a proxy with https in front and set PUBLIC_URL to https://…, or use http://127.0.0.1 at home."
    )
    return Finding(title, State.BAD, says, fix, copy)


def spotify_app() -> Finding:
    title = _("Spotify app")
    if not (settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_CLIENT_SECRET):
        fix = _("Make an app on developer.spotify.com, and put its id and secret into .env.")
        return Finding(title, State.BAD, _("No Spotify app is configured."), fix)
    try:
        token = network.spotify_accounts(ANSWER_S).app_token()
    except ProviderError as error:
        return _refused(title, error)
    try:
        network.spotify(token, ANSWER_S).try_out()
    except ProviderError as error:
        return _refused(title, error)
    if settings.SIMULATOR_URL:
        return Finding(title, State.GOOD, _("The simulated Spotify takes the demo’s id and secret."))
    return Finding(title, State.GOOD, _("Spotify takes the id and secret, and answers the app."))


def _refused(title: str, error: ProviderError) -> Finding:
    if isinstance(error, GateClosed):
        return Finding(title, State.WARNING, str(error), _("It goes on by itself; check again later."))
    if isinstance(error, LedgerDown):
        return Finding(title, State.BAD, str(error), _("See to the database first."))
    text = str(error).lower()
    if "secret" in text:
        fix = _("Copy both anew from the app’s page on developer.spotify.com into .env, and start again.")
    elif "premium" in text:
        fix = _("Subscribe the account that made the app to Premium; Spotify may take some hours to notice.")
    elif error.permanent:
        fix = _("Look at the app’s page on developer.spotify.com: it may be blocked, or lack the Web API.")
    else:
        fix = _("Check this machine’s way to the internet, and Spotify’s status page.")
    return Finding(title, State.BAD, str(error), fix)


def people() -> Finding:
    title, linked = _("People"), SpotifyAccount.objects.count()
    says = ngettext(
        "%(linked)s person is linked. A new Spotify app takes %(most)s, each named on its page under User Management.",
        "%(linked)s people are linked. A new Spotify app takes %(most)s, each named on its page under User Management.",
        linked,
    ) % {"linked": linked, "most": MOST_PEOPLE}
    if linked < MOST_PEOPLE or settings.SIMULATOR_URL:
        return Finding(title, State.GOOD, says)
    fix = _("Before somebody else can connect, one of them has to disconnect and be taken off that list.")
    return Finding(title, State.WARNING, says, fix)


def database() -> Finding:
    title, kind = _("Database"), connection.vendor
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return Finding(title, State.BAD, _("It does not answer."), _("Start it, and look at DATABASE_URL."))
    if missing:
        says = _("It answers, but it is older than this program.")
        return Finding(title, State.BAD, says, _("Run: manage.py prepare"))
    name = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(kind, kind)
    return Finding(title, State.GOOD, _("%(name)s answers and is up to date.") % {"name": name})


def broker() -> Finding:
    title = _("Redis")
    try:
        network.redis_client().ping()
    except redis.RedisError:
        says = _("It does not answer, so jobs cannot be handed to workers.")
        return Finding(title, State.BAD, says, _("Start it, and look at REDIS_URL."))
    return Finding(title, State.GOOD, _("It answers."))


def workers() -> Finding:
    title = _("Workers")
    try:
        network.redis_client().ping()
        answers = app.control.inspect(timeout=WORKERS_S).active_queues() or {}
    except (redis.RedisError, BrokerError):
        return Finding(title, State.BAD, _("They cannot be asked without Redis."), _("See to Redis first."))
    served = {queue["name"] for queues in answers.values() for queue in queues}
    if not served & {"io", "ml"}:
        fix = _("Start them: make run does, and docker compose up -d worker-io worker-ml worker-train.")
        return Finding(title, State.BAD, _("None answers, so nothing is read or written."), fix)
    for queue, task in (("io", _("reads and writes")), ("ml", _("listens and sorts"))):
        if queue not in served:
            says = _("The worker that %(task)s does not answer.") % {"task": task}
            fix = _("Start it: docker compose up -d worker-%(queue)s. Its log says why it ended.")
            return Finding(title, State.BAD, says, fix % {"queue": queue})
    if "train" not in served:
        says = _("Training waits, and so do checks of data sets, because worker-train is not running.")
        return Finding(title, State.WARNING, says, _("Start it: docker compose up -d worker-train."))
    return Finding(
        title, State.GOOD, _("All answer: one reads and writes, one listens and sorts, one trains.")
    )


def clock() -> Finding:
    title = _("Clock")
    try:
        is_beating = pulse.is_beating()
    except redis.RedisError:
        return Finding(title, State.BAD, _("It cannot be seen without Redis."), _("See to Redis first."))
    if is_beating:
        return Finding(title, State.GOOD, _("It wakes waiting jobs and starts those that are due."))
    says = _("Nothing was heard of it lately: waiting jobs do not wake, and scheduled runs do not start.")
    advice = _(
        "Just started? Look again in ten seconds. Otherwise start beat and worker-io; make run starts both."
    )
    return Finding(title, State.BAD, says, advice)


def files_of(in_use: Iterable[ModelVersion]) -> Finding:
    """Whether the files of the versions in use are there, without reading them."""
    title = _("Model")
    for version in in_use:
        if version.path != "shipped" and not (version.directory / registry.META).is_file():
            says = _("The files of “%(name)s”, which is in use, are gone.") % {"name": version.name}
            fix = _("Go back to the version before it, or put another one into use, in the administration.")
            return Finding(title, State.BAD, says, fix)
    return Finding(title, State.GOOD, _("Its files are there."))


def model() -> Finding:
    title = _("Model")
    version = ModelVersion.objects.champion()
    path = registry.shipped_path() if not version or version.path == "shipped" else Path(version.directory)
    ears = ModelVersion.objects.champion(ModelVersion.Kind.SOUND)
    try:
        meta = registry.read(path).meta
        if ears:
            registry.read_description(ears.directory)
            registry.read_arrays(ears.directory / registry.WEIGHTS)
    except ModelError as error:
        fix = _("Go back to the version before it, or put another one into use, in the administration.")
        return Finding(title, State.BAD, str(error), fix)
    says = _("%(name)s can be loaded: %(genres)s genres, data %(fingerprint)s.") % {
        "name": meta["name"],
        "genres": len(meta["labels"]),
        "fingerprint": str(meta.get("data_fingerprint") or "?")[:8],
    }
    return Finding(title, State.GOOD, says)


def disk() -> Finding:
    title, where = _("Disk"), settings.VAR_DIR
    fix = _("Make room, or set VAR_DIR to a larger disk that this program may write to.")
    try:
        free = shutil.disk_usage(where).free
    except OSError:
        return Finding(title, State.BAD, _("The folder of VAR_DIR cannot be read."), fix)
    if not os.access(where, os.W_OK):
        return Finding(title, State.BAD, _("The folder of VAR_DIR cannot be written to."), fix)
    says = _("%(gigabytes)s GB are free.") % {"gigabytes": f"{free / 1e9:.1f}"}
    if free >= LITTLE_DISK:
        return Finding(title, State.GOOD, says)
    return Finding(title, State.BAD if free < SCARCE_DISK else State.WARNING, says, fix)


def keys() -> Finding:
    title = _("Keys")
    if len(settings.SECRET_KEY) < LEAST_SECRET or len(set(settings.SECRET_KEY)) < 10:
        says = _("SECRET_KEY is too short or too plain: sessions could be forged.")
        return Finding(title, State.BAD, says, _("Make one as .env.example says, and start again."))
    if not _are_fernet_keys(settings.TOKEN_KEYS):
        says = _("TOKEN_KEYS holds no key, or one that cannot be used.")
        return Finding(title, State.BAD, says, _("Make one as .env.example says, and start again."))
    sealed = sum(account.is_sealed for account in SpotifyAccount.objects.all()[:50])
    if sealed:
        says = ngettext(
            "The stored link of %(sealed)s person cannot be opened: its key is missing.",
            "The stored links of %(sealed)s people cannot be opened: their key is missing.",
            sealed,
        ) % {"sealed": sealed}
        return Finding(
            title, State.BAD, says, _("Put the former key back into TOKEN_KEYS, after the new one.")
        )
    if settings.DEBUG:
        says = _("They are fine, but DEBUG shows the program’s insides to everybody.")
        return Finding(title, State.WARNING, says, _("Set DEBUG=false."))
    return Finding(title, State.GOOD, _("Sessions are signed and Spotify’s tokens are encrypted."))


def _are_fernet_keys(texts: Sequence[str]) -> bool:
    try:
        return bool([Fernet(text) for text in texts])
    except ValueError:
        return False
