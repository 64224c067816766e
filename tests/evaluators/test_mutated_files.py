"""One value of a good file replaced by any other: it is scored, or refused in one line; nothing else may happen."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.core.errors import BenchError
from benchmark.datasets.any_coco import open_path
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.evaluators.scoring.score import score
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap

GONE = "value to be removed"
VALUES: tuple[Any, ...] = (
    None, True, False, {}, {"a": 1}, GONE,
    0, -1, 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**400, -(10**400),
    0.0, -0.0, 0.5, 1e308, 1e-320, float("nan"), float("inf"),
    "", "7", "x", "nan", "1e999", " 3 ", "é\0",
    [], [1], [[1]], [None] * 4, [1, 2, 3, 4], ["1", "2", "3", "4"], [1e308] * 4, [-1, -1, 0.5, 10**400],
)  # fmt: skip
IMAGES = (1, 2, 3)


def made(*, lvis: bool) -> dict[str, Any]:
    """Ground truth and detections in one object, so that a path leads to every value of both."""
    listed = {"neg_category_ids": [7], "not_exhaustive_category_ids": []} if lvis else {}
    rare = {"frequency": "r"} if lvis else {}
    return {
        "ground_truth": {
            "images": [
                {"id": i, "width": 100, "height": 80, "file_name": f"{i}.png", "scene": "s", "group": "g"} | listed
                for i in IMAGES
            ],
            "categories": [
                {"id": 7, "name": "dent", "supercategory": "x", "synonyms": ["a"], "defect": "dent"} | rare,
                {"id": 9, "name": "hole", "scene": "s", "description": "d"} | rare,
            ],
            "annotations": [
                {"id": i, "image_id": i, "category_id": (7, 9)[i % 2], "bbox": [10, 10, 30, 20], "area": 600,
                 "iscrowd": 0}
                for i in IMAGES
            ],
        },
        "results": [{"image_id": i, "category_id": 7, "bbox": [10, 10, 30, 20], "score": 0.5} for i in IMAGES],
    }  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """To the first and the second of each list, and to every key."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, below in inside:
        yield from paths(below, (*path, key))


def changed(path: tuple[Any, ...], new: Any, *, lvis: bool) -> dict[str, Any]:
    files = made(lvis=lvis)
    place: Any = files
    for key in path[:-1]:
        place = place[key]
    if new is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return files


def assert_one_line(error: BenchError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("lvis", [False, True], ids=["coco", "lvis"])
def test_scored_or_refused(*, lvis: bool) -> None:
    scored = refused = 0
    with warnings.catch_warnings(action="error"):
        for path in paths(made(lvis=lvis)):
            for new in VALUES if len(path) > 1 or path == ("results",) else ():
                files = changed(path, new, lvis=lvis)
                try:
                    columns = columns_from_coco(files.get("ground_truth"), files.get("results"))
                    score(("lvis_ap",) if columns.federation else ("coco_ap", "tide", "bands"), columns)
                    bootstrap_ap(columns, 10)
                    scored += 1
                except BenchError as error:
                    assert_one_line(error)
                    refused += 1
    assert scored > 300
    assert refused > 1000


def test_opened_or_refused(tmp_path: Path) -> None:
    for i in IMAGES:
        Image.new("L", (100, 80), i).save(tmp_path / f"{i}.png")
    file = tmp_path / "own.json"
    opened = refused = 0
    for path in paths(made(lvis=False)["ground_truth"]):
        for new in VALUES if path else ():
            file.write_text(json.dumps(changed(("ground_truth", *path), new, lvis=False)["ground_truth"]))
            try:
                open_path(file).split("closed")
                opened += 1
            except BenchError as error:
                assert_one_line(error)
                refused += 1
    assert opened > 200
    assert refused > 500
