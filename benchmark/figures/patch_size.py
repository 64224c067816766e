"""AP and cost over the patch size of sparse sampling: one row of panels per task, data set and profile."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import Cost, RunRecord
from benchmark.figures.drawing.panels import Source, by_source, mean_ap, measured_cells, run_command
from benchmark.figures.drawing.style import COLOURS, MARKERS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.comparisons import Comparisons
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHOD = "rtvp"
PAPERS_PX = 32
"""the paper's patch size, and the default"""
COSTS: tuple[tuple[str, Callable[[Cost], float | None]], ...] = (
    ("latency, ms per image\n(median, batch 1)", lambda cost: _times(cost.settled_latency_s, 1e3)),
    ("GFLOPs per image", lambda cost: cost.gflops),
    ("peak memory, GB", lambda cost: _times(cost.peak_memory_bytes, 1e-9)),
)


@dataclass(frozen=True)
class Size:
    """One cell: patch size in pixels of the input image, and its records."""

    patch_px: int
    cell: SeedGroup


def sizes(records: Sequence[RunRecord]) -> dict[Source, list[Size]]:
    """Sources with several patch sizes and their cells by rising size; cells with any other override are left out."""
    mine = [record for record in records if record.spec.method == METHOD]
    by_panel = {}
    for source, cells in by_source(measured_cells(mine)).items():
        plain = [cell for cell in cells if set(cell.spec.overrides) <= {"patch_size"}]
        several = [Size(int(cell.spec.overrides.get("patch_size", PAPERS_PX)), cell) for cell in plain]
        if len({size.patch_px for size in several}) > 1:
            by_panel[source] = sorted(several, key=lambda size: size.patch_px)
    return by_panel


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw AP with its interval, and each cost. Raises RecordError if no two patch sizes were measured."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    by_panel = sizes(records)
    if not by_panel:
        raise RecordError(
            f"patch-size: no two patch sizes of {METHOD} were measured under the same settings; one more: "
            f"{run_command(records, '--set patch_size=64', method=METHOD)}"
        )
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 2.1 * len(by_panel)), layout="constrained")
        grid = figure.subplots(len(by_panel), 1 + len(COSTS), squeeze=False)
        for (first, *others), (source, shown) in zip(grid, by_panel.items(), strict=True):
            _draw_ap(first, shown)
            first.set_title(str(source), loc="left")
            for axes, (label, cost) in zip(others, COSTS, strict=True):
                _draw_cost(axes, shown, label, cost)
    return figure


def _draw_ap(axes: Axes, shown: Sequence[Size]) -> None:
    patches, values = [size.patch_px for size in shown], [mean_ap(size.cell) for size in shown]
    stored = Comparisons.find()
    bounds = [stored.interval(size.cell, "AP") for size in shown]
    below = [max(value - 100 * each.low, 0.0) if each else 0.0 for value, each in zip(values, bounds, strict=True)]
    above = [max(100 * each.high - value, 0.0) if each else 0.0 for value, each in zip(values, bounds, strict=True)]
    axes.errorbar(patches, values, [below, above], color=COLOURS[0], marker=MARKERS[0], markersize=4, capsize=2)
    axes.set_ylabel("AP, % (bar: 95 % interval)")
    axes.set_ylim(0, 1.15 * max(1e-3, *(v + a for v, a in zip(values, above, strict=True))))
    _patch_axis(axes, patches)


def _draw_cost(axes: Axes, shown: Sequence[Size], label: str, cost: Callable[[Cost], float | None]) -> None:
    pairs = []
    for size in shown:
        values = [value for record in size.cell.good if (value := cost(record.cost)) is not None]
        if values:
            pairs.append((size.patch_px, statistics.median(values)))
    axes.plot([x for x, _ in pairs], [y for _, y in pairs], color=COLOURS[1], marker=MARKERS[1], markersize=4)
    axes.set_ylabel(label)
    axes.set_ylim(0, 1.15 * max([1e-3, *(y for _, y in pairs)]))
    _patch_axis(axes, [size.patch_px for size in shown])


def _patch_axis(axes: Axes, patches: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(patches), [str(patch) for patch in patches])
    axes.minorticks_off()
    axes.set_xlabel("patch, px")


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


FIGURE = FigureKind("patch-size", "AP and cost over patch size", "zeroshot", draw)
