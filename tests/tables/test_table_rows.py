"""Which record belongs to which row: ablations, controls, other methods and sizes, pre-training data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord
from benchmark.tables.content.sheet import fill
from benchmark.tables.table_2a import TABLE as TABLE_2A
from benchmark.tables.table_2b import TABLE
from benchmark.tables.table_6 import TABLE as TABLE_6

Make = Callable[..., RunRecord]


def test_ablations_and_controls_are_rows_of_their_own(make_record: Make) -> None:
    records = [
        make_record(ap=0.2),
        make_record(ap=0.1, overrides={"patch_size": 64}, params={"variant": "n", "patch_size": 64}),
        make_record(ap=0.01, wording="codes"),
        make_record(ap=0.0, weights=WeightsOrigin.RANDOM, fit=None),
        make_record(ap=0.3, overrides={"epochs": 99}, params={"variant": "n", "epochs": 99}),
    ]
    shown = {row[0]: row for row in fill(TABLE, records).rows}
    assert shown["RTVP"][5] == "20.0 (n)"
    assert shown["RTVP, meaningless names"][5] == "1.0 (n)"
    assert shown["RTVP, untrained weights"][5] == "0.0 (n)"
    assert "30.0" not in str(fill(TABLE, records))
    (note,) = (note for note in fill(TABLE, records).notes if note.startswith("In no row of this table"))
    assert f"{records[-1].run_id} (rtvp-n, epochs=99)" in note
    assert any("epochs=99" in note for note in fill(TABLE, records[-1:]).notes)
    assert not any("epochs=99" in note for note in fill(TABLE, records, "mmio").notes)
    six = {row[0]: row[4] for row in fill(TABLE_6, records).rows}
    assert six == {"32 px": "20.0 (n)", "64 px": "10.0 (n)", "128 px": ""}


def test_rows_that_start_from_an_expert_are_told(make_record: Make) -> None:
    plain = make_record(task="closed", method="yolov8")
    fit = make_record(task="closed").spec.fit
    assert fit is not None
    expert = replace(fit, method="yolov8")
    begun = make_record(task="closed", fit=replace(fit, start=expert))
    elsewhere = make_record(task="closed", fit=replace(fit, start=replace(expert, dataset="objects365")))
    note = "Started from a yolov8 fitted on the same images, whose epochs come on top: RTVP"
    assert note in fill(TABLE_2A, [plain, begun]).notes
    for other in (plain, elsewhere):
        assert "Started from" not in str(fill(TABLE_2A, [other]).notes)


def test_controls_without_a_row_are_told(make_record: Make) -> None:
    closed = [
        make_record(method="yolov8", task="closed", weights=WeightsOrigin.RANDOM, fit=None),
        make_record(task="closed", wording="synonyms"),
    ]
    told = "\n".join(fill(TABLE_2A, closed).notes)
    assert f"{closed[0].run_id} (yolov8-n, weights=random)" in told
    assert f"{closed[1].run_id} (rtvp-n, vocabulary=synonyms)" in told
    assert "In no row" not in str(fill(TABLE_2A, [make_record(task="closed")]))


def test_methods_and_sizes_that_the_paper_lacks_get_rows_under_their_names(make_record: Make) -> None:
    paper = {"dataset": "mmio", "profile": "paper"}
    records = [
        make_record(ap=0.2, params={"variant": "s"}, **paper),
        make_record(ap=0.3, params={"variant": "m"}, overrides={"variant": "m"}, **paper),
        make_record(ap=0.4, method="my-detector", params={}),
        make_record(ap=0.5, method="my-detector", params={}, weights=WeightsOrigin.PRETRAINED, fit=None),
    ]
    shown = {row[0]: row for row in fill(TABLE, records, "mmio").rows}
    assert shown["RTVP"][5] == "20.0"
    assert shown["rtvp-m"][5] == "30.0"
    assert "rtvp-s" not in shown
    shown = {row[0]: row for row in fill(TABLE, records, "mmio-open").rows}
    assert (shown["my-detector"][5], shown["my-detector, weights=pretrained"][5]) == ("40.0", "50.0")


def test_what_the_weights_saw_decides_the_row(make_record: Make) -> None:
    table = load("table", "table-4")
    paper = {"dataset": "lvis", "task": "lvis", "profile": "paper", "params": {"variant": "s"}}
    own = make_record(**paper).spec.fit
    assert own is not None
    first = replace(own, dataset="objects365")
    second = replace(own, dataset="goldg", start=first)

    def released(ap: float, method: str, size: str, *saw: str) -> RunRecord:
        spec = {**paper, "params": {"variant": size}, "overrides": {"variant": size}, "fit": None}
        record = make_record(ap=ap, method=method, weights=WeightsOrigin.PRETRAINED, **spec)
        return replace(record, facts={"ledger": {"trained_on": list(saw)}})

    own = replace(own, dataset="lvis")
    records = [
        make_record(ap=0.1, fit=own, **paper),
        make_record(ap=0.2, fit=replace(own, start=first), **paper),
        make_record(ap=0.3, fit=replace(own, start=second), **paper),
        make_record(ap=0.4, method="yolov8", fit=replace(own, start=replace(own, dataset="coco")), **paper),
        released(0.5, "glip", "t-b", "objects365"),
        released(0.6, "glip", "t-c", "objects365", "goldg"),
        released(0.7, "grounding-dino", "t", "objects365", "goldg", "cap4m"),
    ]
    sheet = fill(table, records)
    shown = {row[0]: row[5] for row in sheet.rows if row[5]}
    assert shown == {
        "rtvp": "10.0",
        "RTVP, O365": "20.0",
        "RTVP, O365+GoldG": "30.0",
        "yolov8, from coco": "40.0",
        "GLIP-T, O365": "50.0",
        "GLIP-T, O365+GoldG": "60.0",
        "grounding-dino-t, weights=pretrained": "70.0",
    }
    pretrained = make_record(ap=0.9, fit=replace(own, dataset="mmio-open", start=first))
    plain = make_record(ap=0.8)
    shown = {row[0]: row[5] for row in fill(TABLE, [plain, pretrained]).rows if row[5]}
    assert shown == {"RTVP": "80.0 (n)", "rtvp, from objects365": "90.0 (n)"}


def test_a_row_of_another_size_is_that_size_in_every_profile(make_record: Make) -> None:
    changes = {"method": "yolov8", "task": "closed", "params": {"variant": "m"}, "overrides": {"variant": "m"}}
    records = [make_record(profile="paper", **changes), make_record(profile="quick", **changes)]
    shown = {row[0]: row for row in fill(TABLE_2A, records).rows}
    quick_ap = 5 + len(TABLE_2A.columns) + 3
    assert shown["YOLOv8-M"][5] == shown["YOLOv8-M"][quick_ap] == "20.0"
    assert shown["YOLOv8-S"][5] == shown["YOLOv8-S"][quick_ap] == ""
