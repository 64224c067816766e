"""The Croissant metadata of a built folder leads a reader to its images and boxes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli.main import main


def test_images_and_boxes_are_found_in_the_folder(downloads: Path, bench_home: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant comes with the extra dev")
    assert main(["data", "build", "mmio-open", "--from", str(downloads), "--all"]) == 0
    folder = bench_home / "data" / "mmio-open-all"
    path = folder / "croissant.json"
    assert main(["data", "card", "mmio-open@all", "--croissant", str(path)]) == 0
    content = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    loaded = mlcroissant.Dataset(jsonld=str(path))
    images = list(loaded.records("image_list"))
    assert [row["image_list/id"] for row in images] == [image["id"] for image in content["images"]]
    boxes = list(loaded.records("box_list"))
    assert [list(row["box_list/bbox"]) for row in boxes] == [box["bbox"] for box in content["annotations"]]
