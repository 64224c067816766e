"""Table 5: RTVP in full and without each of its parts, closed and zero-shot."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

SWITCHES: tuple[dict[str, bool], ...] = ({}, {"adapter": False}, {"visual_prompt": False}, {"interaction": False})


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, "rtvp", task, off) for task in ("closed", "zeroshot") for off in SWITCHES)


SWEEP = Sweep("ablation", "RTVP without each of its parts, closed and zero-shot (Table 5)", _requests)
