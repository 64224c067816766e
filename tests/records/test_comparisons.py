"""Stored comparisons: what is written is read, and one of other records gives no ranks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.comparison import (
    ComparedCell,
    Comparison,
    Floor,
    Outcome,
    Pair,
    Place,
    Verdict,
    board_of,
    evidence_digest,
)
from benchmark.core.errors import RecordError
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord
from benchmark.records.comparisons import Comparisons, is_current, read_comparison, write_comparison
from benchmark.records.query import committed_records
from benchmark.records.seeds import seed_groups


@pytest.fixture
def records() -> list[RunRecord]:
    """Two committed cells of one board, a record each."""
    cells = seed_groups(record for record in committed_records({"closed"}) if record.spec.dataset == "mmio-open")
    return [cell.first for cell in cells[:2]]


def compared(records: list[RunRecord]) -> Comparison:
    verdict = Verdict(0.1, 0.01, 0.02, 6.0, 0.05, 0.15, 0.001, 0.001, paired=False, outcome=Outcome.ABOVE)
    a, b = (record.run_id for record in records)
    return Comparison(
        board_of(records[0].spec), "AP", 10, 10, 1000, 0.02, 6, Floor.LEARNT,
        tuple(ComparedCell((run_id,), 0.5, (0.4, 0.6), "images and trainings") for run_id in (a, b)),
        (Pair(a, b, "methods", verdict),),
        {record.run_id: evidence_digest(record) for record in records},
    )  # fmt: skip


def test_what_is_written_is_read(records: list[RunRecord], tmp_path: Path) -> None:
    path = write_comparison(Results(tmp_path), compared(records))
    board = board_of(records[0].spec)
    assert path == tmp_path / "comparisons" / "closed" / "mmio-open" / f"quick-{board.rules}.json"
    assert read_comparison(path) == compared(records)


def test_a_comparison_of_another_schema_is_refused_with_the_command(records: list[RunRecord], tmp_path: Path) -> None:
    path = write_comparison(Results(tmp_path), replace(compared(records), schema=99))
    with pytest.raises(RecordError, match=r"schema is 99, expected 1; run 'bench collect'"):
        read_comparison(path)


def test_ranks_come_from_the_stored_comparison(records: list[RunRecord], tmp_path: Path) -> None:
    write_comparison(Results(tmp_path), compared(records))
    a, b = records
    places = Comparisons.find(Results(tmp_path)).places(seed_groups(records))
    assert places == {a.run_id: Place(1, ()), b.run_id: Place(2, ())}


def test_a_record_with_other_numbers_has_no_place(records: list[RunRecord], tmp_path: Path) -> None:
    write_comparison(Results(tmp_path), compared(records))
    a, b = records
    changed = replace(a, metrics={**a.metrics, "AP": 0.9})
    assert list(Comparisons.find(Results(tmp_path)).places(seed_groups([changed, b]))) == [b.run_id]
    other_seed = replace(a, run_id="0" * 16)
    assert list(Comparisons.find(Results(tmp_path)).places(seed_groups([other_seed, b]))) == [b.run_id]
    assert Comparisons().places(seed_groups(records)) == {}


def test_a_comparison_is_current_for_exactly_its_records(records: list[RunRecord]) -> None:
    comparison = compared(records)
    assert is_current(comparison, records)
    assert not is_current(comparison, records[:1])
    assert not is_current(replace(comparison, schema=0), records)


def test_costs_are_no_evidence(records: list[RunRecord]) -> None:
    faster = replace(records[0], cost=replace(records[0].cost, latency_p50_s=1e-9))
    assert evidence_digest(faster) == evidence_digest(records[0])
