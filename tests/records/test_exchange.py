"""A set written in COCO's form and read back scores the same, by LVIS's rules where it has LVIS's lists."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.evaluators import coco_ap, lvis_ap
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.records.exchange import coco_detections, coco_ground_truth
from tests.evaluators.conftest import make
from tests.performance.made_files import LVIS_VAL, write_lvis

SMALL_LVIS = replace(LVIS_VAL.scaled(0.002), classes=12)


def test_written_and_read_it_scores_the_same() -> None:
    scored = make(2, images=30)
    columns = columns_from_coco(coco_ground_truth(scored), coco_detections(scored.detections))
    assert columns.federation is None
    assert coco_ap.evaluate(columns).metrics == coco_ap.evaluate(scored).metrics


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
