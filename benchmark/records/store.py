"""Records on disk: one run writes one file that nobody else writes; a store is the union of its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.records.codec import decode_run, encode


def write_atomic(path: Path, text: str) -> None:
    """Write through a temporary file in the same folder, flushed to disk before it takes the name.

    Raises RecordError that names the file where the disk is full or the folder cannot be written.
    """
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with waiting.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
    except OSError as error:
        waiting.unlink(missing_ok=True)
        raise RecordError(f"{path}: could not be written: {error.strerror or error}") from error


class Store:
    """Run records below a folder: `<task>/<dataset>/<method>-<run_id>.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, record: RunRecord) -> Path:
        """Where that record lies."""
        spec = record.spec
        return self.root / spec.task / spec.dataset / f"{spec.method}-{record.run_id}.json"

    def add(self, record: RunRecord) -> Path:
        """Write a record; an equal id is replaced."""
        path = self.path(record)
        write_atomic(path, encode(record))
        return path

    def __iter__(self) -> Iterator[RunRecord]:
        """All records, in the order of their paths. Raises RecordError that names a bad file."""
        for path in sorted(self.root.glob("*/*/*.json")):
            yield decode_run(path.read_text(encoding="utf-8"), str(path))
