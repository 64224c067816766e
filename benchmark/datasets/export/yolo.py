"""YOLO, as ultralytics reads it: `data.yaml`, `images/{train,val,test}`, `labels/{train,val,test}`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset, Sample
from benchmark.datasets.export.part import Part


def write(folder: Path, dataset: Dataset, parts: Sequence[Part]) -> None:
    """Write the text labels and data.yaml. Crowd boxes are written like others: YOLO has no crowds."""
    for part in parts:
        write_labels(part, folder / part.pictures.replace("images", "labels", 1))
    content = {
        **{part.name: part.pictures for part in parts},
        "names": {label: category.name for label, category in enumerate(dataset.categories)},
    }
    with written_whole(folder / "data.yaml") as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def write_labels(part: Part, folder: Path) -> None:
    """Write one label file per image, one line `<class> <cx> <cy> <w> <h>` per box, relative to the image size."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in part.samples:
        (folder / f"{part.stem(sample)}.txt").write_text("".join(_lines(sample)), encoding="utf-8")


def _lines(sample: Sample) -> list[str]:
    lines = []
    boxes = sample.annotations
    for (x1, y1, x2, y2), label in zip(boxes.xyxy.tolist(), boxes.labels.tolist(), strict=True):
        centre = (x1 + x2) / 2 / sample.width_px, (y1 + y2) / 2 / sample.height_px
        side = (x2 - x1) / sample.width_px, (y2 - y1) / sample.height_px
        lines.append(f"{label} " + " ".join(f"{value:.9g}" for value in (*centre, *side)) + "\n")
    return lines
