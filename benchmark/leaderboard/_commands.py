"""The commands that repeat a number, as text for a shell."""

from __future__ import annotations

import shlex

from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunSpec
from benchmark.leaderboard.cells import PLAIN_WORDING, changed_settings


def repeat_command(spec: RunSpec, wording: str | None = None) -> str:
    """`bench run ...` for that cell and seed; what its profile sets is not repeated, nor the task's own wording."""
    size = spec.overrides.get("variant")
    words = ["bench", "run", "--method", f"{spec.method}-{size}" if size else spec.method, "--task", spec.task_asked]
    words += ["--data", spec.dataset, "--profile", spec.profile, "--seed", str(spec.seed)]
    for name, value in changed_settings(spec):
        words += ["--set", f"{name}={value}"]
    if spec.wording != (wording or PLAIN_WORDING):
        words += ["--vocabulary", spec.wording]
    if spec.weights is not WeightsOrigin.TRAINED_HERE:
        words += ["--weights", str(spec.weights)]
    if spec.fit and spec.fit.start and spec.pretrained_on:
        words += ["--from-fit", spec.fit.start.fit_id]
    return shlex.join(words)
