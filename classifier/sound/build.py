"""The sound expert as a version directory: a head on the tagger's tags, joined with a trained MelCNN."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from classifier import registry
from classifier.dataset import Provenance
from classifier.errors import DataError, ModelError
from classifier.labels import detect_mapping, families_of
from classifier.sound import opinion, taggrams
from classifier.sound.answer import load_net
from classifier.sound.nets import Normalised
from classifier.sound.tagger import TAGS
from classifier.sound.taggrams import Taggrams
from classifier.sound.train import arrays_of

FOLDS = 5
# Of the answer: the words keep families alive that few clips taught; the layer before the tags knows what no tag
# names, but fewer clips; MelCNN hears timbre. Chosen on clips that none had learned from, see docs/sound.md.
SHARES: Mapping[str, float] = {"words": 0.1, "deep": 0.4, "cnn": 0.3}
MIN_CLIPS = 5  # of a family


def build_expert(
    parts: Sequence[tuple[Taggrams, Provenance]],
    cnn: Path,
    out_dir: Path,
    *,
    name: str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Write a sound expert to `out_dir`, which must not exist yet; its description.

    parts: taggrams labelled with families, and where they come from. cnn: a version of the net "cnn".

    Raises
    ------
    DataError
        Fewer than two families with enough clips. ModelError: `cnn` is none, or `out_dir` exists.
    """
    net, trained = load_cnn_version(cnn)
    known = families_of(trained["labels"], detect_mapping(trained["labels"]) or "families")
    clips = _enough(sum((one for one, _ in parts[1:]), start=parts[0][0]))
    head, deep = taggrams.learn_head(clips, seed), taggrams.learn_deep_head(clips)
    meta = {
        "format": registry.FORMAT,
        "kind": opinion.KIND,
        "name": name or out_dir.name,
        "encoder": opinion.ENCODER,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "heads": {"tagger": list(head.labels), "deep": list(deep.labels), "cnn": trained["labels"]},
        "families": {label: family for label, family in known.items() if family},
        "tags": list(TAGS),
        "shares": dict(SHARES),
        "data": [asdict(origin) for _, origin in parts] + trained["data"],
        "cnn": {key: trained[key] for key in ("name", "config", "training", "metrics") if key in trained},
        "clips": dict(Counter(clips.clean().labels)),
        "metrics": {"tagger_head_cross_validated": _cross_validated(clips, seed)},
    }
    arrays = {f"cnn.{key}": array for key, array in arrays_of(net).items()}
    arrays |= (
        head.arrays("tagger")
        | deep.arrays("deep")
        | {"usual": taggrams.usual_tags(clips.clean()).astype(np.float32)}
    )
    registry.write_files(out_dir, meta, {registry.WEIGHTS: arrays})
    return meta


def load_cnn_version(path: Path) -> tuple[Normalised, dict[str, Any]]:
    """A version of the net "cnn" and its description; ModelError where it is none."""
    net, trained = load_net(path)
    if trained["model"]["family"] != "cnn":
        raise ModelError(f"The model version {path.name} is no version of the net cnn.")
    return net, trained


def _enough(clips: Taggrams) -> Taggrams:
    counts = Counter(clips.labels)
    kept = clips.take([i for i, label in enumerate(clips.labels) if counts[label] >= MIN_CLIPS])
    if len(set(kept.labels)) < 2:
        raise DataError(f"At least two families with {MIN_CLIPS} clips each are needed.")
    return kept


def _cross_validated(clips: Taggrams, seed: int) -> dict[str, Any]:
    """Accuracy with neighbours in name held out together, since files of one artist lie side by side."""
    order = np.argsort(clips.names)
    fold = np.zeros(len(order), int)
    for label in set(clips.labels):
        mine = [i for i in order if clips.labels[i] == label]
        for number, part in enumerate(np.array_split(mine, FOLDS)):
            fold[part] = number
    log_p, labels = taggrams.cross_validated(clips, fold.tolist(), seed)
    clean = [i for i, name in enumerate(clips.names) if taggrams.COPY not in name]
    truth = np.array([labels.index(clips.labels[i]) for i in clean])
    top = np.argsort(-log_p[clean], axis=1)[:, :2]
    return {
        "clips": len(truth),
        "folds": FOLDS,
        "accuracy": float((top[:, 0] == truth).mean()),
        "top_2": float((top == truth[:, None]).any(1).mean()),
    }
