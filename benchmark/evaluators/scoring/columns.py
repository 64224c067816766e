"""The input of every evaluator: a checked set of images as float64 columns, images in ascending order of id.

A `ScoredSet` (float32 detections of our methods) and COCO files of any origin (`coco_files.from_coco`) both become
`Columns`, so an evaluator need not know which of the two it scores. Box sizes are float64: nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import FloatArray, xyxy_to_xywh
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators.scoring.validate import validate_columns, validate_ids


@dataclass(frozen=True, eq=False)
class BoxColumns:
    """All boxes of a set, sorted by image; their order within an image is kept, because it breaks ties.

    image: (N,) int64, position of the image among the images sorted by id.
    label: (N,) int64, index into the vocabulary.
    xywh: (N, 4) float64, pixels of the original image.
    score: (N,) float64; zeros for ground truth.
    iscrowd: (N,) bool; false for detections.
    area_px: (N,) float64, square pixels.
    """

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    xywh: NDArray[np.float64]
    score: NDArray[np.float64]
    iscrowd: NDArray[np.bool_]
    area_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> BoxColumns:
        """The boxes at the given positions, or those where a mask (N,) is true."""
        positions = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return BoxColumns(*(getattr(self, column.name)[positions] for column in fields(self)))


@dataclass(frozen=True, eq=False)
class FederationColumns:
    """LVIS's lists: which classes are known to be absent from an image, where not all are annotated in all images.

    frequency: 'r', 'c' or 'f' per class. negative, not_exhaustive: (M, 2) int64 pairs of image position and label:
    classes verified to be absent, and classes of which only some instances are annotated.
    """

    frequency: tuple[str, ...]
    negative: NDArray[np.int64]
    not_exhaustive: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Columns:
    """A checked set of I images. `size_px` is (I, 2) int64, width and height; one scene and one group per image.

    super_categories: scene -> super category, where known. federation: LVIS's lists, None under COCO's rules.
    novel: labels of the novel classes where the vocabulary holds base and novel ones.
    """

    names: tuple[str, ...]
    image_ids: NDArray[np.int64]
    size_px: NDArray[np.int64]
    scenes: tuple[str, ...]
    groups: tuple[str, ...]
    ground_truth: BoxColumns
    detections: BoxColumns
    super_categories: Mapping[str, str] = field(default_factory=dict)
    federation: FederationColumns | None = None
    novel: tuple[int, ...] = ()

    def of_images(self, keep: NDArray[np.bool_]) -> Columns:
        """The images where `keep`, (I,) bool, is true."""
        position = np.cumsum(keep) - 1
        return Columns(
            self.names,
            self.image_ids[keep],
            self.size_px[keep],
            tuple(np.array(self.scenes, object)[keep]),
            tuple(np.array(self.groups, object)[keep]),
            _of_images(self.ground_truth, keep, position),
            _of_images(self.detections, keep, position),
            self.super_categories,
            self.federation and _federation_of_images(self.federation, keep, position),
            self.novel,
        )

    def of_classes(self, first: int, last: int) -> Columns:
        """The classes first to last - 1 on all images; their labels then count from 0."""
        if (first, last) == (0, len(self.names)):
            return self
        return replace(
            self,
            names=self.names[first:last],
            ground_truth=_of_classes(self.ground_truth, first, last),
            detections=_of_classes(self.detections, first, last),
            federation=self.federation and _federation_of_classes(self.federation, first, last),
            novel=tuple(label - first for label in self.novel if first <= label < last),
        )


def columns_of(scored: ScoredSet | Columns) -> Columns:
    """The set as checked columns; columns are returned as they are. Raises EvaluationError for bad input."""
    if isinstance(scored, Columns):
        return scored
    validate_ids([sample.image_id for sample in scored.samples], scored.detections)
    samples = sorted(scored.samples, key=lambda sample: sample.image_id)
    columns = Columns(
        names=scored.names,
        image_ids=np.array([sample.image_id for sample in samples], np.int64),
        size_px=np.array([(sample.width_px, sample.height_px) for sample in samples], np.int64),
        scenes=tuple(sample.scene for sample in samples),
        groups=tuple(sample.group for sample in samples),
        ground_truth=_ground_truth_columns(samples),
        detections=_detection_columns(scored, samples),
        super_categories=scored.super_categories,
        federation=_federation(scored, samples) if scored.frequency else None,
        novel=scored.novel,
    )
    validate_columns(columns)
    return columns


def _ground_truth_columns(samples: Sequence[Sample]) -> BoxColumns:
    annotations = [sample.annotations for sample in samples]
    image = np.repeat(np.arange(len(annotations)), [len(each) for each in annotations])
    return BoxColumns(
        image=image,
        label=np.concatenate([each.labels for each in annotations]),
        xywh=_xywh([each.xyxy for each in annotations]),
        score=np.zeros(len(image)),
        iscrowd=np.concatenate([each.iscrowd for each in annotations]),
        area_px=np.concatenate([each.area_px for each in annotations]),
    )


def _detection_columns(scored: ScoredSet, samples: Sequence[Sample]) -> BoxColumns:
    """Corners become float64 before widths are computed, so that nothing is rounded."""
    detections = [scored.detections[sample.image_id] for sample in samples]
    image = np.repeat(np.arange(len(detections)), [len(each) for each in detections])
    xywh = _xywh([each.xyxy for each in detections])
    return BoxColumns(
        image=image,
        label=np.concatenate([each.labels for each in detections]),
        xywh=xywh,
        score=np.concatenate([each.scores for each in detections]).astype(np.float64),
        iscrowd=np.zeros(len(image), np.bool_),
        area_px=xywh[:, 2] * xywh[:, 3],
    )


def _federation(scored: ScoredSet, samples: Sequence[Sample]) -> FederationColumns:
    if len(scored.frequency) != len(scored.names) or not set(scored.frequency) <= {"r", "c", "f"}:
        raise EvaluationError(
            f"LVIS: {len(scored.frequency)} frequencies for {len(scored.names)} names; each name needs 'r', 'c' or 'f'"
        )
    negative, not_exhaustive = (
        np.array(
            [(i, label) for i, sample in enumerate(samples) for label in labels.get(sample.image_id, ())], np.int64
        ).reshape(-1, 2)
        for labels in (scored.negative, scored.not_exhaustive)
    )
    return FederationColumns(scored.frequency, negative, not_exhaustive)


def _xywh(xyxy: Sequence[FloatArray]) -> NDArray[np.float64]:
    return xyxy_to_xywh(np.concatenate(xyxy).astype(np.float64)).astype(np.float64, copy=False)


def _of_images(boxes: BoxColumns, keep: NDArray[np.bool_], position: NDArray[np.int64]) -> BoxColumns:
    kept = boxes.take(keep[boxes.image])
    return BoxColumns(position[kept.image], kept.label, kept.xywh, kept.score, kept.iscrowd, kept.area_px)


def _of_classes(boxes: BoxColumns, first: int, last: int) -> BoxColumns:
    kept = boxes.take((boxes.label >= first) & (boxes.label < last))
    return replace(kept, label=kept.label - first)


def _federation_of_classes(federation: FederationColumns, first: int, last: int) -> FederationColumns:
    negative, not_exhaustive = (
        pairs[(pairs[:, 1] >= first) & (pairs[:, 1] < last)] - np.array([0, first])
        for pairs in (federation.negative, federation.not_exhaustive)
    )
    return FederationColumns(federation.frequency[first:last], negative, not_exhaustive)


def _federation_of_images(
    federation: FederationColumns, keep: NDArray[np.bool_], position: NDArray[np.int64]
) -> FederationColumns:
    negative, not_exhaustive = (
        np.column_stack([position[pairs[:, 0]], pairs[:, 1]])[keep[pairs[:, 0]]]
        for pairs in (federation.negative, federation.not_exhaustive)
    )
    return FederationColumns(federation.frequency, negative, not_exhaustive)
