"""What the templates say in words: genres, certainties, reasons, the state of a job."""

import math
from datetime import timedelta

from django import template
from django.utils.translation import gettext_lazy

from classifier.labels import SUB_GENRES, display_name
from organizer import network
from organizer.models import Job

register = template.Library()

KINDS = {
    Job.Kind.ORGANIZE: "Reading and sorting your library",
    Job.Kind.PLAN: "Making a plan",
    Job.Kind.WRITE: "Writing playlists to Spotify",
    Job.Kind.TRAIN: "Training a model",
    Job.Kind.RECLASSIFY: "Sorting again with another model",
    Job.Kind.MAP: "Drawing the map of your library",
}
PHASES = {
    Job.Kind.ORGANIZE: {
        "sync": "Reading your liked songs",
        "enrich": "Looking up audio features",
        "listen": "Listening to previews",
        "classify": "Sorting songs into genres",
    },
    Job.Kind.PLAN: {"plan": "Looking at your playlists"},
    Job.Kind.WRITE: {"write": "Writing songs to playlists"},
    Job.Kind.RECLASSIFY: {"classify": "Sorting songs into genres"},
    Job.Kind.TRAIN: {"train": "Training"},
    Job.Kind.MAP: {"map": "Comparing how your songs sound"},
}
STATES = {
    Job.State.QUEUED: "About to start",
    Job.State.RUNNING: "Running",
    Job.State.WAITING: "Waiting",
    Job.State.PAUSED: "Needs you to reconnect",
    Job.State.DONE: "Done",
    Job.State.FAILED: "Stopped by an error",
    Job.State.CANCELLED: "Cancelled",
}
WAITS = {
    Job.Wait.PACE: "Keeping pace",
    Job.Wait.RATE: "Asked to wait",
    Job.Wait.QUOTA: "Quota used up",
    Job.Wait.OUTAGE: "No answer",
}
ASKS_SPOTIFY = {"sync", "plan", "write"}  # phases whose cost is calls to Spotify
WORTH_SAYING_S = 10.0
EVIDENCE = {
    "features": "audio features",
    "sound": "the preview’s sounds",
    "artist": "the artist’s other songs",
    "library": "your other songs by this artist",
}

FEATURE_NAMES = {
    "danceability": gettext_lazy("Danceable"),
    "energy": gettext_lazy("Energy"),
    "speechiness": gettext_lazy("Spoken words"),
    "acousticness": gettext_lazy("Acoustic"),
    "instrumentalness": gettext_lazy("Without voice"),
    "liveness": gettext_lazy("Live"),
    "valence": gettext_lazy("Cheerful"),
}

register.filter("genre", display_name)


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
def percent(share: float) -> str:
    return f"{share:.0%}"


@register.filter
def why(reasons: dict[str, dict[str, float]]) -> str:
    """Which evidence said what, in one line."""
    known = sorted(
        reasons.items(), key=lambda pair: list(EVIDENCE).index(pair[0]) if pair[0] in EVIDENCE else 99
    )
    parts = [f"{EVIDENCE.get(name, name)} say {_best(found)}" for name, found in known if found]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else "Nothing was found out about this song: a guess."


def _best(found: dict[str, float]) -> str:
    genre, probability = max(found.items(), key=lambda pair: pair[1])
    return f"{display_name(genre)} ({probability:.0%})"


@register.filter
def kind_words(job: Job) -> str:
    return KINDS.get(Job.Kind(job.kind), job.kind)


@register.filter
def phase_words(job: Job) -> str:
    return PHASES.get(Job.Kind(job.kind), {}).get(job.phase, job.phase)


@register.filter
def state_words(job: Job) -> str:
    if job.is_active and job.is_cancel_asked:
        return "Stopping"
    return STATES[Job.State(job.state)]


@register.filter
def step(job: Job) -> str:
    """Phase n of m, where there is more than one."""
    names = list(PHASES.get(Job.Kind(job.kind), {}))
    return (
        f"Step {names.index(job.phase) + 1} of {len(names)}" if len(names) > 1 and job.phase in names else ""
    )


@register.filter
def wait_words(job: Job) -> str:
    return WAITS[Job.Wait(job.wait_kind)] if job.wait_kind else ""


@register.filter
def cost_words(job: Job) -> str:
    """What the phase costs in calls to Spotify, and how long its pace makes the rest of them take."""
    if not job.cost or not job.is_active or job.phase not in ASKS_SPOTIFY:
        return ""
    left = job.cost * (1 - job.done / job.total) if job.total else job.cost
    seconds = network.gate().forecast("spotify", math.ceil(left))
    calls = f"About {job.cost:,} call{'' if job.cost == 1 else 's'} to Spotify"
    if seconds < WORTH_SAYING_S:
        return f"{calls}."
    return f"{calls}, {roughly(timedelta(seconds=seconds))} at the pace that it allows."


@register.filter
def roughly(left: timedelta | None) -> str:
    """A time left as people say it."""
    if left is None:
        return ""
    seconds = left.total_seconds()
    if seconds < 50:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 90 else f"about {round(minutes / 60)} h left"


@register.filter
def takes(time: timedelta) -> str:
    """How long something will take, as people say it."""
    seconds = time.total_seconds()
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {round(minutes / 60)} h"
