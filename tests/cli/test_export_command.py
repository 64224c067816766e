"""A run's detections in other people's files: read back, they are the stored ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmark.cli.main import main
from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.detections import Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.paths import Home
from benchmark.harness.rescore import load_stored
from tests.made_detector import mean_box


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ScoredSet]]:
    """Run id and test part of one cell."""
    folder = tmp_path_factory.mktemp("export")
    with mean_box(folder):
        asked = ["run", "--method", "mean-box", "--task", "closed", "--data", "mmio-synth@n200", "--profile", "quick"]
        assert main(asked) == 0
        (path,) = Home.find().runs.glob("*/record.json")
        yield path.parent.name, load_stored(path).test


def corners(part: ScoredSet, kind: str) -> list[tuple[Any, ...]]:
    """(image id, class name, score, x1, y1, x2, y2), sorted."""
    rows = []
    for sample in part.samples:
        boxes = sample.annotations if kind == "ground_truth" else part.detections[sample.image_id]
        scores = boxes.scores.tolist() if isinstance(boxes, Detections) else [None] * len(boxes)
        rows += [
            (sample.image_id, part.names[label], score, *box)
            for label, score, box in zip(boxes.labels.tolist(), scores, boxes.xyxy.tolist(), strict=True)
        ]
    return sorted(rows, key=str)


def exported(run_id: str, form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["export", run_id, "--format", form, "--out", str(folder)]) == 0
    return capsys.readouterr().out


def test_coco(stored: tuple[str, ScoredSet], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id, part = stored
    output = exported(run_id, "coco", tmp_path, capsys)
    assert f"{len(part.samples)} images, {len(part.names)} classes" in output
    names = {row["id"]: row["name"] for row in json.loads((tmp_path / "ground_truth.json").read_text())["categories"]}
    detections = json.loads((tmp_path / "detections.json").read_text())
    boxes = xywh_to_xyxy(np.array([row["bbox"] for row in detections])).astype(np.float32).tolist()
    rows = [
        (r["image_id"], names[r["category_id"]], r["score"], *box) for r, box in zip(detections, boxes, strict=True)
    ]
    assert sorted(rows, key=str) == corners(part, "detections")
    assert main(["score", "--predictions", f"{tmp_path}/detections.json", "--data", f"{tmp_path}/ground_truth.json",
                 "--json"]) == 0  # fmt: skip
    again = json.loads(capsys.readouterr().out)["metrics"]
    recorded = json.loads(Home.find().run(run_id).record.read_text())["metrics"]
    assert again["AP"] == pytest.approx(recorded["AP"], abs=1e-12)


def test_parquet(stored: tuple[str, ScoredSet], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id, part = stored
    output = exported(run_id, "parquet", tmp_path, capsys)
    assert "image_id, class, label, score, x1, y1, x2, y2" in output
    for kind in ("ground_truth", "detections"):
        table = pq.read_table(tmp_path / f"{kind}.parquet").to_pylist()
        rows = [(r["image_id"], r["class"], r.get("score"), r["x1"], r["y1"], r["x2"], r["y2"]) for r in table]
        assert sorted(rows, key=str) == corners(part, kind)
        assert all(part.names[row["label"]] == row["class"] for row in table)
    images = pq.read_table(tmp_path / "images.parquet").to_pylist()
    assert [row["image_id"] for row in images] == sorted(sample.image_id for sample in part.samples)


def test_supervision(stored: tuple[str, ScoredSet], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("supervision", reason="supervision comes with the extra interop")
    run_id, part = stored
    exported(run_id, "supervision", tmp_path, capsys)
    for kind in ("ground_truth", "detections"):
        table = json.loads((tmp_path / f"{kind}.json").read_text())
        rows = [
            (r["image_id"], r["class_name"], r["confidence"] if kind == "detections" else None,
             r["x_min"], r["y_min"], r["x_max"], r["y_max"])
            for r in table
        ]  # fmt: skip
        wanted = corners(part, kind)
        if kind == "ground_truth":  # supervision's corners are float32
            wanted = sorted([(*row[:3], *np.array(row[3:], np.float32).tolist()) for row in wanted], key=str)
        assert sorted(rows, key=str) == wanted


def test_fiftyone(stored: tuple[str, ScoredSet], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fo = pytest.importorskip("fiftyone", reason="fiftyone comes with its own extra")
    run_id, part = stored
    exported(run_id, "fiftyone", tmp_path, capsys)
    samples = [fo.Sample.from_json(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [sample.image_id for sample in samples] == [sample.image_id for sample in part.samples]
    for ours, theirs in zip(part.samples, samples, strict=True):
        detections = part.detections[ours.image_id]
        width, height = ours.width_px, ours.height_px
        for boxes, read in ((ours.annotations, theirs.ground_truth), (detections, theirs.predictions)):
            shares = [(x * width, y * height, (x + w) * width, (y + h) * height)
                      for x, y, w, h in (box.bounding_box for box in read.detections)]  # fmt: skip
            assert np.reshape(shares, (-1, 4)) == pytest.approx(boxes.xyxy, abs=1e-3)
            assert [box.label for box in read.detections] == [part.names[label] for label in boxes.labels]
        assert [box.confidence for box in theirs.predictions.detections] == detections.scores.tolist()


@pytest.mark.parametrize(("library", "extra"), [("fiftyone", "fiftyone"), ("supervision", "interop")])
def test_a_missing_library_is_said_with_the_line_that_installs_it(
    stored: tuple[str, ScoredSet], tmp_path: Path, library: str, extra: str, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["export", stored[0], "--format", library, "--out", str(tmp_path)]) == 2
    assert f"{library} is not installed: pip install 'rtvp-bench[{extra}]'" in capsys.readouterr().err


def test_the_validation_part(stored: tuple[str, ScoredSet], tmp_path: Path, capsys: Any) -> None:
    run_id, part = stored
    assert main(["export", run_id, "--format", "coco", "--part", "val", "--out", str(tmp_path)]) == 0
    ids = {row["id"] for row in json.loads((tmp_path / "ground_truth.json").read_text())["images"]}
    assert ids
    assert not ids & {sample.image_id for sample in part.samples}
    folder = tmp_path / "without"
    folder.mkdir()
    source = Home.find().run(run_id).root
    record = json.loads((source / "record.json").read_text())
    record["artifacts"] = [each for each in record["artifacts"] if each["name"] == "predictions"]
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "predictions.parquet").write_bytes((source / "predictions.parquet").read_bytes())
    assert main(["export", f"{folder}/record.json", "--format", "coco", "--part", "val"]) == 2
    assert "keeps no detections of its validation part" in capsys.readouterr().err
