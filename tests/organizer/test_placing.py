"""Which playlist a song goes to: against the rule written down song by song, and on libraries made at random."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest

from classifier.labels import SUB_GENRES
from organizer.placing import Decisions, Exclusions, Placement, Shelf, Songs, place

LABELS = ("rock", "grunge", "britpop", "metal", "doom-metal", "pop")


@dataclass(frozen=True)
class Song:
    said: tuple[str, ...]
    is_own: bool
    chances: tuple[float, ...]
    artist: int = 0
    words: str = ""


def columns(songs: list[Song]) -> Songs:
    return Songs(
        said=[song.said for song in songs],
        is_own=np.array([song.is_own for song in songs], bool),
        chances=np.array([song.chances for song in songs], np.float32).reshape(-1, len(LABELS)),
        labels=LABELS,
        artists=[song.artist for song in songs],
        words=[song.words for song in songs],
    )


def guessed(**chances: float) -> Song:
    values = tuple(chances.get(label.replace("-", "_"), 0.0) for label in LABELS)
    return Song((LABELS[int(np.argmax(values))],), False, values)


def said(*genres: str) -> Song:
    return Song(genres, True, (0.0,) * len(LABELS))


def shelf(*genres: str, least: float = 0.5, size: int = 1, is_new: bool = True) -> Shelf:
    return Shelf(frozenset(genres), least, size, is_new)


REST = Shelf(frozenset(), 0.0, is_rest=True)


def placed(songs: list[Song], shelves: list[Shelf], terms: Decisions | None = None) -> Placement:
    return place(columns(songs), shelves, terms or Decisions())


def table(found: Placement) -> list[list[int]]:
    """Per song the numbers of its playlists; those that are not made do not count."""
    return [np.flatnonzero(row & ~found.is_small).tolist() for row in found.takes]


def some_song(chance: random.Random) -> Song:
    draw = np.array([chance.random() ** 3 for _ in LABELS])
    values = tuple((draw / draw.sum()).tolist())
    if chance.random() < 0.2:
        return Song(tuple(chance.sample(LABELS, chance.randint(1, 2))), True, values)
    if chance.random() < 0.1:
        return Song((), False, values)
    return Song((LABELS[int(np.argmax(values))],), False, values, chance.randrange(9), chance.choice("ab"))


def some_shelves(chance: random.Random, *, size: int = 1) -> list[Shelf]:
    """Rules as the page makes them: no genre is in two."""
    genres = chance.sample(LABELS, len(LABELS))
    shelves = []
    while len(genres) > 1:
        mine = [genres.pop() for _ in range(chance.randint(1, 2))]
        is_new, least = chance.random() < 0.5, chance.choice([0.0, 0.2, 0.5])
        shelves.append(shelf(*mine, least=least, size=chance.randint(1, size), is_new=is_new))
    return shelves


@pytest.mark.parametrize("seed", range(20))
def test_with_one_genre_a_song_families_are_placed_by_the_old_rule(seed: int) -> None:
    chance = random.Random(seed)
    families = [label for label in LABELS if label not in SUB_GENRES]
    songs = [song for song in (some_song(chance) for _ in range(80)) if set(song.said) <= set(families)]
    songs = [song for song in songs if len(song.said) < 2]
    rules = [shelf("rock", "pop", least=0.4), shelf("metal", least=0.2)]
    for song, mine in zip(songs, table(placed(songs, rules)), strict=True):
        assert mine == [k for k, rule in enumerate(rules) if passes(song, rule)]


def passes(song: Song, rule: Shelf) -> bool:
    """As it was before there was a choice: the song's genre is the rule's, and the rule's genres are likely enough."""
    within = [genre for genre in LABELS if genre in rule.genres or SUB_GENRES.get(genre) in rule.genres]
    likely = 1.0 if song.is_own else sum(song.chances[LABELS.index(genre)] for genre in within)
    return bool(set(song.said) & rule.genres) and likely >= rule.min_confidence


@pytest.mark.parametrize("seed", range(40))
def test_no_song_is_in_more_playlists_than_its_genres_that_count(seed: int) -> None:
    chance = random.Random(seed)
    songs = [some_song(chance) for _ in range(100)]
    per_song = chance.randint(1, 3)
    shelves = [*some_shelves(chance, size=6), REST]
    barred = Exclusions(frozenset(chance.sample(LABELS, 1)), {chance.randrange(9): "An artist"}, ("a",))
    found = placed(songs, shelves, Decisions(per_song, chance.random() < 0.5, barred))
    for song, mine, is_excluded in zip(songs, table(found), found.is_excluded, strict=True):
        most = max(per_song, len(song.said))
        assert len(mine) == 0 if is_excluded else 1 <= len(mine) <= most
        assert len(mine) == 1 or len(shelves) - 1 not in mine  # the rest takes what no other takes


@pytest.mark.parametrize("seed", range(20))
def test_more_genres_a_song_only_add_playlists(seed: int) -> None:
    chance = random.Random(seed)
    songs, shelves = [some_song(chance) for _ in range(60)], some_shelves(chance)
    before = placed(songs, shelves, Decisions(1)).takes
    for per_song in (2, 3):
        now = placed(songs, shelves, Decisions(per_song)).takes
        assert not (before & ~now).any()
        before = now


def test_the_second_likeliest_genre_counts_when_two_may() -> None:
    song = guessed(rock=0.5, metal=0.3, pop=0.2)
    rules = [shelf("rock", least=0.2), shelf("metal", least=0.2), shelf("pop", least=0.2)]
    assert [table(placed([song], rules, Decisions(n)))[0] for n in (1, 2, 3)] == [[0], [0, 1], [0, 1, 2]]


def test_of_equal_chances_the_same_genres_count_in_whatever_order_they_come() -> None:
    song = guessed(rock=0.4, metal=0.3, pop=0.3)
    rules = [shelf("metal", least=0.1), shelf("pop", least=0.1)]
    there, back = columns([song]), columns([song])
    back = replace(back, labels=there.labels[::-1], chances=there.chances[:, ::-1])
    assert table(place(there, rules, Decisions(2))) == table(place(back, rules, Decisions(2)))


def test_what_the_user_said_counts_whole_and_is_certain() -> None:
    rules = [shelf("rock", least=1.0), shelf("pop", least=1.0)]
    assert table(placed([said("pop", "rock")], rules)) == [[0, 1]]


def test_the_most_specific_playlist_takes_a_sub_genre() -> None:
    songs = [guessed(grunge=0.6, rock=0.3), guessed(britpop=0.6, rock=0.3), guessed(grunge=0.4, rock=0.3)]
    assert table(placed(songs, [shelf("rock"), shelf("grunge")])) == [[1], [0], [0]]


def test_a_small_new_playlist_of_a_sub_genre_leaves_its_songs_to_the_family() -> None:
    songs = [guessed(grunge=0.9), guessed(rock=0.9), guessed(rock=0.9)]
    rules = [shelf("rock", size=3), shelf("grunge", size=2)]
    found = placed(songs, rules, Decisions(small_to_parent=True))
    assert (table(found), found.is_small.tolist()) == ([[0], [0], [0]], [False, True])
    found = placed(songs, rules, Decisions(small_to_parent=False))
    assert (table(found), found.is_small.tolist()) == ([[], [], []], [True, True])
    assert found.sizes == [2, 1]  # what they would have had


def test_a_small_playlist_that_is_there_already_keeps_its_songs() -> None:
    rules = [shelf("rock"), shelf("grunge", size=9, is_new=False)]
    assert table(placed([guessed(grunge=0.9)], rules)) == [[1]]


def test_the_rest_takes_what_no_playlist_takes_even_where_nothing_is_known() -> None:
    songs = [guessed(rock=0.9), guessed(rock=0.4), Song((), False, (0.0,) * 6), guessed(pop=0.9)]
    assert table(placed(songs, [shelf("rock"), REST])) == [[0], [1], [1], [1]]


def test_the_rest_takes_the_songs_of_a_playlist_that_is_not_made() -> None:
    assert table(placed([guessed(pop=0.9)], [shelf("pop", size=2), REST])) == [[1]]


def test_a_new_playlist_of_the_rest_without_a_song_is_not_made() -> None:
    known, songs = Shelf(frozenset(), 0.0, is_new=False, is_rest=True), [guessed(rock=0.9)]
    assert placed(songs, [shelf("rock"), REST]).is_small.tolist() == [False, True]
    assert placed(songs, [shelf("rock"), known]).is_small.tolist() == [False, False]
    assert placed([*songs, guessed(pop=0.9)], [shelf("rock"), REST]).is_small.tolist() == [False, False]


def test_what_stands_elsewhere_by_hand_is_none_of_the_rest() -> None:
    songs = columns([guessed(pop=0.9), guessed(pop=0.9)])
    kept = Songs(songs.said, songs.is_own, songs.chances, LABELS, is_kept=np.array([True, False]))
    assert place(kept, [REST], Decisions()).takes.tolist() == [[False], [True]]


@pytest.mark.parametrize(
    ("barred", "out"),
    [
        (Exclusions(genres=frozenset({"rock"})), [True, True, False]),  # with its sub-genres
        (Exclusions(artists={7: "Somebody"}), [False, False, True]),
        (Exclusions(words=("Live",)), [True, False, False]),  # a whole word, in any case
    ],
)
def test_excluded_songs_go_nowhere(barred: Exclusions, out: list[bool]) -> None:
    songs = [
        Song(("rock",), False, (0.9, 0, 0, 0, 0, 0), words="one (live) somebody"),
        Song(("grunge",), True, (0.0,) * 6, words="oliver somebody"),
        Song(("pop",), False, (0, 0, 0, 0, 0, 0.9), artist=7, words="alive"),
    ]
    found = placed(songs, [shelf("rock"), shelf("pop"), REST], Decisions(exclusions=barred))
    assert found.is_excluded.tolist() == out
    assert [bool(mine) for mine in table(found)] == [not one for one in out]


def test_of_an_excluded_genre_nothing_counts_as_a_second_genre() -> None:
    rules = [shelf("rock", least=0.2), shelf("pop", least=0.2)]
    terms = Decisions(2, exclusions=Exclusions(genres=frozenset({"pop"})))
    assert table(placed([guessed(rock=0.6, pop=0.4)], rules, terms)) == [[0]]


@pytest.mark.parametrize("percent", range(0, 101, 5))
def test_a_chance_of_exactly_the_minimum_passes_although_it_is_kept_short(percent: int) -> None:
    song = guessed(rock=percent / 100 or 1e-9)
    assert table(placed([song], [shelf("rock", least=percent / 100)])) == [[0]]


def test_no_songs_and_no_playlists_are_no_trouble() -> None:
    assert placed([], [shelf("rock")]).sizes == [0]
    assert table(placed([guessed(rock=0.9)], [])) == [[]]
