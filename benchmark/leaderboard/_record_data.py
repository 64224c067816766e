"""Data of the page of one record: the exact record, its seeds, training data and pictures."""

from __future__ import annotations

from typing import Any

from benchmark.core.canonical import to_plain
from benchmark.core.record import RunRecord
from benchmark.leaderboard.boards import title_of, zero_shot_share
from benchmark.leaderboard.context import Context
from benchmark.records.seeds import SeedGroup


def record_data(record: RunRecord, cell: SeedGroup, context: Context) -> dict[str, Any]:
    """Plain values for the page of `record`, which is one of the cell's."""
    info = context.methods.get(record.spec.method)
    ledger = context.ledgers.get(cell.first.run_id)
    return {
        "record": to_plain(record),
        "title": title_of(record.spec, info),
        "apart": list(record.spec.variations),
        "fit_id": record.spec.fit.fit_id if record.spec.fit else None,
        "command": record.spec.command,
        "seeds": [_seed(other) for other in cell.records],
        "ledger": ledger,
        "zero_shot": zero_shot_share(ledger),
        "pictures": [_picture(picture) for picture in context.pictures.get(record.run_id, ())],
        "threshold": context.thresholds.get(record.run_id),
    }


def _seed(record: RunRecord) -> dict[str, Any]:
    return {
        "id": record.run_id,
        "seed": record.spec.seed,
        "status": str(record.status),
        "AP": record.metrics.get("AP"),
        "AP50": record.metrics.get("AP50"),
    }


def _picture(picture: Any) -> dict[str, Any]:
    values: dict[str, Any] = to_plain(picture)
    return {name: value for name, value in values.items() if name != "path"}
