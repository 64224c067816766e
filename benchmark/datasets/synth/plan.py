"""The plan of each image: scene, classes and exact boxes, computed from seed and index before anything is drawn.

Only `Generator.random` is used: the uniform doubles of PCG64 are the part of numpy's generators that does not change
between versions, so plans are the same on every machine. Lengths in this file are in 1/256 of the image side, except
for names that end in _px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmark.core.canonical import digest
from benchmark.core.errors import ConfigError
from benchmark.datasets.synth.taxonomy import SCENES, Defect, Scene, categories

GENERATOR_VERSION = 1
"""raised whenever a plan or a pixel changes; part of the digest and of the name of the folder of images"""

DEFAULT_IMAGES, DEFAULT_SIDE_PX, DEFAULT_SEED = 2000, 256, 0

_NORMAL, _NOVEL_ONLY, _MIXED = 0.09, 0.17, 0.02
_COUNT_SHARES = (0.18, 0.22, 0.20, 0.16, 0.10, 0.07, 0.04, 0.03)  # 1, 2, ... 8 defects; mean 3.3
_SCENE_DECAY, _CLASS_DECAY = 0.93, 0.5
_REPEAT = 0.45  # probability that a defect has the class of the one before: defects occur in series
_MARGIN, _GAP = 7.0, 4.0
_LEAST_SIDE_PX = 3


@dataclass(frozen=True)
class Recipe:
    """The parameters that determine a copy of the set. Raises ConfigError for values out of range."""

    images: int = DEFAULT_IMAGES
    side_px: int = DEFAULT_SIDE_PX
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if not 1 <= self.images <= 1_000_000:
            raise ConfigError(f"mmio-synth: images is {self.images}, expected 1 to 1000000")
        if not 64 <= self.side_px <= 2048:
            raise ConfigError(f"mmio-synth: side_px is {self.side_px}, expected 64 to 2048")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"mmio-synth: seed is {self.seed}, expected 0 to {2**32 - 1}")

    @property
    def variant(self) -> str:
        """Differences from the default recipe, e.g. 'n8000-px640'; empty for the default."""
        parts = (
            ("n", self.images, DEFAULT_IMAGES),
            ("px", self.side_px, DEFAULT_SIDE_PX),
            ("seed", self.seed, DEFAULT_SEED),
        )
        return "-".join(f"{key}{value}" for key, value, default in parts if value != default)

    @property
    def folder(self) -> str:
        """Name of the folder of images; without their number, on which image i does not depend."""
        return f"v{GENERATOR_VERSION}-px{self.side_px}-seed{self.seed}"

    @property
    def digest(self) -> str:
        """sha256 of the recipe and the generator's version, not of pixels."""
        return digest({"generator": ["mmio-synth", GENERATOR_VERSION], "recipe": self})


@dataclass(frozen=True, slots=True)
class PlannedDefect:
    """A class and its box: left, top, width, height in whole pixels."""

    label: int
    x_px: int
    y_px: int
    w_px: int
    h_px: int


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """One image. index: 0-based. defects: empty for a defect-free part."""

    index: int
    scene: str
    defects: tuple[PlannedDefect, ...]


class Dice:
    """Random numbers of one image, derived from uniform doubles only."""

    def __init__(self, *key: int) -> None:
        self._random = np.random.default_rng(key).random

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(self._random())

    def pick(self, cumulative: tuple[float, ...]) -> int:
        """A random index. cumulative: running sum of the shares of the indices."""
        drawn = self.uniform(0, cumulative[-1])
        return next(i for i, edge in enumerate(cumulative) if drawn < edge)


def plan_image(recipe: Recipe, index: int) -> PlannedImage:
    """The plan of image `index` (0-based); it does not depend on the number of images."""
    dice = Dice(GENERATOR_VERSION, recipe.seed, index)
    kind = dice.uniform(0, 1)
    scene = SCENES[dice.pick(_shares(len(SCENES), _SCENE_DECAY))]
    if kind < _NORMAL:
        return PlannedImage(index, scene.name, ())
    if kind < _NORMAL + _NOVEL_ONLY:
        labels = _draw_labels(dice, _labels(scene.name)[1])
    elif kind < _NORMAL + _NOVEL_ONLY + _MIXED:
        base, novel = _labels(scene.name)
        labels = _draw_labels(dice, base) + _draw_labels(dice, novel)
    else:
        labels = _draw_labels(dice, _labels(scene.name)[0])
    return PlannedImage(index, scene.name, _place(dice, labels, recipe.side_px))


def _draw_labels(dice: Dice, labels: tuple[int, ...]) -> list[int]:
    """Labels of the defects of one image. labels: possible labels, most frequent first."""
    count = 1 + dice.pick(_running_sum(_COUNT_SHARES))
    drawn: list[int] = []
    for _ in range(count):
        if drawn and dice.uniform(0, 1) < _REPEAT:
            drawn.append(drawn[-1])
        else:
            drawn.append(labels[dice.pick(_shares(len(labels), _CLASS_DECAY))])
    return drawn


def _place(dice: Dice, labels: list[int], side_px: int) -> tuple[PlannedDefect, ...]:
    """Boxes with a gap between them; a defect without a free place after 40 draws is left out."""
    gap = _GAP * side_px / 256
    placed: list[PlannedDefect] = []
    for label in labels:
        defect = Defect.parse(categories()[label].defect)
        w_px, h_px = (max(_LEAST_SIDE_PX, round(v * side_px / 256)) for v in _size(dice, defect.shape))
        for _ in range(40):
            x_px, y_px = _corner(dice, defect.edge, w_px, h_px, side_px)
            apart = all(
                x_px >= d.x_px + d.w_px + gap
                or d.x_px >= x_px + w_px + gap
                or y_px >= d.y_px + d.h_px + gap
                or d.y_px >= y_px + h_px + gap
                for d in placed
            )
            if apart:
                placed.append(PlannedDefect(label, x_px, y_px, w_px, h_px))
                break
    return tuple(placed)


def _corner(dice: Dice, edge: bool, w_px: int, h_px: int, side_px: int) -> tuple[int, int]:
    """Left and top of a box in pixels: at one of the four borders for edge defects, away from all borders otherwise."""
    margin = _MARGIN * side_px / 256
    x_px = int(dice.uniform(margin, side_px - w_px - margin))
    y_px = int(dice.uniform(margin, side_px - h_px - margin))
    if edge:
        border = int(dice.uniform(0, 4))
        return (0, side_px - w_px, x_px, x_px)[border], (y_px, y_px, 0, side_px - h_px)[border]
    return x_px, y_px


_DIAMETERS = {
    # shape: smallest and largest size, and largest aspect ratio (width / height), drawn log-uniformly around 1
    "spot": (11, 22, 1.15),
    "ring": (18, 42, 1.15),
    "stain": (24, 60, 1.5),
    "patch": (18, 44, 1.6),
    "mesh": (24, 52, 1.3),
    "thread": (26, 56, 1.6),
    "splash": (22, 46, 1.15),
    "dent": (22, 44, 1.35),
    "chip": (16, 36, 1.3),
}
_LENGTHS = {
    # shape: smallest and largest length, smallest side of the box
    "scratch": (32, 92, 8),
    "crack": (28, 72, 17),
}


def _size(dice: Dice, shape: str) -> tuple[float, float]:
    """Width and height of the box of a shape; small boxes are more frequent."""
    small = dice.uniform(0, 1) ** 1.8
    if shape in _LENGTHS:
        least, largest, least_side = _LENGTHS[shape]
        length = least + (largest - least) * small
        angle = math.radians(dice.uniform(8, 82))
        return max(least_side, length * math.cos(angle)), max(least_side, length * math.sin(angle))
    least, largest, aspect = _DIAMETERS[shape]
    size = least + (largest - least) * small
    stretch = math.sqrt(aspect) ** dice.uniform(-1, 1)
    return size * stretch, size / stretch


@cache
def _labels(scene_name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Base and novel labels of a scene, most frequent first."""
    scene: Scene = next(s for s in SCENES if s.name == scene_name)
    index = {category.name: label for label, category in enumerate(categories())}
    base, novel = (tuple(index[f"{n}, {scene_name}"] for n in names) for names in (scene.base, scene.novel))
    return base, novel


@cache
def _shares(count: int, decay: float) -> tuple[float, ...]:
    """Running sum of `count` shares, each `decay` times the one before."""
    return _running_sum(tuple(decay**rank for rank in range(count)))


@cache
def _running_sum(shares: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(np.cumsum(shares).tolist())
