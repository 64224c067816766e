"""The two COCO engines: hotcoco (fast, pinned) and pycocotools (the reference), asked for their raw curves only.

Their summary lines are never read: pycocotools' AP line is tied to maxDets = 100 and turns into -1 silently
elsewhere. Only validated input may come here; both engines misread some bad input without a word.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import ConfigError

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = (1, 10, 100)
"""kept an image and class, best scores first"""
AREAS_PX: Mapping[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}


@dataclass(frozen=True, eq=False)
class Curves:
    """What an engine counted; -1 marks a class without ground truth in that area band.

    precision: (T, R, K, A, M) float64 at T IoU thresholds, R = 101 recalls, K classes, A area bands, M detection caps.
    recall: (T, K, A, M) float64, the highest recall reached.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def curves(
    engine: str,
    ground_truth: dict[str, Any],
    detections: NDArray[np.float64],
    areas: Sequence[str] = tuple(AREAS_PX),
    max_detections: Sequence[int] = MAX_DETECTIONS,
) -> Curves:
    """Match and accumulate by COCO's rules.

    ground_truth: a COCO dictionary. detections: (N, 7) float64 as image id, x, y, width, height, score, category id.
    Raises ConfigError for an unknown engine.
    """
    if engine == "hotcoco":
        evaluation = _hotcoco(ground_truth, detections)
    elif engine == "pycocotools":
        evaluation = _pycocotools(ground_truth, detections)
    else:
        raise ConfigError(f"unknown COCO engine '{engine}': valid: hotcoco, pycocotools")
    params = evaluation.params
    params.maxDets = list(max_detections)
    params.areaRng = [list(AREAS_PX[name]) for name in areas]
    params.areaRngLbl = list(areas)
    evaluation.params = params  # hotcoco hands out copies
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        evaluation.evaluate()
        evaluation.accumulate()
    counted = evaluation.eval
    return Curves(counted["precision"], counted["recall"])


def _hotcoco(ground_truth: dict[str, Any], detections: NDArray[np.float64]) -> Any:
    from hotcoco import COCO, COCOeval

    truth = COCO(ground_truth)
    return COCOeval(truth, truth.load_res(detections), "bbox")


def _pycocotools(ground_truth: dict[str, Any], detections: NDArray[np.float64]) -> Any:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = ground_truth
        truth.createIndex()
        if len(detections):
            found = truth.loadRes(detections)
        else:  # loadRes looks at the first detection and breaks off where there is none
            found = COCO()
            found.dataset = {**ground_truth, "annotations": []}
            found.createIndex()
        return COCOeval(truth, found, "bbox")
