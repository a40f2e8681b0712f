"""All settings, read from the environment (or .env), failing loudly on nonsense."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

from organizer.providers.paces import read_paces

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")
load_dotenv(VAR_DIR / "run" / "run.env")  # what `make run` made up, while it runs


def env(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment or in .env (see .env.example).")
    return value


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return value in {"1", "true", "yes", "on"} if value else default
    raise ImproperlyConfigured(f"{name} must be true or false, not “{value}”.")


def env_number(name: str, default: float) -> float:
    try:
        return float(os.environ.get(name) or default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number.") from error


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in (os.environ.get(name) or default).split(",") if item.strip()]


# --- what this instance is ----------------------------------------------------------------------
DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")  # former ones: sessions signed with them stay valid
TOKEN_KEYS = env_list("TOKEN_KEYS")  # Fernet keys; the first encrypts, all decrypt
PUBLIC_URL = env("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or [urlsplit(PUBLIC_URL).hostname or ""]
ALLOWED_HOSTS.append("127.0.0.1")  # health checks ask there
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
OPERATOR_CONTACT = os.environ.get("OPERATOR_CONTACT", "").strip()  # whom to write to, on the privacy page

# --- Spotify and its neighbours (the simulator stands in for all of them in the demo) -----------
SIMULATOR_URL = os.environ.get("SIMULATOR_URL", "").rstrip("/")


def service_urls(simulator_url: str) -> dict[str, str]:
    """Where each service lives: at its vendor, or below the simulator's one address."""
    if not simulator_url:
        return {
            "SPOTIFY_ACCOUNTS_URL": "https://accounts.spotify.com",
            "SPOTIFY_API_URL": "https://api.spotify.com/v1",
            "DEEZER_URL": "https://api.deezer.com",
            "ITUNES_URL": "https://itunes.apple.com",
            "RECCOBEATS_URL": "https://api.reccobeats.com/v1",
        }
    return {
        "SPOTIFY_ACCOUNTS_URL": f"{simulator_url}/accounts",
        "SPOTIFY_API_URL": f"{simulator_url}/spotify/v1",
        "DEEZER_URL": f"{simulator_url}/deezer",
        "ITUNES_URL": f"{simulator_url}/itunes",
        "RECCOBEATS_URL": f"{simulator_url}/reccobeats/v1",
    }


_urls = service_urls(SIMULATOR_URL)
SPOTIFY_ACCOUNTS_URL = env("SPOTIFY_ACCOUNTS_URL", _urls["SPOTIFY_ACCOUNTS_URL"])
SPOTIFY_API_URL = env("SPOTIFY_API_URL", _urls["SPOTIFY_API_URL"])
DEEZER_URL = env("DEEZER_URL", _urls["DEEZER_URL"])
ITUNES_URL = env("ITUNES_URL", _urls["ITUNES_URL"])
RECCOBEATS_URL = env("RECCOBEATS_URL", _urls["RECCOBEATS_URL"])
LISTENING = env("LISTENING", "accurate")  # fast: a third of the time, by our own small network alone
if LISTENING not in ("accurate", "fast"):
    raise ImproperlyConfigured("LISTENING must be accurate or fast.")
# How songs are played beside their titles: previews of other services, Spotify's own embedded player, or not at all.
PLAYBACK = env("PLAYBACK", "previews" if SIMULATOR_URL else "embed")
if PLAYBACK not in ("previews", "embed", "off"):
    raise ImproperlyConfigured("PLAYBACK must be previews, embed or off.")
SPOTIFY_EMBED_URL = "https://open.spotify.com/embed/track"
SPOTIFY_CLIENT_ID = env("SPOTIFY_CLIENT_ID", "cratewise-demo" if SIMULATOR_URL else "")
SPOTIFY_CLIENT_SECRET = env("SPOTIFY_CLIENT_SECRET", "demo-secret" if SIMULATOR_URL else "")
SPOTIFY_SCOPES = "user-library-read playlist-read-private playlist-modify-private"
SPOTIFY_REDIRECT_URI = f"{PUBLIC_URL}/spotify/callback"
FEATURE_PROVIDERS = env_list("FEATURE_PROVIDERS", "reccobeats")
PREVIEW_PROVIDERS = env_list("PREVIEW_PROVIDERS", "deezer,itunes")
# Hosts that downloads may reach: the services above and the hosts their preview links point to.
PREVIEW_HOSTS = env_list("PREVIEW_HOSTS") or (
    [urlsplit(SIMULATOR_URL).netloc]
    if SIMULATOR_URL
    else [".dzcdn.net", ".itunes.apple.com", ".mzstatic.com"]
)
# Where a pace differs from organizer.providers.paces.PACES. The simulator is nobody's shared service.
_SIMULATED_PACES = "deezer=2000/5 itunes=2000/5 previews=2000/5 spotify=900/30"
try:
    GATE_PACES = {
        **read_paces(_SIMULATED_PACES if SIMULATOR_URL else ""),
        **read_paces(os.environ.get("PACES", "")),
    }
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
HTTP_TIMEOUT_S = env_number("HTTP_TIMEOUT_S", 10)

# --- jobs ---------------------------------------------------------------------------------------
# A worker holds a job by a lease that every step renews; a killed worker's job is free again after this.
JOB_LEASE_S = env_number("JOB_LEASE_S", 30)
JOB_SWEEP_S = env_number("JOB_SWEEP_S", 10)
REDIS_URL = env("REDIS_URL")
# kombu and redis-py spell a unix socket differently.
CELERY_BROKER_URL = re.sub(r"^unix:", "redis+socket:", REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 3600  # every step ends itself within minutes; for training see tasks.TRAIN_AT_MOST_S
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # workers wait for the broker however long it is away
# A message that is worked on for longer than that comes again: it finds the job taken, and does nothing.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7200, "socket_connect_timeout": 3.0}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0
CELERY_BEAT_SCHEDULE = {
    "wake-jobs": {"task": "organizer.tasks.wake_jobs", "schedule": JOB_SWEEP_S},
    "sweep": {"task": "organizer.tasks.sweep", "schedule": 24 * 3600},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# --- Django -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "organizer.apps.OrganizerConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "organizer.views.compression.CompressText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # the browser's language, or the one in the cookie
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "organizer.views.locale.Reader",  # needs to know who reads: their own choice outranks the browser's
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "organizer.views.permissions.NoDevices",
    "organizer.views.wrong_method.FriendlyRefusal",
    "organizer.views.outage.DatabaseAway",
]
ROOT_URLCONF = "organizer.urls"
WSGI_APPLICATION = "organizer.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "organizer.views.context.site",
            ]
        },
    }
]
DATABASES = {
    "default": dj_database_url.parse(
        env("DATABASE_URL", f"sqlite:///{VAR_DIR / 'cratewise.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,  # a connection from before the database's restart is replaced, not used
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages be read while a worker writes; IMMEDIATE waits for the lock instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if hasher := os.environ.get("PASSWORD_HASHER"):  # tests use a fast one
    PASSWORD_HASHERS = [hasher]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "landing"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own language: so it is looked for
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
FORMAT_MODULE_PATH = "organizer.formats"
TIME_ZONE = env("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env("STATIC_STORAGE", "whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
MEDIA_ROOT = VAR_DIR / "media"
# The three addresses that take files name their own.
FILE_UPLOAD_HANDLERS = ["organizer.views.uploads.OnlySmall"]
# Tables that a trainer may name instead of uploading; nothing outside these folders is read.
DATASET_DIRS = [Path(path).resolve() for path in env_list("DATASET_DIRS", str(VAR_DIR / "datasets"))]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a table may have that many labels to map
DATASET_MAX_BYTES = int(env_number("DATASET_MAX_BYTES", 200_000_000))
DATASET_UNPACKED_MAX_BYTES = int(env_number("DATASET_UNPACKED_MAX_BYTES", 4_000_000_000))

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would drop the session on the way back from Spotify
_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", SIMULATOR_URL or "https://i.scdn.co"],  # covers are never copied
        "connect-src": [SELF],
        "font-src": [SELF],
        "media-src": [SELF],
        "frame-src": ["https://open.spotify.com"] if PLAYBACK == "embed" else [NONE],
        # Browsers hold redirects after a form to this too: to Spotify, and from another host name to ours.
        "form-action": [SELF, PUBLIC_URL, SIMULATOR_URL or "https://accounts.spotify.com"],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    # urllib3 prints full URLs at DEBUG, and those of previews are signed.
    "loggers": {"urllib3": {"level": "INFO"}, "django.server": {"level": "WARNING"}},
}
