"""Library context: what the rest of one person's library says about a song's artists. Loading it needs numpy alone.

A version's prediction is shared by everybody who likes the song. Here it is moved for one library, by the owner's own
words and the predictions on other songs of the same artists. A song without such songs keeps its numbers bit by bit.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

WORD_VOTES = (3.0, 10.0, 30.0)
PREDICTION_VOTES = (0.3, 1.0, 3.0)
REVEALED = 0.2  # share of songs with an own word in the simulated library
# Share of simulated songs that hear another artist's songs. Two songs of one artist share a family in 96 to 99.6 % of
# cases within a table collected by genre, but only in 83 to 85 % across two such tables (both on fold 3). Without
# strays the fitted constants are too sure of themselves.
STRAY = 0.15
MIN_SONGS = 200  # with fewer songs that have context there is nothing to fit on


@dataclass(frozen=True)
class Pull:
    """log p' = own * log p + library * log q, normalised; q: (votes + 1 / K) / (sum of votes + 1).

    No term for the genres' shares, as in fusion: those of a table are not those of a library.
    """

    own: float
    library: float
    word_votes: float
    prediction_votes: float


@dataclass(frozen=True)
class LibraryContext:
    """What `fit` found; the defaults are what it finds on fold 3 of the shipped version's two tables.

    `unknown` moves songs whose artist the version's own table does not know. For the others (`known`) predictions
    have no vote: they repeat what the table says of the artist, and gained nothing in accuracy; own words do count.
    `songs` is how many validation songs had context.
    """

    unknown: Pull = Pull(own=0.76, library=0.84, word_votes=10.0, prediction_votes=0.3)
    known: Pull = Pull(own=0.83, library=0.44, word_votes=10.0, prediction_votes=0.0)
    featured: float = 0.3  # weight of a credit that is not the first, voting and hearing
    songs: int = 0

    @classmethod
    def restore(cls, values: Mapping[str, Any]) -> "LibraryContext":
        """Back from `dataclasses.asdict`."""
        pulls = {name: Pull(**values[name]) for name in ("unknown", "known")}
        return cls(**(dict(values) | pulls))


@dataclass(frozen=True)
class Credits:
    """Who made what, a row per credited artist: song int [m], artist int [m] from 0 on, is_first bool [m]."""

    song: np.ndarray
    artist: np.ndarray
    is_first: np.ndarray

    @classmethod
    def of(cls, artists: Sequence[Sequence[Hashable]]) -> "Credits":
        """From each song's artists, the primary one first; one named twice counts once."""
        numbers: dict[Hashable, int] = {}
        rows = [
            (song, numbers.setdefault(artist, len(numbers)), place == 0)
            for song, names in enumerate(artists)
            for place, artist in enumerate(dict.fromkeys(names))
        ]
        song, artist, is_first = np.array(rows, np.int64).reshape(-1, 3).T
        return cls(song, artist, is_first.astype(bool))


@dataclass(frozen=True)
class Moved:
    """log_p [n, K]: moved where `has_context` [n], else as it came; library [n, K]: what the other songs say, q."""

    log_p: np.ndarray
    has_context: np.ndarray
    library: np.ndarray


@dataclass(frozen=True)
class _Heard:
    """What each song hears from the others, [n, K] by words and by predictions, and whether it hears any, [n]."""

    words: np.ndarray
    predictions: np.ndarray
    has_words: np.ndarray
    has_predictions: np.ndarray

    def through(self, pull: Pull) -> tuple[np.ndarray, np.ndarray]:
        """q [n, K], and where it is more than the even spread it starts from, [n]."""
        votes = pull.word_votes * self.words + pull.prediction_votes * self.predictions
        smoothed = votes + 1 / votes.shape[1]
        has = (self.has_words & (pull.word_votes > 0)) | (self.has_predictions & (pull.prediction_votes > 0))
        return smoothed / smoothed.sum(1, keepdims=True), has & (pull.library > 0)


def move(
    context: LibraryContext,
    log_p: np.ndarray,
    *,
    credits: Credits,
    words: np.ndarray,
    votes: np.ndarray,
    known: np.ndarray,
) -> Moved:
    """Move the n songs of one library.

    log_p: float [n, K]. words: int [n], the owner's own word as a label, or -1. votes: bool [n], whose prediction may
    vote (one made without evidence should not; where there is a word, the word votes instead). known: bool [n], where
    the prediction has already heard of the artist. No song ever votes for itself.
    """
    heard = _listen(log_p, credits, words, votes, context.featured)
    moved, library = log_p.copy(), np.full(log_p.shape, 1 / log_p.shape[1])
    has_context = np.zeros(len(log_p), bool)
    for pull, group in ((context.known, known), (context.unknown, ~known)):
        q, has = heard.through(pull)
        rows = group & has
        moved[rows] = _normalised(pull.own * log_p[rows] + pull.library * np.log(q[rows]))
        library[rows] = q[rows]
        has_context |= rows
    return Moved(moved, has_context, library)


def _normalised(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _listen(
    log_p: np.ndarray, credits: Credits, words: np.ndarray, votes: np.ndarray, featured: float
) -> _Heard:
    spoken = words >= 0
    by_word = np.zeros(log_p.shape)
    by_word[spoken, words[spoken]] = 1.0
    voting = votes & ~spoken
    by_prediction = np.where(voting[:, None], np.exp(log_p), 0.0)
    weight = np.where(credits.is_first, 1.0, featured)
    from_words, has_words = _from_others(by_word, spoken, credits, weight)
    from_predictions, has_predictions = _from_others(by_prediction, voting, credits, weight)
    return _Heard(from_words, from_predictions, has_words, has_predictions)


def _from_others(
    ballots: np.ndarray, voting: np.ndarray, credits: Credits, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the other songs of each song's artists, [n, K], and whether there are such, [n].

    ballots [n, K]; voting bool [n]; weight [m] of each credit. Voters are counted apart, in whole numbers, so that
    rounding in the sums can never make a song its own context.
    """
    n_artists = int(credits.artist.max(initial=-1)) + 1
    cast = ballots[credits.song] * weight[:, None]  # [m, K]
    others = _sums(cast, credits.artist, n_artists)[credits.artist] - cast
    speaks = voting[credits.song].astype(np.int64)
    voters = np.bincount(credits.artist, speaks, n_artists).astype(np.int64)[credits.artist] - speaks
    others[voters == 0] = 0.0
    heard = _sums(np.maximum(others, 0.0) * weight[:, None], credits.song, len(ballots))
    return heard, np.bincount(credits.song, voters, len(ballots)) > 0


def _sums(rows: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """Rows [m, K] summed by `place` [m] into [size, K]."""
    columns = [np.bincount(place, column, size) for column in np.ascontiguousarray(rows.T)]
    return np.stack(columns, axis=1)


def fit(
    log_p: np.ndarray,
    *,
    credits: Credits,
    truth: np.ndarray,
    votes: np.ndarray,
    known: np.ndarray,
    seed: int = 0,
) -> LibraryContext:
    """Constants that minimise cross-entropy on validation songs, taken as libraries whose owners know the truth.

    log_p: float [n, K], by a version that has not seen these artists; truth: bool [n, K]; votes, known: as `move`.
    Each song is judged from the others, once without any own word and once with words on a random fifth. Tables that
    were labelled apart are libraries apart: number their artists apart. What makes an artist `known` must not come
    from the same table, or it holds the answers. With too few songs a group keeps the defaults.
    """
    rng, default = np.random.default_rng(seed), LibraryContext()
    libraries = []
    for share in (0.0, REVEALED):
        words = _reveal(truth, share, rng)
        libraries.append((_listen(log_p, credits, words, votes, default.featured), words < 0))
    cases = _Cases(log_p, truth, libraries, seed)
    unknown, n_unknown = cases.best(default.unknown, ~known, PREDICTION_VOTES)
    heard_of, n_known = cases.best(default.known, known, (0.0,))
    return LibraryContext(unknown, heard_of, default.featured, n_unknown + n_known)


def _reveal(truth: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """One of the true labels for a random share of songs, else -1; int [n]."""
    one_of = (truth * rng.random(truth.shape)).argmax(1)
    return np.where((rng.random(len(truth)) < share) & truth.any(1), one_of, -1)


@dataclass(frozen=True)
class _Cases:
    """The simulated libraries: what is heard in each and which songs are judged there, bool [n]."""

    log_p: np.ndarray
    truth: np.ndarray
    libraries: Sequence[tuple[_Heard, np.ndarray]]
    seed: int

    def best(self, default: Pull, group: np.ndarray, prediction_votes: Sequence[float]) -> tuple[Pull, int]:
        """The best pull for the songs in `group`, and how many of them hear anything."""
        tried = [self._pull(group, *pair) for pair in product(WORD_VOTES, prediction_votes)]
        loss, pull, songs = min(tried, key=lambda one: one[0])
        return (pull, songs) if songs >= MIN_SONGS else (default, songs)

    def _pull(self, group: np.ndarray, word_votes: float, prediction_votes: float) -> tuple[float, Pull, int]:
        from classifier.fusion import fit_weights

        start = Pull(1.0, 1.0, word_votes, prediction_votes)
        rows, log_q = self._rows(group, start)
        own, truth = self.log_p[rows], self.truth[rows]
        songs = len(np.unique(rows))
        if songs < MIN_SONGS:
            return 0.0, start, songs
        found = fit_weights(("own", "library"), (own, log_q), truth)
        share = {name: weight / found.temperature for name, weight in found.evidence.items()}
        moved = _normalised(share["own"] * own + share["library"] * log_q)
        loss = float(-(truth / truth.sum(1, keepdims=True) * moved).sum(1).mean())
        return loss, Pull(share["own"], share["library"], word_votes, prediction_votes), songs

    def _rows(self, group: np.ndarray, pull: Pull) -> tuple[np.ndarray, np.ndarray]:
        """Songs that hear something, int [r] over all libraries, and log q [r, K], of another song for a few."""
        rng = np.random.default_rng(self.seed)
        rows, log_q = [], []
        for heard, judged in self.libraries:
            q, has = heard.through(pull)
            there = np.flatnonzero(has & judged & group & self.truth.any(1))
            source, stray = there.copy(), rng.random(len(there)) < STRAY
            source[stray] = rng.permutation(source[stray])
            rows.append(there)
            log_q.append(np.log(q[source]))
        return np.concatenate(rows), np.concatenate(log_q)
