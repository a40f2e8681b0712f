"""What the tagger's words say about families it was never asked for. numpy alone.

People gave these words to some hundred thousand songs (the Million Song Dataset's tags), so they know families that no
clip of ours teaches.
"""

import numpy as np

# Words that name a family or its best-known styles; moods, decades and voices name none.
WORDS: dict[str, str] = {
    "rock": "rock|alternative|alternative rock|classic rock|indie rock|indie|Progressive rock|hard rock",
    "metal": "metal|heavy metal|hard rock",
    "punk": "punk",
    "pop": "pop|indie pop|catchy",
    "hip-hop": "Hip-Hop",
    "rnb-soul": "soul|funk|rnb",
    "electronic": "electronic|dance|electronica|electro|House",
    "ambient": "ambient|chillout",
    "classical": "instrumental",
    "country-folk": "country|folk|acoustic",
    "jazz-blues": "jazz|blues",
}
EVEN = 0.05  # added to a family's words before comparing, so that two rare words do not decide

COMMON = (
    0.5  # 1 would compare with what is usual, 0 not at all; `usual` knows too few ambient clips to be trusted
)


def by_words(
    tags: np.ndarray, usual: np.ndarray, names: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """How much more than usual each family's words are heard, as log-probabilities [n, F], and the families.

    tags: mean probability of each word over a clip [n, 50]; usual: over many clips of many genres [50].
    """
    columns = [[names.index(word) for word in words.split("|")] for words in WORDS.values()]
    heard = np.stack([tags[:, ks].sum(1) for ks in columns], axis=1) + EVEN
    expected = np.array([usual[ks].sum() for ks in columns]) + EVEN
    lift = np.log(heard) - COMMON * np.log(expected)
    return lift - np.logaddexp.reduce(lift, axis=1, keepdims=True), tuple(WORDS)
