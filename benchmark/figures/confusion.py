"""Confusion of classes: one matrix per method, of the task, data set and profile with the most matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import Source, cell_label, explain_command
from benchmark.figures.drawing.style import PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.figures.precision_recall import curves
from benchmark.records.explanations import Numbers
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 10
MOST_CELLS = 4
COLOUR_MAP = "cividis"


@dataclass(frozen=True, eq=False)
class Matrix:
    """shares: (R, R), percent of each row's boxes; the last row holds false alarms, in percent of all false alarms."""

    title: str
    names: tuple[str, ...]
    shares: NDArray[np.float64]


def matrices(records: Sequence[RunRecord]) -> tuple[Source, list[Matrix]] | None:
    """The source with the most cells that have counts, and the matrices of its best cells; None without any."""
    by_source = curves(records)
    if not by_source:
        return None
    source = max(by_source, key=lambda each: (len(by_source[each]), each))
    return source, [_matrix(cell, numbers) for cell, numbers in by_source[source][:MOST_CELLS]]


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw the matrices side by side. Raises RecordError if no record has counts."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    made = matrices(records)
    if made is None:
        raise RecordError(f"confusion: no record has counts of confusions; they come from: {explain_command(records)}")
    source, shown = made
    across = min(2, len(shown))
    down = -(-len(shown) // across)
    wide = len(shown) > 1
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES if wide else 0.7 * PAGE_INCHES, 3.9 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False)
        for axes, matrix in zip(panels.flat, shown, strict=False):
            _draw_matrix(axes, matrix)
        for axes in panels.flat[len(shown) :]:
            axes.axis("off")
        figure.suptitle(f"{source}: % of each row, IoU 0.5", fontsize=8)
    return figure


def gathered(counts: NDArray[np.int64], most: int = MOST_CLASSES) -> tuple[list[int], NDArray[np.int64]]:
    """The `most` classes with the most boxes, and counts over these, all other classes as one, and background."""
    classes = len(counts) - 1
    order = np.argsort(-counts[:classes].sum(axis=1), kind="stable").tolist()
    kept, rest = sorted(order[:most]), sorted(order[most:])
    groups = [[label] for label in kept] + ([rest] if rest else []) + [[classes]]
    return kept, np.array([[counts[np.ix_(rows, columns)].sum() for columns in groups] for rows in groups])


def _matrix(cell: SeedGroup, numbers: Numbers) -> Matrix:
    kept, counts = gathered(numbers.confusion)
    others = len(numbers.names) - len(kept)
    names = [numbers.names[label] for label in kept] + ([f"{others} others"] if others else [])
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    title = f"{cell_label(cell.spec)}, from score {numbers.confidence:.2g} on\n({numbers.chosen})"
    return Matrix(title, (*names, "background"), shares)


def _draw_matrix(axes: Axes, matrix: Matrix) -> None:
    axes.imshow(matrix.shares, cmap=COLOUR_MAP, vmin=0, vmax=100)
    for (row, column), share in np.ndenumerate(matrix.shares):
        if share >= 0.5:
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=5.5,
                      color="white" if share < 55 else "black")  # fmt: skip
    places = range(len(matrix.names))
    names = [name if len(name) <= 28 else name[:27] + "…" for name in matrix.names]
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, [*names[:-1], "false alarms"])
    axes.tick_params(length=0, labelsize=5.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("detected as (background: missed)")
    axes.set_ylabel("ground truth")
    axes.set_title(matrix.title)


FIGURE = FigureKind("confusion", "which class is detected as which", "zeroshot", draw)
