"""Table 4: LVIS minival; `--data` does not change it.

Rows that start from a pre-training need the id of that fit, which no sweep can know: `bench paper` prints their
commands.
"""

from __future__ import annotations

from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

FITTED = ("rtvp", "yolo-world-s", "yolo-world-l", "vild")
RELEASED = ("yolo-world-s", "yolo-world-l", "glip-t-b", "glip-t-c", "grounding-dino")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    fitted = [request(asked, method, "lvis", data="lvis") for method in FITTED]
    released = [request(asked, method, "lvis", data="lvis", weights=WeightsOrigin.PRETRAINED) for method in RELEASED]
    return (*fitted, *released)


SWEEP = Sweep("lvis", "LVIS minival (Table 4)", _requests)
