"""The genre tree: fifteen families, their sub-genres, how each is written, and what to show of an uncertain guess."""

import math
from collections import defaultdict
from collections.abc import Mapping

from classifier.errors import DataError

# family -> its sub-genres. A family is also a label of its own: what is plainly "rock" belongs to no sub-genre.
_TREE: Mapping[str, str] = {
    "rock": (
        "alternative-rock|art-rock|blues-rock|britpop|classic-rock|garage-rock|glam-rock|grunge|hard-rock|"
        "indie-rock|krautrock|math-rock|new-wave|noise-rock|post-rock|progressive-rock|psychedelic-rock|"
        "rock-n-roll|rockabilly|shoegaze|space-rock|stoner-rock|surf-rock"
    ),
    "metal": (
        "black-metal|death-metal|doom-metal|gothic-metal|grindcore|heavy-metal|metalcore|power-metal|"
        "sludge-metal|symphonic-metal|thrash-metal|viking-metal"
    ),
    "punk": "electro-punk|emo|hardcore-punk|no-wave|pop-punk|post-punk|power-pop",
    "pop": "dance-pop|dream-pop|electropop|experimental-pop|film-pop|indie|indie-pop|synth-pop",
    "asian-pop": "anime|cantopop|j-idol|j-pop|j-rock|k-pop|mandopop",
    "hip-hop": (
        "abstract-hip-hop|alternative-hip-hop|drill|gangsta-rap|grime|instrumental-hip-hop|nerdcore|"
        "southern-hip-hop|trap"
    ),
    "rnb-soul": "contemporary-rnb|disco|doo-wop|funk|gospel|motown|neo-soul|new-jack-swing|rnb|soul",
    "electronic": (
        "big-beat|big-room|breakbeat|breakcore|chicago-house|chiptune|dance|deep-house|detroit-techno|"
        "drum-and-bass|dubstep|edm|electro|electro-house|electronica|future-bass|gabber|glitch|goa-trance|"
        "happy-hardcore|hardstyle|house|idm|jungle|minimal-techno|progressive-electro-house|"
        "progressive-house|psytrance|skweee|tech-house|techno|trance"
    ),
    "ambient": "drone|new-age|sleep",
    "classical": (
        "baroque|chamber-music|choral|classical-crossover|contemporary-classical|medieval|minimalism|opera|"
        "piano|renaissance|romantic-classical|symphony"
    ),
    "country-folk": (
        "acoustic|americana|bluegrass|british-folk|country|folk|freak-folk|honky-tonk|psychedelic-folk|"
        "singer-songwriter|western-swing"
    ),
    "jazz-blues": (
        "avant-garde-jazz|bebop|big-band|blues|desert-blues|free-jazz|hard-bop|jazz|jazz-fusion|modern-jazz|"
        "smooth-jazz|swing|vocal-jazz"
    ),
    "latin": (
        "bachata|bossa-nova|cumbia|forro|latin-hip-hop|latin-pop|merengue|mpb|pagode|reggaeton|salsa|samba|"
        "sertanejo|tango|tropicalia"
    ),
    "reggae": "dancehall|dub|rocksteady|ska",
    "spoken": "comedy",
}

FAMILIES: tuple[str, ...] = tuple(_TREE)
SUB_GENRES: Mapping[str, str] = {slug: family for family, slugs in _TREE.items() for slug in slugs.split("|")}

# Only what the rule of `display_name` would get wrong.
_SPECIAL_NAMES: Mapping[str, str] = {
    "asian-pop": "Asian pop",
    "hip-hop": "Hip-hop",
    "rnb-soul": "R&B & soul",
    "country-folk": "Country & folk",
    "jazz-blues": "Jazz & blues",
    "spoken": "Spoken word",
    "abstract-hip-hop": "Abstract hip-hop",
    "alternative-hip-hop": "Alternative hip-hop",
    "avant-garde-jazz": "Avant-garde jazz",
    "british-folk": "British folk",
    "contemporary-rnb": "Contemporary R&B",
    "doo-wop": "Doo-wop",
    "drum-and-bass": "Drum & bass",
    "edm": "EDM",
    "electro-punk": "Electro-punk",
    "forro": "Forró",
    "idm": "IDM",
    "instrumental-hip-hop": "Instrumental hip-hop",
    "j-idol": "J-idol",
    "j-pop": "J-pop",
    "j-rock": "J-rock",
    "k-pop": "K-pop",
    "latin-hip-hop": "Latin hip-hop",
    "mpb": "MPB",
    "post-punk": "Post-punk",
    "post-rock": "Post-rock",
    "rnb": "R&B",
    "rock-n-roll": "Rock ’n’ roll",
    "singer-songwriter": "Singer-songwriter",
    "southern-hip-hop": "Southern hip-hop",
    "synth-pop": "Synth-pop",
    "tropicalia": "Tropicália",
}


def display_name(slug: str) -> str:
    """A family's or sub-genre's name as people write it."""
    return _SPECIAL_NAMES.get(slug, slug.replace("-", " ").capitalize())


def parent(slug: str) -> str:
    """The family a genre belongs to; a family is its own parent. DataError for a slug that is neither."""
    if slug in _TREE:
        return slug
    if slug not in SUB_GENRES:
        raise DataError(f"There is no genre named {slug!r}.")
    return SUB_GENRES[slug]


def sub_genres(family: str) -> tuple[str, ...]:
    """A family's sub-genres in alphabetical order, the family itself left out. DataError for anything else."""
    if family not in _TREE:
        raise DataError(f"There is no genre family named {family!r}; known are {', '.join(FAMILIES)}.")
    return tuple(_TREE[family].split("|"))


def family_log_probs(log_probs: Mapping[str, float]) -> dict[str, float]:
    """One track's log-probabilities by family: each family's own label and its sub-genres, summed.

    `log_probs` holds natural logarithms by slug, of sub-genres, families or both; a label that is missing has
    probability 0. Families without any label in it are left out. The sum is taken relative to the largest
    term, so that probabilities too small for a float do not vanish, and does not depend on the labels' order.

    Raises
    ------
    DataError
        A label that is no genre.
    """
    members: defaultdict[str, list[float]] = defaultdict(list)
    for slug, value in log_probs.items():
        members[parent(slug)].append(value)
    return {family: _log_sum(values) for family, values in members.items()}


def label_to_show(log_probs: Mapping[str, float], threshold: float) -> tuple[str | None, float]:
    """The most exact label that is certain enough, and its probability.

    That is the likeliest sub-genre if its probability reaches `threshold` (0 to 1), else the likeliest family
    if that of its members together does, else `None` for "not sure", with the likeliest family's probability.
    Labels of equal probability are taken in alphabetical order. `log_probs` is as in `family_log_probs`.

    Raises
    ------
    DataError
        A label that is no genre.
    """
    families = family_log_probs(log_probs)
    children = {slug: value for slug, value in log_probs.items() if slug in SUB_GENRES}
    for level in (children, families):
        slug, probability = _likeliest(level)
        if slug and probability >= threshold:
            return slug, probability
    return None, probability


def _likeliest(log_probs: Mapping[str, float]) -> tuple[str | None, float]:
    if not log_probs:
        return None, 0.0
    slug = min(log_probs, key=lambda slug: (-log_probs[slug], slug))
    return slug, min(1.0, math.exp(log_probs[slug]))  # a sum of rounded parts may exceed 1 by a hair


def _log_sum(values: list[float]) -> float:
    largest = max(values)
    if largest == -math.inf:
        return largest
    return largest + math.log(math.fsum(math.exp(value - largest) for value in values))
