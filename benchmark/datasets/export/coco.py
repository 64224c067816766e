"""COCO: `annotations/instances_{train,val,test}.json` and the images in `images/{train,val,test}/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset
from benchmark.datasets.export.part import Part, coco_content


def write(folder: Path, dataset: Dataset, parts: Sequence[Part]) -> None:
    """Write one json per part; each lists all categories, file names are relative to `images/`."""
    labels = range(len(dataset.categories))
    for part in parts:
        content = coco_content(part, dataset.categories, labels)
        below = part.pictures.removeprefix("images/")
        for entry in content["images"]:
            entry["file_name"] = f"{below}/{entry['file_name']}"
        write_json(folder / "annotations" / f"instances_{part.name}.json", content)


def write_json(path: Path, content: object) -> None:
    """Write a JSON file, completely or not at all."""
    with written_whole(path) as temporary:
        temporary.write_bytes(orjson.dumps(content))
