"""Precision over recall, mean over classes: one row of panels a data set and profile, the area below is the AP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import (
    Source,
    by_source,
    cell_label,
    explain_command,
    measured_cells,
    percent,
)
from benchmark.figures.drawing.style import COLOURS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.explanations import RECALLS, Numbers, find_numbers
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = ("IoU 0.50", "IoU 0.75", "mean of IoU 0.50 to 0.95")
MOST = 7
"""curves of one panel: the best cells, one colour each"""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
"""a second sign for the same curve, for grey print"""


def curves(records: Sequence[RunRecord]) -> dict[Source, list[tuple[SeedGroup, Numbers]]]:
    """Cells with stored curves, the best first; of several seeds the lowest that has them."""
    found = {}
    for source, cells in by_source(measured_cells(records)).items():
        stored = [(cell, next((n for r in cell.good if (n := find_numbers(r.run_id))), None)) for cell in cells]
        known = [(cell, numbers) for cell, numbers in stored if numbers is not None]
        if known:
            found[source] = known[:MOST]
    return found


def draw(records: Sequence[RunRecord]) -> Figure:
    """Three panels a source. Raises RecordError where no record has curves."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    found = curves(records)
    if not found:
        raise RecordError(f"precision-recall: no record has curves; they come from: {explain_command(records)}")
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 2.2 * len(found)), layout="constrained")
        grid = figure.subplots(len(found), len(TITLES), squeeze=False)
        for row, (source, shown) in zip(grid, found.items(), strict=True):
            for place, axes in enumerate(row):
                _draw_panel(axes, [(cell_label(cell.spec), n.precision[place]) for cell, n in shown])
                axes.set_title(TITLES[place] if place else f"{source}\n{TITLES[0]}", loc="left")
            row[0].set_ylabel("precision")
    return figure


def _draw_panel(axes: Axes, shown: Sequence[tuple[str, Sequence[float]]]) -> None:
    highest = 0.0
    for (label, precision), colour, dash in zip(shown, COLOURS, DASHES, strict=False):
        area = sum(precision) / len(precision)
        highest = max(highest, *precision)
        axes.plot(
            RECALLS, precision, color=colour, linestyle=dash, linewidth=1.2, label=f"{label}  {percent(100 * area)}"
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02 if highest > 0.5 else 1.1 * max(highest, 1e-3))
    axes.set_xlabel("recall")
    axes.legend(loc="upper right", handlelength=2.2)


FIGURE = FigureKind("precision-recall", "precision over recall, the area below is the AP", "zeroshot", draw)
