"""Data of the page that compares reported and measured numbers: every cell of the paper's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.record import RunRecord
from benchmark.leaderboard.context import Context

_KEPT = (
    "row", "task", "method", "metric", "reported", "printed", "flag", "data", "data_version", "profile", "variant",
    "method_version", "measured", "deviation", "low", "high", "seeds", "difference", "status", "run_ids", "reason",
)  # fmt: skip


def paper_data(context: Context, records: Sequence[RunRecord]) -> dict[str, Any]:
    """The paper's tables with their cells, and counts by status; run ids only of `records`."""
    known = {record.run_id for record in records}
    tables = [
        {**table, "cells": [_cell(cell, known) for cell in context.cells if cell.get("table") == table["name"]]}
        for table in context.tables
    ]
    return {"tables": tables, "counts": _counts(context.cells)}


def _cell(cell: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    kept = {name: cell[name] for name in _KEPT if cell.get(name) not in (None, [], "")}
    kept["run_ids"] = [run_id for run_id in cell.get("run_ids", ()) if run_id in known]
    return kept


def _counts(cells: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Status -> number of the paper's reported numbers; each counts once, by the best status of its cells."""
    best: dict[tuple[Any, ...], str] = {}
    for cell in cells:
        if cell.get("reported") is None:
            continue
        key = (cell.get("table"), cell.get("row"), cell.get("metric"))
        best[key] = min(best.get(key, cell["status"]), cell["status"], key=_rank)
    counts: dict[str, int] = {}
    for status in best.values():
        counts[_plain(status)] = counts.get(_plain(status), 0) + 1
    return counts


_ORDER = ("reproduced", "mismatch", "flagged", "other profile", "other data", "not reported", "blocked", "failed")


def _plain(status: str) -> str:
    return status.partition(" (")[0]


def _rank(status: str) -> int:
    plain = _plain(status)
    return _ORDER.index(plain) if plain in _ORDER else len(_ORDER)
