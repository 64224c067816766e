"""Draw an image from its plan: surface, then defects, then illumination."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.defects import paint_defect
from benchmark.datasets.synth.noise import grid, shade
from benchmark.datasets.synth.plan import GENERATOR_VERSION, PlannedImage, Recipe
from benchmark.datasets.synth.surfaces import SURFACES

_SURFACE, _LIGHT, _DEFECT = 1, 2, 3


def render(recipe: Recipe, planned: PlannedImage) -> NDArray[np.uint8]:
    """The image, (side, side, 3) uint8 RGB. Each step has its own random generator, so that none changes another."""
    image = SURFACES[planned.scene](_generator(recipe, planned, _SURFACE), recipe.side_px)
    for place, defect in enumerate(planned.defects):
        paint_defect(image, defect, _generator(recipe, planned, _DEFECT, place))
    return _photograph(image, _generator(recipe, planned, _LIGHT))


def _photograph(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Apply uneven illumination and exposure; `image` (side, side, 3) is changed in place."""
    side = image.shape[0]
    y, x = grid(side)
    angle, fall, exposure = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.1), rng.uniform(0.92, 1.06)
    light = exposure * (1 + fall * ((x - 128) * np.cos(angle) + (y - 128) * np.sin(angle)) / 128)
    shade(image, light.astype(np.float32))
    return np.clip(image, 0, 255, out=image).astype(np.uint8)


def _generator(recipe: Recipe, planned: PlannedImage, *stream: int) -> np.random.Generator:
    return np.random.default_rng((GENERATOR_VERSION, recipe.seed, planned.index, *stream))
