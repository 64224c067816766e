"""AP against latency: one panel a data set, profile and device, because neither axis compares across them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord, Status
from benchmark.figures._style import PANEL_INCHES, STYLE, FigureKind, signs
from benchmark.records.query import group_by_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
    shown = [
        record
        for record in records
        if record.status is Status.OK
        and record.spec.wording == "canonical"
        and str(record.spec.weights) != "random"
        and record.metrics.get("AP") is not None
        and record.cost.latency_p50_s is not None
    ]
    return [_point(cell) for cell in group_by_cell(shown)]


def draw(records: Sequence[RunRecord]) -> Figure:
    """One point a cell, its mean over seeds. Raises RecordError where no record has both numbers."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    found = points(records)
    if not found:
        raise RecordError("speed-accuracy: no record has both an AP and a latency; run `bench run` first")
    panels = sorted({point.panel for point in found})
    looks = signs([point.method for point in found])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(PANEL_INCHES[0] * len(panels), PANEL_INCHES[1]), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw_panel(axes, [point for point in found if point.panel == panel], looks)
            axes.set_title(panel)
    return figure


def _draw_panel(axes: Axes, found: Sequence[Point], looks: dict[str, tuple[str, str]]) -> None:
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
            markersize=6,
            capsize=2,
            fillstyle="none" if point.changed else "full",
        )
        axes.annotate(point.label, (point.latency_ms, point.ap), (6, 4), textcoords="offset points", fontsize=7)
    axes.set_xlabel("latency, ms an image (median, batch 1)")
    axes.set_ylabel("AP, % (bar: 95 % interval)")
    axes.set_xlim(0, 1.4 * max(point.latency_ms for point in found))
    axes.set_ylim(0, 1.1 * max(1.0, *(max(point.ap, point.ap_high) for point in found)))


def _point(cell: tuple[RunRecord, ...]) -> Point:
    first, spec = cell[0], cell[0].spec
    ap = statistics.fmean((record.metrics.get("AP") or 0.0) * 100 for record in cell)
    low, high = first.intervals.get("AP", (ap / 100, ap / 100))
    changed = [f"{key}={value}" for key, value in sorted(spec.overrides.items()) if key != "variant"]
    label = " ".join([f"{spec.method}-{spec.params.get('variant', '')}".rstrip("-"), *changed])
    return Point(
        panel=f"{spec.task}, {spec.dataset}, {spec.profile}\n{first.cost.device or 'device unknown'}",
        method=spec.method,
        label=label,
        latency_ms=statistics.median((record.cost.latency_p50_s or 0.0) * 1000 for record in cell),
        ap=ap,
        ap_low=low * 100,
        ap_high=high * 100,
        changed=bool(changed),
    )


FIGURE = FigureKind("speed-accuracy", "AP against latency", "zeroshot", draw)
