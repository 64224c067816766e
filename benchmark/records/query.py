"""Which records there are: the committed ones, and what was measured on this machine since."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmark.core.paths import Home, Results
from benchmark.core.record import DatasetRecord, RunRecord
from benchmark.records.codec import decode_dataset, decode_run


def run_records(tasks: Iterable[str] | None = None) -> list[RunRecord]:
    """Records of those tasks (all without), in the results and in our home; one of both counts once.

    Raises RecordError that names a file which is no record.
    """
    wanted = None if tasks is None else set(tasks)
    found: dict[str, RunRecord] = {}
    for path in (*_committed(wanted), *sorted(Home.find().runs.glob("*/record.json"))):
        if path.stem not in found and path.parent.name not in found:
            record = decode_run(path.read_text(encoding="utf-8"), str(path))
            if wanted is None or record.spec.task in wanted:
                found.setdefault(record.run_id, record)
    return list(found.values())


def dataset_records() -> list[DatasetRecord]:
    """Records of data sets, the committed ones first."""
    found: dict[tuple[str, str], DatasetRecord] = {}
    built = Home.find().root / "data"
    for path in (*sorted(Results.find().datasets.glob("*.json")), *sorted(built.glob("*/dataset.json"))):
        record = decode_dataset(path.read_text(encoding="utf-8"), str(path))
        found.setdefault((record.name, record.variant), record)
    return list(found.values())


def _committed(tasks: set[str] | None) -> list[Path]:
    root = Results.find().records
    if tasks is None:
        return sorted(root.glob("*/*/*.json"))
    return sorted(path for task in tasks for path in root.glob(f"{task}/*/*.json"))
