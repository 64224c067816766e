"""Which records make one cell, which are asked for, and the same as a data frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.record import DatasetRecord, RunRecord, Status
from benchmark.records.codec import encode
from benchmark.records.query import committed_records, dataset_records, differing_fields, run_records, select
from benchmark.records.seeds import seed_groups
from benchmark.records.store import Store, to_frame, write_atomic

Make = Callable[..., RunRecord]


def test_seeds_of_a_cell_belong_together_and_nothing_else_does(make_record: Make) -> None:
    cell = [make_record(seed=seed) for seed in (2, 0, 1)]
    others = [
        make_record(dataset="mmio-synth"),
        make_record(wording="codes"),
        make_record(method_version=2),
        make_record(overrides={"epochs": 3}),
        make_record(weights=WeightsOrigin.RANDOM, fit=None),
    ]
    groups = seed_groups([*cell, *others])
    assert [[record.spec.seed for record in group.records] for group in groups] == [[0, 1, 2], *([0] for _ in others)]
    assert len({record.spec.cell_key for record in (*cell, *others)}) == 1 + len(others)
    assert differing_fields(cell) == differing_fields(cell[:1]) == differing_fields([]) == []
    assert differing_fields([cell[0], others[2]]) == ["method_version"]


def test_select_by_spec(make_record: Make) -> None:
    plain, changed = make_record(), make_record(overrides={"patch_size": 64})
    random = make_record(weights=WeightsOrigin.RANDOM, fit=None)
    records = [plain, changed, random]
    assert select(records) == records
    assert select(records, {}, weights="trained here") == [plain]
    assert select(records, {"patch_size": 64}) == [changed]
    assert select(records, weights="random", dataset="mmio-open", profile=None) == [random]
    assert select(records, task="closed") == []


def test_a_record_in_both_places_counts_once(
    make_record: Make, bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    both, fresh, closed = make_record(), make_record(seed=1), make_record(task="closed")
    committed, old = make_record(task="closed", seed=1), make_record(dataset_version=0)
    for record in (both, committed):
        Store(tmp_path / "results" / "records").add(record)
    Store(tmp_path / "results" / "archive").add(old)
    for record in (both, fresh, closed):
        write_atomic(Home.find().run(record.run_id).record, encode(record))
    assert sorted(r.run_id for r in run_records(["zeroshot"])) == sorted([both.run_id, fresh.run_id])
    assert len(run_records()) == 4
    assert len(run_records(archived=True)) == 5
    assert committed_records(["zeroshot"]) == [both]
    assert committed_records(["zeroshot"], archived=True) == [both, old]
    (bench_home / "runs" / fresh.run_id / "record.json").write_text("{")
    with pytest.raises(RecordError, match=fresh.run_id):
        run_records()


def test_a_data_set_s_committed_record_counts_before_the_one_built_here(
    bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    committed = DatasetRecord("mine", 1, "", "a" * 64, {"images": 3}, {}, {}, {}, {})
    built, small = replace(committed, digest="b" * 64), replace(committed, variant="max320")
    write_atomic(tmp_path / "results" / "datasets" / "mine.json", encode(committed))
    write_atomic(Home.find().data("mine") / "dataset.json", encode(built))
    write_atomic(Home.find().data("mine@max320") / "dataset.json", encode(small))
    assert dataset_records() == [committed, small]


def test_a_frame_has_one_row_per_record(make_record: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = make_record(ap=0.25)
    store.add(first)
    store.add(
        make_record(method="yolov8", status=Status.BLOCKED, error="weights: none", fit=None, overrides={"batch": 4})
    )
    frame = to_frame(store).set_index("method")
    assert len(frame) == 2
    assert frame.loc["rtvp", "metrics.AP"] == 0.25
    assert frame.loc["rtvp", "low.AP"] == pytest.approx(0.2)
    assert frame.loc["rtvp", "params.variant"] == "n"
    assert first.spec.fit is not None
    assert frame.loc["rtvp", "fit"] == first.spec.fit.fit_id
    assert frame["fit"].isna().loc["yolov8"]
    assert frame.loc["yolov8", "overrides.batch"] == 4
    assert frame["metrics.AP"].isna().loc["yolov8"]
    assert frame.loc["yolov8", "error"] == "weights: none"
