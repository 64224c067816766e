"""Every committed number is the same text in tables (terminal, Markdown, LaTeX, CSV), on the site and in W&B."""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.publishing.content import gather_context
from benchmark.core.formats import KINDS
from benchmark.core.paths import Results
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord, not_judged
from benchmark.leaderboard import site
from benchmark.leaderboard._board_columns import COSTS, LATENCIES
from benchmark.leaderboard._page_data import WITH_INTERVAL
from benchmark.leaderboard._wandb_rows import markdown_tables
from benchmark.leaderboard.site import build_site
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import HIDDEN_PROFILES
from benchmark.records.seeds import SeedGroup, seed_groups
from benchmark.records.store import read_run
from benchmark.records.versions import one_version
from benchmark.tables.content.sheet import fill
from benchmark.tables.content.table import PARAMETERS, Table
from benchmark.tables.rendering.render import FORMATS

TABLES = [name for name in list_names("table") if isinstance(load("table", name), Table)]


def committed() -> list[RunRecord]:
    read = [read_run(path) for path in Results.find().record_files()]
    return list(one_version([record for record in read if record.spec.profile not in HIDDEN_PROFILES]).records)


def cells() -> list[SeedGroup]:
    return [cell for cell in seed_groups(committed()) if cell.good]


def on_paper(fraction: float) -> str:
    """The text that the rule gives: percent, one decimal, half away from zero, from the record's own digits."""
    exact = (Decimal(repr(fraction)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return str(exact or abs(exact))


@dataclass(frozen=True)
class Page:
    """Data of the built page."""

    data: dict[str, Any]

    @property
    def percentages(self) -> set[str]:
        return {column["key"] for column in self.data["columns"] if column["kind"] == "percent"}

    def row(self, run_id: str) -> int:
        return int(self.data["values"]["id"].index(run_id))

    def text(self, key: str, run_id: str) -> str | None:
        return self._word(self.data["values"][key], run_id)

    def bounds(self, key: str, run_id: str) -> tuple[str | None, str | None]:
        sides = self.data["intervals"][key]
        return self._word(sides["low"], run_id), self._word(sides["high"], run_id)

    def _word(self, coded: dict[str, Any], run_id: str) -> str | None:
        code = coded["codes"][self.row(run_id)]
        return None if code is None else str(coded["words"][code])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("site") / "site"
    records = committed()
    build_site(records, gather_context(records, open_data=False), folder, {"utc": "", "version": "", "commit": None})
    text = (folder / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return Page(json.loads(found[1]))


def test_the_site_writes_each_mean_by_the_rule(page: Page) -> None:
    assert len(cells()) >= 20
    for cell in cells():
        run_id = cell.first.run_id
        assert {"AP", "AP50", "AP75"} <= cell.first.metrics.keys()
        for name in cell.first.metrics.keys() & page.percentages:
            mean = cell.mean(name)
            assert page.text(name, run_id) == (None if mean is None else on_paper(mean))


def test_the_site_sorts_by_unrounded_means(page: Page) -> None:
    for name in WITH_INTERVAL:
        exact = page.data["values"][name]["exact"]
        for cell in cells():
            mean = cell.mean(name)
            assert mean is not None
            assert exact[page.row(cell.first.run_id)] == pytest.approx(100 * mean, rel=1e-15)


def test_every_cost_is_the_median_over_the_trainings_of_its_row(page: Page) -> None:
    several = 0
    for cell in cells():
        run_id = cell.first.run_id
        for column in COSTS:
            measured = [v for record in cell.good if (v := getattr(record.cost, column.key)) is not None]
            median = statistics.median(measured) if measured else None
            noisy = " noisy" if column.key in LATENCIES and not cell.latency_settled else ""
            assert page.text(column.key, run_id) == (None if median is None else KINDS[column.kind](median) + noisy)
            several += len(set(measured)) > 1
        assert page.text("device", run_id) == "; ".join(dict.fromkeys(str(r.cost.device) for r in cell.good))
    assert several >= 3  # a committed cell has trainings whose costs differ


def test_the_record_page_says_what_the_board_says(page: Page, tmp_path: Path) -> None:
    records = committed()
    build_site(records, gather_context(records, open_data=False), tmp_path / "s", {"utc": "", "version": ""})
    for cell in cells():
        script = (tmp_path / "s" / "records" / f"{cell.first.run_id}.js").read_text(encoding="utf-8")
        shown = json.loads(json.loads(script[script.index(',"{') + 1 : script.rindex(");")]))
        if len(cell.good) == 1:
            texts = {name: text.removesuffix(" %") for name, text in shown["texts"]["metrics"].items() if text}
            columns = {column["key"] for column in page.data["columns"]}
            reasons = {name for name, text in texts.items() if text.startswith("not judged: ")}
            assert reasons == {name for name in texts if not_judged(cell.first, name)}
            assert all(page.text(name, cell.first.run_id) is None for name in reasons)
            texts = {name: text for name, text in texts.items() if name not in reasons}
            assert texts["AP"] == page.text("AP", cell.first.run_id)
            assert {n: page.text(n, cell.first.run_id) for n in texts if n in columns} == {
                n: texts[n] for n in texts if n in columns
            }
            assert shown["texts"]["cost"]["latency_p50_s"] == page.text("latency_p50_s", cell.first.run_id)


def test_wandb_writes_what_the_site_writes(page: Page) -> None:
    by_name = {
        (f"{c.spec.task} · {c.spec.data} · {c.spec.profile}", c.spec.model, ", ".join(c.spec.variations) or "plain"): c
        for c in cells()
    }
    seen = 0
    for title, table in markdown_tables(committed(), Comparisons.find()):
        head, _, *lines = [
            [part.strip() for part in line.strip("| ").split(" | ")]
            for line in table.splitlines()
            if line.startswith("|")
        ]
        for line in lines:
            row = {name: re.sub(r"\\(.)", r"\1", text) for name, text in zip(head, line, strict=True)}
            cell = by_name[title, row["method"], row["setting"]]
            run_id = cell.first.run_id
            assert [row[n] for n in ("AP", "AP50", "AP75")] == [page.text(n, run_id) for n in ("AP", "AP50", "AP75")]
            assert row["parameters"] == page.text("parameters", run_id)
            assert row["device"] == page.text("device", run_id)
            assert row["latency"] == page.text("latency_p50_s", run_id)
            low, high = page.bounds("AP", run_id)
            assert row["#"] == str(page.data["ranks"].get(str(page.row(run_id)), "-"))
            assert row["95 % interval"] == ("-" if low is None else f"{low} to {high}")
            seen += 1
    assert seen == len(cells())


@dataclass(frozen=True)
class Printed:
    """A measured cell of a table: its row, its place in the sheet, its line of CSV."""

    run_id: str
    metric: str
    row: tuple[str, ...]
    column: int
    line: dict[str, str]


@cache
def printed_cells(name: str) -> tuple[Printed, ...]:
    return tuple(_printed_cells(name))


def _printed_cells(name: str) -> Iterator[Printed]:
    table = load("table", name)
    sheet = fill(table, committed(), comparisons=Comparisons.find())
    titles = [title for title, span in sheet.groups for _ in range(span)]
    lines = csv.DictReader(io.StringIO(FORMATS["csv"](sheet)))
    for fact, line in zip(sheet.facts, lines, strict=True):
        if fact["measured"] is None:
            continue
        source = f"measured: {fact['data']} {fact['data_version']}, {fact['profile']}"
        (header,) = [column.title for column in table.columns if column.metric == fact["metric"]]
        places = [i for i, title in enumerate(titles) if title == source and sheet.headers[i] == header]
        rows = [row for row in sheet.rows if row[0] == fact["row"]]
        yield Printed(fact["run_ids"][0], fact["metric"], rows[0], places[0], line)


@pytest.mark.parametrize("name", TABLES)
def test_csv_and_table_write_what_the_site_writes(page: Page, name: str) -> None:
    for cell in printed_cells(name):
        text = page.text(cell.metric, cell.run_id)
        assert cell.line["measured"] == text
        assert re.fullmatch(rf"{re.escape(text or '')}(±[\d.]+)?( \(\w+\))?", cell.row[cell.column])
        if cell.metric == "AP":
            assert (cell.line["low"] or None, cell.line["high"] or None) == page.bounds("AP", cell.run_id)
            spread = page.data["deviations"]["AP"].get(str(page.row(cell.run_id)), "")
            assert cell.line["deviation"] == spread
            assert (f"±{spread}" in cell.row[cell.column]) is bool(spread)


@pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "html"])
@pytest.mark.parametrize("name", TABLES)
def test_every_form_of_a_table_holds_that_text(page: Page, name: str, form: str) -> None:
    text = FORMATS[form](fill(load("table", name), committed(), comparisons=Comparisons.find()))
    for cell in printed_cells(name):
        shown = page.text(cell.metric, cell.run_id)
        words = [re.split(r"[^\w.,]+" if cell.metric != PARAMETERS else r"[|&<>{}]| {2,}", line) for line in
                 text.splitlines() if _title(cell.row[0]) in line.replace("\\", "")]  # fmt: skip
        assert any(shown in [word.strip() for word in line] for line in words), (cell.row[0], cell.metric, shown)


def _title(text: str) -> str:
    return text.partition("(")[0].strip()


def test_some_table_holds_measured_cells() -> None:
    assert sum(len(printed_cells(name)) for name in TABLES) >= 40


def test_the_pages_script_rounds_no_number_of_a_record() -> None:
    folder = Path(site.__file__).parent / "_assets"
    rounding = re.compile(r"toFixed|toPrecision|toExponential|Math\.(?:round|floor|ceil|trunc)")
    found = {path.name for path in folder.glob("*.js") if rounding.search(path.read_text(encoding="utf-8"))}
    assert found == {"board.js", "plot.js"}  # the number of pages, and the ticks of an axis
    (line,) = [line for line in (folder / "board.js").read_text(encoding="utf-8").splitlines() if rounding.search(line)]
    assert "Math.ceil(sorted.length / PAGE_ROWS)" in line
    scripts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}
    assert {name for name, text in scripts.items() if re.search(r"toLocaleString|\bIntl\b", text)} == {
        "data.js",
        "plot.js",
    }
    counted = {what for text in scripts.values() for what in re.findall(r"\bwhole\(([^)]*)\)", text)}
    assert counted == {"count - rows.length", "all.length", "sorted.length", "facts.records"}
