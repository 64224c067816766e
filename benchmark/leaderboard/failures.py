"""The images with most errors of a detector, with their missed boxes and false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.core.boxes import iou
from benchmark.core.detections import Detections
from benchmark.core.sample import Sample

IOU = 0.5
"""least overlap at which a detection of the right class matches a box"""
FAILURES_PER_RECORD = 6
FAILURES_PER_SCENE = 2
"""so that one hard scene does not fill them all"""
BOXES_PER_IMAGE = 60
"""missed boxes first, then detections by falling score"""

Box = tuple[float, float, float, float, str, str, float | None]


@dataclass(frozen=True, eq=False)
class Failure:
    """One image and its number of errors (missed boxes and false alarms).

    boxes: (x1, y1, x2, y2 in pixels of the original image, kind, class name, score or None); kind is `missed`, `false`
    or `found`.
    """

    sample: Sample
    errors: int
    boxes: tuple[Box, ...]


def even_threshold(samples: Sequence[Sample], detections: Mapping[int, Detections]) -> float:
    """The score at which there are as many detections as ground-truth boxes; 0 if there are never that many."""
    boxes = sum(int((~sample.annotations.iscrowd).sum()) for sample in samples)
    per_image = [detections[sample.image_id].scores for sample in samples if sample.image_id in detections]
    scores = np.concatenate([np.empty(0, np.float32), *per_image])
    if not boxes or len(scores) <= boxes:
        return 0.0
    return float(np.partition(scores, len(scores) - boxes)[len(scores) - boxes])


def worst_images(
    samples: Sequence[Sample],
    detections: Mapping[int, Detections],
    names: Sequence[str],
    threshold: float,
    count: int = FAILURES_PER_RECORD,
) -> list[Failure]:
    """At most `count` images with most errors at score `threshold`, at most FAILURES_PER_SCENE per scene.

    names: class names by label.
    """
    failures = [
        failure_of(sample, detections.get(sample.image_id, Detections.empty()), names, threshold) for sample in samples
    ]
    ranked = sorted((f for f in failures if f.errors), key=lambda f: (-f.errors, f.sample.image_id))
    chosen: list[Failure] = []
    of_scene: dict[str, int] = {}
    for failure in ranked:
        scene = failure.sample.scene
        if len(chosen) < count and of_scene.get(scene, 0) < FAILURES_PER_SCENE:
            chosen.append(failure)
            of_scene[scene] = of_scene.get(scene, 0) + 1
    return chosen


def failure_of(sample: Sample, detections: Detections, names: Sequence[str], threshold: float) -> Failure:
    """Match the detections of one image that score at least `threshold`, and count its errors.

    By falling score, each detection takes the free box of its class that it overlaps most, from IoU 0.5 on.
    """
    ground_truth = sample.annotations
    kept = detections.best(int((detections.scores >= threshold).sum()))
    overlap = iou(kept.xyxy.astype(np.float64), ground_truth.xyxy)
    overlap[kept.labels[:, None] != ground_truth.labels[None, :]] = 0
    taken = np.zeros(len(ground_truth), np.bool_)
    boxes: list[Box] = []
    false_alarms = 0
    for row in range(len(kept)):
        free = np.where(taken & ~ground_truth.iscrowd, 0, overlap[row])
        best = int(free.argmax()) if len(free) else 0
        hit = bool(len(free)) and free[best] >= IOU
        if hit and ground_truth.iscrowd[best]:
            continue  # neither right nor wrong, as in COCO's rules
        if hit:
            taken[best] = True
        false_alarms += not hit
        boxes.append(
            _box(kept.xyxy[row], "found" if hit else "false", names[kept.labels[row]], float(kept.scores[row]))
        )
    missed = np.flatnonzero(~taken & ~ground_truth.iscrowd)
    missed_boxes = [_box(ground_truth.xyxy[i], "missed", names[ground_truth.labels[i]], None) for i in missed]
    return Failure(sample, len(missed) + false_alarms, tuple([*missed_boxes, *boxes][:BOXES_PER_IMAGE]))


def _box(xyxy: np.ndarray[tuple[int, ...], np.dtype[np.floating]], kind: str, name: str, score: float | None) -> Box:
    x1, y1, x2, y2 = (round(float(side), 1) for side in xyxy)
    return (x1, y1, x2, y2, kind, name, score)
