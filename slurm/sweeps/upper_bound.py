"""The upper bound (trained on novel classes too), zero-shot on the same images, and controls with random weights."""

from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunRequest
from slurm.sweep import Asked, Sweep, request


def _requests(asked: Asked) -> tuple[RunRequest, ...]:
    fitted = [
        request(asked, method, task) for task in ("zeroshot-half", "upper-bound") for method in ("yolo-world", "rtvp")
    ]
    controls = [
        request(asked, method, "upper-bound", weights=WeightsOrigin.RANDOM) for method in ("yolo-world", "rtvp")
    ]
    return (*fitted, *controls)


SWEEP = Sweep("upper-bound", "zero-shot beside its upper bound", _requests)
