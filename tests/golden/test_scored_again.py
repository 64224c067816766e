"""The evaluators of today give the numbers of every committed record whose predictions are kept, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.core.record import RunRecord
from benchmark.harness.rescore import load_stored, score_again
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
