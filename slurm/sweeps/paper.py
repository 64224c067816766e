"""Every cell of the paper's tables."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep
from slurm.sweeps import ablation, closed_all, coco, lvis, patch_size, zeroshot_all

PARTS = (closed_all.SWEEP, zeroshot_all.SWEEP, coco.SWEEP, lvis.SWEEP, ablation.SWEEP, patch_size.SWEEP)


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request for part in PARTS for request in part.requests(asked))


SWEEP = Sweep("paper", "every cell of Tables 2a, 2b, 3, 4, 5 and 6", _requests)
