"""What records and fits are called in W&B."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmark.core.canonical import digest
from benchmark.core.record import RunRecord, Status
from benchmark.tracking.names import (
    class_rows,
    config_of,
    epoch_row,
    leaderboard_row,
    summary_of,
    tracked_cell,
    tracked_fit,
)

Make = Callable[..., RunRecord]


def test_a_summary_has_every_number_of_the_record_and_nothing_else(make_record: Make) -> None:
    summary = summary_of(make_record(ap=0.25, ap50=0.5, ap75=0.125))
    assert {name: summary[name] for name in ("AP", "AP50", "AP75")} == {"AP": 0.25, "AP50": 0.5, "AP75": 0.125}
    assert (summary["interval/AP_low"], summary["interval/AP_high"]) == (0.2, 0.3)
    assert (summary["speed/latency_ms"], summary["cost/parameters_m"]) == (100.0, 16.0)
    assert summary["status"] == "ok"
    assert "cost/gflops" not in summary, "what was not measured has no name"
    assert all(name.count("/") <= 1 and "." not in name for name in summary)


def test_coco_numbers_have_the_names_of_other_tools(make_record: Make) -> None:
    record = make_record(protocol={"evaluators": {"coco_ap": 1}})
    summary = summary_of(record)
    assert {"coco/bbox_mAP": 0.2, "coco/bbox_mAP_50": 0.4, "coco/bbox_mAP_75": 0.1}.items() <= summary.items()
    assert summary["coco/hole, wood_precision"] == 0.2


def test_a_failed_cell_says_why_and_has_no_numbers(make_record: Make) -> None:
    summary = summary_of(make_record(status=Status.FAILED, error="out of memory"))
    assert (summary["status"], summary["error"]) == ("failed", "out of memory")
    assert "AP" not in summary


def test_a_config_names_what_was_measured_and_the_record_itself(make_record: Make) -> None:
    record = make_record()
    config = config_of(record)
    assert config["record_sha256"] == digest(record)
    assert config["dataset"] == {"name": "mmio-open", "version": 1, "digest": "d" * 64}
    assert config["variant"] == "n"
    cell = tracked_cell(record)
    assert (cell.run_id, cell.kind, cell.group) == (record.run_id, "cell", "rtvp/zeroshot")
    assert record.spec.fit is not None
    assert tracked_fit(record.spec.fit).run_id == record.spec.fit.fit_id == config["fit_id"]


def test_rows_of_the_tables(make_record: Make) -> None:
    record = make_record(ap=0.25)
    row = leaderboard_row(record)
    assert (row["run_id"], row["AP"], row["AP_low"], row["parameters_m"]) == (record.run_id, 0.25, 0.2, 16.0)
    assert class_rows(record) == [{"category": "hole, wood", "mAP": 0.25, "mAP_50": None, "n_gt": 3.0, "n_images": 2.0}]


@pytest.mark.parametrize("event", [{"fit_id": "x"}, {"epoch": 2, "step": 20, "steps": 125, "loss/box": 1.0}])
def test_only_a_whole_epoch_is_a_row(event: dict[str, object]) -> None:
    assert epoch_row(event) is None


def test_the_row_of_an_epoch() -> None:
    event = {"time_s": 1.0, "epoch": 2, "epochs": 10, "step": 5, "steps": 5, "images_per_s": 8.0, "loss/box": 1.5,
             "lr": 0.1, "gamma": float("nan"), "note": "x"}  # fmt: skip
    assert epoch_row(event) == {"train/epoch": 2, "speed/train_images_per_s": 8.0, "loss/box": 1.5, "train/lr": 0.1}
