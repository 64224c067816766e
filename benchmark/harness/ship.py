"""A finished fit becomes part of the results, in half precision: its cells are then measured without training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import RecordError
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.record import Artifact, FitRecord
from benchmark.records.codec import encode
from benchmark.records.store import read_fit, write_atomic

LIMIT_BYTES = 35_000_000


def ship(fit_id: str) -> tuple[FitRecord, Path]:
    """Export a fit of this machine to `results/checkpoints/`; its record and where the file lies.

    The record keeps command, time and provenance of the training and gets the digest of the shipped bytes. Raises
    RecordError where there is no such finished fit, or where the file is larger than a repository should carry.
    """
    paths = Home.find().fit(fit_id)
    if not paths.record.is_file():
        raise RecordError(
            f"fit {fit_id} is not finished on this machine; 'bench run ... --dry-run' names the fits of a run"
        )
    record = read_fit(paths.record)
    folder = Results.find().checkpoints
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{fit_id}.pt"
    load_adapter(record.spec.method).Adapter.export(paths.root / record.checkpoint.uri, target)
    size = target.stat().st_size
    if size > LIMIT_BYTES:
        target.unlink()
        raise RecordError(
            f"fit {fit_id}: {size / 1e6:.1f} MB in half precision, at most {LIMIT_BYTES / 1e6:.0f} MB ship"
        )
    shipped = replace(
        record,
        checkpoint=Artifact("checkpoint", target.name, file_sha256(target)),
        facts={**record.facts, "precision": "fp16", "exported_from_sha256": record.checkpoint.sha256},
    )
    write_atomic(folder / f"{fit_id}.json", encode(shipped))
    return shipped, target
