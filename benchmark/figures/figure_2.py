"""Figure 2, a data set: boxes per class (long tail), box sizes per super category, example pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import RecordError
from benchmark.core.images import decode
from benchmark.core.paths import Home, Results
from benchmark.core.record import DatasetRecord
from benchmark.figures.drawing.style import OTHERS, PAGE_INCHES, SMALL, STYLE, DatasetFigure, signs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from PIL.Image import Image

BANDS_PX = (32, 96)
"""COCO's limits between small, medium and large"""
NAMED_RANKS = (0.0, 0.2, 0.4, 0.6)
"""positions, as shares of the axis, at which a class is named; further right the name would leave the panel"""
ROWS_OF_TILES = 2
_PLAIN, _NOVEL = "; colours as in (b)", ", hollow: held out in zero-shot; colours as in (b)"


@dataclass(frozen=True)
class Bar:
    """One class of the long tail."""

    name: str
    defect: str
    super_category: str
    boxes: int
    novel: bool


def bars(record: DatasetRecord) -> list[Bar]:
    """Classes by falling number of boxes, equal ones by name; those without a box are left out."""
    novel = set(record.splits.get("zeroshot", {}).get("novel", ()))
    supers = {scene: str(facts["super_category"]) for scene, facts in record.scenes.items()}
    shown = [
        Bar(
            name,
            name.removesuffix(f", {facts['scene']}"),
            supers.get(facts["scene"], "none"),
            int(facts["boxes"]),
            name in novel,
        )
        for name, facts in record.classes.items()
        if facts["boxes"]
    ]
    return sorted(shown, key=lambda bar: (-bar.boxes, bar.name))


def draw(record: DatasetRecord, *, pictures: bool = True) -> Figure:
    """Draw two panels and, if example pictures may be passed on, a grid. Raises RecordError without sizes."""
    import matplotlib as mpl  # noqa: PLC0415 - only drawing needs it
    from matplotlib.figure import Figure  # noqa: PLC0415

    label = record.name + (f"@{record.variant}" if record.variant else "")
    sizes: Mapping[str, Any] | None = record.facts.get("super_category_sides_px")
    if sizes is None:
        raise RecordError(f"{label}: the record has no sizes per super category; make it again with 'bench data build'")
    sheet = _example_sheet(record, label) if pictures else None
    looks = {name: colour for name, (colour, _) in signs(list(sizes["counts"])).items()}
    with mpl.rc_context({**STYLE, **SMALL}):
        top_inches = max(2.5, 0.4 + 0.33 * len(sizes["counts"]))
        bottom_inches = 2.9 if sheet else 0.1
        figure = Figure(figsize=(PAGE_INCHES, top_inches + bottom_inches), layout="constrained")
        panels: Figure | SubFigure = figure
        if sheet:
            grid = figure.add_gridspec(2, 1, height_ratios=(top_inches, bottom_inches))
            panels = figure.add_subfigure(grid[0])
            _draw_examples(figure.add_subfigure(grid[1]), record, sheet)
            if any(not _is_ours(tile["source"]) for tile in record.facts["examples"]["tiles"]):
                figure.set_gid(OTHERS)
        tail, ridges = panels.subplots(1, 2, width_ratios=(3, 2))
        _draw_tail(tail, bars(record), looks)
        _draw_sizes(ridges, sizes, looks)
        counts = record.counts
        figure.suptitle(
            f"{label}: {counts['images']:,} images, {counts['boxes']:,} boxes, {counts['classes']} classes, "
            f"{counts['scenes']} scenes",
            fontsize=9,
        )
    return figure


def _draw_tail(axes: Axes, shown: Sequence[Bar], looks: Mapping[str, str]) -> None:
    places = range(1, len(shown) + 1)
    colours = [looks[bar.super_category] for bar in shown]
    fills = ["white" if bar.novel else colour for bar, colour in zip(shown, colours, strict=True)]
    axes.bar(places, [bar.boxes for bar in shown], color=fills, edgecolor=colours, linewidth=0.8, width=0.8)
    axes.set_yscale("log")
    most, fewest = max((bar.boxes for bar in shown), default=1), min((bar.boxes for bar in shown), default=1)
    axes.set_ylim(0.7 * fewest, 2.5 * most)
    axes.set_xlim(0, len(shown) + 1)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(f"classes by falling number of boxes, from {most:,} to {fewest:,}")
    axes.set_ylabel("boxes")
    axes.set_title(f"(a) boxes per class{_NOVEL if any(bar.novel for bar in shown) else _PLAIN}", loc="left")
    for rank in sorted({round(share * (len(shown) - 1)) for share in NAMED_RANKS}):
        bar = shown[rank]
        axes.annotate(
            bar.defect,
            (rank + 1, bar.boxes),
            (3, 8),
            textcoords="offset points",
            fontsize=6,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1, "relpos": (0, 0)},
        )


def _draw_sizes(axes: Axes, sizes: Mapping[str, Any], looks: Mapping[str, str]) -> None:
    """One histogram per super category over the side in px, each scaled to its own maximum, and the median."""
    names = sorted(sizes["counts"], reverse=True)
    edges = sizes["edges"]
    middle = sizes["percents"].index(50)
    for place, name in enumerate(names):
        counts = sizes["counts"][name]
        highest = max(counts) or 1
        heights = [place + 0.85 * count / highest for count in counts]
        axes.stairs(heights, edges, baseline=place, fill=True, color=looks[name], alpha=0.55)
        axes.stairs(heights, edges, baseline=place, color=looks[name], linewidth=0.8)
        if name in sizes["percentiles"]:
            median = sizes["percentiles"][name][middle]
            axes.plot([median, median], [place, place + 0.85], color="black", linewidth=1)
            axes.annotate(
                f"{median:.0f}", (1, place + 0.3), xycoords=("axes fraction", "data"), ha="right", fontsize=6.5
            )
    for band in BANDS_PX:
        axes.axvline(band, color="0.4", linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    used = [i for counts in sizes["counts"].values() for i, count in enumerate(counts) if count]
    axes.set_xscale("log", base=2)
    axes.set_xlim(edges[min(used, default=0)], 2 * edges[max(used, default=1) + 1])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.minorticks_off()
    axes.set_ylim(0, len(names))
    axes.set_yticks([place + 0.3 for place in range(len(names))], [name.replace(" ", "\n", 1) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("root of box area, px (number: median)")
    axes.set_title(f"(b) sizes; dashed: {BANDS_PX[0]} and {BANDS_PX[1]} px", loc="left")


def _draw_examples(part: SubFigure, record: DatasetRecord, sheet: Image) -> None:
    facts = record.facts["examples"]
    side, columns, tiles = facts["tile_px"], facts["columns"], facts["tiles"]
    across = -(-len(tiles) // ROWS_OF_TILES)
    grid = part.subplots(ROWS_OF_TILES, across, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(tiles):
            axes.axis("off")
            continue
        axes.set(xticks=(), yticks=())
        axes.spines[:].set(visible=True, linewidth=0.4, color="0.6")
        axes.grid(visible=False)
        row, column = divmod(place, columns)
        corner = (column * side, row * side, (column + 1) * side, (row + 1) * side)
        axes.imshow(sheet.crop(corner), extent=(0, 1, 1, 0))
        _draw_boxes(axes, tiles[place]["boxes"])
        name = tiles[place]["boxes"][0][4].removesuffix(f", {tiles[place]['scene']}")
        axes.set_title(f"{name}\n{tiles[place]['scene']}", fontsize=6.5, pad=2)
    shown = dict.fromkeys(tile["source"] for tile in tiles)
    licences = "; ".join(f"{name} ({record.sources[name]['licence']})" for name in shown)
    part.suptitle("(c) examples, only of sources that may be passed on", x=0.01, ha="left", fontsize=8)
    part.supxlabel(f"Pictures: {licences}", fontsize=6)


def _is_ours(source: str) -> bool:
    """Whether the project generated the source's pictures itself, so that they may be stored anywhere."""
    return source == "procedural generator of rtvp-bench"


def _draw_boxes(axes: Axes, boxes: Sequence[Sequence[Any]]) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    for x1, y1, x2, y2, _ in boxes:
        for colour, width in (("white", 2.0), ("#D55E00", 1.0)):  # visible on any background
            axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width))


def _example_sheet(record: DatasetRecord, label: str) -> Image | None:
    """The sheet of example tiles stored beside the committed or the built record, or None if there is no such file.

    Raises RecordError if the file is not the one that the record names.
    """
    facts = record.facts.get("examples")
    if not facts:
        return None
    results = Results.find()
    built = Home.find().data(label) / facts["file"]
    files = [path for path in (results.readable(results.datasets / facts["file"]), built) if path.is_file()]
    for path in files:
        if file_sha256(path) == facts["sha256"]:
            return decode(path).convert("RGB")
    if files:
        raise RecordError(
            f"{files[0]}: not the example pictures that the record names; make it again with 'bench data build'"
        )
    return None


FIGURE = DatasetFigure(
    "figure-2", "classes, box sizes and examples of a data set", ("mmio", "mmio-open", "mmio-synth"), draw
)
