"""Average precision and recall by COCO's rules, over the set, per class and per scene.

AP: mean precision at 101 recalls and ten IoU thresholds from 0.50 to 0.95, over classes that have ground truth
(Lin et al., "Microsoft COCO", 2014; its published evaluation code is the reference engine).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators._engine import AREAS_PX, MAX_DETECTIONS, Curves, curves
from benchmark.evaluators._to_coco import BoxColumns, annotation_columns, detection_array, ground_truth
from benchmark.evaluators._validate import validate

_IOU_50, _IOU_75 = 0, 5  # positions in IOU_THRESHOLDS
_ALL, _MOST = list(AREAS_PX).index("all"), len(MAX_DETECTIONS) - 1


def evaluate(test: ScoredSet, val: ScoredSet | None = None, *, engine: str = "hotcoco") -> Scores:  # noqa: ARG001 - AP chooses no threshold, so the validation part is not looked at
    """AP, AP50, AP75, APs, APm, APl and AR1, AR10, AR100 as fractions; None where there is nothing to measure.

    per_class: AP, AP50, and boxes (without crowds) and images that carry one.
    per_scene: the same evaluation on that scene's images alone; a class that is absent there does not count.
    engine: `hotcoco`, or `pycocotools` for the reference.
    Raises EvaluationError for input that an engine would misread, ConfigError for an unknown engine.
    """
    validate(test)
    counted = curves(engine, ground_truth(test), detection_array(test))
    boxes = annotation_columns(test)
    return Scores(
        metrics=_metrics(counted),
        per_class=_per_class(test.names, counted, boxes),
        per_scene={scene: _one_scene(test, scene, engine) for scene in sorted({s.scene for s in test.samples})},
    )


def _metrics(counted: Curves) -> dict[str, float | None]:
    precision, recall = counted.precision, counted.recall
    most = precision[:, :, :, _ALL, _MOST]
    values = {"AP": _mean(most), "AP50": _mean(most[_IOU_50]), "AP75": _mean(most[_IOU_75])}
    for name, area in (("APs", "small"), ("APm", "medium"), ("APl", "large")):
        values[name] = _mean(precision[:, :, :, list(AREAS_PX).index(area), _MOST])
    for position, limit in enumerate(MAX_DETECTIONS):
        values[f"AR{limit}"] = _mean(recall[:, :, _ALL, position])
    return values


def _per_class(names: tuple[str, ...], counted: Curves, boxes: BoxColumns) -> dict[str, Mapping[str, float | None]]:
    most = counted.precision[:, :, :, _ALL, _MOST]
    real = ~boxes.iscrowd
    box_counts = np.bincount(boxes.label[real], minlength=len(names))
    carriers = np.unique(np.column_stack([boxes.label[real], boxes.image[real]]), axis=0)[:, 0]
    image_counts = np.bincount(carriers, minlength=len(names))
    return {
        name: {
            "AP": _mean(most[:, :, k]),
            "AP50": _mean(most[_IOU_50, :, k]),
            "boxes": int(box_counts[k]),
            "images": int(image_counts[k]),
        }
        for k, name in enumerate(names)
    }


def _one_scene(test: ScoredSet, scene: str, engine: str) -> dict[str, float | None]:
    samples = [sample for sample in test.samples if sample.scene == scene]
    part = ScoredSet(test.names, samples, {s.image_id: test.detections[s.image_id] for s in samples})
    counted = curves(engine, ground_truth(part), detection_array(part), ("all",), MAX_DETECTIONS[-1:])
    return {
        "AP": _mean(counted.precision),
        "AP50": _mean(counted.precision[_IOU_50]),
        "images": len(samples),
        "boxes": sum(int((~sample.annotations.iscrowd).sum()) for sample in samples),
    }


def _mean(values: NDArray[np.float64]) -> float | None:
    """Mean over the classes that have ground truth, or None."""
    present = values[values > -1]
    return float(present.mean()) if present.size else None


EVALUATOR = Evaluator(name="coco_ap", version=1, evaluate=evaluate)
