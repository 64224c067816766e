"""Table 6: the patch size of sparse sampling. 32 px is the default; 16 and 8 px are not in the paper."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

SIDES_PX = (32, 64, 128, 16, 8)


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, "rtvp", "zeroshot", {"patch_size": side_px}) for side_px in SIDES_PX)


SWEEP = Sweep("patch-size", "RTVP over the patch size of sparse sampling (Table 6)", _requests)
