"""Several sets of clips as one, each parted by itself."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from classifier.sound.clips import Clips, split_random
from classifier.splits import Split


def together(parts: Sequence[Clips]) -> Clips:
    """Several sets as one, in their order; a clip keeps its name and where it is from."""
    first, *others = parts
    return replace(
        first,
        mel=np.concatenate([one.mel for one in parts]),
        names=tuple(name for one in parts for name in one.names),
        labels=tuple(label for one in parts for label in one.labels),
        further=tuple(one.provenance for one in others),
        owner=tuple(place for place, one in enumerate(parts) for _ in range(len(one))),
    )


def split_each(parts: Sequence[Clips], seed: int) -> Split:
    """Rows of `together(parts)`, every set split by itself: so a set's test clips are the same beside any other."""
    starts = np.cumsum([0, *(len(one) for one in parts)])
    found = [split_random(one, seed) for one in parts]
    return Split(
        *(
            np.concatenate([start + getattr(one, part) for start, one in zip(starts, found, strict=False)])
            for part in ("train", "valid", "test")
        )
    )


def within(parts: Split, kept: Sequence[int]) -> Split:
    """The same parts after `Clips.take(kept)`."""
    place = {row: i for i, row in enumerate(kept)}
    return Split(
        *(
            np.array([place[row] for row in rows.tolist() if row in place], int)
            for rows in (parts.train, parts.valid, parts.test)
        )
    )
