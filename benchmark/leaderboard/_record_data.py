"""What the page of one record shows: the record itself, exact, and what stands around it."""

from __future__ import annotations

from typing import Any

from benchmark.core.canonical import to_plain
from benchmark.core.record import RunRecord
from benchmark.leaderboard.around import Around
from benchmark.leaderboard.boards import title_of, zero_shot_share
from benchmark.records.seeds import SeedGroup


def record_data(record: RunRecord, cell: SeedGroup, around: Around) -> dict[str, Any]:
    """Plain values of one record's page."""
    info = around.methods.get(record.spec.method)
    ledger = around.ledgers.get(cell.first.run_id)
    return {
        "record": to_plain(record),
        "title": title_of(record.spec, info),
        "apart": list(record.spec.variations),
        "fit_id": record.spec.fit.fit_id if record.spec.fit else None,
        "command": record.spec.command,
        "seeds": [_seed(other) for other in cell.records],
        "ledger": ledger,
        "zero_shot": zero_shot_share(ledger),
        "pictures": [_picture(picture) for picture in around.pictures.get(record.run_id, ())],
        "threshold": around.thresholds.get(record.run_id),
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
