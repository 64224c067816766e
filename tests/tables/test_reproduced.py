"""Every printed number beside the measured one, and the reason for each that was not measured."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.tables.content.datasets import fill_datasets
from benchmark.tables.content.reproduced import best_states, reproduced
from benchmark.tables.content.sheet import Sheet, fill
from benchmark.tables.rendering.render import FORMATS

Make = Callable[..., RunRecord]
TABLE = load("table", "table-2b")
METHODS = ("rtvp", "yolo-world", "glip")


def compared(records: list[RunRecord], methods: tuple[str, ...] = METHODS) -> Sheet:
    return reproduced([(TABLE, fill(TABLE, records))], methods)


def line(sheet: Sheet, row: str, metric: str = "AP") -> dict[str, str]:
    (cells,) = [cells for cells in sheet.rows if cells[1:3] == (row, metric)]
    return dict(zip(sheet.headers, cells, strict=True))


def test_a_method_that_is_not_here_has_no_command() -> None:
    assert line(compared([], ()), "RTVP")["what stands in the way"] == "no method rtvp here"
    reason = line(compared([]), "RTVP")["what stands in the way"]
    assert reason == "not run: bench run --method rtvp-s --task zeroshot --data mmio --profile paper"


def test_a_row_that_nothing_here_measures_says_why() -> None:
    table = load("table", "table-4")
    sheet = reproduced([(table, fill(table, []))], ["grounding-dino"])
    reason = line(sheet, "Grounding DINO-T, O365+GoldG")["what stands in the way"]
    assert reason.startswith("not run: weights of Objects365 and GoldG alone were not released")
    assert "bench run" not in reason


def test_other_data_have_no_difference_and_name_their_size(make_record: Make) -> None:
    cells = line(compared([make_record(ap=0.2)]), "RTVP")
    assert (cells["measured"], cells["95 % interval"], cells["seeds"]) == ("20.0 (n)", "15.0 to 25.0", "1")
    assert (cells["status"], cells["difference"]) == ("other data", "")
    assert cells["what stands in the way"] == "measured on other data than the paper's: no difference"


def test_a_blocked_record_says_by_what(make_record: Make) -> None:
    blocked = make_record(method="glip", params={"variant": "t"}, status=Status.BLOCKED, error="weights: not here")
    assert line(compared([blocked]), "GLIP-T")["status"] == "blocked (weights)"
    assert line(compared([blocked]), "GLIP-T")["what stands in the way"] == "blocked (weights)"


def test_a_contradiction_carries_its_footnote_in_every_form() -> None:
    sheet = compared([])
    assert line(sheet, "MDETR")["paper"] == "18.1 [1]"
    assert sheet.notes[0].startswith("[1] AP 18.1 and AP75 20.3 above AP50 17.7")
    for form in ("markdown", "latex", "html", "csv", "json"):
        assert "above AP50 17.7" in FORMATS[form](sheet)


def test_a_number_counts_once_by_the_best_that_was_done_for_it(make_record: Make) -> None:
    records = [make_record(), make_record(dataset="mmio", profile="quick", ap=0.3)]
    sheet = compared(records)
    states = best_states([fact for fact in sheet.facts if (fact["row"], fact["metric"]) == ("RTVP", "AP")])
    assert states == ["other profile"]
    assert len([cells for cells in sheet.rows if cells[1:3] == ("RTVP", "AP")]) == 2


def test_data_sets_that_were_not_built_say_how() -> None:
    table = load("table", "table-1")
    sheet = reproduced([(table, fill_datasets(table, []))], METHODS)
    way = line(sheet, "MMIO-80K", "images")["what stands in the way"]
    assert way == "its owners' files are not here: bench data check mmio --root FOLDER"
    assert line(sheet, "MMIO-80K", "images")["paper"].startswith("21,836")
