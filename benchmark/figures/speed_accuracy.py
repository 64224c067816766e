"""AP against latency with the Pareto front: one panel a data set, profile and device; neither axis compares across."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import cell_label, mean_ap, measured_cells, run_command, source_of
from benchmark.figures.drawing.style import PANEL_INCHES, STYLE, FigureKind, signs
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDE = 8
"""times the fastest cell's latency, from which on the axis is logarithmic"""
MOST_LABELS = 6
"""points of a panel up to which cells with changed settings are named too"""


@dataclass(frozen=True)
class Point:
    """One cell. ap, ap_low, ap_high in percent (interval of the lowest seed); latency: median ms an image, batch 1."""

    panel: str
    method: str
    label: str
    latency_ms: float
    ap: float
    ap_low: float
    ap_high: float
    changed: bool
    """settings other than the size differ from the profile's: drawn hollow"""


def points(records: Sequence[RunRecord]) -> list[Point]:
    """The cells that have an AP and a latency, controls left out (canonical names, weights that were trained)."""
    timed = [record for record in records if record.cost.latency_p50_s is not None]
    return [_point(cell) for cell in measured_cells(timed)]


def front(found: Sequence[Point]) -> list[Point]:
    """The points of one panel that no other beats in both, by rising latency."""
    best: list[Point] = []
    for point in sorted(found, key=lambda point: (point.latency_ms, -point.ap)):
        if not best or point.ap > best[-1].ap:
            best.append(point)
    return best


def draw(records: Sequence[RunRecord]) -> Figure:
    """One point a cell, its mean over seeds. Raises RecordError where no record has both numbers."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.lines import Line2D  # noqa: PLC0415

    found = points(records)
    if not found:
        raise RecordError(
            f"speed-accuracy: no record has both an AP and a latency; one comes from: {run_command(records)}"
        )
    panels = sorted({point.panel for point in found})
    looks = signs([point.method for point in found])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(PANEL_INCHES[0] * len(panels), PANEL_INCHES[1]), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw_panel(axes, [point for point in found if point.panel == panel], looks)
            axes.set_title(panel)
        signed = [Line2D([], [], color=c, marker=m, linestyle="none", label=name) for name, (c, m) in looks.items()]
        if any(point.changed for point in found):
            hollow = Line2D(
                [], [], color="0.3", marker="o", linestyle="none", fillstyle="none", label="changed settings"
            )
            signed.append(hollow)
        columns = min(len(signed), 3 * len(panels))
        figure.legend(handles=signed, loc="outside lower center", ncols=columns, frameon=False, fontsize=7)
    return figure


def _draw_panel(axes: Axes, found: Sequence[Point], looks: dict[str, tuple[str, str]]) -> None:
    times = [point.latency_ms for point in found]
    wide = max(times) > WIDE * min(times)
    left, right = (0.7 * min(times) if wide else 0), 1.4 * max(times)
    _draw_front(axes, found, right)
    for point in found:
        colour, marker = looks[point.method]
        # A basic interval need not hold its own point, and a bar cannot have a negative length.
        below, above = max(point.ap - point.ap_low, 0.0), max(point.ap_high - point.ap, 0.0)
        axes.errorbar(
            point.latency_ms,
            point.ap,
            [[below], [above]],
            color=colour,
            marker=marker,
            markersize=4 if point.changed else 6,
            elinewidth=1,
            capsize=2,
            fillstyle="none" if point.changed else "full",
        )
        if not point.changed or len(found) <= MOST_LABELS:
            text = point.label.removeprefix(point.method).lstrip("- ") or point.method
            axes.annotate(text, (point.latency_ms, point.ap), (5, 3), textcoords="offset points", fontsize=7)
    axes.set_xlabel("latency, ms an image (median, batch 1)")
    axes.set_ylabel("AP, % (bar: 95 % interval)")
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(left, right)
    axes.set_ylim(0, 1.1 * max(1e-3, *(max(point.ap, point.ap_high) for point in found)))


def _draw_front(axes: Axes, found: Sequence[Point], right: float) -> None:
    """A dashed line below which something is both slower and worse than a point."""
    if len(found) > 1:
        best = front(found)
        xs, ys = [point.latency_ms for point in best], [point.ap for point in best]
        axes.step([*xs, right], [*ys, ys[-1]], where="post", color="0.5", linewidth=1, linestyle="--", zorder=0)


def _point(cell: SeedGroup) -> Point:
    first, spec = cell.first, cell.spec
    ap = mean_ap(cell)
    low, high = first.intervals.get("AP", (ap / 100, ap / 100))
    return Point(
        panel=f"{source_of(spec)}\n{first.cost.device or 'device unknown'}",
        method=spec.method,
        label=cell_label(spec),
        latency_ms=statistics.median((record.cost.latency_p50_s or 0.0) * 1000 for record in cell.good),
        ap=ap,
        ap_low=low * 100,
        ap_high=high * 100,
        changed=bool(set(spec.overrides) - {"variant"}),
    )


FIGURE = FigureKind("speed-accuracy", "AP against latency, with the Pareto front", "zeroshot", draw)
