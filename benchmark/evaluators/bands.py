"""AP by COCO's rules in bands that suit defects: box area as a share of the image, and long thin boxes.

COCO's own bands, split at 32 and 96 px squared, are empty on many industrial sets. As in COCO's bands, a box outside
the band is ignored, and so is an unmatched detection outside it. The area is that of the box, in pixels of the original
image; both limits belong to the band.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, columns_of
from benchmark.evaluators.scoring.engine import ENGINES, MAX_DETECTIONS, coco_curves
from benchmark.evaluators.scoring.values import mean

_NO_END = 1e10
SHARES: Mapping[str, tuple[float, float]] = {
    "rel_tiny": (0.0, 0.001),
    "rel_small": (0.001, 0.01),
    "rel_medium": (0.01, 0.1),
    "rel_large": (0.1, _NO_END),
}
"""box area / image area"""
ASPECTS: Mapping[str, tuple[float, float]] = {"elongated": (5.0, _NO_END)}
"""longer side / shorter side"""


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP needs no threshold, so the validation part is unused
    *,
    engine: str = "fast",
) -> Scores:
    """AP_rel_tiny, AP_rel_small, AP_rel_medium, AP_rel_large, AP_elongated as fractions, boxes_<band> as counts.

    AP over IoU 0.50 to 0.95, the best 100 detections per image and class; None where the set has no box in the band.
    engine: `fast` (hotcoco) or `reference` (pycocotools). Raises EvaluationError and UnknownNameError like `coco_ap`.
    """
    columns = columns_of(test)
    metrics: dict[str, float | None] = {}
    for bands, quantity in ((SHARES, _share_of_image), (ASPECTS, _aspect_ratio)):
        banded = dataclasses.replace(
            columns,
            ground_truth=dataclasses.replace(columns.ground_truth, area_px=quantity(columns.ground_truth, columns)),
            detections=dataclasses.replace(columns.detections, area_px=quantity(columns.detections, columns)),
        )
        counted = coco_curves(banded, engine, bands, MAX_DETECTIONS[-1:])
        size = banded.ground_truth.area_px[~banded.ground_truth.iscrowd]
        for position, (name, (low, high)) in enumerate(bands.items()):
            metrics[f"AP_{name}"] = mean(counted.precision[:, :, :, position])
            metrics[f"boxes_{name}"] = int(((size >= low) & (size <= high)).sum())
    return Scores(metrics)


def _share_of_image(boxes: BoxColumns, columns: Columns) -> NDArray[np.float64]:
    image_area = columns.size_px.prod(axis=1)[boxes.image]
    return np.asarray(boxes.xywh[:, 2] * boxes.xywh[:, 3] / np.maximum(image_area, 1))


def _aspect_ratio(boxes: BoxColumns, columns: Columns) -> NDArray[np.float64]:  # noqa: ARG001 - same signature as _share_of_image
    shorter, longer = np.sort(boxes.xywh[:, 2:]).T
    return np.asarray(np.minimum(longer / np.maximum(shorter, 1e-9), _NO_END))


EVALUATOR = Evaluator(name="bands", version=1, evaluate=evaluate, engines=ENGINES)
