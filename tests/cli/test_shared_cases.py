"""Other people's broken files, kept outside the project in a folder that BENCH_CASES names: what is right for each.

Each kind of fault is also made anew in test_own_files.py and test_score_files.py, which need no such folder.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from benchmark.cli.main import main

pytestmark = pytest.mark.skipif("BENCH_CASES" not in os.environ, reason="BENCH_CASES names no folder of cases")

SCORED: dict[str, tuple[str, float]] = {
    "01-roboflow-root-same-name": ("annotations.json", 1.0),
    "10-no-iscrowd-no-area": ("annotations.json", 1.0),
    "13-iscrowd-string": ("annotations.json", 1.0),
    "18-bom": ("annotations.json", 1.0),
    "54-annotation-ids-from-zero": ("annotations.json", 1.0),
    "58-suffix-JSON": ("truth.JSON", 1.0),
    "73-hash-image-ids": ("truth.json", 1.0),
    "79-bom": ("truth.json", 1.0),
    "86-iscrowd-bool": ("truth.json", 1.0),
    "run-06-image-id-ns": ("g.json", 1.0),
    "run-10-width-null": ("g.json", 1.0),
    "run-50-lvis-under-coco": ("g.json", 0.367),
}
"""case -> its ground truth, and AP"""
REFUSED: dict[str, tuple[str, str]] = {
    "16-bbox-corners": ("annotations.json", "bbox must be x, y, width, height, not x1, y1, x2, y2"),
    "17-bbox-relative": ("annotations.json", "multiply by width and height"),
    "20-gz": ("annotations.json", "compressed (gzip)"),
    "30-name-null": ("annotations.json", "category 2 has no name"),
    "31-category-id-list": ("annotations.json", "annotation 5: category_id is [1]"),
    "77-relative": ("truth.json", "detections.json: detection number 0 (from 0) of image 1: bbox is [0.125"),
}
"""case -> its ground truth, and words of the one line"""
PLANNED = ("01-roboflow-root-same-name", "10-no-iscrowd-no-area", "13-iscrowd-string", "18-bom",
           "54-annotation-ids-from-zero")  # fmt: skip
"""cases that have pictures and can be run"""


def case(name: str) -> Path:
    return Path(os.environ["BENCH_CASES"]) / name


def score(name: str, truth: str, *more: str) -> int:
    folder = case(name)
    (predictions,) = (path for path in folder.glob("*.json") if path.name in ("p.json", "detections.json"))
    return main(["score", "--predictions", str(predictions), "--data", str(folder / truth), "--json", *more])


def plan(annotations: Path, *more: str) -> int:
    asked = ["--method", "yolo-world", "--task", "closed", "--profile", "smoke", "--data", str(annotations)]
    return main(["run", *asked, "--dry-run", *more])


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("name", SCORED)
def test_scored(name: str, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    if "lvis" in name and engine == "reference":
        pytest.importorskip("lvis")
    truth, ap = SCORED[name]
    assert score(name, truth, "--engine", engine) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["AP"] == pytest.approx(ap, abs=5e-4)


def test_lvis_file_by_the_rules_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    name = "run-50-lvis-under-coco"
    for truth in ("g.json", "g_after_hint.json"):
        assert score(name, truth) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["metrics"]["AP"] == pytest.approx(0.367, abs=5e-4)
        assert "LVIS's rules; --rules coco takes COCO's" in err
    assert score(name, "g_after_hint.json", "--rules", "coco") == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["AP"] == pytest.approx(0.255, abs=5e-4)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    truth, words = REFUSED[name]
    assert score(name, truth) == 2
    message = capsys.readouterr().err
    if truth == "annotations.json":
        assert plan(case(name) / truth) == 2
        assert capsys.readouterr().err == message
    assert words in message
    assert message.startswith("bench: error: ")
    assert message.count("\n") == 1


@pytest.mark.models
@pytest.mark.parametrize("name", PLANNED)
def test_planned(name: str) -> None:
    assert plan(case(name) / "annotations.json") == 0


@pytest.mark.models
@pytest.mark.parametrize(
    ("novel", "both"), [("crack, wood", "'crack, steel'"), ("hole", "'stain'"), ("stain", "'hole'")]
)
def test_novel_leak(novel: str, both: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(shutil.copy(case("run-52-novel-leak") / "annotations.json", tmp_path))
    for image in json.loads(path.read_text())["images"]:
        Image.new("L", (image["width"], image["height"])).save(tmp_path / image["file_name"])
    asked = ("--task", "zeroshot", "--novel", novel)
    assert plan(path, *asked) == 2
    message = capsys.readouterr().err
    assert f"'{novel}'" in message
    assert both in message
    assert plan(path, *asked, "--allow-overlap") == 0
    assert "allow-overlap" in capsys.readouterr().out
