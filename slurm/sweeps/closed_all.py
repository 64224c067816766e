"""Table 2a: every method fitted and tested on all classes."""

from __future__ import annotations

from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request

METHODS = ("rtvp", "yolov8", "yolov8-m", "yolov9", "yolov10", "lite-yolo-id", "lf-yolo", "steel-det")


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    return tuple(request(asked, method, "closed") for method in METHODS)


SWEEP = Sweep("closed-all", "every method on all classes (Table 2a)", _requests)
