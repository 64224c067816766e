"""Table 4: LVIS minival, whatever data was asked for.

Its rows that are pre-trained here first name the id of that fit, which no sweep can know: `bench paper` prints theirs.
"""

from __future__ import annotations

from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

FITTED = ("rtvp", "yolo-world-s", "yolo-world-l", "vild")
RELEASED = ("yolo-world-s", "yolo-world-l", "glip-t-b", "glip-t-c", "grounding-dino")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    fitted = [request(asked, method, "lvis", data="lvis") for method in FITTED]
    shelf = [request(asked, method, "lvis", data="lvis", weights=WeightsOrigin.PRETRAINED) for method in RELEASED]
    return (*fitted, *shelf)


SWEEP = Sweep("lvis", "LVIS minival (Table 4)", _requests)
