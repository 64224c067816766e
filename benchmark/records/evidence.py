"""What proves the numbers of a committed record: its stored predictions, or its match table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.comparison import board_of
from benchmark.core.errors import RecordError
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord, Status
from benchmark.records.comparisons import is_current, read_comparison
from benchmark.records.store import read_run

PREDICTIONS, PREDICTIONS_VAL, MATCHES = "predictions", "predictions_val", "matches"
"""names of artifacts"""


def kept_file(record: RunRecord, path: Path, name: str) -> Path | None:
    """The file of an artifact of the record in `path`, None if it was not kept.

    Raises RecordError where it is missing or its bytes are not those that the record names.
    """
    artifact = next((a for a in record.artifacts if a.name == name), None)
    if artifact is None or not artifact.uri:
        return None
    file = (path.parent / artifact.uri).resolve()
    if not file.is_file() or file_sha256(file) != artifact.sha256:
        raise RecordError(f"{file}: missing or changed (its sha256 is not the one in {path})")
    return file


def keeps_evidence(record: RunRecord) -> bool:
    """Whether a record names a kept file of predictions or a match table."""
    return any(artifact.uri and artifact.name in (PREDICTIONS, MATCHES) for artifact in record.artifacts)


def evidence_problems(results: Results) -> Iterator[str]:
    """One line per record below `root` whose evidence is absent, missing or changed, and per file of no record.

    Also per comparison that was not made from the records of its board, by digest. Raises RecordError for a record or
    comparison that cannot be read.
    """
    records = [(path, read_run(path)) for folder in (results.records, results.archive) for path in _sorted(folder)]
    for path, record in records:
        yield from _problems_of(record, path)
    named = {(path.parent / artifact.uri).resolve() for path, record in records for artifact in record.artifacts}
    for file in sorted([*results.predictions.glob("*.parquet"), *results.matches.glob("*.parquet")]):
        if file.resolve() not in named:
            yield f"{file}: belongs to no record"
    good = [record for path, record in records if path.is_relative_to(results.records) and record.status is Status.OK]
    for file in _sorted(results.comparisons):
        comparison = read_comparison(file)
        if not is_current(comparison, [record for record in good if board_of(record.spec) == comparison.board]):
            yield f"{file}: not made from the committed records of its board; 'bench collect' makes it again"


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/*.json"))


def _problems_of(record: RunRecord, path: Path) -> Iterator[str]:
    if record.status is Status.OK and not keeps_evidence(record):
        yield f"{path}: keeps neither predictions nor a match table"
    for artifact in record.artifacts:
        try:
            kept_file(record, path, artifact.name)
        except RecordError as error:
            yield str(error)
