"""How far AP moves with the words and the order in which classes are asked for: one panel a data set and profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord, Status
from benchmark.figures.drawing.panels import Source, cell_label, run_command, source_of
from benchmark.figures.drawing.style import COLOURS, MARKERS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.robustness import Robustness, robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("canonical", "canonical, other order", "synonyms", "description", "own file", "codes (control)")
"""in this order each has its colour and sign"""


def readings(records: Sequence[RunRecord]) -> dict[Source, list[Robustness]]:
    """Cells asked in several ways, the best canonical one first within a panel."""
    good = [record for record in records if record.status is Status.OK and str(record.spec.weights) != "random"]
    found: dict[Source, list[Robustness]] = {}
    for method in sorted({record.spec.method for record in good}):
        for read in robustness(good, method):
            if len(read.wordings) > 1:
                found.setdefault(source_of(read.spec), []).append(read)
    for reads in found.values():
        reads.sort(key=lambda read: (-max(each.value for each in read.meant), cell_label(read.spec)))
    return dict(sorted(found.items()))


def draw(records: Sequence[RunRecord]) -> Figure:
    """One line a method from its worst to its best words. Raises RecordError where none was asked in two ways."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    found = readings(records)
    if not found:
        raise RecordError(
            "wording: no method was asked in two ways; one more: " + run_command(records, "--vocabulary synonyms")
        )
    heights = [0.75 + 0.26 * len(reads) for reads in found.values()]
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 0.35 + sum(heights)), layout="constrained")
        panels = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (source, reads) in zip(panels, found.items(), strict=True):
            _draw_panel(axes, reads)
            axes.set_title(str(source), loc="left")
        panels[-1].set_xlabel("AP, %")
        handles = {
            label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        shown = [kind for kind in KINDS if kind in handles]
        figure.legend(
            [handles[kind] for kind in shown], shown, loc="outside lower center", ncols=len(shown), frameon=False
        )
    return figure


def kind_of(wording: str) -> str:
    """What a wording's name says: `canonical@3` is another order, `codes` the control, a file's name its own."""
    name, mark, _ = wording.partition("@")
    if name == "codes":
        return KINDS[-1]
    if name == "canonical":
        return KINDS[1] if mark else KINDS[0]
    return name if name in KINDS else "own file"


def _draw_panel(axes: Axes, reads: Sequence[Robustness]) -> None:
    labels = []
    for row, read in enumerate(reads):
        values = [100 * each.value for each in read.meant]
        axes.plot([min(values), max(values)], [row, row], color="0.6", linewidth=1.5, zorder=1)
        for each in read.wordings:
            kind = kind_of(each.name)
            place = KINDS.index(kind)
            axes.plot(
                100 * each.value,
                row,
                color=COLOURS[place],
                marker=MARKERS[place],
                markersize=5,
                linestyle="none",
                fillstyle="none" if each.control else "full",
                label=kind,
                zorder=3 if kind == KINDS[0] else 2,
            )
        spread = f"  spread {100 * read.spread:.1f}" if len(read.meant) > 1 else ""
        labels.append(cell_label(read.spec) + spread)
    axes.set_yticks(range(len(reads)), labels)
    axes.set_ylim(len(reads) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.margins(x=0.05)


FIGURE = FigureKind("wording", "AP over wordings and orders of the class names", "zeroshot", draw)
