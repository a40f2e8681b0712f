import pytest

from organizer.providers.matching import Wanted, is_same_song

SONG = Wanted("", "Beyoncé", "Déjà Vu (feat. Somebody)", 240_000)


@pytest.mark.parametrize(
    "artist",
    ["Beyonce", "BEYONCÉ", "Beyoncé & Somebody", "Somebody, Beyoncé & A Third", "Beyoncé feat. Somebody"],
)
def test_spellings_and_joint_credits_are_the_same_artist(artist: str) -> None:
    assert is_same_song(SONG, artist=artist, title="Deja Vu - Remastered 2011", duration_ms=241_500)


@pytest.mark.parametrize(
    ("artist", "title", "duration_ms"),
    [
        ("Beyond", "Deja Vu", 240_000),
        ("Beyoncé Tribute Band", "Deja Vu", 240_000),
        ("", "Deja Vu", 240_000),
        ("Beyoncé", "Deja Vu Again", 240_000),
        ("Beyoncé", "Deja Vu", 244_000),
    ],
)
def test_another_artist_title_or_length_is_another_song(artist: str, title: str, duration_ms: int) -> None:
    assert not is_same_song(SONG, artist=artist, title=title, duration_ms=duration_ms)


def test_a_band_with_an_ampersand_in_its_name_is_itself() -> None:
    song = Wanted("", "Echo & the Lanterns", "Night", 0)
    assert is_same_song(song, artist="Echo & The Lanterns", title="Night", duration_ms=0)
    assert not is_same_song(song, artist="Echo", title="Night", duration_ms=0)
