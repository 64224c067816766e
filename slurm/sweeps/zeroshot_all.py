"""Table 2b: every open-vocabulary method on the novel classes, with controls for RTVP and YOLO-World."""

from __future__ import annotations

from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

METHODS = ("rtvp", "yolo-world", "grounding-dino", "glip", "glipv2", "mdetr", "detclip")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    rows = [request(asked, method, "zeroshot") for method in METHODS]
    for method in ("rtvp", "yolo-world"):
        rows.append(request(asked, method, "zeroshot", wording="codes"))
        rows.append(request(asked, method, "zeroshot", weights=WeightsOrigin.RANDOM))
        rows.append(request(asked, method, "zeroshot", {"init": "none"}))
    return tuple(rows)


SWEEP = Sweep("zeroshot-all", "every open-vocabulary method on novel classes, with controls (Table 2b)", _requests)
