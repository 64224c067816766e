"""Data of the page of one record: the exact record, its seeds, training data and pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmark.core.canonical import to_plain
from benchmark.core.formats import KINDS, latency, metric, metric_kind, number, percent, percent_interval, score
from benchmark.core.record import RunRecord, not_judged
from benchmark.leaderboard._board_columns import COSTS, LATENCIES
from benchmark.leaderboard.boards import title_of, zero_shot_share
from benchmark.leaderboard.context import Context
from benchmark.records.seeds import SeedGroup

_ROWS = {"AP": percent, "AP50": percent, "boxes": number, "images": number}
"""value of a class, scene or super category -> how it is written"""


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
        "over_seeds": _over_seeds(cell),
        "texts": _texts(record),
        "ledger": ledger,
        "zero_shot": _text(percent, zero_shot_share(ledger)),
        "pictures": [_picture(picture) for picture in context.pictures.get(record.run_id, ())],
        "threshold": _text(score, context.thresholds.get(record.run_id)),
    }


def _seed(record: RunRecord) -> dict[str, Any]:
    return {
        "id": record.run_id,
        "seed": record.spec.seed,
        "status": str(record.status),
        "AP": _text(percent, record.metrics.get("AP")),
        "AP50": _text(percent, record.metrics.get("AP50")),
    }


def _picture(picture: Any) -> dict[str, Any]:
    values: dict[str, Any] = to_plain(picture)
    boxes = [[*box, _text(score, confidence)] for *box, confidence in values["boxes"]]
    # The id as text: a script's number holds no whole number above 2^53.
    shown = {name: value for name, value in values.items() if name != "path"}
    return {**shown, "boxes": boxes, "image_id": str(values["image_id"])}


def _texts(record: RunRecord) -> dict[str, Any]:
    """The record's numbers as they are written: metrics, intervals, counts, costs, and per class, scene and super."""
    kinds = {column.key: column.kind for column in COSTS} | {"parameters_trained": "count"}
    settled = record.cost.settled_latency_s is not None
    writers = {name: KINDS[kind] for name, kind in kinds.items()}
    writers |= dict.fromkeys(LATENCIES, lambda value: latency(value, settled=settled))
    return {
        "metrics": {name: not_judged(record, name) or _metric(name, value) for name, value in record.metrics.items()},
        "intervals": {
            name: percent_interval(bounds) for name, bounds in record.intervals.items() if not not_judged(record, name)
        },
        "facts": {name: _text(number, record.facts.get(name)) for name in ("test_images", "test_boxes")},
        "cost": {name: _text(write, getattr(record.cost, name)) for name, write in writers.items()},
        **{
            part: {
                group: {name: _text(_ROWS[name], value) for name, value in row.items() if name in _ROWS}
                for group, row in getattr(record, part).items()
            }
            for part in ("per_class", "per_scene", "per_super")
        },
    }


def _over_seeds(cell: SeedGroup) -> dict[str, str]:
    """Metric -> its mean and standard deviation over several seeds, as text."""
    said = {}
    for name in cell.first.metrics:
        mean, deviation = cell.mean(name), cell.deviation(name)
        if mean is not None and deviation is not None:
            said[name] = f"mean {_metric(name, mean)}, standard deviation {metric(name, deviation)}"
    return said


def _metric(name: str, value: float | None) -> str | None:
    return None if value is None else metric(name, value) + (" %" if metric_kind(name) == "percent" else "")


def _text(write: Callable[[float], str], value: float | None) -> str | None:
    return None if value is None else write(value)
