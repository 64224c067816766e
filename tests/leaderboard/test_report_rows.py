"""The report's static tables: a row a cell, best first, and names that stay text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.comparison import Floor, board_of
from benchmark.core.errors import RecordError
from benchmark.core.record import Cost, RunRecord
from benchmark.leaderboard._paper_data import paper_data
from benchmark.leaderboard._wandb_rows import markdown_tables
from benchmark.leaderboard.context import Context
from benchmark.leaderboard.wandb_report import read_urls
from tests.compared import comparisons_of

Make = Callable[..., RunRecord]


def test_a_row_is_a_cell_and_has_as_many_fields_as_headers(make_record: Make) -> None:
    records = [make_record(ap=0.1), make_record(ap=0.3, seed=1), make_record(method="yolo-world", ap=0.5)]
    records.append(make_record(dataset="mmio-synth"))
    (first, table), (second, _) = markdown_tables(records)
    assert (first, second) == ("zeroshot · mmio-open 1 · quick", "zeroshot · mmio-synth 1 · quick")
    lines = [line.split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert {len(line) for line in (lines[0], *lines[2:])} == {len(lines[0])}
    assert lines[0][-1] == "device |"
    assert [line[1] for line in lines[2:]] == ["yolo-world-n", "rtvp-n"]
    assert lines[3][3:5] == ["20.0", "-"]  # one seed's interval is not that of the mean
    assert [line[0] for line in lines[2:]] == ["| -", "| -"]
    assert table.splitlines()[-1] == "Ranks: not compared"


def test_ranks_ties_and_intervals_of_means_come_from_the_stored_comparison(make_record: Make) -> None:
    records = [make_record(ap=0.1), make_record(ap=0.3, seed=1)]
    records += [make_record(method="yolo-world", ap=0.21), make_record(method="glip", ap=0.1)]
    ((_, table),) = markdown_tables(records, comparisons_of(records))
    rows = {line.split(" | ")[1]: line.split(" | ") for line in table.splitlines()[2:]}
    assert {name: row[0] for name, row in rows.items()} == {"yolo-world-n": "| 1", "rtvp-n": "| 1", "glip-n": "| 3"}
    assert rows["rtvp-n"][3:5] == ["20.0", "17.0 to 23.0"]
    ((_, table),) = markdown_tables(records, comparisons_of(records, floor=Floor.NOTHING_LEARNT))
    assert table.splitlines()[-1] == "Ranks: nothing learnt"
    assert all(line.startswith("| - |") for line in table.splitlines()[2:5])


def test_cells_of_other_rules_have_a_table_of_their_own(make_record: Make) -> None:
    records = [make_record(ap=0.1), make_record(method="yolo-world", ap=0.21)]
    other = make_record(method="glip", ap=0.5)
    spec = replace(other.spec, protocol={**other.spec.protocol, "max_detections": 7})
    records.append(replace(other, spec=spec, run_id=spec.run_id))
    tables = markdown_tables(records, comparisons_of(records))
    rules = sorted({board_of(record.spec).rules for record in records})
    assert [title for title, _ in tables] == [f"zeroshot · mmio-open 1 · quick · rules {each}" for each in rules]
    named = [[line.split(" | ")[1] for line in table.splitlines()[2:] if line.startswith("|")] for _, table in tables]
    assert sorted(named) == [["glip-n"], ["yolo-world-n", "rtvp-n"]]


def test_a_latency_that_is_not_settled_is_marked_and_a_row_has_the_median(make_record: Make) -> None:
    def shown(*costs: Cost) -> str:
        records = [replace(make_record(seed=i), cost=cost) for i, cost in enumerate(costs)]
        ((_, table),) = markdown_tables(records)
        return table.splitlines()[2].split(" | ")[9]

    settled = [Cost(latency_p50_s=s, latency_noisy=False) for s in (0.1, 0.197, 0.9)]
    assert shown(*settled) == "197 ms"
    assert shown(*settled[:2], replace(settled[2], latency_noisy=True)) == "197 ms noisy"
    assert shown(replace(settled[0], latency_noisy=None)) == "100 ms noisy"


def test_names_of_others_are_nothing_but_text(make_record: Make) -> None:
    hostile = replace(make_record(method="a|b<script>[x](y)`"), cost=Cost(device="c|d"))
    ((_, table),) = markdown_tables([hostile])
    row = table.splitlines()[2]
    assert "a\\|b&lt;script&gt;\\[x\\](y)\\`" in row
    assert "c\\|d" in row
    assert "<script>" not in row


def test_urls_are_an_object_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "urls.json"
    assert read_urls(path) == {}
    path.write_text("{")
    with pytest.raises(RecordError, match="not JSON"):
        read_urls(path)
    path.write_text('{"a/b": 1}')
    with pytest.raises(RecordError, match="expected an object of ENTITY/PROJECT"):
        read_urls(path)


def test_a_printed_number_counts_by_its_best_status_and_hides_unknown_runs(make_record: Make) -> None:
    record = make_record()
    base = {"table": "2b", "row": "RTVP", "metric": "AP", "reported": 1.0, "flag": None}
    cells = [
        {**base, "status": "not run", "run_ids": []},
        {**base, "status": "other data", "run_ids": [record.run_id, "f" * 12]},
        {**base, "row": "GLIP-T", "status": "blocked (weights)", "run_ids": []},
        {**base, "row": "ours", "reported": None, "status": "not run", "run_ids": []},
    ]
    data = paper_data(Context(tables=[{"name": "2b", "title": "t"}], cells=cells), [record])
    assert data["counts"] == {"other data": 1, "blocked": 1}
    assert data["tables"][0]["cells"][1]["run_ids"] == [record.run_id]
