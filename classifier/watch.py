"""What a training tells while it runs: progress, the curve, and whether to stop."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classifier.fit import Cancelled, Progress


class Watch:
    """Counts epochs over all stages, keeps the curve, tells `progress`, and stops where `should_stop` says so."""

    def __init__(
        self,
        progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
        *,
        epochs: int,
        stages: int,
        checkpoints: Path,
    ) -> None:
        self.progress, self.should_stop = progress, should_stop
        self.epochs, self.stages = epochs, stages
        self.begun: list[str] = []
        # The curve outlives a killed process, as the checkpoints beside it do.
        self.kept_at = checkpoints / "curve.json"
        self.curve: list[dict[str, Any]] = (
            json.loads(self.kept_at.read_text()) if self.kept_at.exists() else []
        )

    def check(self) -> None:
        if self.should_stop and self.should_stop():
            raise Cancelled("The training was stopped; no version was written.")

    def say(self, stage: str) -> None:
        """What is being done between two fits, where there are no epochs."""
        self.check()
        if self.progress:
            done = min(len(self.begun) / self.stages, 1.0)
            self.progress(Progress(stage, 0, 0, float("nan"), None, None, done))

    def epoch(self, stage: str, epoch: int, loss: float, scores: tuple[float, float] | None) -> None:
        """One finished epoch; scores: validation accuracy and macro-F1."""
        self.check()
        if stage not in self.begun:
            self.begun.append(stage)
        accuracy, f1 = scores or (None, None)
        if scores:
            step = {"train_loss": loss, "valid_accuracy": accuracy, "valid_macro_f1": f1}
            self._keep({"stage": stage, "epoch": epoch, **step})
        if self.progress:
            done = (len(self.begun) - 1 + epoch / self.epochs) / self.stages
            self.progress(Progress(stage, epoch, self.epochs, loss, accuracy, f1, min(done, 1.0)))

    def _keep(self, step: dict[str, Any]) -> None:
        if (step["stage"], step["epoch"]) in {(one["stage"], one["epoch"]) for one in self.curve}:
            return  # told again by a training that was taken up
        self.curve.append(step)
        unfinished = self.kept_at.with_suffix(".part")
        unfinished.write_text(json.dumps(self.curve))
        os.replace(unfinished, self.kept_at)
