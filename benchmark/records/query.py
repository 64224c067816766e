"""Find records: the committed ones and those in `$BENCH_HOME`, by task, spec and data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.core.canonical import canonical_json, digest
from benchmark.core.paths import Home, Results
from benchmark.core.record import DatasetRecord, RunRecord
from benchmark.core.spec import RunSpec
from benchmark.records.store import read_dataset, read_run

HIDDEN_PROFILES = ("smoke",)
"""profiles for tests, whose records are never collected or shown"""


def run_records(tasks: Iterable[str] | None = None, *, archived: bool = False) -> list[RunRecord]:
    """Records of those tasks (None: all) in the results and in `$BENCH_HOME`, each run once; committed ones win.

    archived: also records of older versions, from the archive. Raises RecordError that names an unreadable file.
    """
    wanted = None if tasks is None else set(tasks)
    records = {record.run_id: record for record in committed_records(wanted, archived=archived)}
    for path in Home.find().run_records():
        if path.parent.name not in records:
            record = read_run(path)
            if wanted is None or record.spec.task in wanted:
                records[record.run_id] = record
    return list(records.values())


def committed_records(tasks: Iterable[str] | None = None, *, archived: bool = False) -> list[RunRecord]:
    """Records of those tasks (None: all) in the results; archived: also records of older versions, from the archive.

    Raises RecordError that names an unreadable file.
    """
    results = Results.find()
    files = [results.record_files(task, archived=archived) for task in (["*"] if tasks is None else sorted(set(tasks)))]
    return [read_run(path) for each in files for path in each]


def select(
    records: Iterable[RunRecord], overrides: Mapping[str, Any] | None = None, **fields: str | None
) -> list[RunRecord]:
    """Records whose spec has those values.

    Args:
        records: to choose from.
        overrides: the exact settings that differ from the profile's: {} selects cells without any, None all cells.
        fields: spec field (task, dataset, profile, method, wording, ...) -> value; None selects every value.
    """
    wanted = {name: value for name, value in fields.items() if value is not None}
    return [
        record
        for record in records
        if all(str(getattr(record.spec, name)) == value for name, value in wanted.items())
        and (overrides is None or canonical_json(record.spec.overrides) == canonical_json(overrides))
    ]


def differing_fields(records: Sequence[RunRecord]) -> list[str]:
    """Names of the spec fields, without the seed, in which the records differ."""
    specs = [record.spec.seedless for record in records]
    return [name for name in RunSpec.__dataclass_fields__ if len({digest(getattr(spec, name)) for spec in specs}) > 1]


def dataset_records(*, committed: bool = False) -> list[DatasetRecord]:
    """Records of data sets in the results and in `$BENCH_HOME`, one per name and variant; committed ones win.

    committed: only those in the results.
    """
    records: dict[tuple[str, str], DatasetRecord] = {}
    results = Results.find()
    own = [] if committed else Home.find().dataset_records()
    for path in (*results.files(results.datasets, "*.json"), *own):
        record = read_dataset(path)
        records.setdefault((record.name, record.variant), record)
    return list(records.values())
