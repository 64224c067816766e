"""The results are checked by digest: evidence of every record, files of no record, comparisons of other records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.canonical import file_sha256
from benchmark.core.comparison import Comparison, Floor, board_of, evidence_digest
from benchmark.core.errors import RecordError
from benchmark.core.paths import Results
from benchmark.core.record import Artifact, RunRecord, Status
from benchmark.records.comparisons import write_comparison
from benchmark.records.evidence import MATCHES, PREDICTIONS, PREDICTIONS_VAL, evidence_problems, kept_file
from benchmark.records.store import Store

MakeRecord = Callable[..., RunRecord]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path)


def committed(results: Results, record: RunRecord, name: str = PREDICTIONS) -> tuple[Path, RunRecord]:
    """The record in the results with one kept file, and one whose digest alone is known."""
    file = results.root / name / f"{record.run_id}.parquet"
    file.parent.mkdir(exist_ok=True)
    file.write_text(record.run_id)
    kept = Artifact(name, f"../../../{name}/{file.name}", file_sha256(file))
    record = replace(record, artifacts=(kept, Artifact(PREDICTIONS_VAL, "", "0" * 64)))
    return Store(results.records).add(record), record


def test_whole_results_have_no_problem(results: Results, make_record: MakeRecord) -> None:
    path, record = committed(results, make_record())
    committed(results, make_record(seed=1), MATCHES)
    Store(results.records).add(make_record(seed=2, status=Status.FAILED))
    assert list(evidence_problems(results)) == []
    assert kept_file(record, path, PREDICTIONS) == results.predictions / f"{record.run_id}.parquet"
    assert kept_file(record, path, PREDICTIONS_VAL) is None
    assert kept_file(record, path, MATCHES) is None


@pytest.mark.parametrize("name", [PREDICTIONS, MATCHES])
def test_missing_and_changed_files_are_named(results: Results, make_record: MakeRecord, name: str) -> None:
    path, record = committed(results, make_record(), name)
    file = results.root / name / f"{record.run_id}.parquet"
    file.write_text("other bytes")
    problem = f"{file}: missing or changed (its sha256 is not the one in {path})"
    assert list(evidence_problems(results)) == [problem]
    file.unlink()
    assert list(evidence_problems(results)) == [problem]
    with pytest.raises(RecordError, match="missing or changed"):
        kept_file(record, path, name)


def test_a_record_without_evidence_and_files_of_no_record_are_named(results: Results, make_record: MakeRecord) -> None:
    path, record = committed(results, make_record())
    Store(results.records).add(replace(record, artifacts=(replace(record.artifacts[0], uri=""),)))
    (results.matches).mkdir()
    (results.matches / "none.parquet").write_text("")
    assert list(evidence_problems(results)) == [
        f"{path}: keeps neither predictions nor a match table",
        f"{results.matches / 'none.parquet'}: belongs to no record",
        f"{results.predictions / record.run_id}.parquet: belongs to no record",
    ]


def test_archived_records_keep_their_evidence(results: Results, make_record: MakeRecord) -> None:
    path, record = committed(results, make_record())
    Store(results.archive).add(record)
    path.unlink()
    assert list(evidence_problems(results)) == []


def test_a_comparison_of_other_records_is_named(results: Results, make_record: MakeRecord) -> None:
    _, record = committed(results, make_record())
    digests = {record.run_id: evidence_digest(record)}
    made = Comparison(board_of(record.spec), "AP", 1, 1, 10, None, 0, Floor.NO_CONTROL, (), (), digests)
    file = write_comparison(results, made)
    assert list(evidence_problems(results)) == []
    committed(results, make_record(seed=1), MATCHES)
    assert list(evidence_problems(results)) == [
        f"{file}: not made from the committed records of its board; 'bench collect' makes it again"
    ]
