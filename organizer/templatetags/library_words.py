"""What the library's pages say in words: parts, evidence."""

from django import template
from django.utils.translation import gettext_lazy as _

from classifier.labels import SUB_GENRES
from organizer.song_filter import PARTS

register = template.Library()
EVIDENCE = {
    "features": _("Audio features found"),
    "sound": _("Preview listened to"),
    "artist": _("Artist known elsewhere"),
    "library": _("Your other songs by the artist"),
}


@register.filter
def part(name: str) -> str:
    return str(PARTS.get(name, name))


@register.filter
def evidence(name: str) -> str:
    return str(EVIDENCE.get(name, name))


@register.filter
def family(genre: str) -> str:
    """The genre itself, or the one that it is a sub-genre of."""
    return SUB_GENRES.get(genre, genre)
