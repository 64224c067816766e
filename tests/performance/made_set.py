"""Made-up sets as large as COCO's, LVIS's and MMIO's: boxes near the ground truth and false positives, seeded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from benchmark.core.evaluation import ScoredSet

WIDTH_PX, HEIGHT_PX = 640, 480


@dataclass(frozen=True)
class Shape:
    """How large a set is; `federated` sets carry LVIS's lists."""

    images: int
    classes: int
    boxes: int
    detections_per_image: int
    crowds: float
    federated: bool = False

    def scaled(self, scale: float) -> Shape:
        """The same with a share of the images and boxes."""
        return Shape(
            max(1, round(self.images * scale)),
            self.classes,
            max(1, round(self.boxes * scale)),
            self.detections_per_image,
            self.crowds,
            self.federated,
        )


SHAPES = {
    "coco": Shape(5_000, 80, 36_000, 100, 0.01),
    "lvis": Shape(4_809, 1_203, 50_763, 300, 0.0, federated=True),
    "mmio": Shape(3_025, 35, 12_000, 300, 0.01),
}


def write_set(shape: Shape, folder: Path, detectors: int) -> None:
    """Write the ground truth and the detections of so many detectors, in the format of stored predictions."""
    from benchmark.core.detections import Detections
    from benchmark.records.predictions import write_predictions

    rng = np.random.default_rng(0)
    truth = _truth(shape, rng)
    np.savez(folder / "truth.npz", **truth)
    for number in range(detectors):
        xyxy, score, label = _detections(shape, truth, rng)
        rows = [slice(i, i + shape.detections_per_image) for i in range(0, len(score), shape.detections_per_image)]
        predictions = {i: Detections(xyxy[own], score[own], label[own]) for i, own in enumerate(rows, start=1)}
        write_predictions(folder / f"predictions_{number}.parquet", predictions)


def read_set(folder: Path, number: int = 0) -> ScoredSet:
    """The ground truth with the detections of one detector."""
    from benchmark.core.detections import Annotations
    from benchmark.core.evaluation import ScoredSet
    from benchmark.core.sample import Sample
    from benchmark.records.predictions import read_predictions

    with np.load(folder / "truth.npz") as stored:
        truth = dict(stored)
    count = int(truth["images"])
    starts = np.searchsorted(truth["image"], np.arange(count + 1))
    samples = []
    for i in range(count):
        rows = slice(starts[i], starts[i + 1])
        boxes = Annotations(truth["xyxy"][rows], truth["label"][rows], truth["iscrowd"][rows], truth["area_px"][rows])
        samples.append(Sample(i + 1, Path(f"{i}.jpg"), WIDTH_PX, HEIGHT_PX, boxes, "all", f"{i}", "made"))
    classes = int(truth["classes"])
    lists = [_by_image(truth[name]) for name in ("negative", "not_exhaustive")] if "negative" in truth else [{}, {}]
    frequency = tuple("rcf"[k % 3] for k in range(classes)) if "negative" in truth else ()
    names = tuple(f"class {k}" for k in range(classes))
    detections = read_predictions(folder / f"predictions_{number}.parquet")
    negative, not_exhaustive = lists
    return ScoredSet(names, samples, detections, {}, frequency, negative, not_exhaustive)


def _truth(shape: Shape, rng: np.random.Generator) -> dict[str, Any]:
    image = np.sort(rng.integers(0, shape.images, shape.boxes))
    # Few classes are frequent and many are rare, as in all three sets.
    chance = 1 / np.arange(1, shape.classes + 1)
    label = rng.choice(shape.classes, shape.boxes, p=chance / chance.sum())
    xyxy = _random_boxes(shape.boxes, rng)
    size = xyxy[:, 2:] - xyxy[:, :2]
    columns = {
        "images": np.array(shape.images),
        "classes": np.array(shape.classes),
        "image": image,
        "label": label,
        "xyxy": xyxy,
        "iscrowd": rng.random(shape.boxes) < shape.crowds,
        "area_px": size.prod(axis=1) * rng.uniform(0.5, 1, shape.boxes),
    }
    if shape.federated:
        present = np.unique(np.column_stack([image, label]), axis=0)
        drawn = np.column_stack([rng.integers(0, n, 10 * shape.images) for n in (shape.images, shape.classes)])
        absent = ~np.isin(drawn @ (shape.classes, 1), present @ (shape.classes, 1))
        columns["negative"] = np.unique(drawn[absent], axis=0)
        columns["not_exhaustive"] = present[rng.random(len(present)) < 0.05]
    return columns


def _detections(
    shape: Shape, truth: dict[str, Any], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """(N, 4), (N,), (N,), image after image: up to three tries at each box, the rest anywhere, all scores distinct."""
    per_image, count = shape.detections_per_image, shape.images * shape.detections_per_image
    xyxy = _random_boxes(count, rng)
    label = rng.integers(0, shape.classes, count)
    score = rng.beta(1, 8, count)
    image = truth["image"]
    place = np.arange(len(image)) - np.searchsorted(image, image)
    for attempt in range(3):
        slot = 3 * place + attempt
        tried = (slot < per_image) & (rng.random(len(image)) < 0.8)
        rows = (image * per_image + slot)[tried]
        boxes = truth["xyxy"][tried]
        jitter_px = (0.05 + 0.05 * attempt) * np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        xyxy[rows] = boxes + rng.normal(0, 1, boxes.shape) * jitter_px
        right = rng.random(len(rows)) < 0.8
        label[rows[right]] = truth["label"][tried][right]
        score[rows] = rng.beta(2, 3, len(rows))
    corners = np.sort(xyxy.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    return corners.astype(np.float32), score.astype(np.float32), label.astype(np.int64)


def _random_boxes(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    side = np.exp(rng.uniform(np.log(8), np.log(240), (count, 2)))
    corner = rng.uniform(0, 1, (count, 2)) * (np.array([WIDTH_PX, HEIGHT_PX]) - side)
    return np.concatenate([corner, corner + side], axis=1)


def _by_image(pairs: NDArray[np.int64]) -> dict[int, list[int]]:
    lists: dict[int, list[int]] = {}
    for image, label in pairs.tolist():
        lists.setdefault(image + 1, []).append(label)
    return lists
