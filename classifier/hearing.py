"""How what was heard in the sound joins the other evidence on a song. Loading it needs numpy alone.

Genres that the sound expert was never taught are masked: hearing a song moves the taught genres among each other and
leaves an untaught one exactly as likely as it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.taxonomy import SUB_GENRES

SOUND = "sound"
OTHERS = ("features", "artist")
FLOOR = (
    1e-6  # probability of a genre that nothing speaks for, because the logarithm of nothing cannot be stored
)
# Confidence, times the share of genres that were taught, from which a song known by its sound alone is filed. .8 × 84 %:
# of 92 outside clips the accurate ears were right about 81 % of those above. The fast ears know too few genres to reach it.
SURE_BY_SOUND = 0.67


@dataclass(frozen=True)
class Pull:
    """log p' = own * log p + sound * log q over the taught genres, which together stay as likely as they were."""

    own: float
    sound: float


# The weight beside features alone lies below those fitted on simulated pairs, a song's features with another clip of its
# family: .90 and 1.09 where sound is as sharp as on GTZAN, .93 and .52 with two clips in five of a random family.
# No data set has features, artists and sound of the same tracks, so nothing could be fitted for all three: there the
# sound is shown but moves nothing, and cannot lower what the other two reach.
PULLS: Mapping[tuple[str, ...], Pull] = {
    ("features",): Pull(own=0.9, sound=0.4),
    ("artist",): Pull(own=0.9, sound=0.3),
    ("features", "artist"): Pull(own=1.0, sound=0.0),
}
# Features that were heard in the very same sound add nothing to it (181 + 91 clips, see docs/sound.md).
HEARD_FEATURES = Pull(own=0.2, sound=0.8)


def threshold(evidence: Collection[str], thresholds: Mapping[str, float], otherwise: float) -> float:
    """From which confidence an answer is sure, by what it rests on; sound never lowers the bar of other evidence."""
    others = "+".join(name for name in OTHERS if name in evidence)  # a database may have changed their order
    return thresholds.get(others or "none", otherwise) if others or SOUND not in evidence else SURE_BY_SOUND


@dataclass(frozen=True)
class Ear:
    """What a version with `labels` and their `prior` [K] can make of the sound expert's families."""

    labels: tuple[str, ...]
    prior: np.ndarray

    def spread(self, heard: Sequence[Mapping[str, float] | None]) -> np.ndarray:
        """Log-probabilities [n, K] from each song's family -> log-probability; NaN where a label was not taught.

        A family's probability is spread over its sub-genres by their prior; a song that was not heard is all NaN.
        """
        families = [SUB_GENRES.get(label, label) for label in self.labels]
        total = [sum(p for one, p in zip(families, self.prior, strict=True) if one == f) for f in families]
        rows = [[(said or {}).get(family, np.nan) for family in families] for said in heard]
        within = np.log(self.prior / np.maximum(total, FLOOR))
        return np.maximum(np.array(rows, float).reshape(len(heard), len(families)), np.log(FLOOR)) + within

    def join(
        self,
        log_p: np.ndarray,
        spoken: np.ndarray,
        present: Mapping[str, np.ndarray],
        heard_features: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """log_p [n, K] of the other evidence moved by what `spread` gave, and the chance of an untaught genre, [n].

        present: evidence -> bool [n]. heard_features: where features were heard in the same sound, bool [n]. The chance
        is the untaught genres' prior where the sound speaks alone, else 0, since there the other evidence has said how
        likely they are. Every song is masked by what its own ears were taught.
        """
        joined, untaught = log_p.copy(), np.zeros(len(log_p))
        knows = ~np.isnan(spoken)
        doubled = np.zeros(len(log_p), bool) if heard_features is None else heard_features
        for taught in np.unique(knows[present[SOUND]], axis=0):
            alike = present[SOUND] & (knows == taught).all(1)
            groups = [(_exactly(names, present) & ~doubled, pull) for names, pull in PULLS.items()]
            for rows, pull in (*groups, (_exactly(("features",), present) & doubled, HEARD_FEATURES)):
                rows = rows & alike
                joined[rows] = masked(log_p[rows], spoken[rows], taught, pull)
            alone = alike & _exactly((), present)
            chance = np.exp(normalised(np.where(taught, spoken[alone], -np.inf)))
            joined[alone] = np.log(np.maximum(chance, FLOOR))
            untaught[alone] = self.prior[~taught].sum()
        return joined, untaught


def masked(log_p: np.ndarray, spoken: np.ndarray, taught: np.ndarray, pull: Pull) -> np.ndarray:
    """log_p [n, K] with its `taught` labels, bool [K], pulled towards `spoken` [n, K]; the others keep their numbers."""
    before = log_p[:, taught]
    if not pull.sound or not before.size:
        return log_p
    result = log_p.copy()
    together = np.logaddexp.reduce(before, axis=1, keepdims=True)
    result[:, taught] = normalised(pull.own * before + pull.sound * spoken[:, taught]) + together
    return result


def _exactly(names: tuple[str, ...], present: Mapping[str, np.ndarray]) -> np.ndarray:
    rows = np.ones(len(present[SOUND]), bool)
    for name in OTHERS:
        rows &= present[name] == (name in names)
    return rows


def normalised(logits: np.ndarray) -> np.ndarray:
    """Logits [n, K] as log-probabilities."""
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
