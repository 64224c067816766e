"""The page that compares: every cell of the paper's tables, what was measured for it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.record import RunRecord
from benchmark.leaderboard.around import Around

_KEPT = (
    "row", "task", "method", "metric", "reported", "printed", "flag", "data", "data_version", "profile", "variant",
    "method_version", "measured", "deviation", "low", "high", "seeds", "difference", "status", "run_ids", "reason",
)  # fmt: skip


def paper_data(around: Around, records: Sequence[RunRecord]) -> dict[str, Any]:
    """Tables with their cells; run ids only of records that have a page here."""
    known = {record.run_id for record in records}
    tables = [
        {**table, "cells": [_cell(cell, known) for cell in around.cells if cell.get("table") == table["name"]]}
        for table in around.tables
    ]
    return {"tables": tables, "counts": _counts(around.cells)}


def _cell(cell: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    kept = {name: cell[name] for name in _KEPT if cell.get(name) not in (None, [], "")}
    kept["run_ids"] = [run_id for run_id in cell.get("run_ids", ()) if run_id in known]
    return kept


def _counts(cells: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Status -> how many of the paper's printed numbers have it, each counted once: by its best status."""
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
