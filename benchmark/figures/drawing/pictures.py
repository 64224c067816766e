"""Pictures in a figure: with boxes or a saliency map, and with sources and licences."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.images import decode
from benchmark.figures.drawing.style import OTHERS
from benchmark.records.explanations import NamedBox, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WRONG, MISSED, GROUND_TRUTH = "#009E73", "#D55E00", "#F0E442", "#56B4E9"
"""colours of Okabe and Ito's palette; missed boxes are also dashed"""
SALIENCY = "inferno"
LETTERS_PER_LINE = 170
"""letters of the smallest print across a page"""


def pixels(picture: Picture) -> NDArray[np.uint8]:
    """The stored reduced picture, (h, w, 3) uint8 RGB."""
    return np.asarray(decode(Path(f"picture of image {picture.image_id}"), io.BytesIO(picture.jpeg)).convert("RGB"))


def show(axes: Axes, picture: Picture, saliency: NDArray[np.uint8] | None = None) -> None:
    """Draw the picture, its axes in pixels of the original image; under a saliency map it is grey."""
    shown = pixels(picture)
    extent = (0, picture.width_px, picture.height_px, 0)
    if saliency is None:
        axes.imshow(shown, extent=extent)
    else:
        axes.imshow(shown.mean(axis=2), extent=extent, cmap="gray", vmin=0, vmax=255)
        axes.imshow(saliency, extent=extent, cmap=SALIENCY, vmin=0, vmax=255, alpha=0.55, interpolation="bilinear")
    blank(axes)


def blank(axes: Axes, text: str = "") -> None:
    """Remove ticks and grid from a panel; write the text, if any, in its middle."""
    axes.set(xticks=(), yticks=())
    axes.grid(visible=False)
    axes.spines[:].set(visible=True, linewidth=0.4, color="0.6")
    if text:
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=6.5, color="0.3")


def outline(axes: Axes, boxes: Iterable[NamedBox], colour: str, dashed: bool = False) -> None:
    """Draw boxes, in pixels of the original image, visible on any background."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    for x1, y1, x2, y2, _ in boxes:
        for edge, width in (("black", 1.8), (colour, 1.0)):
            style = (0, (3, 2)) if dashed and edge != "black" else "-"
            axes.add_patch(
                Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=edge, linewidth=width, linestyle=style)
            )


def name_of(picture: Picture) -> str:
    """The title of a picture: the first box's class without its scene, and the scene."""
    first = picture.boxes[0].name.removesuffix(f", {picture.scene}") if picture.boxes else "nothing"
    return f"{first}\n{picture.scene}"


def credit(figure: Figure, pictures: Sequence[Picture]) -> None:
    """Write sources and licences below the figure, and mark a figure with pictures of others (OTHERS)."""
    licences = dict.fromkeys(f"{picture.source} ({picture.licence})" for picture in pictures)
    figure.supxlabel(textwrap.fill(f"Pictures: {'; '.join(licences)}", LETTERS_PER_LINE), fontsize=5.5)
    if not all(picture.ours for picture in pictures):
        figure.set_gid(OTHERS)
