"""Figure 4: t-SNE of the features that the head gets for boxes of four novel classes, under four prompts.

t-SNE preserves neighbours only: distances between clusters, their sizes and the axes have no meaning. Beside each AP
stands a number that does not depend on t-SNE: the share of a box's ten nearest neighbours (cosine similarity of the
features) that have its class, mean over boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import MissingExtraError, RecordError
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.core.vocabulary import CANONICAL
from benchmark.figures.drawing.panels import Source, ap_text, explain_command, mean_ap, source_of
from benchmark.figures.drawing.pictures import blank
from benchmark.figures.drawing.style import COLOURS, MARKERS, PAGE_INCHES, SMALL, STYLE, FigureKind
from benchmark.records.explanations import Numbers, find_numbers
from benchmark.records.seeds import SeedGroup, seed_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEIGHBOURS = 10
PERPLEXITY = 30.0


@dataclass(frozen=True)
class Prompt:
    """title, remark: heading of the panel. command: what measures it. belongs: whether a cell is of this prompt."""

    title: str
    remark: str
    command: str
    belongs: Callable[[RunSpec], bool]


PROMPTS = (
    Prompt(
        "YOLO-World", "no visual prompt", "bench run\n--method yolo-world", lambda spec: spec.method == "yolo-world"
    ),
    Prompt(
        "ground truth",
        "as prompt (oracle)",
        "bench run\n--method fgvp\n--set prompt=truth",
        lambda spec: spec.method == "fgvp" and spec.params.get("prompt") == "truth",
    ),
    Prompt(
        "FGVP",
        "",
        "bench run\n--method fgvp",
        lambda spec: spec.method == "fgvp" and spec.params.get("prompt", "detected") == "detected",
    ),
    Prompt("RTVP", "", "bench run\n--method rtvp", lambda spec: spec.method == "rtvp"),
)
FREE = {"variant", "prompt", "masks"}
"""settings that a shown cell may override"""


@dataclass(frozen=True, eq=False)
class Panel:
    """One prompt: its cell and features, or what is missing."""

    title: str
    cell: SeedGroup | None
    numbers: Numbers | None
    missing: str


def panels(records: Sequence[RunRecord]) -> tuple[Source, list[Panel]] | None:
    """The source with the most prompts that have features, and its panels; None where no record has any."""
    good = [r for r in records if r.status is Status.OK and r.metrics.get("AP") is not None and _is_plain(r.spec)]
    by_source: dict[Source, list[SeedGroup]] = {}
    for cell in seed_groups(good):
        by_source.setdefault(source_of(cell.spec), []).append(cell)
    drawn = [(source, [_panel(prompt, cells) for prompt in PROMPTS]) for source, cells in sorted(by_source.items())]
    full = [(source, shown) for source, shown in drawn if any(panel.numbers for panel in shown)]
    return max(full, key=lambda pair: sum(panel.numbers is not None for panel in pair[1]), default=None)


def draw(records: Sequence[RunRecord]) -> Figure:
    """Draw four panels side by side. Raises RecordError without features, MissingExtraError without scikit-learn."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.lines import Line2D  # noqa: PLC0415

    best = panels(records)
    if best is None:
        raise RecordError(
            "figure-4: no record of YOLO-World, FGVP or RTVP has features; they come from: "
            + explain_command(records, ("yolo-world", "fgvp", "rtvp"))
        )
    source, shown = best
    names = {(panel.numbers.names[label]) for panel in shown if panel.numbers for label in set(panel.numbers.labels)}
    looks = {name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(sorted(names))}
    with mpl.rc_context({**STYLE, **SMALL}):
        figure = Figure(figsize=(PAGE_INCHES, 2.5), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(shown)), shown, strict=True):
            _draw_panel(axes, panel, looks)
        figure.suptitle(str(source), fontsize=8)
        signed = [Line2D([], [], color=c, marker=m, linestyle="none", markersize=4, label=name)
                  for name, (c, m) in looks.items()]  # fmt: skip
        figure.legend(handles=signed, loc="outside lower center", ncols=len(signed), frameon=False)
    return figure


def embedded(features: NDArray[np.float16]) -> NDArray[np.float64]:
    """Features (N, C) in two dimensions (N, 2) by t-SNE on unit vectors; deterministic. Raises MissingExtraError."""
    try:
        from sklearn.manifold import TSNE  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtraError("scikit-learn", "figures") from error

    unit = _unit(features)
    perplexity = min(PERPLEXITY, max(1.0, (len(unit) - 1) / 3))
    made = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=0).fit_transform(unit)
    return np.asarray(made, np.float64)


def purity(features: NDArray[np.float16], labels: NDArray[np.int64]) -> float:
    """Share of each row's NEIGHBOURS nearest rows (cosine) that have its label, mean over rows; 0 for one row."""
    unit = _unit(features)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -np.inf)
    count = min(NEIGHBOURS, len(unit) - 1)
    if count < 1:
        return 0.0
    near = np.argsort(-alike, axis=1, kind="stable")[:, :count]
    return float((labels[near] == labels[:, None]).mean())


def _panel(prompt: Prompt, cells: Sequence[SeedGroup]) -> Panel:
    mine = [cell for cell in cells if prompt.belongs(cell.spec)]
    mine.sort(key=lambda cell: (len(cell.spec.overrides), -mean_ap(cell)))
    plain = f"{prompt.title}\n{prompt.remark}"
    for cell in mine:
        masks = cell.spec.overrides.get("masks")
        remarks = [prompt.remark] * bool(prompt.remark) + [f"{masks} masks"] * bool(masks)
        for record in cell.good:
            numbers = find_numbers(record.run_id)
            if numbers is not None and len(numbers.features) > 1:
                return Panel(f"{prompt.title}\n{', '.join(remarks)}", cell, numbers, "")
    if mine:
        return Panel(plain, mine[0], None, f"no features:\nbench explain\n{mine[0].first.run_id}")
    return Panel(plain, None, None, f"not run:\n{prompt.command}")


def _draw_panel(axes: Axes, panel: Panel, looks: dict[str, tuple[str, str]]) -> None:
    beside = ap_text(panel.cell) if panel.cell else ""
    if panel.numbers is None:
        blank(axes, panel.missing)
        axes.set_title(f"{panel.title}\n{beside}\n")
        return
    numbers = panel.numbers
    places = embedded(numbers.features)
    for label in np.unique(numbers.labels).tolist():
        colour, marker = looks[numbers.names[label]]
        mine = places[numbers.labels == label]
        axes.scatter(mine[:, 0], mine[:, 1], s=9, color=colour, marker=marker, linewidths=0, alpha=0.85)
    blank(axes)
    axes.set_title(f"{panel.title}\n{beside}\nneighbours alike {purity(numbers.features, numbers.labels):.2f}")


def _is_plain(spec: RunSpec) -> bool:
    return spec.wording == CANONICAL and str(spec.weights) != "random" and set(spec.overrides) <= FREE


def _unit(features: NDArray[np.float16]) -> NDArray[np.float64]:
    wide = features.astype(np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12))


FIGURE = FigureKind("figure-4", "features of four novel classes under four prompts", "zeroshot", draw)
