"""Figure 5a: saliency maps of RTVP, of the refined visual prompt and after the text-visual interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord, Status
from benchmark.core.vocabulary import CANONICAL
from benchmark.figures.drawing.panels import Source, cell_label, explain_command, source_of
from benchmark.figures.drawing.pictures import GROUND_TRUTH, blank, credit, name_of, outline, show
from benchmark.figures.drawing.style import PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.explanations import Picture, find_pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 6
VISUAL, TEXT_VISUAL = "visual", "features"
"""names of the maps: the refined visual prompt, and the features of the head after the text-visual interaction"""


@dataclass(frozen=True, eq=False)
class Shown:
    """One run of RTVP with its pictures; oracle_pictures: by image id, those of the oracle's run."""

    source: Source
    label: str
    pictures: tuple[Picture, ...]
    oracle_pictures: Mapping[int, Picture]


def shown_run(records: Sequence[RunRecord]) -> Shown | None:
    """The RTVP record of highest AP with saliency maps; those whose oracle has pictures too come first."""
    good = [record for record in records if record.status is Status.OK and record.spec.wording == CANONICAL]
    oracles = {source_of(r.spec): r for r in good if r.spec.params.get("prompt") == "truth"}
    candidates: list[tuple[tuple[bool, float, str], Shown]] = []
    for record in good:
        if record.spec.method != "rtvp" or str(record.spec.weights) == "random":
            continue
        pictures = tuple(p for p in find_pictures(record.run_id) if {VISUAL, TEXT_VISUAL} <= p.maps.keys())
        oracle = oracles.get(source_of(record.spec))
        oracle_pictures = (
            {p.image_id: p for p in find_pictures(oracle.run_id) if TEXT_VISUAL in p.maps} if oracle else {}
        )
        if pictures:
            shown = Shown(source_of(record.spec), cell_label(record.spec), pictures[:MOST], oracle_pictures)
            candidates.append(((bool(oracle_pictures), record.metrics.get("AP") or 0.0, record.run_id), shown))
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None


def draw(records: Sequence[RunRecord]) -> Figure:
    """One column per picture: ground truth, the oracle's map if any, RTVP's two. Raises RecordError without maps."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = shown_run(records)
    if shown is None:
        raise RecordError(
            f"figure-5a: no record of RTVP has saliency maps; they come from: {explain_command(records, ('rtvp',))}"
        )
    rows = [
        "image and\nground truth",
        *(["ground truth\nas prompt"] if shown.oracle_pictures else []),
        "visual prompt",
        "text-visual\nprompt",
    ]
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 0.65 + 1.15 * len(rows)), layout="constrained")
        grid = figure.subplots(len(rows), len(shown.pictures), squeeze=False)
        for column, picture in enumerate(shown.pictures):
            show(grid[0][column], picture)
            outline(grid[0][column], picture.boxes, GROUND_TRUTH)
            grid[0][column].set_title(name_of(picture), fontsize=6.5, pad=2)
            if shown.oracle_pictures:
                beside = shown.oracle_pictures.get(picture.image_id)
                if beside is None:
                    blank(grid[1][column], "not drawn")
                else:
                    show(grid[1][column], picture, beside.maps[TEXT_VISUAL])
            show(grid[-2][column], picture, picture.maps[VISUAL])
            show(grid[-1][column], picture, picture.maps[TEXT_VISUAL])
        for axes, title in zip(grid[:, 0], rows, strict=True):
            axes.set_ylabel(title)
        figure.suptitle(f"{shown.source}: saliency of {shown.label}, brighter is stronger", fontsize=8)
        credit(figure, shown.pictures)
    return figure


FIGURE = FigureKind("figure-5a", "saliency after the visual and the text-visual prompt", "zeroshot", draw)
