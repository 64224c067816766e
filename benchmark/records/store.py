"""Records on disk: one file per run, which no other run writes; a store is the union of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.core.canonical import to_plain
from benchmark.core.errors import RecordError
from benchmark.core.files import written_whole
from benchmark.core.loading import read_text
from benchmark.core.record import DatasetRecord, FitRecord, RunRecord
from benchmark.core.spec import Job
from benchmark.records.codec import decode_dataset, decode_fit, decode_job, decode_run, encode

if TYPE_CHECKING:
    import pandas as pd


def write_atomic(path: Path, text: str) -> None:
    """Write a text file whole or not at all, see `written_whole`. Raises RecordError that names the file."""
    with written_whole(path) as waiting:
        waiting.write_text(text, encoding="utf-8")


def read_run(path: Path) -> RunRecord:
    """The run record in a file. Raises RecordError that names the file."""
    return decode_run(read_text(path, RecordError), str(path))


def read_fit(path: Path) -> FitRecord:
    """The fit record in a file. Raises RecordError that names the file."""
    return decode_fit(read_text(path, RecordError), str(path))


def read_dataset(path: Path) -> DatasetRecord:
    """The data set record in a file. Raises RecordError that names the file."""
    return decode_dataset(read_text(path, RecordError), str(path))


def read_job(path: Path) -> Job:
    """The job in a file. Raises RecordError that names the file."""
    return decode_job(read_text(path, RecordError), str(path))


class Store:
    """Run records below a folder: `<task>/<dataset>/<method>-<run_id>.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, record: RunRecord) -> Path:
        """File of a record. Raises RecordError if a name in its spec cannot be a file name."""
        spec = record.spec
        for name in (spec.task, spec.dataset, spec.method):
            if name in ("", "..") or Path(name).name != name:
                raise RecordError(f"record {record.run_id}: '{name}' cannot be a file name")
        return self.root / spec.task / spec.dataset / f"{spec.method}-{record.run_id}.json"

    def add(self, record: RunRecord) -> Path:
        """Write a record, replacing one of the same run id, and return its file. Raises RecordError."""
        path = self.path(record)
        write_atomic(path, encode(record))
        return path

    def __iter__(self) -> Iterator[RunRecord]:
        """All records in the order of `paths`. Raises RecordError that names a bad file."""
        yield from map(read_run, self.paths())

    def paths(self) -> list[Path]:
        """Files of all records, sorted."""
        return sorted(self.root.glob("*/*/*.json"))


def to_frame(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row per record: the spec's fields, then `params.*`, `metrics.*`, `low.*` and `high.*` (interval), `cost.*`.

    Metrics are fractions as in the record; a value that a record does not have is NaN.
    """
    import pandas as pd  # noqa: PLC0415 - takes 0.2 s, and writing a record does not need it

    return pd.DataFrame([_flat(record) for record in records])


def _flat(record: RunRecord) -> dict[str, Any]:
    spec = {**to_plain(record.spec), "fit": record.spec.fit.fit_id if record.spec.fit else None}
    nested = {name: spec.pop(name) for name in ("params", "overrides", "protocol")}
    nested |= {"metrics": record.metrics, "cost": to_plain(record.cost)}
    nested["low"] = {name: low for name, (low, _) in record.intervals.items()}
    nested["high"] = {name: high for name, (_, high) in record.intervals.items()}
    parts = {f"{group}.{name}": value for group, values in nested.items() for name, value in values.items()}
    return {"run_id": record.run_id, "status": str(record.status), **spec, **parts, "error": record.error}
