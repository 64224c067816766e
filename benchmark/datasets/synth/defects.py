"""Drawing of a defect: a shape filled with an appearance, blended over the surface inside its box."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.plan import PlannedDefect
from benchmark.datasets.synth.shapes import draw_shape
from benchmark.datasets.synth.taxonomy import Defect, categories

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "dark": (18, 18, 20),
    "bright": (252, 252, 250),
    "brown": (126, 66, 24),
    "red": (206, 30, 36),
    "blue": (34, 68, 214),
    "green": (28, 152, 58),
    "yellow": (240, 202, 30),
}
_BLACK, _WHITE = 22.0, 242.0
_OPACITY, _RELIEF = 0.95, 0.35


def paint_defect(image: NDArray[np.float32], planned: PlannedDefect, rng: np.random.Generator) -> None:
    """Draw a defect onto `image` (side, side, 3) float32, in place, only inside the planned box."""
    defect = Defect.parse(categories()[planned.label].defect)
    side_px, w_px, h_px = image.shape[0], planned.w_px, planned.h_px
    mask = draw_shape(defect.shape, w_px, h_px, side_px, rng)[:, :, None] * _OPACITY
    layer = _appearance(defect.appearance, h_px, w_px, side_px, rng)
    if defect.shape == "dent":
        factor, highlight = _hollow(h_px, w_px)
        layer = layer * factor + highlight
    box = image[planned.y_px : planned.y_px + h_px, planned.x_px : planned.x_px + w_px]
    # The relief of the surface stays visible under the defect, as under ink, rust or glue.
    grey = box.mean(axis=2, keepdims=True)
    layer = layer * (1 - _RELIEF + _RELIEF * np.clip(grey / grey.mean(), 0.4, 1.3))
    box += mask * (layer - box)


def _appearance(appearance: str, h_px: int, w_px: int, side_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The filling of a shape, (h, w, 3) float32: a colour with some noise, or a black and white pattern."""
    if appearance == "speckled":
        fine = max(1, round(2 * side_px / 256))
        dots = rng.random((h_px // fine + 1, w_px // fine + 1)) < 0.5
        plane = np.repeat(np.repeat(dots, fine, axis=0), fine, axis=1)[:h_px, :w_px]
    elif appearance == "striped":
        y, x = np.mgrid[:h_px, :w_px] * (256 / side_px)
        plane = np.mod(x + y + rng.uniform(0, 7), 7) < 3.5
    else:
        noise = rng.normal(0, 4, (h_px, w_px, 1))
        return np.asarray(np.asarray(COLOURS[appearance]) + noise, np.float32)
    return np.where(plane[:, :, None], _WHITE, _BLACK).astype(np.float32) + np.zeros(3, np.float32)


def _hollow(h_px: int, w_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shading of a hollow lit from the upper left: a factor and a highlight to add, both (h, w, 1)."""
    y, x = np.linspace(-1, 1, h_px)[:, None, None], np.linspace(-1, 1, w_px)[None, :, None]
    slope = (x + y) / 2
    factor = np.clip(0.8 + 0.8 * slope, 0.3, 1.15)
    highlight = 120 * np.exp(-(np.square(x - 0.42) + np.square(y - 0.42)) / 0.08)
    shadow = 60 * np.exp(-(np.square(x + 0.5) + np.square(y + 0.5)) / 0.12)
    return factor.astype(np.float32), (highlight - shadow).astype(np.float32)
