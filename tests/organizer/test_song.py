"""The one way a song is shown in every list, held to Spotify's design guidelines."""

import re
from typing import Any

from django.conf import settings

from organizer.models import Track
from organizer.providers.spotify import _cover
from organizer.templatetags import songs

COVER = "https://i.scdn.co/image/ab67616d00001e02"


def song(**values: Any) -> Track:
    given = {
        "uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        "name": "A <Title> & more",
        "album_image_url": COVER,
    }
    return Track(pk=7, artist_names=["One", "Two"], **{**given, **values})


def shown(track: Track | None, **options: Any) -> str:
    return songs.song(track, **options)


def test_the_cover_is_linked_to_never_copied_and_says_nothing_beside_the_title() -> None:
    image = re.search(r"<img[^>]*>", shown(song()))
    assert image and f'src="{COVER}"' in image[0]
    assert 'alt=""' in image[0] and 'loading="lazy"' in image[0]
    assert 'width="48" height="48"' in image[0]


def test_title_and_artists_are_unaltered_and_there_in_full() -> None:
    html = shown(song())
    assert (
        html.count("A &lt;Title&gt; &amp; more") == 3
    )  # as text, whole on hover, and for the label of the link
    assert "One, Two" in html


def test_each_song_links_back_under_an_allowed_label() -> None:
    html = shown(song())
    assert 'href="https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"' in html
    assert "OPEN SPOTIFY" in html


def test_a_song_without_a_cover_keeps_its_place() -> None:
    html = shown(song(album_image_url=""))
    assert "<img" not in html and 'class="cover"' in html


def test_a_local_file_links_nowhere_on_spotify() -> None:
    html = shown(song(uri="spotify:local:a:b:c:1", is_local=True, album_image_url=""))
    assert "open.spotify.com" not in html and "OPEN SPOTIFY" not in html
    assert "A &lt;Title&gt; &amp; more" in html


def test_an_unknown_song_says_so_and_still_leads_to_spotify() -> None:
    html = shown(None, uri="spotify:track:abc")
    assert "does not know" in html and "https://open.spotify.com/track/abc" in html


def test_a_large_song_can_be_a_heading() -> None:
    html = shown(song(), size="large", level=2)
    assert "track-large" in html and 'role="heading" aria-level="2"' in html
    assert 'width="160"' in html


def test_covers_may_come_from_spotify_and_from_nowhere_else() -> None:
    allowed = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"]
    assert [source for source in allowed if str(source).startswith("http")] == ["https://i.scdn.co"]


def test_the_smallest_cover_that_is_sharp_is_chosen() -> None:
    sizes = [{"width": width, "url": str(width)} for width in (640, 300, 64)]
    assert _cover(sizes) == "300"
    assert _cover(sizes[2:]) == "64"
    assert _cover([{"width": None, "url": "unsized"}]) == "unsized"
    assert _cover([]) == ""
