"""Tables are functions of records: every state of a cell, flags, ambiguity, and what is printed."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import DataError, RecordError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord, Status
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic
from benchmark.tables._cell import Source, measure, status
from benchmark.tables._datasets import DatasetTable
from benchmark.tables._render import FORMATS
from benchmark.tables._reported import reported_row
from benchmark.tables._sheet import fill
from benchmark.tables._table import Row
from benchmark.tables.table_2b import TABLE
from benchmark.tables.table_5 import TABLE as TABLE_5
from benchmark.tables.table_6 import TABLE as TABLE_6

GOLDEN = Path(__file__).parents[1] / "golden"
RTVP = next(row for row in TABLE.rows if row.title == "RTVP")
MDETR = next(row for row in TABLE.rows if row.title == "MDETR")
Make = Callable[..., RunRecord]


@pytest.mark.parametrize("name", list_names("table"))
def test_every_row_of_the_paper_is_found_and_used(name: str) -> None:
    table = load("table", name)
    if isinstance(table, DatasetTable):
        return
    for row in table.rows:
        cells = reported_row(table, row)
        assert bool(cells) == bool(row.reported)
    with pytest.raises(DataError, match="0 rows for nobody"):
        reported_row(table, Row("x", "x", ("nobody",) * len(table.keys)))


def test_impossible_cells_carry_a_flag() -> None:
    flagged = {row.title for row in TABLE.rows if any(c.flag for c in reported_row(TABLE, row).values())}
    assert flagged == {"MDETR", "DetCLIP-T"}
    flag = reported_row(TABLE, MDETR)["AP"].flag
    assert flag is not None
    assert "above AP50 17.7" in flag


@pytest.mark.parametrize(
    ("row", "ap", "changes", "expected"),
    [
        (RTVP, 0.252, {"dataset": "mmio", "profile": "paper", "params": {"variant": "s"}}, "reproduced"),
        (RTVP, 0.22, {"dataset": "mmio", "profile": "paper", "params": {"variant": "s"}}, "mismatch"),
        (RTVP, 0.247, {"dataset": "mmio", "profile": "quick"}, "other profile"),
        (RTVP, 0.247, {"dataset": "mmio-open", "profile": "paper", "params": {"variant": "s"}}, "other data"),
        (MDETR, 0.181, {"dataset": "mmio", "profile": "paper", "method": "mdetr", "params": {}}, "flagged"),
    ],
)
def test_status_of_a_measured_cell(
    make_record: Make, row: Row, ap: float, changes: dict[str, object], expected: str
) -> None:
    record = make_record(ap=ap, **changes)
    source = Source(record.spec.dataset, record.spec.profile)
    measured = measure(TABLE, row, source, [record])
    assert status(TABLE, source, measured, "AP", reported_row(TABLE, row)["AP"]) == expected


def test_tolerance_grows_with_the_seeds_spread(make_record: Make) -> None:
    paper = {"dataset": "mmio", "profile": "paper", "params": {"variant": "s"}}
    records = [make_record(ap=ap, seed=seed, **paper) for seed, ap in enumerate((0.20, 0.23, 0.26))]
    source = Source("mmio", "paper")
    measured = measure(TABLE, RTVP, source, records)
    assert measured.mean("AP") == pytest.approx(23.0)
    assert measured.deviation("AP") == pytest.approx(3.0)
    assert status(TABLE, source, measured, "AP", reported_row(TABLE, RTVP)["AP"]) == "reproduced"


def test_cells_without_a_good_record(make_record: Make) -> None:
    source = Source("mmio-open", "quick")
    assert measure(TABLE, RTVP, source, []).state == "not run"
    failed = make_record(status=Status.FAILED, error="boom")
    assert measure(TABLE, RTVP, source, [failed]).state == "failed"
    blocked = make_record(status=Status.BLOCKED, error="weights: not here")
    assert measure(TABLE, RTVP, source, [blocked]).state == "blocked (weights)"


def test_several_candidates_are_an_error_not_a_guess(make_record: Make) -> None:
    two = [make_record(), make_record(split_digest="9" * 64)]
    with pytest.raises(RecordError, match=f"{min(r.run_id for r in two)}.*a table does not guess"):
        fill(TABLE, two)


def test_ablations_and_controls_are_rows_of_their_own(make_record: Make) -> None:
    records = [
        make_record(ap=0.2),
        make_record(ap=0.1, overrides={"patch_size": 64}, params={"variant": "n", "patch_size": 64}),
        make_record(ap=0.01, wording="codes"),
        make_record(ap=0.0, weights=WeightsOrigin.RANDOM, fit=None),
        make_record(ap=0.3, overrides={"epochs": 99}, params={"variant": "n", "epochs": 99}),
    ]
    shown = {row[0]: row for row in fill(TABLE, records).rows}
    assert shown["RTVP"][4] == "20.0 (n)"
    assert shown["rtvp, meaningless names"][4] == "1.0 (n)"
    assert shown["rtvp, untrained weights"][4] == "0.0 (n)"
    assert "30.0" not in str(fill(TABLE, records))
    six = {row[0]: row[4] for row in fill(TABLE_6, records).rows}
    assert six == {"32 px": "20.0 (n)", "64 px": "10.0 (n)", "128 px": ""}


def test_other_data_and_profiles_never_share_a_column(make_record: Make) -> None:
    records = [make_record(), make_record(dataset="mmio-synth", profile="demo"), make_record(profile="smoke")]
    sheet = fill(TABLE, records)
    titles = [title for title, _ in sheet.groups if title.startswith("measured")]
    assert titles == ["measured: mmio-open, quick", "measured: mmio-synth, demo"]
    only = fill(TABLE, records, "mmio-synth")
    assert [title for title, _ in only.groups][2:] == ["measured: mmio-synth, demo"]


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_rendering_is_as_stored(make_record: Make, form: str) -> None:
    records = [make_record(ap=0.2 + seed / 100, seed=seed) for seed in range(3)]
    records.append(make_record(ap=0.15, method="yolo-world", status=Status.BLOCKED, error="weights: missing"))
    text = FORMATS[form](fill(TABLE, records))
    path = GOLDEN / f"table_2b.{form}.txt"
    if os.environ.get("STORE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_csv_and_json_hold_every_fact(make_record: Make) -> None:
    sheet = fill(TABLE, [make_record()])
    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"](sheet))))
    cells = json.loads(FORMATS["json"](sheet))["cells"]
    assert len(lines) == len(cells) == len(sheet.rows) * 3
    mine = next(cell for cell in cells if cell["row"] == "RTVP" and cell["metric"] == "AP")
    assert (mine["measured"], mine["reported"], mine["difference"]) == (20.0, 24.7, None)
    assert mine["status"] == "other data"


@pytest.mark.usefixtures("bench_home")
class TestCommand:
    @pytest.fixture(autouse=True)
    def _no_results(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))

    @pytest.mark.parametrize("number", ["1", "2a", "2b", "3", "4", "5", "6"])
    def test_an_empty_store_prints_not_run(self, number: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["table", number]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"Table {number}: ")
        assert number == "1" or "not run" in out

    def test_what_was_just_measured_shows_at_once(self, make_record: Make, capsys: pytest.CaptureFixture[str]) -> None:
        record = make_record()
        write_atomic(Home.find().run(record.run_id).record, encode(record))
        assert main(["table", "2b", "--data", "mmio-open", "--json"]) == 0
        cells = json.loads(capsys.readouterr().out)["cells"]
        assert next(c["run_ids"] for c in cells if c["row"] == "RTVP") == [record.run_id]

    def test_an_unknown_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["table", "2c"]) == 2
        assert "unknown table '2c'" in capsys.readouterr().err

    def test_lists(self, capsys: pytest.CaptureFixture[str]) -> None:
        for kind in ("methods", "tasks", "data", "tables", "figures"):
            assert main(["list", kind, "--json"]) == 0
            assert isinstance(json.loads(capsys.readouterr().out), list)
        assert main(["list", "methods"]) == 0
        assert "closed" in capsys.readouterr().out


def test_table_5_has_both_settings() -> None:
    tasks = [TABLE_5.task_of(row) for row in TABLE_5.rows]
    assert tasks == ["closed"] * 4 + ["zeroshot"] * 4
