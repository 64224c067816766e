"""Mask ratio and mask patch of RTVP's mask decoder, which the paper does not state."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

RATIOS = (0.25, 0.5, 0.65, 0.75, 0.9)
PATCHES_PX = (16, 64)
"""beside the default of 32 px"""


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    settings = [{"mask_ratio": ratio} for ratio in RATIOS] + [{"mask_patch_px": side_px} for side_px in PATCHES_PX]
    return tuple(request(asked, "rtvp", "zeroshot", setting) for setting in settings)


SWEEP = Sweep("masking", "RTVP over mask ratio and mask patch (not in the paper)", _requests)
