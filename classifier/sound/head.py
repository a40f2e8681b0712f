"""A new head for a sound expert in use: its nets keep hearing as they do, so stored embeddings stay valid."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from classifier import registry
from classifier.evaluate import accuracy_any, macro_f1, report
from classifier.fit import FitConfig, Progress, fit
from classifier.mistakes import worst
from classifier.sound import opinion
from classifier.sound.clips import Clips
from classifier.sound.heads import Head
from classifier.sound.opinion import Opinion
from classifier.sound.train import (
    HeardVersion,
    SoundConfig,
    check_parts,
    key_of,
    known_rows,
    majority,
    training_meta,
)
from classifier.splits import Split
from classifier.unfinished import checkpoints_of, discard
from classifier.watch import Watch

UNTAUGHT = -20.0  # log-probability of a family that nothing which heard the clip was taught
FIT = FitConfig(epochs=60, passes=4, batch=64, learning_rate=3e-3, weight_decay=0.05, patience=15)
DROPOUT = 0.5
SMOOTHING = 0.1


@dataclass(frozen=True)
class Heard:
    """Clips and what the expert heard in them: embeddings float32 [n, opinion.WIDTH]."""

    clips: Clips
    embeddings: np.ndarray

    @property
    def layer(self) -> np.ndarray:
        """MelCNN's layer, float32 [n, 128]: all that the head sees."""
        return np.ascontiguousarray(opinion.part(self.embeddings, "mel_cnn"), np.float32)


class HeadNet(nn.Module):
    """Standardised MelCNN's layer [n, 128] -> logits [n, K]."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layer: np.ndarray, n_labels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(layer.mean(0)))
        self.register_buffer("scale", torch.from_numpy(np.maximum(layer.std(0), 1e-6)))
        self.drop = nn.Dropout(DROPOUT)
        self.linear = nn.Linear(layer.shape[1], n_labels)
        for start in self.linear.parameters():  # one best answer, wherever one starts
            nn.init.zeros_(start)

    def forward(self, layer: torch.Tensor) -> torch.Tensor:
        return self.linear(self.drop((layer - self.mean) / self.scale))

    def plain(self) -> tuple[np.ndarray, np.ndarray]:
        """The same answers by one matrix on the layer as it is: weight [K, 128] and bias [K]."""
        with torch.no_grad():
            weight = self.linear.weight / self.scale
            return weight.numpy().copy(), (self.linear.bias - weight @ self.mean).numpy().copy()


def train_head(
    heard: Heard,
    parts: Split,
    out_dir: Path,
    config: SoundConfig,
    *,
    base: Path | None = None,
    name: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> HeardVersion:
    """Write the sound expert at `base` (the shipped one without a path) with a new head on MelCNN's layer to `out_dir`.

    The clips' labels are families. The epoch is chosen on validation clips. The figures are the whole expert's answers
    on the test clips, which are scored once. Killed and called again with the same arguments, it goes on.

    Raises
    ------
    DataError
        Too few clips or genres. ModelError: `out_dir` exists, or `base` is no sound expert. Cancelled: nothing is written.
    """
    check_parts(heard.clips, parts, config.least_clips)
    found, arrays = opinion.read(base)
    how = replace(FIT, epochs=config.epochs) if config.epochs else FIT
    with checkpoints_of(out_dir, _key(heard, parts, config, arrays)) as checkpoints:
        watch = Watch(
            progress, should_stop, epochs=how.epochs, stages=1 + config.refit, checkpoints=checkpoints
        )
        said: dict[str, Any] = {"seed": config.seed, "watch": watch, "checkpoints": checkpoints}
        net, epochs = _learn(heard, parts.train, how, valid=parts.valid, **said)
        watch.say("measuring")
        judge = with_head(Opinion.load(base), net, heard.clips.genres)
        result = _judged(judge, heard, parts)
        if config.refit:
            known = known_rows(heard.clips, parts, config)
            net, _ = _learn(heard, known, replace(how, epochs=epochs), **said)
        meta = found | _meta(heard.clips, parts, config, found) | result
        meta |= {"name": name or out_dir.name, "labels": list(judge.labels), "curve": watch.curve}
        weight, bias = net.plain()
        head = {"cnn.head.1.weight": weight, "cnn.head.1.bias": bias}
        registry.write_files(out_dir, meta, {registry.WEIGHTS: arrays | head})
    discard(out_dir)
    return HeardVersion(out_dir, judge.labels, meta["metrics"], meta)


def with_head(judge: Opinion, net: HeadNet, families: tuple[str, ...]) -> Opinion:
    """The expert with another head on MelCNN's layer, which answers with families."""
    head = Head.plain(*net.plain(), families)
    return replace(judge, cnn=head, families={family: family for family in families})


def _learn(
    heard: Heard,
    rows: np.ndarray,
    how: FitConfig,
    *,
    valid: np.ndarray | None = None,
    seed: int,
    watch: Watch,
    checkpoints: Path,
) -> tuple[HeadNet, int]:
    """A head fitted on the clips at `rows`, and after how many epochs: the best by `valid`, or all."""
    torch.manual_seed(seed)
    layer, truth = heard.layer, heard.clips.truth
    net = HeadNet(layer[rows], truth.shape[1])
    wanted = truth[rows].astype(np.float32)
    shares = wanted.mean(0)
    stage = "head" if valid is not None else "head on all clips"
    kept = fit(
        net,
        layer[rows],
        (1 - SMOOTHING) * wanted + SMOOTHING / wanted.shape[1],
        1 / np.sqrt(np.maximum(wanted @ shares, 1e-6) * len(shares)),  # rare genres count a little more
        config=how,
        seed=seed,
        score=None if valid is None else partial(_scores, layer[valid], truth[valid]),
        report=partial(watch.epoch, stage),
        checkpoint=checkpoints / f"{stage}.pt",
    )
    return net.eval(), kept


def _scores(layer: np.ndarray, truth: np.ndarray, net: nn.Module) -> tuple[float, float]:
    with torch.inference_mode():
        log_p = torch.log_softmax(net(torch.from_numpy(layer)), 1).numpy()
    return accuracy_any(log_p, truth), macro_f1(log_p, truth, truth.argmax(1))


def _judged(judge: Opinion, heard: Heard, parts: Split) -> dict[str, Any]:
    """Figures and mistakes of the whole expert on the test clips."""
    clips, rows = heard.clips, parts.test
    spoken = judge.log_probabilities(heard.embeddings[rows])  # [m, K], NaN where untaught
    log_p = np.where(np.isnan(spoken), UNTAUGHT, spoken)
    truth = np.array([[clips.labels[i] == family for family in judge.labels] for i in rows])
    figures = report(log_p, truth, truth.argmax(1), labels=list(judge.labels), groups=np.arange(len(rows)))

    def describe(place: int) -> dict[str, Any]:
        row = int(rows[place])
        return {"id": clips.names[row], "artists": [], "dataset": clips.origin(row).name}

    return {
        "metrics": figures | {"baselines": majority(clips, parts)},
        "mistakes": worst(log_p, truth, judge.labels, describe),
    }


def _meta(clips: Clips, parts: Split, config: SoundConfig, base: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the description of the expert that it was made from."""
    own = [asdict(origin) for origin in clips.origins]
    known = {one["sha256"] for one in own}
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_from": base["name"],
        "heads": {**base["heads"], "cnn": list(clips.genres)},
        "families": {genre: genre for genre in clips.genres},
        "model": {"family": config.model, "start": "shipped"},
        "data": own + [one for one in base["data"] if one.get("sha256") not in known],
        "config": asdict(config) | {"fit": asdict(FIT), "dropout": DROPOUT, "smoothing": SMOOTHING},
        "clips": dict(Counter(clips.labels)),
        "training": training_meta(clips, parts, config),
    }


def _key(heard: Heard, parts: Split, config: SoundConfig, base: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(key_of(heard.clips, parts, config).encode())
    digest.update(heard.layer.tobytes())
    digest.update(b"".join(base[name].tobytes() for name in sorted(base)))
    return digest.hexdigest()[:16]
