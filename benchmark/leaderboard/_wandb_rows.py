"""Markdown tables of all official records for the W&B report, because W&B's panels show at most a hundred runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from benchmark.core.comparison import Board, board_of
from benchmark.core.formats import count, latency, percent, percent_interval
from benchmark.core.record import RunRecord
from benchmark.records.comparisons import Comparisons
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


def markdown_tables(records: Sequence[RunRecord], comparisons: Comparisons | None = None) -> list[tuple[str, str]]:
    """(title, Markdown table) per board; its numbers and ranks do not compare with those of others.

    The title is task, data set and profile, and the rules where two boards share these. The newest version of each data
    set and method is shown. One row per cell: means over seeds in percent; ranks and intervals of means come from the
    stored comparisons, whose remark stands below the table.
    """
    stored = comparisons or Comparisons()
    groups: dict[tuple[str, Board], list[SeedGroup]] = {}
    for cell in seed_groups(one_version(records).records):
        title = " · ".join((cell.spec.task, cell.spec.data, cell.spec.profile))
        groups.setdefault((title, board_of(cell.spec)), []).append(cell)
    titles = Counter(title for title, _ in groups)
    return [
        (title if titles[title] == 1 else f"{title} · rules {board.rules}", _table(groups[title, board], stored))
        for title, board in sorted(groups)
    ]


def _table(cells: Sequence[SeedGroup], stored: Comparisons) -> str:
    places = stored.places(cells)
    best_first = sorted(cells, key=lambda cell: -(cell.mean("AP") or 0.0))
    lines = ["| " + " | ".join(_HEADERS) + " |", "|" + " --- |" * len(_HEADERS)]
    for cell in best_first:
        place = places.get(cell.first.run_id)
        rank = _text(str, place.rank if place else None)
        lines.append("| " + " | ".join(_plain(text) for text in _row(rank, cell, stored)) + " |")
    remark = stored.remark(cells)
    return "\n".join([*lines, *(["", f"Ranks: {remark}"] if remark else [])])


def _row(rank: str, cell: SeedGroup, stored: Comparisons) -> list[str]:
    spec = cell.spec
    interval = stored.interval(cell, "AP")
    return [
        rank,
        spec.model,
        ", ".join(spec.variations) or "plain",
        _text(percent, cell.mean("AP")),
        percent_interval((interval.low, interval.high)) if interval else "-",
        _text(percent, cell.mean("AP50")),
        _text(percent, cell.mean("AP75")),
        str(len(cell.good)),
        _text(count, cell.cost("parameters")),
        _text(lambda value: latency(value, settled=cell.latency_settled), cell.cost("latency_p50_s")),
        cell.device or "-",
    ]


def _text(written: Callable[[float], str], value: float | None) -> str:
    return "-" if value is None else written(value)


def _plain(text: str) -> str:
    """Text for a table cell, with Markdown and HTML characters escaped."""
    for mark in "\\`*_{}[]<>#|":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return " ".join(text.split())
