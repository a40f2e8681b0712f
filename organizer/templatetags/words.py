"""What the templates say in words: genres, certainties, reasons, the state of a job."""

import math
from datetime import timedelta

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classifier.labels import SUB_GENRES
from organizer import network
from organizer.genre_names import genre_name
from organizer.models import Job
from organizer.providers.paces import NAMES

register = template.Library()

KINDS = {
    Job.Kind.ORGANIZE: gettext_lazy("Reading and sorting your library"),
    Job.Kind.PLAN: gettext_lazy("Making a plan"),
    Job.Kind.WRITE: gettext_lazy("Writing playlists to Spotify"),
    Job.Kind.TRAIN: gettext_lazy("Training a model"),
    Job.Kind.RECLASSIFY: gettext_lazy("Sorting again with another model"),
    Job.Kind.MAP: gettext_lazy("Drawing the map of your library"),
}
PHASES = {
    Job.Kind.ORGANIZE: {
        "sync": gettext_lazy("Reading your liked songs"),
        "enrich": gettext_lazy("Looking up audio features"),
        "listen": gettext_lazy("Listening to previews"),
        "classify": gettext_lazy("Sorting songs into genres"),
    },
    Job.Kind.PLAN: {"plan": gettext_lazy("Looking at your playlists")},
    Job.Kind.WRITE: {"write": gettext_lazy("Writing songs to playlists")},
    Job.Kind.RECLASSIFY: {"classify": gettext_lazy("Sorting again with another model")},
    Job.Kind.TRAIN: {
        "train": gettext_lazy("Training"),
        "judge": gettext_lazy("Comparing with the model in use"),
        "weigh": gettext_lazy("Trying it on the libraries"),
    },
    Job.Kind.CHECK: {"check": gettext_lazy("Checking data sets")},
    Job.Kind.COMPARE: {"compare": gettext_lazy("Comparing model versions")},
    Job.Kind.IMPACT: {"impact": gettext_lazy("Trying a version on the libraries")},
    Job.Kind.MAP: {"map": gettext_lazy("Comparing how your songs sound")},
}
STATES = {
    Job.State.QUEUED: gettext_lazy("About to start"),
    Job.State.RUNNING: gettext_lazy("Running"),
    Job.State.WAITING: gettext_lazy("Waiting"),
    Job.State.PAUSED: gettext_lazy("Needs you to reconnect"),
    Job.State.DONE: gettext_lazy("Done"),
    Job.State.FAILED: gettext_lazy("Stopped by an error"),
    Job.State.CANCELLED: gettext_lazy("Cancelled"),
}
WAITS = {
    Job.Wait.PACE: gettext_lazy("Keeping pace"),
    Job.Wait.RATE: gettext_lazy("Asked to wait"),
    Job.Wait.QUOTA: gettext_lazy("Quota used up"),
    Job.Wait.OUTAGE: gettext_lazy("No answer"),
}
ASKS_SPOTIFY = {"sync", "plan", "write"}  # phases whose cost is calls to Spotify
WORTH_SAYING_S = 10.0
# With what they said of the song: `%(genre)s` and `%(percent)s`.
EVIDENCE = {
    "features": gettext_lazy("audio features say %(genre)s (%(percent)s)"),
    "sound": gettext_lazy("the preview’s sounds say %(genre)s (%(percent)s)"),
    "artist": gettext_lazy("the artist’s other songs say %(genre)s (%(percent)s)"),
    "library": gettext_lazy("your other songs by this artist say %(genre)s (%(percent)s)"),
}
OTHER_EVIDENCE = gettext_lazy("%(evidence)s say %(genre)s (%(percent)s)")

FEATURE_NAMES = {
    "danceability": gettext_lazy("Danceable"),
    "energy": gettext_lazy("Energy"),
    "speechiness": gettext_lazy("Spoken words"),
    "acousticness": gettext_lazy("Acoustic"),
    "instrumentalness": gettext_lazy("Without voice"),
    "liveness": gettext_lazy("Live"),
    "valence": gettext_lazy("Cheerful"),
}

register.filter("genre", genre_name)


@register.filter
def family(slug: str) -> str:
    """The family that a genre is in, which has a colour of its own."""
    return SUB_GENRES.get(slug, slug)


@register.filter
def feature(name: str) -> str:
    return str(FEATURE_NAMES.get(name, name))


@register.filter
def length_words(duration_ms: int) -> str:
    """Minutes and seconds, as players show them."""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    return f"{minutes}:{seconds:02d}"


@register.filter
def song_count(songs: int) -> str:
    shown = number_format(songs, force_grouping=True)
    return ngettext("%(shown)s song", "%(shown)s songs", songs) % {"shown": shown}


@register.filter
def service(name: str) -> str:
    """Deezer, where the tables say deezer; numbers can be heard in the preview, too."""
    return _("its preview") if name == "sound" else NAMES.get(name, name)


@register.filter
def percent(share: float) -> str:
    return f"{share:.0%}"


@register.filter
def why(reasons: dict[str, dict[str, float]]) -> str:
    """Which evidence said what, in one line."""
    known = sorted(
        reasons.items(), key=lambda pair: list(EVIDENCE).index(pair[0]) if pair[0] in EVIDENCE else 99
    )
    text = ", ".join(_said(name, found) for name, found in known if found)
    return text[:1].upper() + text[1:] + "." if text else _("Nothing was found out about this song: a guess.")


def _said(evidence: str, found: dict[str, float]) -> str:
    genre, probability = max(found.items(), key=lambda pair: pair[1])
    values = {"evidence": evidence, "genre": genre_name(genre), "percent": percent(probability)}
    return str(EVIDENCE.get(evidence, OTHER_EVIDENCE)) % values


@register.filter
def kind_words(job: Job) -> str:
    return str(KINDS.get(Job.Kind(job.kind), job.kind))


@register.filter
def phase_words(job: Job) -> str:
    return str(PHASES.get(Job.Kind(job.kind), {}).get(job.phase, job.phase))


@register.filter
def state_words(job: Job) -> str:
    if job.is_active and job.is_cancel_asked:
        return _("Stopping")
    if job.is_replaced:
        return _("Replaced by a newer one")
    return str(STATES[Job.State(job.state)])


@register.filter
def step(job: Job) -> str:
    """Phase n of m, where there is more than one."""
    names = list(PHASES.get(Job.Kind(job.kind), {}))
    if len(names) < 2 or job.phase not in names:
        return ""
    return _("Step %(step)s of %(steps)s") % {"step": names.index(job.phase) + 1, "steps": len(names)}


@register.filter
def wait_words(job: Job) -> str:
    return str(WAITS[Job.Wait(job.wait_kind)]) if job.wait_kind else ""


@register.filter
def cost_words(job: Job) -> str:
    """What the phase costs in calls to Spotify, and how long its pace makes the rest of them take."""
    if not job.cost or not job.is_active or job.phase not in ASKS_SPOTIFY:
        return ""
    left = job.cost * (1 - job.done / job.total) if job.total else job.cost
    seconds = network.gate().forecast("spotify", math.ceil(left))
    values = {"calls": number_format(job.cost, force_grouping=True)}
    if seconds < WORTH_SAYING_S:
        words = ngettext("About %(calls)s call to Spotify.", "About %(calls)s calls to Spotify.", job.cost)
        return words % values
    words = ngettext(
        "About %(calls)s call to Spotify, %(time)s at the pace that it allows.",
        "About %(calls)s calls to Spotify, %(time)s at the pace that it allows.",
        job.cost,
    )
    return words % (values | {"time": roughly(timedelta(seconds=seconds))})


@register.filter
def roughly(left: timedelta | None) -> str:
    """A time left as people say it."""
    if left is None:
        return ""
    seconds = left.total_seconds()
    if seconds < 50:
        return _("less than a minute left")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("about %(minutes)s min left") % {"minutes": minutes}
    return _("about %(hours)s h left") % {"hours": round(minutes / 60)}


@register.filter
def takes(time: timedelta) -> str:
    """How long something will take, as people say it."""
    seconds = time.total_seconds()
    if seconds < 10:
        return _("a few seconds")
    if seconds < 90:
        return _("about %(seconds)s s") % {"seconds": round(seconds / 10) * 10}
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("about %(minutes)s min") % {"minutes": minutes}
    return _("about %(hours)s h") % {"hours": round(minutes / 60)}
