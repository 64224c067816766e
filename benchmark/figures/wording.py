"""AP over the wording and the order of the class names: one panel per task, data set and profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.formats import percent
from benchmark.core.record import RunRecord, Status
from benchmark.figures.drawing.panels import Source, cell_label, run_command, source_of
from benchmark.figures.drawing.style import COLOURS, MARKERS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.robustness import Robustness, robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("canonical", "canonical, other order", "synonyms", "description", "own file", "codes (control)")
"""kinds of wording, in the order of their colours and markers"""


def readings(records: Sequence[RunRecord]) -> dict[Source, list[Robustness]]:
    """Per source the cells measured with several wordings, those of the highest AP first; controls do not count."""
    good = [record for record in records if record.status is Status.OK and str(record.spec.weights) != "random"]
    by_panel: dict[Source, list[Robustness]] = {}
    for method in sorted({record.spec.method for record in good}):
        for read in robustness(good, method):
            if len(read.wordings) > 1:
                by_panel.setdefault(source_of(read.spec), []).append(read)
    for reads in by_panel.values():
        reads.sort(key=lambda read: (-max(each.value for each in read.meant), cell_label(read.spec)))
    return dict(sorted(by_panel.items()))


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw a line per cell from its worst to its best wording. Raises RecordError if no cell has two wordings."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    by_panel = readings(records)
    if not by_panel:
        raise RecordError(
            "wording: no method was measured with two wordings; one more: "
            + run_command(records, "--vocabulary synonyms")
        )
    heights = [0.75 + 0.26 * len(reads) for reads in by_panel.values()]
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 0.35 + sum(heights)), layout="constrained")
        panels = figure.subplots(len(by_panel), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (source, reads) in zip(panels, by_panel.items(), strict=True):
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
    """One of KINDS for a wording's name: `canonical@3` is another order, `codes` the control, else an own file."""
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
            style = KINDS.index(kind)
            axes.plot(
                100 * each.value,
                row,
                color=COLOURS[style],
                marker=MARKERS[style],
                markersize=5,
                linestyle="none",
                fillstyle="none" if each.control else "full",
                label=kind,
                zorder=3 if kind == KINDS[0] else 2,
            )
        spread = f"  spread {percent(read.spread)}" if len(read.meant) > 1 else ""
        labels.append(cell_label(read.spec) + spread)
    axes.set_yticks(range(len(reads)), labels)
    axes.set_ylim(len(reads) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.margins(x=0.05)


FIGURE = FigureKind("wording", "AP over wordings and orders of the class names", "zeroshot", draw)
