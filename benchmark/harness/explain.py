"""What figures need beyond a record: curves and confusion of its detections, pictures, features, saliency."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.detector import Detector, Explanation
from benchmark.core.errors import RefusedError
from benchmark.core.images import read_image
from benchmark.core.method import Capability
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Progress, Sample
from benchmark.datasets.opening.licence import sources_of
from benchmark.evaluators.scoring.curves import best_confidence, confusion, mean_precision
from benchmark.harness.cell import Cell
from benchmark.harness.execute import take_weights
from benchmark.harness.fitting import Options, is_finished
from benchmark.harness.images import batches
from benchmark.harness.rescore import Stored
from benchmark.records.explanations import NamedBox, Numbers, Picture

OURS = "procedural generator of rtvp-bench"
"""the only source whose pictures may be committed with the results"""
PICTURES = 6
PICTURE_SIDE_PX = 448
FEATURE_CLASSES = 4
BOXES_A_CLASS = 60
_BATCH = 8


@dataclass(frozen=True, eq=False)
class Explained:
    """What figures draw of one run; missing: why there are no features and saliency maps, or None."""

    numbers: Numbers
    pictures: tuple[Picture, ...]
    missing: str | None


def explain(stored: Stored, device: str = "auto", progress: Progress | None = None) -> Explained:
    """Curves, confusions and pictures of a record's detections; features and saliency where its method provides them.

    Every run of one data set and task shows the same boxes and pictures, so that figures may put them side by side.
    Nothing is trained: a fit that is not on this machine leaves the model out.
    """
    cell, test = stored.cell, stored.test
    sources = sources_of(cell.dataset.info, (sample.source for sample in test.samples))
    shown = pictured_samples(test.samples, {name for name, source in sources.items() if source.redistributable})
    boxes = drawn_boxes(test.samples)
    wanted = {sample.image_id: sample for sample, _ in boxes} | {sample.image_id: sample for sample in shown}
    cell.dataset.ensure(sorted(wanted), progress)
    conf_val = stored.record.metrics.get("conf@val")
    confidence = best_confidence(test) if conf_val is None else conf_val
    numbers = Numbers(
        run_id=stored.record.run_id,
        names=test.names,
        precision=mean_precision(test),
        confusion=confusion(test, confidence),
        confidence=confidence,
        chosen="largest F1 on the test part" if conf_val is None else "largest F1 on the validation part",
    )
    pictures = tuple(_picture(cell, sample) for sample in shown)
    missing = _cannot(stored)
    if missing:
        return Explained(numbers, pictures, missing)
    answers = dict(_ask(stored, [wanted[i] for i in sorted(wanted)], device, progress))
    numbers = replace(
        numbers,
        features=np.array([pooled(answers[s.image_id], s.annotations.xyxy[row]) for s, row in boxes], np.float16),
        labels=np.array([sample.annotations.labels[row] for sample, row in boxes], np.int64),
        image_ids=np.array([sample.image_id for sample, _ in boxes], np.int64),
    )
    pictures = tuple(
        replace(picture, maps=saliency(answers[picture.image_id], picture.width_px, picture.height_px))
        for picture in pictures
    )
    return Explained(numbers, pictures, None)


def pictured_samples(samples: Sequence[Sample], free: Container[str], count: int = PICTURES) -> list[Sample]:
    """Images with a box, of as many scenes as there are, the same for every method: drawn by a hash of their ids.

    free: sources whose pictures may be passed on; they come first.
    """
    chosen: list[Sample] = []
    left = sorted((s for s in samples if len(s.annotations)), key=lambda s: (s.source not in free, _drawn(s.image_id)))
    while left and len(chosen) < count:
        seen: set[str] = set()
        for sample in list(left):
            if sample.scene not in seen and len(chosen) < count:
                seen.add(sample.scene)
                chosen.append(sample)
                left.remove(sample)
    return chosen


def drawn_boxes(samples: Sequence[Sample]) -> list[tuple[Sample, int]]:
    """Boxes of the four most frequent classes, at most 60 per class: the sample and the row of its annotations."""
    places: dict[int, list[tuple[Sample, int]]] = {}
    for sample in samples:
        for row in np.flatnonzero(~sample.annotations.iscrowd).tolist():
            places.setdefault(int(sample.annotations.labels[row]), []).append((sample, row))
    most = sorted(places, key=lambda label: (-len(places[label]), label))[:FEATURE_CLASSES]
    return [
        place
        for label in sorted(most)
        for place in sorted(places[label], key=lambda p: _drawn(p[0].image_id, p[1]))[:BOXES_A_CLASS]
    ]


def pooled(answer: Explanation, xyxy: NDArray[np.float64]) -> NDArray[np.float32]:
    """(C,): mean of each level over the cells in a box (at least the nearest), normalised, levels concatenated."""
    parts = []
    for level in answer.features:
        down, across = level.shape[1:]
        left, top, right, bottom = _cells(answer.frame_xyxy, xyxy, across, down)
        vector = level[:, top:bottom, left:right].mean(axis=(1, 2))
        parts.append(vector / max(float(np.linalg.norm(vector)), 1e-12))
    return np.concatenate(parts)


def saliency(answer: Explanation, width_px: int, height_px: int) -> dict[str, NDArray[np.uint8]]:
    """Each map cropped to the image: levels resized to one grid, each scaled to 0..1, their mean as 0 to 255."""
    scale = min(1.0, PICTURE_SIDE_PX / 2 / max(width_px, height_px))
    size = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
    x1, y1, x2, y2 = answer.frame_xyxy
    maps = {}
    for name, levels in answer.maps.items():
        total = np.zeros(size[::-1], np.float64)
        for level in levels:
            across, down = level.shape[1] / (x2 - x1), level.shape[0] / (y2 - y1)
            corners = np.array([-x1, -y1, width_px - x1, height_px - y1]) * (across, down, across, down)
            left, top, right, bottom = corners.round(6).tolist()
            # Cells of the padding are cropped first, or interpolation would mix them into the image.
            column, row = int(left), int(top)
            inside = Image.fromarray(level[row : ceil(bottom), column : ceil(right)])
            box = (left - column, top - row, right - column, bottom - row)
            resized = inside.resize(size, Image.Resampling.BILINEAR, box=box)
            total += _stretched(np.asarray(resized, np.float64))
        maps[name] = (_stretched(total) * 255).round().astype(np.uint8)
    return maps


def _cannot(stored: Stored) -> str | None:
    """Why the model is not run, or None."""
    info, spec = stored.cell.info, stored.record.spec
    if Capability.EXPLAIN not in info.capabilities:
        return f"{info.name} provides no features"
    if spec.fit is not None and not is_finished(spec.fit):
        return f"the fit {spec.fit.fit_id} is not on this machine"
    return None


def _ask(
    stored: Stored, samples: Sequence[Sample], device: str, progress: Progress | None
) -> Iterator[tuple[int, Explanation]]:
    cell = stored.cell
    method: Detector[Any] = load_adapter(cell.spec.method).Adapter(cell.config, device)
    take_weights(method, cell, Options(device))
    method.set_vocabulary(cell.tested.vocabulary)
    steps: Iterable[Any] = batches(samples, _BATCH)
    if progress:
        steps = progress("explain", steps, -(-len(samples) // _BATCH))
    for chunk, images in steps:
        method.show_ground_truth([sample.annotations for sample in chunk])
        answers = method.explain(images)
        if len(answers) != len(chunk):
            raise RefusedError(f"{cell.info.name}: explain gave {len(answers)} answers for {len(chunk)} images")
        for sample, answer in zip(chunk, answers, strict=True):
            yield sample.image_id, answer


def _picture(cell: Cell, sample: Sample) -> Picture:
    (source,) = sources_of(cell.dataset.info, [sample.source]).values()
    image = Image.fromarray(read_image(sample.path))
    image.thumbnail((PICTURE_SIDE_PX, PICTURE_SIDE_PX))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=88)
    truth = sample.annotations
    boxes = tuple(
        NamedBox(float(x1), float(y1), float(x2), float(y2), cell.tested.vocabulary.names[label])
        for (x1, y1, x2, y2), label in zip(truth.xyxy, truth.labels.tolist(), strict=True)
    )
    return Picture(
        image_id=sample.image_id,
        scene=sample.scene,
        source=source.name,
        licence=source.licence,
        ours=source.name == OURS,
        width_px=sample.width_px,
        height_px=sample.height_px,
        boxes=boxes,
        jpeg=jpeg.getvalue(),
    )


def _cells(
    frame: tuple[float, float, float, float], xyxy: NDArray[np.float64], across: int, down: int
) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (exclusive) of the cells whose centres lie in the box, or the one at its centre."""
    x1, y1, x2, y2 = frame
    low = (xyxy[:2] - (x1, y1)) * (across / (x2 - x1), down / (y2 - y1))
    high = (xyxy[2:] - (x1, y1)) * (across / (x2 - x1), down / (y2 - y1))
    first, last = np.ceil(low - 0.5).astype(int), np.ceil(high - 0.5).astype(int)
    empty = last <= first
    first[empty] = np.floor((low + high) / 2)[empty]
    first = np.clip(first, 0, (across - 1, down - 1))
    last = np.clip(np.maximum(last, first + 1), first + 1, (across, down))
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _drawn(*numbers: int) -> str:
    """A sort key that shuffles, the same on every machine."""
    return hashlib.sha256(repr(numbers).encode()).hexdigest()
