"""Every committed id and digest is still what the code of today gives. See identities.py for when one may change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.canonical import to_plain
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunRequest
from benchmark.records.store import read_dataset, read_fit, read_run
from tests.golden.identities import DATASETS, FILE, dataset_identities, planned, planned_ids

RESULTS = Path(__file__).parents[2] / "results"
GOLDEN: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
CURRENT = [read_run(path) for path in sorted(RESULTS.glob("records/*/*/*.json"))]
ARCHIVED = [read_run(path) for path in sorted(RESULTS.glob("archive/*/*/*.json"))]


def by_id(records: list[RunRecord]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("record", records, ids=lambda record: record.run_id)


def test_there_are_records() -> None:
    assert {record.spec.dataset for record in CURRENT} == set(DATASETS)


@by_id([*CURRENT, *ARCHIVED])
def test_stored_spec_gives_the_stored_ids(record: RunRecord) -> None:
    assert record.spec.run_id == record.run_id
    chain = [fit.fit_id for fit in record.spec.fits]
    assert chain[-1:] == [record.facts["fit"]["fit_id"]] if chain else "fit" not in record.facts
    assert chain == GOLDEN["fits"].get(record.run_id, chain)  # also what it starts from, which no record repeats


def test_no_record_of_the_golden_file_is_lost() -> None:
    assert set(GOLDEN["fits"]) <= {record.run_id for record in [*CURRENT, *ARCHIVED]}


@pytest.mark.parametrize("path", sorted(RESULTS.glob("checkpoints/*.json")), ids=lambda path: path.stem)
def test_a_shipped_checkpoint_has_the_id_of_its_spec(path: Path) -> None:
    fit = read_fit(path)
    assert fit.spec.fit_id == fit.fit_id == path.stem
    assert fit.fit_id in {record.spec.fit.fit_id for record in [*CURRENT, *ARCHIVED] if record.spec.fit}


def test_the_digests_of_mmio_synth(golden_home: Path) -> None:
    _check_digests("mmio-synth")


@pytest.mark.data
def test_the_digests_of_mmio_open(built_open: Path) -> None:
    _check_digests("mmio-open")


def _check_digests(name: str) -> None:
    today = dataset_identities(name)
    assert today == GOLDEN["datasets"][name]
    committed = read_dataset(RESULTS / "datasets" / f"{name}.json")
    assert (committed.version, committed.digest) == (today["version"], today["digest"])
    assert {rule: facts["digest"] for rule, facts in committed.splits.items()} == {
        rule: digests[0] for rule, digests in today["splits"].items()
    }


@pytest.mark.models
@by_id(CURRENT)
def test_planned_anew_it_is_the_stored_spec(
    record: RunRecord, golden_home: Path, request: pytest.FixtureRequest
) -> None:
    if record.spec.dataset == "mmio-open":
        request.getfixturevalue("built_open")
    spec = record.spec
    asked = RunRequest(
        method=spec.method,
        task=spec.task_asked,
        data=spec.dataset,
        profile=spec.profile,
        params=spec.overrides,
        seeds=(spec.seed,),
        wording=spec.wording,
        weights=spec.weights,
    )
    (job,) = planned(asked)
    newer = (job.spec.method_version, job.spec.dataset_version) != (spec.method_version, spec.dataset_version)
    if newer:
        pytest.skip(f"{spec.method} {spec.method_version} on {spec.dataset} {spec.dataset_version} is not today's")
    assert to_plain(job.spec) == to_plain(spec)
    assert job.spec.run_id == record.run_id


@pytest.mark.models
@pytest.mark.parametrize("method", GOLDEN["planned"])
def test_what_a_method_would_be_asked_has_the_same_ids(method: str, golden_home: Path) -> None:
    assert planned_ids(method) == GOLDEN["planned"][method]
