"""AP against latency with the Pareto front: one panel per source and device; panels cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import cell_label, mean_ap, measured_cells, run_command, source_of
from benchmark.figures.drawing.style import PANEL_INCHES, STYLE, FigureKind, signs
from benchmark.records.comparisons import Comparisons, Interval
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDE = 8
"""the axis is logarithmic if the slowest cell's latency is more than this multiple of the fastest's"""
MOST_LABELS = 6
"""cells with changed settings are named in panels of at most this many points"""


@dataclass(frozen=True)
class Point:
    """One cell. ap, ap_low, ap_high: mean over seeds and its interval, in percent. latency: median ms, batch 1."""

    panel: str
    method: str
    label: str
    latency_ms: float
    ap: float
    ap_low: float
    ap_high: float
    changed: bool
    """whether settings other than the size are overridden: drawn hollow"""


def points(records: Sequence[RunRecord]) -> list[Point]:
    """The cells with AP and a settled latency; controls (other class names, untrained weights) are left out."""
    stored = Comparisons.find()
    return [_point(cell, stored.interval(cell, "AP")) for cell in measured_cells(records) if cell.latency_settled]


def front(shown: Sequence[Point]) -> list[Point]:
    """The Pareto front of one panel, by rising latency: the points than which none is both faster and better."""
    best: list[Point] = []
    for point in sorted(shown, key=lambda point: (point.latency_ms, -point.ap)):
        if not best or point.ap > best[-1].ap:
            best.append(point)
    return best


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw one point per cell, its mean over seeds. Raises RecordError if no record has AP and latency."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.lines import Line2D  # noqa: PLC0415

    every_point = points(records)
    if not every_point:
        raise RecordError(
            "speed-accuracy: no record has both an AP and a latency that repeated measurements agree on; "
            f"'bench run --latency-only RUN' measures it, a new record comes from: {run_command(records)}"
        )
    panels = sorted({point.panel for point in every_point})
    looks = signs([point.method for point in every_point])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(PANEL_INCHES[0] * len(panels), PANEL_INCHES[1]), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw_panel(axes, [point for point in every_point if point.panel == panel], looks)
            axes.set_title(panel)
        signed = [Line2D([], [], color=c, marker=m, linestyle="none", label=name) for name, (c, m) in looks.items()]
        if any(point.changed for point in every_point):
            hollow = Line2D(
                [], [], color="0.3", marker="o", linestyle="none", fillstyle="none", label="changed settings"
            )
            signed.append(hollow)
        columns = min(len(signed), 3 * len(panels))
        figure.legend(handles=signed, loc="outside lower center", ncols=columns, frameon=False, fontsize=7)
    return figure


def _draw_panel(axes: Axes, shown: Sequence[Point], looks: dict[str, tuple[str, str]]) -> None:
    times = [point.latency_ms for point in shown]
    wide = max(times) > WIDE * min(times)
    left, right = (0.7 * min(times) if wide else 0), 1.4 * max(times)
    _draw_front(axes, shown, right)
    for point in shown:
        colour, marker = looks[point.method]
        # A basic interval need not contain its own point, and a bar cannot have a negative length.
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
        if not point.changed or len(shown) <= MOST_LABELS:
            text = point.label.removeprefix(point.method).lstrip("- ") or point.method
            axes.annotate(text, (point.latency_ms, point.ap), (5, 3), textcoords="offset points", fontsize=7)
    axes.set_xlabel("latency, ms per image (median, batch 1)")
    axes.set_ylabel("AP, % (bar: 95 % interval)")
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(left, right)
    axes.set_ylim(0, 1.1 * max(1e-3, *(max(point.ap, point.ap_high) for point in shown)))


def _draw_front(axes: Axes, shown: Sequence[Point], right: float) -> None:
    """Draw the Pareto front as a dashed line: whatever lies below is slower and worse than some point."""
    if len(shown) > 1:
        best = front(shown)
        xs, ys = [point.latency_ms for point in best], [point.ap for point in best]
        axes.step([*xs, right], [*ys, ys[-1]], where="post", color="0.5", linewidth=1, linestyle="--", zorder=0)


def _point(cell: SeedGroup, interval: Interval | None) -> Point:
    spec = cell.spec
    ap = mean_ap(cell)
    return Point(
        panel=f"{source_of(spec)}\n{cell.device or 'device unknown'}",
        method=spec.method,
        label=cell_label(spec),
        latency_ms=(cell.cost("latency_p50_s") or 0.0) * 1000,
        ap=ap,
        ap_low=100 * interval.low if interval else ap,
        ap_high=100 * interval.high if interval else ap,
        changed=bool(set(spec.overrides) - {"variant"}),
    )


FIGURE = FigureKind("speed-accuracy", "AP against latency, with the Pareto front", "zeroshot", draw)
