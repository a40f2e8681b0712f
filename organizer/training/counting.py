"""What a table holds, counted once when it is checked: for the report and the drawings on its page.

The classifier is imported inside functions.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from classifier.errors import DataError
from classifier.labels import FEATURES, Feature, normalise
from organizer.models import Dataset

if TYPE_CHECKING:
    import numpy as np

    from classifier.dataset import Dataset as Tracks

BINS = 24
SHOWN_BAD = 50
MOST_LABELS = 1_500  # as many as one page can show to be mapped; the richest public table has 114
LONGEST_LABEL = 200  # characters
# Bars cover what lies between these percentiles: a few odd values would leave all the others in one bar.
ENDS = (0.5, 99.5)


def table_report(dataset: Dataset) -> tuple[dict[str, Any], str]:
    """The report on a table, read row by row, and the file's sha256. DataError when nothing of it can be used."""
    from classifier.data import label_counts, read_table

    rows = read_table(dataset.path, level="own", repeat=True, on_bad_row="skip")
    spelling = _spelling(label_counts(dataset.path))
    labels = Counter(spelling.get(names[0], names[0]) for names in rows.labels)
    if any("\0" in label for label in labels):
        raise DataError("The label column holds NUL characters; is it the column of genres?")
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise DataError(f"A label has more than {LONGEST_LABEL} characters; is it the column of genres?")
    if len(labels) > MOST_LABELS:
        raise DataError(
            f"The label column has {len(labels):,} different labels; at most {MOST_LABELS:,} can be mapped. "
            "Is it the column of genres?"
        )
    tracks = len(set(rows.track_ids))
    read = rows.report
    assert read is not None, "read_table always reports"
    report = {
        "rows_read": read.rows_read,
        "tracks": tracks,
        "duplicates": len(rows) - tracks,
        "artists": len({name.strip().lower() for names in rows.artists for name in names}),
        "labels": dict(labels.most_common()),
        "label_column": read.label_column,
        "missing": list(read.missing_columns),
        "bad_count": len(read.bad_rows),
        "bad": [
            {"row": bad.row, "column": bad.column, "reason": bad.reason} for bad in read.bad_rows[:SHOWN_BAD]
        ],
        "features": _histograms(rows),
    }
    return report, rows.provenance[0].sha256


def _spelling(counts: Mapping[str, int]) -> dict[str, str]:
    """Each label's most frequent spelling, by the form that `level="own"` gives it."""
    return {normalise(label).replace(" ", "-"): label for label in reversed(list(counts))}


def _histograms(rows: "Tracks") -> list[dict[str, Any]]:
    known = {feature.name: feature for feature in FEATURES}
    names = [name for name in rows.feature_names if name in known]
    columns = rows.columns(names)
    found = [histogram(known[name], columns[:, place]) for place, name in enumerate(names)]
    return [one for one in found if one]


def histogram(feature: Feature, values: "np.ndarray") -> dict[str, Any]:
    """How a feature's values, float [n] with NaN where unknown, are spread: counts of bars from `low` to `high`.

    Values beyond the ends are counted in the outermost bars. Empty where nothing is known.
    """
    import numpy as np

    there = values[~np.isnan(values)].astype(np.float64)
    if not len(there):
        return {}
    if feature.kind == "number":
        low, high = (float(one) for one in np.percentile(there, ENDS))
        low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
        bins = BINS
    else:
        low, high = float(there.min()) - 0.5, float(there.max()) + 0.5
        bins = round(high - low)
    counts, _ = np.histogram(np.clip(there, low, high), bins=bins, range=(low, high))
    return {
        "name": feature.name,
        "unit": feature.unit,
        "kind": feature.kind,
        "low": low,
        "high": high,
        "counts": counts.tolist(),
        "quartiles": [float(one) for one in np.percentile(there, (25, 50, 75))],
        "unknown": int(len(values) - len(there)),
    }
