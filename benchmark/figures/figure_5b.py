"""Figure 5b: detections of YOLOv8, YOLO-World and RTVP beside the ground truth, on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.core.boxes import iou
from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError
from benchmark.core.paths import Home, Results
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.panels import (
    Source,
    ap_text,
    by_source,
    cell_label,
    explain_command,
    measured_cells,
)
from benchmark.figures.drawing.pictures import GROUND_TRUTH, MISSED, RIGHT, WRONG, blank, credit, name_of, outline, show
from benchmark.figures.drawing.style import PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.explanations import NamedBox, Numbers, Picture, find_numbers, find_pictures
from benchmark.records.predictions import read_predictions
from benchmark.records.seeds import SeedGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("yolov8", "yolo-world", "rtvp")
MOST = 5
LEAST_IOU = 0.5
MOST_BOXES = 15
"""detections drawn on a picture: hundreds of wrong ones would hide it"""
THIN = 0.25
"""height of a row without pictures, as a share of the others"""
CLOSED = "closed vocabulary: cannot be asked for novel classes"


@dataclass(frozen=True, eq=False)
class Row:
    """One method. answers: per picture the detections from the run's own score on, or the reason why there are none."""

    title: str
    answers: tuple[tuple[NamedBox, ...], ...] | str


def shown_rows(records: Sequence[RunRecord]) -> tuple[Source, tuple[Picture, ...], list[Row]] | None:
    """The source with the most of the three methods, its pictures, and one row per method; None without pictures."""
    with_pictures = []
    for source, cells in by_source(measured_cells(records)).items():
        mine = {m: [c for c in cells if c.spec.method == m and set(c.spec.overrides) <= {"variant"}] for m in METHODS}
        pictures = next(
            (p for m in reversed(METHODS) for c in mine[m] for r in c.good if (p := find_pictures(r.run_id))), ()
        )
        if pictures:
            rows = [_row(source, method, mine[method], pictures[:MOST]) for method in METHODS]
            with_pictures.append((source, pictures[:MOST], rows))
    return max(with_pictures, key=lambda each: sum(not isinstance(row.answers, str) for row in each[2]), default=None)


def draw(records: Sequence[RunRecord]) -> Figure:
    """One row per method below the ground truth, one column per picture. Raises RecordError without pictures."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    shown = shown_rows(records)
    if shown is None:
        raise RecordError(
            "figure-5b: no record of YOLOv8, YOLO-World or RTVP has pictures; they come from: "
            + explain_command(records, METHODS)
        )
    source, pictures, rows = shown
    title = f"{source}; at most {MOST_BOXES} detections per picture, from the score of each run's largest F1 on"
    with mpl.rc_context({**STYLE, **SMALL}):
        heights = [1.0, *(THIN if isinstance(row.answers, str) else 1.0 for row in rows)]
        figure = Figure(figsize=(PAGE_INCHES, 0.95 + 1.35 * sum(heights)), layout="constrained")
        grid = figure.subplots(1 + len(rows), len(pictures), squeeze=False, height_ratios=heights)
        for column, picture in enumerate(pictures):
            show(grid[0][column], picture)
            outline(grid[0][column], picture.boxes, GROUND_TRUTH)
            grid[0][column].set_title(name_of(picture), fontsize=6.5, pad=2)
            for line, row in zip(grid[1:], rows, strict=True):
                _draw_answer(line[column], picture, row, column)
        grid[0][0].set_ylabel("ground truth", fontsize=6.5)
        for axes, row in zip(grid[1:, 0], rows, strict=True):
            thin = isinstance(row.answers, str)
            flat = {"rotation": 0, "ha": "right", "va": "center"} if thin else {}
            axes.set_ylabel(row.title, fontsize=6.5, **flat)
        colours = {
            "ground truth": GROUND_TRUTH,
            f"right class, IoU ≥ {LEAST_IOU}": RIGHT,
            "wrong": WRONG,
            "missed (dashed)": MISSED,
        }
        signs = [Patch(facecolor="white", edgecolor=colour, label=label) for label, colour in colours.items()]
        figure.legend(handles=signs, loc="outside upper center", ncols=len(signs), frameon=False, title=title)
        credit(figure, pictures)
    return figure


def judged(
    ground_truth: Sequence[NamedBox], answer: Sequence[NamedBox]
) -> tuple[list[NamedBox], list[NamedBox], list[NamedBox]]:
    """Right and wrong detections and missed boxes; a box is matched once, by the first overlapping one of its class."""
    missed = list(ground_truth)
    right, wrong = [], []
    for box in answer:
        near = [t for t in missed if t.name == box.name and _iou(t, box) >= LEAST_IOU]
        if near:
            missed.remove(max(near, key=lambda t: _iou(t, box)))
            right.append(box)
        else:
            wrong.append(box)
    return right, wrong, missed


def _row(source: Source, method: str, cells: Sequence[SeedGroup], pictures: Sequence[Picture]) -> Row:
    if not cells:
        return Row(
            method,
            CLOSED
            if method == "yolov8" and source.task != "closed"
            else f"not run: bench run --method {method} --task {source.task} --data {source.dataset}"
            f" --profile {source.profile}",
        )
    cell = cells[0]
    title = f"{cell_label(cell.spec)}\n{ap_text(cell)}"
    for record in cell.good:
        numbers, path = find_numbers(record.run_id), _predictions(record.run_id)
        if numbers is not None and path is not None:
            detections = read_predictions(path)
            return Row(title, tuple(_answer(numbers, detections.get(picture.image_id)) for picture in pictures))
    return Row(title, f"no arrays: bench explain {cell.first.run_id}")


def _answer(numbers: Numbers, detections: Detections | None) -> tuple[NamedBox, ...]:
    """The best MOST_BOXES detections that score at least the run's confidence."""
    if detections is None:
        return ()
    best = detections.best(MOST_BOXES)
    keep = best.scores >= numbers.confidence
    return tuple(
        NamedBox(float(x1), float(y1), float(x2), float(y2), numbers.names[label])
        for (x1, y1, x2, y2), label in zip(best.xyxy[keep], best.labels[keep].tolist(), strict=True)
    )


def _draw_answer(axes: Axes, picture: Picture, row: Row, column: int) -> None:
    if isinstance(row.answers, str):
        blank(axes)
        axes.spines[:].set_visible(False)
        axes.patch.set_visible(False)
        if column == 0:
            reason = axes.text(0.05, 0.5, row.answers, transform=axes.transAxes, va="center", fontsize=6.5, color="0.3")
            reason.set_in_layout(False)  # the text extends over the empty columns beside it
        return
    show(axes, picture)
    right, wrong, missed = judged(picture.boxes, row.answers[column])
    outline(axes, missed, MISSED, dashed=True)
    outline(axes, wrong, WRONG)
    outline(axes, right, RIGHT)


def _predictions(run_id: str) -> Path | None:
    results = Results.find()
    paths = (Home.find().run(run_id).predictions, results.readable(results.predictions / f"{run_id}.parquet"))
    return next((path for path in paths if path.is_file()), None)


def _iou(a: NamedBox, b: NamedBox) -> float:
    return float(iou(np.array([a[:4]], np.float64), np.array([b[:4]], np.float64))[0, 0])


FIGURE = FigureKind("figure-5b", "detections beside the ground truth", "closed", draw)
