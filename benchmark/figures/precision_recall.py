"""Precision over recall, mean over classes: one row of panels per source; the area below a curve is its AP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.formats import percent
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import (
    Source,
    by_source,
    cell_label,
    explain_command,
    measured_cells,
)
from benchmark.figures.drawing.style import COLOURS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.explanations import RECALLS, Numbers, find_numbers
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = ("IoU 0.50", "IoU 0.75", "mean of IoU 0.50 to 0.95")
MOST = 7
"""curves per panel: those of the best cells, one colour each"""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
"""one line style per curve, for grey print"""


def curves(records: Sequence[RunRecord]) -> dict[Source, list[tuple[SeedGroup, Numbers]]]:
    """Per source its best cells with stored curves, the best first; of several seeds the lowest with curves."""
    by_panel = {}
    for source, cells in by_source(measured_cells(records)).items():
        stored = [(cell, next((n for r in cell.good if (n := find_numbers(r.run_id))), None)) for cell in cells]
        known = [(cell, numbers) for cell, numbers in stored if numbers is not None]
        if known:
            by_panel[source] = known[:MOST]
    return by_panel


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw three panels per source. Raises RecordError if no record has curves."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    by_panel = curves(records)
    if not by_panel:
        raise RecordError(f"precision-recall: no record has curves; they come from: {explain_command(records)}")
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 2.2 * len(by_panel)), layout="constrained")
        grid = figure.subplots(len(by_panel), len(TITLES), squeeze=False)
        for row, (source, shown) in zip(grid, by_panel.items(), strict=True):
            for column, axes in enumerate(row):
                _draw_panel(axes, [(cell_label(cell.spec), n.precision[column]) for cell, n in shown])
                axes.set_title(TITLES[column] if column else f"{source}\n{TITLES[0]}", loc="left")
            row[0].set_ylabel("precision")
    return figure


def _draw_panel(axes: Axes, shown: Sequence[tuple[str, Sequence[float]]]) -> None:
    highest = 0.0
    for (label, precision), colour, dash in zip(shown, COLOURS, DASHES, strict=False):
        area = sum(precision) / len(precision)
        highest = max(highest, *precision)
        axes.plot(RECALLS, precision, color=colour, linestyle=dash, linewidth=1.2, label=f"{label}  {percent(area)}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02 if highest > 0.5 else 1.1 * max(highest, 1e-3))
    axes.set_xlabel("recall")
    axes.legend(loc="upper right", handlelength=2.2)


FIGURE = FigureKind("precision-recall", "precision over recall, the area below is the AP", "zeroshot", draw)
