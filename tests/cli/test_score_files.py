"""`bench score --predictions`: a file of any origin is scored, or refused in one line that names file and entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main

Rows = list[dict[str, Any]]


def truth() -> dict[str, Any]:
    """Two images with one box each, ids that no vocabulary has."""
    return {
        "images": [{"id": 40 + i, "width": 100, "height": 80, "file_name": f"{i}.png"} for i in (1, 2)],
        "categories": [{"id": 7, "name": "dent"}, {"id": 9, "name": "hole"}],
        "annotations": [
            {"id": i, "image_id": 40 + i, "category_id": 5 + 2 * i, "bbox": [10, 10, 30, 20], "area": 600, "iscrowd": 0}
            for i in (1, 2)
        ],
    }


def found() -> Rows:
    """The first box found, the second missed."""
    return [
        {"image_id": 41, "category_id": 7, "bbox": [10, 10, 30, 20], "score": 0.9},
        {"image_id": 42, "category_id": 7, "bbox": [1, 1, 5, 5], "score": 0.4},
    ]


def scored(tmp_path: Path, gt: Any, results: Any, *more: str) -> int:
    for name, values in (("gt.json", gt), ("dt.json", results)):
        (tmp_path / name).write_text(values if isinstance(values, str) else json.dumps(values))
    return main(["score", "--predictions", f"{tmp_path}/dt.json", "--data", f"{tmp_path}/gt.json", *more])


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_good_file(tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scored(tmp_path, truth(), found(), "--engine", engine, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["metrics"]["AP"] == pytest.approx(0.5)
    assert facts["per_class"]["dent"]["AP50"] == pytest.approx(1)
    assert facts["per_class"]["hole"]["AP50"] == 0
    assert scored(tmp_path, truth(), [], "--engine", engine, "--json") == 0  # pycocotools itself fails on none
    assert json.loads(capsys.readouterr().out)["metrics"]["AP"] == 0


def of_row(**changes: Any) -> Callable[[dict[str, Any], Rows], None]:
    return lambda gt, rows: rows[1].update(changes)


def of_truth(**changes: Any) -> Callable[[dict[str, Any], Rows], None]:
    return lambda gt, rows: gt["annotations"][1].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_row(score=float("nan")), "score is nan"),
        (of_row(score=float("inf")), "score is inf"),
        (of_row(bbox=[1, float("nan"), 5, 5]), "bbox"),
        (of_row(bbox=[50, 50, -20, 10]), "width, height >= 0"),
        (of_row(image_id=5), "image_id is 5"),
        (of_row(image_id=42.0), "image_id is 42.0"),
        (of_row(category_id=0), "category_id is 0"),
        (of_row(category_id="7"), "category_id is '7'"),
        (lambda gt, rows: rows[1].pop("score"), "has no score"),
        (of_truth(id=0), "id"),
        (of_truth(id=1), "annotation id 1 is used twice"),
        (lambda gt, rows: gt["annotations"][1].pop("area"), "has no area"),
        (lambda gt, rows: gt["annotations"][1].pop("iscrowd"), "has no iscrowd"),
    ],
)
def test_refused_in_one_line(
    tmp_path: Path,
    change: Callable[[dict[str, Any], Rows], Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gt, rows = truth(), found()
    change(gt, rows)
    assert scored(tmp_path, gt, rows) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert said.startswith("bench: error: ")
    assert str(tmp_path) in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("gt", "results", "words"),
    [
        (truth(), "{", "dt.json: not JSON"),
        ("[", found(), "gt.json: not JSON"),
        (truth(), {"a": 1}, "dt.json"),
        ([], found(), "gt.json: holds list, expected an object"),
        (truth(), [1], "dt.json"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, gt: Any, results: Any, words: str, capsys: Any) -> None:
    assert scored(tmp_path, gt, results) == 2
    assert words in capsys.readouterr().err
