"""Markdown tables of all official records for the W&B report, because W&B's panels show at most a hundred runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmark.core.formats import count, percent, percent_interval, seconds
from benchmark.core.record import RunRecord
from benchmark.records.seeds import SeedGroup, seed_groups
from benchmark.records.versions import one_version

_HEADERS = (
    "#",
    "method",
    "setting",
    "AP",
    "95 % interval",
    "AP50",
    "AP75",
    "seeds",
    "parameters",
    "latency",
    "device",
)


def markdown_tables(records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    """(title, Markdown table) per task, data set and profile, whose numbers do not compare with those of others.

    The newest version of each data set and method is shown. One row per cell: means over seeds in percent, and the
    interval of the lowest seed.
    """
    groups: dict[tuple[str, str, str], list[SeedGroup]] = {}
    for cell in seed_groups(one_version(records).records):
        groups.setdefault((cell.spec.task, cell.spec.data, cell.spec.profile), []).append(cell)
    return [(" · ".join(key), _table(groups[key])) for key in sorted(groups)]


def _table(cells: Sequence[SeedGroup]) -> str:
    best_first = sorted(cells, key=lambda cell: -(cell.mean("AP") or 0.0))
    lines = ["| " + " | ".join(_HEADERS) + " |", "|" + " --- |" * len(_HEADERS)]
    for rank, cell in enumerate(best_first, 1):
        lines.append("| " + " | ".join(_plain(text) for text in _row(rank, cell)) + " |")
    return "\n".join(lines)


def _row(rank: int, cell: SeedGroup) -> list[str]:
    spec, cost = cell.spec, cell.first.cost
    interval = cell.interval("AP")
    return [
        str(rank),
        spec.model,
        ", ".join(spec.variations) or "plain",
        _text(percent, cell.mean("AP")),
        percent_interval(interval) if interval else "-",
        _text(percent, cell.mean("AP50")),
        _text(percent, cell.mean("AP75")),
        str(len(cell.good)),
        _text(count, cost.parameters),
        _text(seconds, cost.latency_p50_s),
        cost.device or "-",
    ]


def _text(written: Callable[[float], str], value: float | None) -> str:
    return "-" if value is None else written(value)


def _plain(text: str) -> str:
    """Text for a table cell, with Markdown and HTML characters escaped."""
    for mark in "\\`*_{}[]<>#|":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return " ".join(text.split())
