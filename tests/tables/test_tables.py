"""Tables are functions of records: every state of a cell, flags, ambiguity, and what is printed."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import DataError, RecordError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.plugins import list_names, load, load_adapter
from benchmark.core.record import Cost, DatasetRecord, RunRecord, Status
from benchmark.records.codec import encode
from benchmark.records.seeds import SeedGroup
from benchmark.records.store import write_atomic
from benchmark.tables.content.measured import Measured, Source, belongs, measure, source_of, status
from benchmark.tables.content.reported import Reported, reported_row
from benchmark.tables.content.sheet import fill
from benchmark.tables.content.table import PARAMETERS, Column, Row, Table
from benchmark.tables.rendering.render import FORMATS, terminal
from benchmark.tables.table_2b import TABLE
from benchmark.tables.table_5 import TABLE as TABLE_5

GOLDEN = Path(__file__).parents[1] / "golden"
RTVP = next(row for row in TABLE.rows if row.title == "RTVP")
MDETR = next(row for row in TABLE.rows if row.title == "MDETR")
Make = Callable[..., RunRecord]


PAPERS = [name for name in list_names("table") if isinstance(load("table", name), Table) and load("table", name).keys]
"""tables of methods that the paper prints too"""


@pytest.mark.parametrize("name", PAPERS)
def test_every_row_of_the_paper_is_found_and_used(name: str) -> None:
    table = load("table", name)
    for row in table.rows:
        cells = reported_row(table, row)
        assert bool(cells) == bool(row.reported)
    with pytest.raises(DataError, match="0 rows for nobody"):
        reported_row(table, Row("x", "x", ("nobody",) * len(table.keys)))


@pytest.mark.parametrize("name", [*PAPERS, "table-generalized"])
def test_every_row_is_of_a_method_and_size_that_can_be_run(name: str) -> None:
    for row in load("table", name).rows:
        info = load("method", row.method)
        assert row.variant is None or row.variant in info.variants
        assert row.overrides.get("variant", row.variant) == row.variant


@pytest.mark.models
@pytest.mark.parametrize("name", PAPERS)
def test_a_row_pre_trained_here_is_of_a_method_that_can_go_on_from_that(name: str) -> None:
    for row in load("table", name).rows:
        if row.seen is not None and row.weights == Row.weights and not row.obstacle:
            assert load_adapter(row.method).Adapter.continues, row.title


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
    source = source_of(record)
    measured = measure(TABLE, row, source, [record])
    assert status(TABLE, source, measured, "AP", reported_row(TABLE, row)["AP"]) == expected


def test_tolerance_grows_with_the_seeds_spread(make_record: Make) -> None:
    paper = {"dataset": "mmio", "profile": "paper", "params": {"variant": "s"}}
    records = [make_record(ap=ap, seed=seed, **paper) for seed, ap in enumerate((0.20, 0.23, 0.26))]
    source = Source("mmio", "paper")
    measured = measure(TABLE, RTVP, source_of(records[0]), records)
    assert measured.mean("AP") == pytest.approx(23.0)
    assert measured.deviation("AP") == pytest.approx(3.0)
    assert status(TABLE, source, measured, "AP", reported_row(TABLE, RTVP)["AP"]) == "reproduced"


@pytest.mark.parametrize(("distance", "expected"), [(6.0, "reproduced"), (6.01, "mismatch")])
def test_two_standard_deviations_over_seeds_are_tolerated(make_record: Make, distance: float, expected: str) -> None:
    records = tuple(make_record(ap=ap, seed=seed) for seed, ap in enumerate((0.20, 0.23, 0.26)))
    measured = Measured(SeedGroup(records), "measured")
    assert measured.deviation("AP") == pytest.approx(3.0)
    for printed in (23 - distance, 23 + distance):
        assert status(TABLE, Source("mmio", "paper"), measured, "AP", Reported("", printed, None)) == expected


def test_the_tolerance_itself_is_still_reproduced(make_record: Make) -> None:
    source = Source("mmio", "paper")
    for printed in range(100, 900):
        for ap, expected in (
            (printed + 10, "reproduced"),
            (printed - 10, "reproduced"),
            (printed + 10.01, "mismatch"),
            (printed - 10.01, "mismatch"),
        ):
            measured = Measured(SeedGroup((make_record(ap=ap / 1000),)), "measured")
            cell = Reported(str(printed / 10), printed / 10, None)
            assert status(TABLE, source, measured, "AP", cell) == expected


def test_a_seed_counts_as_missing_only_in_its_own_cell(make_record: Make) -> None:
    good, other = make_record(method_version=3), make_record(seed=1, status=Status.FAILED, error="x", protocol={})
    measured = measure(TABLE, RTVP, source_of(good), [good, other])
    assert (measured.records, measured.lost, measured.version) == ((good,), (), 3)


@pytest.mark.parametrize(("size", "belonging"), [("s", True), ("m", False)])
def test_in_the_papers_profile_a_row_is_one_size_however_it_was_asked_for(
    make_record: Make, size: str, belonging: bool
) -> None:
    for overrides in ({}, {"variant": size}):
        record = make_record(dataset="mmio", profile="paper", params={"variant": size}, overrides=overrides)
        assert belongs(TABLE, RTVP, source_of(record), record) is belonging
    changed = make_record(dataset="mmio", profile="paper", params={"variant": "s"}, overrides={"patch_size": 64})
    assert not belongs(TABLE, RTVP, source_of(changed), changed)


def test_released_weights_that_are_absent_belong_to_their_row_without_a_ledger(make_record: Make) -> None:
    for weights, belonging in (("pretrained", True), ("trained here", False)):
        row = Row("GLIP", "glip", weights=weights, seen=("objects365",))
        record = make_record(
            method="glip", weights=WeightsOrigin(weights), status=Status.BLOCKED, error="weights: none"
        )
        assert belongs(TABLE, row, source_of(record), record) is belonging


def test_parameters_are_the_median_over_seeds_in_millions(make_record: Make) -> None:
    counts = (16_000_000, 18_000_000, None)
    records = [replace(make_record(seed=seed), cost=Cost(parameters=count)) for seed, count in enumerate(counts)]
    measured = Measured(SeedGroup(tuple(records)), "measured")
    assert measured.mean(PARAMETERS) == 17.0
    assert measured.deviation(PARAMETERS) == pytest.approx(2**0.5)
    for group in (SeedGroup(tuple(records[:1])), SeedGroup(tuple(records[2:])), None):
        assert Measured(group, "measured").deviation(PARAMETERS) is None
    assert Measured(SeedGroup(tuple(records[2:])), "measured").mean(PARAMETERS) is None


def test_a_column_group_is_headed_by_data_version_and_profile() -> None:
    assert Source("mmio-open", "quick", 2).title == "measured: mmio-open 2, quick"
    assert Source("mmio", "paper").title == "measured: mmio, paper"


def test_a_seed_that_failed_is_told(make_record: Make) -> None:
    records = [make_record(), make_record(seed=1, status=Status.FAILED, error="ValueError: boom")]
    sheet = fill(TABLE, records)
    assert "RTVP, measured: mmio-open 1, quick: seed 1 is missing (failed: ValueError: boom)" in sheet.notes
    assert next(fact["seeds"] for fact in sheet.facts if fact["row"] == "RTVP") == [0]
    other = make_record(seed=1, status=Status.FAILED, error="boom", method_version=9)
    assert not any("missing" in note for note in fill(TABLE, [records[0], other]).notes)


def test_cells_without_a_good_record(make_record: Make) -> None:
    source = Source("mmio-open", "quick", 1)
    assert measure(TABLE, RTVP, source, []).state == "not run"
    failed = make_record(status=Status.FAILED, error="boom")
    assert measure(TABLE, RTVP, source, [failed]).state == "failed"
    blocked = make_record(status=Status.BLOCKED, error="weights: not here")
    assert measure(TABLE, RTVP, source, [blocked]).state == "blocked (weights)"


def test_several_candidates_are_an_error_not_a_guess(make_record: Make) -> None:
    two = [make_record(), make_record(split_digest="9" * 64)]
    with pytest.raises(
        RecordError, match=rf"{min(r.run_id for r in two)}.*\(split_digest\).*remove those that should not count"
    ):
        fill(TABLE, two)


@pytest.mark.parametrize("name", [*PAPERS, "table-generalized"])
def test_no_record_fits_two_rows(name: str, make_record: Make) -> None:
    table = load("table", name)
    for row in table.rows:
        for profile in ("paper", "quick"):
            record = make_record(
                method=row.method,
                task=table.task_of(row),
                profile=profile,
                params={"variant": row.variant},
                overrides=dict(row.overrides),
                wording=row.wording,
                weights=WeightsOrigin(row.weights),
            )
            record = replace(record, facts={"ledger": {"trained_on": list(row.seen or ())}})
            if row.seen and record.spec.fit and row.weights == "trained here":
                before = [replace(record.spec.fit, dataset=data) for data in row.seen]
                fit = replace(record.spec.fit, start=replace(before[-1], start=before[0]))
                record = replace(record, spec=replace(record.spec, fit=fit))
            source = source_of(record)
            assert [r.title for r in table.rows if belongs(table, r, source, record)] == [row.title]


def test_a_difference_is_printed_only_beside_the_papers_own_data_and_profile(make_record: Make) -> None:
    records = [make_record(dataset="mmio", profile="paper", params={"variant": "s"}), make_record()]
    sheet = fill(TABLE, records)
    assert sheet.headers.count("difference") == 1
    row = next(row for row in sheet.rows if row[0] == "RTVP")
    assert row[sheet.headers.index("difference")] == "-4.7"
    differences = {(f["data"], f["difference"]) for f in sheet.facts if f["row"] == "RTVP" and f["metric"] == "AP"}
    assert differences == {("mmio", -4.7), ("mmio-open", None)}


def test_a_wide_table_becomes_one_block_a_source(make_record: Make) -> None:
    sheet = fill(TABLE, [make_record(), make_record(dataset="mmio-synth")])
    assert terminal(sheet, 1000) == terminal(sheet)
    narrow = terminal(sheet, 130)
    assert narrow.count("measured: ") == narrow.count("MDETR") == 2
    assert max(map(len, narrow.splitlines())) <= 130


def test_a_table_of_our_own_has_no_columns_of_the_paper(make_record: Make) -> None:
    table = Table("own", "our own", "zeroshot", "mmio", "", (), (Column("AP", "AP", None),), (Row("RTVP", "rtvp"),))
    assert terminal(fill(table, [make_record()])).splitlines()[2:] == [
        "        measured: mmio-open 1, quick",
        "method  AP        AP 95 %       seeds  status",
        "-------------------------------------------------",
        "RTVP    20.0 (n)  15.0 to 25.0  1      other data",
        "",
        "AP 95 %: 95 % interval of the mean over seeds; over test images, not over other trainings",
        "(n), (s), ... beside a value: the size that was measured, where it is not the row's",
    ]
    assert "RTVP" not in terminal(fill(table, []))
    blocked = make_record(status=Status.BLOCKED, error="weights: none")
    assert "blocked (weights)" in terminal(fill(table, [blocked]))


def test_numbers_stand_at_the_decimal_point(make_record: Make) -> None:
    lines = terminal(fill(TABLE, [make_record(ap=0.095), make_record(ap=0.105, method="yolo-world")])).splitlines()
    rtvp, world = (next(line for line in lines if line.startswith(name)) for name in ("RTVP", "YOLO-World-S"))
    assert rtvp.index("9.5 (n)") == world.index("10.5 (n)") + 1


def test_other_data_and_profiles_never_share_a_column(make_record: Make) -> None:
    records = [make_record(), make_record(dataset="mmio-synth", profile="demo"), make_record(profile="smoke")]
    sheet = fill(TABLE, records)
    titles = [title for title, _ in sheet.groups if title.startswith("measured")]
    assert titles == ["measured: mmio-open 1, quick", "measured: mmio-synth 1, demo"]
    only = fill(TABLE, records, "mmio-synth")
    assert [title for title, _ in only.groups][2:] == ["measured: mmio-synth 1, demo"]


def test_a_cell_whose_novel_classes_are_base_classes_is_marked(make_record: Make) -> None:
    protocol = {**make_record().spec.protocol, "novel_overlap": True}
    record = replace(
        make_record(protocol=protocol), facts={"ledger": {"novel_overlap": {"hole": "stain", "crack": "Crack"}}}
    )
    sheet = fill(TABLE, [record, make_record(method="yolo-world")])
    titles = [row[0] for row in sheet.rows]
    assert "RTVP, allow-overlap" in titles
    assert [title for title in titles if "allow-overlap" in title] == ["RTVP, allow-overlap"]
    assert "allow-overlap: novel classes whose defect is a base class: hole (base: stain), crack (base: Crack)" in (
        sheet.notes
    )
    rows = {fact["row"] for fact in sheet.facts if fact["run_ids"] == [record.run_id]}
    assert rows == {"RTVP, allow-overlap"}
    assert not any("allow-overlap" in note for note in fill(TABLE, [make_record()]).notes)
    assert record.spec.variations == ("allow-overlap",)


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
    assert len(lines) == len(cells) == len(sheet.rows) * 4
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
        assert "unknown table '2c': did you mean 2" in capsys.readouterr().err

    def test_both_spellings_of_a_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["table", "table-2b"]) == main(["table", "table_2b"]) == 0
        assert capsys.readouterr().out.count("Table 2b: ") == 2

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["2b", "--data", "mmio-opn"], "did you mean mmio-open"),
            (["2b", "--profile", "papr"], "did you mean paper"),
            (["1", "--data", "mmio"], "takes no --data"),
        ],
    )
    def test_names_that_nothing_has(self, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["table", *arguments]) == 2
        assert words in capsys.readouterr().err

    @pytest.mark.parametrize("form", ["terminal", "markdown", "csv", "json"])
    def test_counted_data_sets_stand_below_the_papers(self, form: str, capsys: pytest.CaptureFixture[str]) -> None:
        record = DatasetRecord("mine", 1, "max320", "0" * 64, {"images": 1234, "groups": 9}, {}, {}, {}, {})
        write_atomic(Home.find().data("mine") / "dataset.json", encode(record))
        assert main(["table", "1", "--format", form]) == 0
        out = capsys.readouterr().out
        assert "mine@max320" in out
        assert "VisA is by Zou et al. 2022" in out

    def test_lists(self, capsys: pytest.CaptureFixture[str]) -> None:
        for kind in ("methods", "tasks", "data", "tables", "figures"):
            assert main(["list", kind, "--json"]) == 0
            assert isinstance(json.loads(capsys.readouterr().out), list)
        assert main(["list", "methods"]) == 0
        assert "closed" in capsys.readouterr().out
        assert main(["list", "data"]) == 0
        assert "give its path" in capsys.readouterr().out
        assert main(["list", "method"]) == 2
        assert "did you mean methods" in capsys.readouterr().err


def test_table_5_has_both_settings() -> None:
    tasks = [TABLE_5.task_of(row) for row in TABLE_5.rows]
    assert tasks == ["closed"] * 4 + ["zeroshot"] * 4
