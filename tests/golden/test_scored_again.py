"""The evaluators of today give the numbers of every committed record whose predictions are kept, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.cli.score import differences
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.match_table import match_table
from benchmark.evaluators.scoring.score import score_matches
from benchmark.evaluators.statistics.bootstrap import intervals
from benchmark.evaluators.statistics.resampling import ap_per_class, resample_weights
from benchmark.harness.rescore import load_evidence, load_stored, score_again
from benchmark.records.evidence import evidence_problems
from benchmark.records.matches import read_matches, write_matches
from benchmark.records.store import read_run

RESULTS = Path(__file__).parents[2] / "results"
CHOSEN_ON_VAL = ("@val", "@5%FA", "@1FPPI")


def _kept() -> Iterator[tuple[Path, RunRecord]]:
    for path in sorted(RESULTS.glob("records/*/*/*.json")):
        record = read_run(path)
        if any(artifact.name == "predictions" and artifact.uri for artifact in record.artifacts):
            yield path, record


def _chosen_on_val(record: RunRecord) -> dict[str, float | None]:
    """What depends on predictions of the validation part, where these were not kept."""
    missing = any(artifact.name == "predictions_val" and not artifact.uri for artifact in record.artifacts)
    return {name: value for name, value in record.metrics.items() if missing and name.endswith(CHOSEN_ON_VAL)}


KEPT = list(_kept())


def test_most_records_keep_their_predictions() -> None:
    assert len(KEPT) >= 21


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("path", "record"), KEPT, ids=lambda each: getattr(each, "run_id", ""))
def test_same_numbers(path: Path, record: RunRecord, golden_home: Path, request: pytest.FixtureRequest) -> None:
    if record.spec.dataset == "mmio-open":
        request.getfixturevalue("built_open")
    again = score_again(load_stored(path))
    assert {**again.metrics, **_chosen_on_val(record)} == record.metrics
    assert again.per_class == record.per_class
    assert again.per_scene == record.per_scene
    if record.per_super:  # records from before it was counted have none
        assert again.per_super == record.per_super


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("path", "record"), KEPT, ids=lambda each: getattr(each, "run_id", ""))
def test_a_match_table_gives_the_same_numbers(
    path: Path, record: RunRecord, golden_home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if record.spec.dataset == "mmio-open":
        request.getfixturevalue("built_open")
    columns = columns_of(load_stored(path).test)
    file = tmp_path / "matches.parquet"
    write_matches(file, match_table(columns))
    table = read_matches(file)
    again = score_matches(tuple(record.spec.protocol["evaluators"]), table)
    assert len(again.metrics) == 9
    assert again.metrics.items() <= record.metrics.items()
    assert again.per_class == record.per_class
    assert again.per_scene == record.per_scene
    assert intervals(table).items() <= record.intervals.items()
    weights = resample_weights(table, 40, 1)
    assert ap_per_class(table, weights).tobytes() == ap_per_class(columns, weights).tobytes()


def test_committed_match_tables_give_the_numbers_of_their_records() -> None:
    kept = [path for path in sorted(RESULTS.glob("records/*/*/*.json")) if keeps_matches(read_run(path))]
    assert kept
    for path in kept:
        stored = load_evidence(path)
        assert differences(stored.record, score_again(stored), intervals(stored.test), partial=True) == []


def keeps_matches(record: RunRecord) -> bool:
    return any(artifact.name == "matches" and artifact.uri for artifact in record.artifacts)


def test_every_record_keeps_its_evidence() -> None:
    assert list(evidence_problems(Results(RESULTS))) == []
