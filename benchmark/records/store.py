"""Records on disk: one run writes one file that nobody else writes; a store is the union of its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.files import written_whole
from benchmark.core.record import RunRecord
from benchmark.records.codec import decode_run, encode


def write_atomic(path: Path, text: str) -> None:
    """Write through a temporary file in the same folder, flushed to disk before it takes the name.

    Raises RecordError that names the file where the disk is full or the folder cannot be written.
    """
    with written_whole(path) as waiting:
        waiting.write_text(text, encoding="utf-8")


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
