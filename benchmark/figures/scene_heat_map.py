"""AP of every method in every scene: one map per task, data set and profile, hardest scenes on the right."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.core.errors import RecordError
from benchmark.core.formats import points
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import (
    Source,
    by_source,
    cell_label,
    mean_ap,
    measured_cells,
    run_command,
)
from benchmark.figures.drawing.style import PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR_MAP = "cividis"
"""of even lightness: readable with any colour blindness and in grey print"""
MOST_ROWS = 20


@dataclass(frozen=True)
class HeatMap:
    """rows: one cell each, the best first. scenes: the easiest first. values[row][scene]: AP in percent or NaN."""

    source: Source
    rows: tuple[str, ...]
    scenes: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


def heat_maps(records: Sequence[RunRecord]) -> list[HeatMap]:
    """One per source with AP per scene; cells that override anything but the model size are left out."""
    scened = [c for c in measured_cells(records) if c.first.per_scene and set(c.spec.overrides) <= {"variant"}]
    return [_heat_map(source, cells[:MOST_ROWS]) for source, cells in by_source(scened).items()]


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw the maps below each other, with numbers. Raises RecordError if no record has AP per scene."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    maps = heat_maps(records)
    if not maps:
        raise RecordError(f"scene-heat-map: no record has a breakdown by scene; one comes from: {run_command(records)}")
    heights = [1.25 + 0.24 * len(each.rows) for each in maps]
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, sum(heights)), layout="constrained")
        for axes, each in zip(
            figure.subplots(len(maps), 1, squeeze=False, height_ratios=heights)[:, 0], maps, strict=True
        ):
            _draw_map(axes, each)
    return figure


def _heat_map(source: Source, cells: Sequence[SeedGroup]) -> HeatMap:
    per_cell = [_scenes(cell) for cell in cells]
    scenes = {scene for row in per_cell for scene in row}
    mean = {scene: statistics.fmean(row[scene] for row in per_cell if scene in row) for scene in scenes}
    order = tuple(sorted(scenes, key=lambda scene: (-mean[scene], scene)))
    rows = tuple(f"{cell_label(cell.spec)}  {points(mean_ap(cell))}" for cell in cells)
    return HeatMap(source, rows, order, tuple(tuple(row.get(s, float("nan")) for s in order) for row in per_cell))


def _scenes(cell: SeedGroup) -> Mapping[str, float]:
    """Scene -> AP in percent, mean over seeds; scenes without ground truth are left out."""
    values: dict[str, list[float]] = {}
    for record in cell.good:
        for scene, facts in record.per_scene.items():
            if facts.get("AP") is not None:
                values.setdefault(scene, []).append(100 * (facts["AP"] or 0.0))
    return {scene: statistics.fmean(per_seed) for scene, per_seed in values.items()}


def _draw_map(axes: Axes, each: HeatMap) -> None:
    values = np.array(each.values)
    highest = max(float(np.nanmax(values, initial=0.0)), 1e-3)
    shown = axes.imshow(values, cmap=COLOUR_MAP, vmin=0, vmax=highest, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else points(value, 0 if highest >= 10 else 1)
        dark = not np.isnan(value) and value < 0.55 * highest
        axes.text(column, row, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")
    axes.set_xticks(range(len(each.scenes)), each.scenes, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(each.rows)), each.rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    axes.set_title(f"{each.source}: AP, % in each scene (beside a name: over the set)", loc="left")
    bar = axes.figure.colorbar(shown, ax=axes, pad=0.01, fraction=0.03)
    bar.outline.set_visible(False)


FIGURE = FigureKind("scene-heat-map", "AP of every method in every scene", "zeroshot", draw)
