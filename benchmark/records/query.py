"""Which records there are (the committed ones, and what was measured here since), and which of them make one cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.core.canonical import canonical_json, digest
from benchmark.core.paths import Home, Results
from benchmark.core.record import DatasetRecord, RunRecord
from benchmark.core.spec import RunSpec
from benchmark.records.store import read_dataset, read_run

HIDDEN_PROFILES = ("smoke",)
"""made by tests; never collected, tabulated or drawn"""


def run_records(tasks: Iterable[str] | None = None, *, archived: bool = False) -> list[RunRecord]:
    """Records of those tasks (all without), in the results and in our home; one of both counts once.

    archived: also those of older versions that lie in the archive.
    Raises RecordError that names a file which is no record.
    """
    wanted = None if tasks is None else set(tasks)
    found = {record.run_id: record for record in committed_records(wanted, archived=archived)}
    for path in Home.find().run_records():
        if path.parent.name not in found:
            record = read_run(path)
            if wanted is None or record.spec.task in wanted:
                found[record.run_id] = record
    return list(found.values())


def committed_records(tasks: Iterable[str] | None = None, *, archived: bool = False) -> list[RunRecord]:
    """Records of those tasks (all without) in the results alone; archived: also those in the archive.

    Raises RecordError that names a file which is no record.
    """
    results = Results.find()
    files = [results.record_files(task, archived=archived) for task in (["*"] if tasks is None else sorted(set(tasks)))]
    return [read_run(path) for each in files for path in each]


def select(
    records: Iterable[RunRecord], overrides: Mapping[str, Any] | None = None, **fields: str | None
) -> list[RunRecord]:
    """Records whose spec has those values; None asks for nothing. fields: task, dataset, profile, method, wording, ...

    overrides: exactly these settings differ from the profile's, so {} asks for plain cells.
    """
    wanted = {name: value for name, value in fields.items() if value is not None}
    return [
        record
        for record in records
        if all(str(getattr(record.spec, name)) == value for name, value in wanted.items())
        and (overrides is None or canonical_json(record.spec.overrides) == canonical_json(overrides))
    ]


def differing_fields(records: Sequence[RunRecord]) -> list[str]:
    """Names of the spec's fields, seed left out, in which the records are not all equal."""
    specs = [record.spec.seedless for record in records]
    return [name for name in RunSpec.__dataclass_fields__ if len({digest(getattr(spec, name)) for spec in specs}) > 1]


def dataset_records() -> list[DatasetRecord]:
    """Records of data sets, the committed ones first."""
    found: dict[tuple[str, str], DatasetRecord] = {}
    results = Results.find()
    for path in (*results.files(results.datasets, "*.json"), *Home.find().dataset_records()):
        record = read_dataset(path)
        found.setdefault((record.name, record.variant), record)
    return list(found.values())
