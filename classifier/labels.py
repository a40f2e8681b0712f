"""The named feature schema, and public data sets' labels as our genres. Imports no heavy module."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from classifier.errors import DataError
from classifier.label_maps import LABELS_BY_FAMILY, SYNONYMS
from classifier.taxonomy import FAMILIES, SUB_GENRES, display_name


@dataclass(frozen=True)
class Feature:
    """One named input; `low` and `high` bound what a table may hold, in `unit`."""

    name: str
    unit: str
    low: float
    high: float
    kind: Literal["number", "category", "flag"]


# Units and ranges as Spotify documented its audio features; loudness, tempo and duration are widened to what
# the public tables really contain. key -1 means "unknown".
FEATURES: tuple[Feature, ...] = (
    Feature("danceability", "share", 0, 1, "number"),
    Feature("energy", "share", 0, 1, "number"),
    Feature("key", "pitch class", -1, 11, "category"),
    Feature("loudness", "dB", -60, 10, "number"),
    Feature("mode", "0 minor, 1 major", 0, 1, "category"),
    Feature("speechiness", "share", 0, 1, "number"),
    Feature("acousticness", "share", 0, 1, "number"),
    Feature("instrumentalness", "share", 0, 1, "number"),
    Feature("liveness", "share", 0, 1, "number"),
    Feature("valence", "share", 0, 1, "number"),
    Feature("tempo", "beats per minute", 0, 300, "number"),
    Feature("time_signature", "beats per bar", 0, 7, "category"),
    Feature("duration_ms", "ms", 1_000, 86_400_000, "number"),
    Feature("explicit", "0 no, 1 yes", 0, 1, "flag"),
)
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
# No default input, and never in a shipped version: popularity records how a table was collected, so it helps inside
# that table and harms everywhere else. It is here to repeat published figures.
POPULARITY = Feature("popularity", "0 to 100", 0, 100, "number")
FEATURE_SETS: Mapping[str, tuple[str, ...]] = {
    "default": FEATURE_NAMES,
    "with-popularity": (*FEATURE_NAMES, POPULARITY.name),
    "sound-only": FEATURE_NAMES[:12],
}
_BY_NAME = {feature.name: feature for feature in (*FEATURES, POPULARITY)}


def feature_named(name: str) -> Feature:
    """The schema's feature, or for any other column of a table a number without unit and bounds."""
    return _BY_NAME.get(name) or Feature(name, "", -math.inf, math.inf, "number")


LabelMap = Mapping[str, str | None]


def normalise(label: str) -> str:
    """Lower case, `&` as "and", and every run of spaces, hyphens, underscores or slashes as one space."""
    return re.sub(r"[\s_\-/]+", " ", label.strip().lower().replace("&", " and ")).strip()


def some_of(names: Iterable[str]) -> str:
    """The names as one would list them in a sentence: twenty of them, shortened, and how many more there are."""
    given = list(names)
    told = ", ".join(name if len(name) <= 60 else f"{name[:60]}…" for name in given[:20])
    return f"{told} and {len(given) - 20:,} more" if len(given) > 20 else told or "none"


def _flatten(by_family: Mapping[str | None, str]) -> LabelMap:
    return {normalise(label): family for family, labels in by_family.items() for label in labels.split("|")}


_OWN_NAMES: LabelMap = {normalise(text): slug for slug in FAMILIES for text in (slug, display_name(slug))}

_SUB_GENRE_NAMES: Mapping[str, str] = {
    **{normalise(slug): slug for slug in SUB_GENRES},
    **{normalise(label): slug for slug, labels in SYNONYMS.items() for label in labels.split("|")},
}

# name of a public data set -> its labels, normalised -> family, or None where a label names no family
MAPPINGS: Mapping[str, LabelMap] = {
    "families": _OWN_NAMES,
    **{name: _flatten(by_family) for name, by_family in LABELS_BY_FAMILY.items()},
}
# Where two data sets disagree on a label, the one named first decides.
_ALL: LabelMap = {
    label: family for known in reversed(list(MAPPINGS.values())) for label, family in known.items()
}


def _normalised(mapping: str | LabelMap) -> LabelMap:
    if isinstance(mapping, str):
        if mapping not in MAPPINGS:
            raise DataError(f"There is no label mapping named {mapping!r}; known are {', '.join(MAPPINGS)}.")
        return MAPPINGS[mapping]
    strangers = sorted({str(family) for family in mapping.values() if family and family not in FAMILIES})
    if strangers:
        raise DataError(f"The label mapping leads to unknown genres: {', '.join(strangers)}.")
    return {normalise(label): family or None for label, family in mapping.items()}


def families_of(labels: Iterable[str], mapping: str | LabelMap) -> dict[str, str | None]:
    """Each distinct label's family, `None` where the mapping says it names none.

    `mapping` is a name in MAPPINGS or a mapping of labels to families. Stray spaces and case do not matter.

    Raises
    ------
    DataError
        Labels the mapping does not know; all of them are counted and the first named.
    """
    known = _normalised(mapping)
    distinct = sorted(set(labels))
    unknown = [label for label in distinct if normalise(label) not in known]
    if unknown:
        raise DataError(f"{len(unknown):,} label(s) have no genre assigned: {some_of(map(repr, unknown))}.")
    return {label: known[normalise(label)] for label in distinct}


def family_of(label: str, mapping: str | LabelMap) -> str | None:
    """One label's family; see `families_of`."""
    return families_of([label], mapping)[label]


def sub_genres_of(labels: Iterable[str], mapping: str | LabelMap) -> dict[str, str | None]:
    """Each distinct label's sub-genre, or its family where it names no sub-genre of it; see `families_of`."""
    return {label: _within(family, label) for label, family in families_of(labels, mapping).items()}


def sub_genre_of(label: str, mapping: str | LabelMap) -> str | None:
    """One label's sub-genre or family; see `sub_genres_of`."""
    return sub_genres_of([label], mapping)[label]


def _within(family: str | None, label: str) -> str | None:
    slug = _SUB_GENRE_NAMES.get(normalise(label))
    # "garage" that a mapping calls electronic is not garage rock.
    return slug if slug and SUB_GENRES[slug] == family else family


def detect_mapping(labels: Iterable[str]) -> str | None:
    """The first public data set whose mapping knows every label, or None."""
    wanted = {normalise(label) for label in labels}
    return next((name for name, known in MAPPINGS.items() if wanted <= known.keys()), None)


def guess_mapping(labels: Iterable[str]) -> dict[str, str | None]:
    """A proposed family (or None) for each label of an uploaded table, for a person to confirm."""
    return {label: _guess(normalise(label)) for label in labels}


def _guess(label: str) -> str | None:
    if label in _ALL:
        return _ALL[label]
    words = label.split()
    # A sub-genre's name ends in its parent's ("melodic death metal"), so the longest known ending wins.
    endings = [" ".join(words[start:]) for start in range(1, len(words))]
    beginnings = [" ".join(words[:end]) for end in range(len(words) - 1, 0, -1)]
    return next((_ALL[part] for part in endings + beginnings if _ALL.get(part)), None)
