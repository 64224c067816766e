"""Table 3: COCO val2017; `--data` does not change it."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

METHODS = ("rtvp", "pp-yoloe-s", "pp-yoloe-m", "yolov8-s", "yolov9-s", "yolov9-m", "yolov10-s")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, method, "coco", data="coco") for method in METHODS)


SWEEP = Sweep("coco", "COCO val2017 (Table 3)", _requests)
