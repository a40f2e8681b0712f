"""How every list shows a song, and the button that plays it.

Written out here, as one page shows up to two hundred of them: a template of the same takes many times as long.
"""

from functools import lru_cache

from django import template
from django.conf import settings
from django.urls import get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from organizer.models import Track

register = template.Library()

ON_SPOTIFY = "spotify:track:"
SMALL, LARGE = 48, 160  # pixels of a cover
ICON = (
    '<svg aria-hidden="true" focusable="false" width="16" height="16" viewBox="0 0 16 16">'
    '<path class="icon-play" d="M4 2l10 6-10 6z"/><path class="icon-stop" d="M3 3h10v10H3z"/></svg>'
)


@register.simple_tag
def song(track: Track | None, *, uri: str = "", size: str = "", level: int = 0) -> SafeString:
    """`size`: large for a big cover; `level`: where the title is a heading; `uri`: of a song that is unknown here."""
    if track is None:
        return _unknown(uri)
    is_large = size == "large"
    name, artists, out = escape(track.name), escape(track.artist_line), escape(track.spotify_url)
    heading = f' role="heading" aria-level="{level:d}"' if level else ""
    link = (
        f'<a class="out" href="{out}" rel="noopener">OPEN SPOTIFY<span class="sr-only">: {name}</span></a>\n'
    )
    return SafeString(
        f'<span class="track{" track-large" if is_large else ""}">\n'
        f'<span class="cover" aria-hidden="true">{_cover(track, LARGE if is_large else SMALL)}</span>\n'
        f'<span class="track-text"><span class="track-title"{heading}>'
        f'<a href="{_address("song", track)}" title="{name}">{name}</a></span>\n'
        f'<span class="track-artists" title="{artists}">{artists}</span></span>\n{link if out else ""}</span>'
    )


@register.simple_tag
def player(track: Track) -> SafeString:
    """A button that plays a song as PLAYBACK says, and that without scripts leads to where it plays."""
    if not track.spotify_id or settings.PLAYBACK not in ("previews", "embed"):
        return SafeString("")
    more, words = _preview(track) if settings.PLAYBACK == "previews" else _embed(track)
    return SafeString(f'<a class="button play" {more}>{ICON}<span class="sr-only">{words}</span></a>')


def _unknown(uri: str) -> SafeString:
    words, known = escape(_("A song that Cratewise does not know")), uri.startswith(ON_SPOTIFY)
    page = f"https://open.spotify.com/track/{escape(uri.removeprefix(ON_SPOTIFY))}"
    link = f': <a href="{page}" rel="noopener">OPEN SPOTIFY</a>' if known else ""
    return SafeString(f'<span class="muted">{words}{link}</span>')


def _cover(track: Track, pixels: int) -> str:
    if not track.album_image_url:
        return ""
    size = f'width="{pixels}" height="{pixels}"'
    how = 'loading="lazy" decoding="async" referrerpolicy="no-referrer"'
    return f'<img src="{escape(track.album_image_url)}" alt="" {size} {how}>'


def _preview(track: Track) -> tuple[str, str]:
    """Attributes and words of a button for a preview."""
    stop, missing = escape(_("Stop")), escape(_("There is no preview of this song."))
    words = escape(_("Play a preview of %(song)s") % {"song": track.name})
    address = _address("preview", track)
    return (
        f'href="{address}" data-play="preview" data-words-stop="{stop}" data-words-missing="{missing}"',
        words,
    )


def _embed(track: Track) -> tuple[str, str]:
    """Attributes and words of a button for Spotify's own player."""
    words, close = escape(_("Spotify’s player")), escape(_("Close the player"))
    source = escape(f"{settings.SPOTIFY_EMBED_URL}/{track.spotify_id}")
    where = f'href="{escape(track.spotify_url)}" rel="noopener" data-play="embed" data-embed="{source}"'
    attributes = f'{where} data-words-player="{words}" data-words-close="{close}"'
    return attributes, f"PLAY ON SPOTIFY: {escape(track.name)}"


def _address(name: str, track: Track) -> str:
    before, after = _around(name, get_script_prefix())
    return f"{before}{track.pk}{after}"


@lru_cache(maxsize=8)
def _around(name: str, prefix: str) -> tuple[str, str]:
    """What stands before and after a song's number in its address, below `prefix`."""
    before, _, after = reverse(name, args=[0]).removeprefix(prefix).partition("0")
    return prefix + before, after
