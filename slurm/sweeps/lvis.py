"""Table 4: LVIS minival, whatever data was asked for."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweeps._sweep import Asked, Sweep, request

METHODS = ("rtvp", "yolo-world-s", "yolo-world-l", "glip", "grounding-dino", "vild")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, method, "lvis", data="lvis") for method in METHODS)


SWEEP = Sweep("lvis", "LVIS minival (Table 4)", _requests)
