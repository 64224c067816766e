"""Spread over seeds of RTVP and its paired baseline, which a difference must exceed to mean something."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

SEEDS = (0, 1, 2, 3, 4)


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, method, "zeroshot", seeds=SEEDS) for method in ("rtvp", "yolo-world"))


SWEEP = Sweep("seeds", "RTVP and YOLO-World, zero-shot, over five seeds", _requests)
