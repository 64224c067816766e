"""The layout of the owners of MMIO: `Images/{train,validation}`, `labels/{train,validation}/...`.

The folders are the zero-shot split: `validation` has the test images, `train` all others. `taxonomy.csv`, which the
owners' files lack, gives scene and super category of the classes.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.files import written_whole
from benchmark.core.sample import Category, Dataset
from benchmark.datasets.export.coco import write_json
from benchmark.datasets.export.part import Part, coco_content
from benchmark.datasets.export.yolo import write_labels
from benchmark.datasets.mmio_release.layout import JSON, TAXONOMY, TRAIN, VALIDATION
from benchmark.datasets.opening.taxonomy import NEEDED, OPTIONAL


def parts(dataset: Dataset, rule: str) -> list[Part]:
    """All images: those of the test part in `validation`, the others in `train`."""
    tested = set(dataset.split(rule).test)
    samples = [dataset.samples[image_id] for image_id in sorted(dataset.samples)]
    return [
        Part(TRAIN, [sample for sample in samples if sample.image_id not in tested], f"Images/{TRAIN}"),
        Part(VALIDATION, [sample for sample in samples if sample.image_id in tested], f"Images/{VALIDATION}"),
    ]


def write(folder: Path, dataset: Dataset, parts: Sequence[Part]) -> None:
    """Write the labels as text and as json; train.json lists the base classes, val.json all classes."""
    labels = {TRAIN: sorted(dataset.split("zeroshot").base), VALIDATION: range(len(dataset.categories))}
    for part in parts:
        write_labels(part, folder / "labels" / part.name / "txt")
        content = coco_content(part, dataset.categories, labels[part.name])
        write_json(folder / "labels" / part.name / "annotations" / JSON[part.name], content)
    _write_taxonomy(folder / TAXONOMY, dataset.categories)


def _write_taxonomy(path: Path, categories: Sequence[Category]) -> None:
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, (*NEEDED, *OPTIONAL))
        rows.writeheader()
        for category in categories:
            if any(";" in name for name in category.synonyms):
                raise DataError(f"class '{category.name}' has a synonym with ';', which separates them in {path.name}")
            rows.writerow(
                {
                    "class": category.name,
                    "scene": category.scene,
                    "super_category": category.super_category,
                    "defect": category.defect,
                    "synonyms": "; ".join(category.synonyms),
                    "description": category.description,
                }
            )
