"""The images on which a detector did worst, and what it missed and invented there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.core.boxes import iou
from benchmark.core.detections import Detections
from benchmark.core.sample import Sample

IOU = 0.5
"""from which a detection of the right class has found a box"""
FIGURES = 6
"""images a record"""
A_SCENE = 2
"""of them of one scene, so that one hard scene does not fill them all"""
BOXES = 60
"""drawn on one image, the most confident first"""

Box = tuple[float, float, float, float, str, str, float | None]


@dataclass(frozen=True, eq=False)
class Failure:
    """One image. errors: missed boxes and false alarms. boxes: x1, y1, x2, y2 in px, kind, class, score or None."""

    sample: Sample
    errors: int
    boxes: tuple[Box, ...]


def even_threshold(samples: Sequence[Sample], detections: Mapping[int, Detections]) -> float:
    """The score at which a set has as many detections as boxes; 0 where it has fewer than that."""
    boxes = sum(int((~sample.annotations.iscrowd).sum()) for sample in samples)
    found = [detections[sample.image_id].scores for sample in samples if sample.image_id in detections]
    scores = np.concatenate([np.empty(0, np.float32), *found])
    if not boxes or len(scores) <= boxes:
        return 0.0
    return float(np.partition(scores, len(scores) - boxes)[len(scores) - boxes])


def worst_images(
    samples: Sequence[Sample],
    detections: Mapping[int, Detections],
    names: Sequence[str],
    threshold: float,
    count: int = FIGURES,
) -> list[Failure]:
    """The images with the most errors at that score, at most two a scene; those without an error are left out."""
    found = [
        failure_of(sample, detections.get(sample.image_id, Detections.empty()), names, threshold) for sample in samples
    ]
    ranked = sorted((f for f in found if f.errors), key=lambda f: (-f.errors, f.sample.image_id))
    chosen: list[Failure] = []
    of_scene: dict[str, int] = {}
    for failure in ranked:
        scene = failure.sample.scene
        if len(chosen) < count and of_scene.get(scene, 0) < A_SCENE:
            chosen.append(failure)
            of_scene[scene] = of_scene.get(scene, 0) + 1
    return chosen


def failure_of(sample: Sample, found: Detections, names: Sequence[str], threshold: float) -> Failure:
    """Best scores first, each detection takes the free box of its class that it overlaps most, from IoU 0.5 on."""
    truth = sample.annotations
    kept = found.best(int((found.scores >= threshold).sum()))
    overlap = iou(kept.xyxy.astype(np.float64), truth.xyxy)
    overlap[kept.labels[:, None] != truth.labels[None, :]] = 0
    taken = np.zeros(len(truth), np.bool_)
    boxes: list[Box] = []
    false_alarms = 0
    for row in range(len(kept)):
        free = np.where(taken & ~truth.iscrowd, 0, overlap[row])
        best = int(free.argmax()) if len(free) else 0
        hit = bool(len(free)) and free[best] >= IOU
        if hit and truth.iscrowd[best]:
            continue  # neither right nor wrong, as in COCO's rules
        if hit:
            taken[best] = True
        false_alarms += not hit
        boxes.append(
            _box(kept.xyxy[row], "found" if hit else "false", names[kept.labels[row]], float(kept.scores[row]))
        )
    missed = np.flatnonzero(~taken & ~truth.iscrowd)
    unseen = [_box(truth.xyxy[i], "missed", names[truth.labels[i]], None) for i in missed]
    return Failure(sample, len(missed) + false_alarms, tuple([*unseen, *boxes][:BOXES]))


def _box(xyxy: np.ndarray[tuple[int, ...], np.dtype[np.floating]], kind: str, name: str, score: float | None) -> Box:
    x1, y1, x2, y2 = (round(float(side), 1) for side in xyxy)
    return (x1, y1, x2, y2, kind, name, None if score is None else round(score, 4))
