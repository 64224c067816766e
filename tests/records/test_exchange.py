"""A set written in COCO's form and read back scores the same, by LVIS's rules where it has LVIS's lists."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap, lvis_ap
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.records.exchange import coco_detections, coco_ground_truth, parquet_tables
from tests.evaluators.conftest import make
from tests.performance.made_files import LVIS_VAL, write_lvis

SMALL_LVIS = replace(LVIS_VAL.scaled(0.002), classes=12)


def _boxes(scored: ScoredSet) -> int:
    return sum(len(sample.annotations) for sample in scored.samples)


def test_written_and_read_it_scores_the_same() -> None:
    scored = make(2, images=30)
    assert [row["id"] for row in coco_ground_truth(scored)["annotations"]] == list(range(1, _boxes(scored) + 1))
    columns = columns_from_coco(coco_ground_truth(scored), coco_detections(scored.detections))
    assert columns.federation is None
    assert coco_ap.evaluate(columns).metrics == coco_ap.evaluate(scored).metrics


def test_tables_hold_every_box_by_ascending_image() -> None:
    scored = make(2, images=30)
    tables = {name: table.to_pylist() for name, table in parquet_tables(scored).items()}
    assert [row["image_id"] for row in tables["images"]] == sorted(scored.detections)
    samples = {sample.image_id: sample for sample in scored.samples}
    for name in ("ground_truth", "detections"):
        expected = []
        for image_id in sorted(samples):
            boxes = samples[image_id].annotations if name == "ground_truth" else scored.detections[image_id]
            for label, corners in zip(boxes.labels.tolist(), boxes.xyxy.tolist(), strict=True):
                expected.append((image_id, scored.names[label], label, *corners))
        rows = [
            tuple(row[key] for key in ("image_id", "class", "label", "x1", "y1", "x2", "y2")) for row in tables[name]
        ]
        assert rows == expected


def test_lvis_lists_are_written_too() -> None:
    scored = make(2, images=30, crowd=0.0)
    ids = [sample.image_id for sample in scored.samples]
    scored = replace(
        scored,
        frequency=("r", "c", "f", "f"),
        negative=dict.fromkeys(ids[:12], (0, 2)),
        not_exhaustive=dict.fromkeys(ids[::3], (1,)),
    )
    columns = columns_from_coco(coco_ground_truth(scored), coco_detections(scored.detections))
    assert columns.federation is not None
    assert lvis_ap.evaluate(columns) == lvis_ap.evaluate(scored)


def test_a_set_of_lvis_is_scored_by_its_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lvis(tmp_path / "lvis" / "lvis_v1_val.json", SMALL_LVIS)
    monkeypatch.setenv("BENCH_LVIS_ROOT", str(tmp_path / "lvis"))
    (tmp_path / "none.json").write_text("[]")
    asked = ["score", "--predictions", f"{tmp_path}/none.json", "--data", "lvis", "--task", "lvis", "--json"]
    assert main(asked) == 0
    out, err = capsys.readouterr()
    assert "APr" in json.loads(out)["metrics"]
    assert err == "bench: lvis has LVIS's keys: scored by LVIS's rules; --rules coco takes COCO's\n"
