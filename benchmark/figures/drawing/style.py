"""Style and saving of figures: sizes, and colours and markers for colour blindness and grey print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.core.errors import RecordError
from benchmark.core.files import written_whole
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""the palette of Okabe and Ito: distinguishable with every kind of colour blindness"""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""one marker per colour, for grey print"""
PANEL_INCHES = (4.2, 3.2)
PAGE_INCHES = 7.0
"""width of a figure that spans both columns of a paper; text in it has at least 6 pt"""
SMALL: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
}
"""font sizes of a figure as wide as a page; overrides STYLE"""
OTHERS = "pictures of others"
"""gid of a figure with pictures that are not from our own generator"""
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.5,
    "pdf.fonttype": 42,  # letters stay letters, as journals ask
    "savefig.dpi": 200,
}


@dataclass(frozen=True)
class FigureKind:
    """What a file in `benchmark/figures/` exposes as FIGURE. draw: records -> a matplotlib figure.

    draw raises RecordError if the records have nothing to show. task: the task whose records it shows by default.
    """

    name: str
    title: str
    task: str
    draw: Callable[[Sequence[RunRecord]], Figure]


@dataclass(frozen=True)
class DatasetFigure:
    """What a file in `benchmark/figures/` exposes as FIGURE if it shows a data set. draw: its record -> a figure.

    draw raises RecordError if the record lacks what is shown; draw(record, pictures=False) shows no pictures. data:
    names of data sets; the first with a record is shown.
    """

    name: str
    title: str
    data: tuple[str, ...]
    draw: Callable[..., Figure]


def signs(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Map a name to (colour, marker) by alphabetical order, so that a method looks the same in every panel."""
    return {
        name: (COLOURS[i % len(COLOURS)], MARKERS[(i + i // len(COLOURS)) % len(MARKERS)])
        for i, name in enumerate(sorted(set(names)))
    }


def may_lie_in(folder: Path, figure: Figure) -> bool:
    """Whether the figure may be written to the folder: not one with pictures of others to the results."""
    return figure.get_gid() != OTHERS or not folder.resolve().is_relative_to(Results.find().root.resolve())


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write NAME.pdf and NAME.png, each atomically; equal records give equal bytes.

    Raises RecordError if the folder cannot be written, or is in the results and the figure has pictures of others.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it

    if not may_lie_in(folder, figure):
        raise RecordError(
            f"{name}: it shows {OTHERS}, which must not be stored in the results; choose another folder with --out"
        )
    written = []
    for kind, facts in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        path = folder / f"{name}.{kind}"
        with written_whole(path) as waiting, mpl.rc_context(STYLE):
            figure.savefig(waiting, format=kind, metadata=facts)
        written.append(path)
    return written
