"""Shapes of defects: masks (h, w) float32 in [0, 1] that touch all four sides of their box.

A shape is drawn at four times its size, cropped to its bounding box and resized to the planned box, so that the planned
box is always tight. Lengths are in 1/256 of the image side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_OVERSAMPLE = 4

Points = NDArray[np.floating]
"""(n, 2) x, y within the unit square"""


class Pen:
    """Draws on the enlarged canvas of one box. Points are (n, 2) in the unit square, widths in 1/256 of the side."""

    def __init__(self, w_px: int, h_px: int, side_px: int) -> None:
        self.unit = _OVERSAMPLE * side_px / 256
        # A border around the unit square for strokes, which exceed it by half their width.
        self.size = np.array([w_px, h_px], np.float64) * _OVERSAMPLE
        self.border = 8 * self.unit
        canvas = (self.size + 2 * self.border).astype(int)
        self.image = Image.new("L", (int(canvas[0]), int(canvas[1])))
        self.draw = ImageDraw.Draw(self.image)

    @property
    def width(self) -> float:
        """Width of the box, in 1/256 of the side."""
        return float(self.size[0] / self.unit)

    @property
    def height(self) -> float:
        """Height of the box, in 1/256 of the side."""
        return float(self.size[1] / self.unit)

    def fill(self, points: Points) -> None:
        """Draw a filled polygon."""
        self.draw.polygon(self._flat(points), fill=255)

    def stroke(self, points: Points, width: float) -> None:
        """Draw a line with round joints."""
        self.draw.line(self._flat(points), fill=255, width=max(1, round(width * self.unit)), joint="curve")

    def erase(self, points: Points) -> None:
        """Erase a polygon."""
        self.draw.polygon(self._flat(points), fill=0)

    def mask(self, w_px: int, h_px: int) -> NDArray[np.float32]:
        """The drawing, cropped to its bounding box and resized to (h_px, w_px)."""
        tight = self.image.crop(self.image.getbbox())
        return np.asarray(tight.resize((w_px, h_px), Image.Resampling.BOX), np.float32) / np.float32(255)

    def _flat(self, points: Points) -> list[float]:
        return list((np.asarray(points) * self.size + self.border).ravel().tolist())


def draw_shape(shape: str, w_px: int, h_px: int, side_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The mask of a shape for a box of that size, (h_px, w_px)."""
    pen = Pen(w_px, h_px, side_px)
    _SHAPES[shape](pen, rng)
    return pen.mask(w_px, h_px)


def _round_outline(rng: np.random.Generator, wobble: float, lobes: int, points: int = 60) -> Points:
    """A closed curve around the centre. wobble: amplitude of changes of the radius. lobes: number of harmonics."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    harmonics = np.arange(2, 2 + lobes)
    phase, height = rng.uniform(0, 2 * np.pi, lobes), rng.uniform(0.4, 1, lobes) / harmonics**0.5
    radius = 1 + wobble * (height[:, None] * np.sin(harmonics[:, None] * angle + phase[:, None])).sum(axis=0)
    return np.stack([0.5 + 0.5 * radius * np.cos(angle), 0.5 + 0.5 * radius * np.sin(angle)], axis=1)


def _diagonal(rng: np.random.Generator, along: NDArray[np.floating], across: NDArray[np.floating]) -> Points:
    """Points along a random diagonal. along: positions on it, 0 to 1. across: distances from it."""
    y = along + across
    return np.stack([along - across, y if rng.random() < 0.5 else 1 - y], axis=1)


def _spot(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(_round_outline(rng, 0.03, 2))


def _scratch(pen: Pen, rng: np.random.Generator) -> None:
    along = np.linspace(0, 1, 24)
    bow = rng.uniform(-0.08, 0.08) * np.sin(np.pi * along)
    pen.stroke(_diagonal(rng, along, bow), rng.uniform(2.4, 3.2))


def _crack(pen: Pen, rng: np.random.Generator) -> None:
    steps = max(6, int(np.hypot(pen.width, pen.height) / 6))
    along = np.linspace(0, 1, steps + 1) + np.r_[0, rng.uniform(-0.3, 0.3, steps - 1) / steps, 0]
    across = np.r_[0, rng.uniform(-0.13, 0.13, steps - 1), 0]
    trunk = _diagonal(rng, along, across)
    pen.stroke(trunk, rng.uniform(2.2, 2.8))
    heading = trunk[-1] - trunk[0]
    for _ in range(int(rng.integers(2, 5))):
        start = trunk[int(rng.integers(1, steps))]
        side = np.array([-heading[1], heading[0]]) * rng.choice([-1, 1])
        reach = heading * rng.uniform(0.05, 0.2) + side * rng.uniform(0.16, 0.34)
        bend = start + reach * 0.5 + rng.uniform(-0.05, 0.05, 2)
        pen.stroke(np.clip([start, bend, start + reach], 0, 1), 1.7)


def _ring(pen: Pen, rng: np.random.Generator) -> None:
    outline = _round_outline(rng, 0.02, 2)
    pen.fill(outline)
    band = max(3.2, 0.13 * min(pen.width, pen.height)) * rng.uniform(0.9, 1.15)
    inner = 1 - 2 * band / np.array([pen.width, pen.height])
    pen.erase(0.5 + (outline - 0.5) * np.maximum(inner, 0.3))


def _stain(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(_round_outline(rng, 0.19, 5))


def _patch(pen: Pen, rng: np.random.Generator) -> None:
    turn = rng.uniform(-0.1, 0.1)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    pen.fill(corners + turn * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))


def _mesh(pen: Pen, rng: np.random.Generator) -> None:
    pitch = rng.uniform(6.5, 8)
    for axis, length in enumerate((pen.width, pen.height)):
        for at in np.linspace(0, 1, max(3, round(length / pitch) + 1)):
            ends = np.array([[at, 0.0], [at, 1.0]])
            pen.stroke(ends if axis == 0 else ends[:, ::-1], 1.8)


def _thread(pen: Pen, rng: np.random.Generator) -> None:
    t = np.linspace(0, 1, 160)
    loops = int(rng.integers(2, 4)) * 2 * np.pi
    wide = rng.uniform(0.2, 0.28)
    turn = loops * t + rng.uniform(0, 2 * np.pi)
    # The curve moves backwards for part of each turn, which makes loops.
    x, y = t + wide * np.sin(turn), 0.35 * (t - 0.5) * rng.choice([-1, 1]) + 1.5 * wide * np.cos(turn)
    points = np.stack([x, y], axis=1) if pen.width >= pen.height else np.stack([y, x], axis=1)
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    pen.stroke(points, rng.uniform(2.2, 2.8))


def _splash(pen: Pen, rng: np.random.Generator) -> None:
    spikes = int(rng.integers(8, 12))
    angle = (np.arange(2 * spikes) + rng.uniform(-0.25, 0.25, 2 * spikes)) * np.pi / spikes
    radius = np.where(np.arange(2 * spikes) % 2, rng.uniform(0.36, 0.44), rng.uniform(0.8, 1, 2 * spikes))
    pen.fill(0.5 + 0.5 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _dent(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(_round_outline(rng, 0.04, 2))


def _chip(pen: Pen, rng: np.random.Generator) -> None:
    apex = rng.uniform(0.2, 0.8)
    triangle = np.array([[apex, 0.0], [1, rng.uniform(0.8, 1)], [0, rng.uniform(0.8, 1)]])
    turns = {0: triangle, 1: 1 - triangle, 2: triangle[:, ::-1], 3: 1 - triangle[:, ::-1]}
    pen.fill(turns[int(rng.integers(4))])


_SHAPES: Mapping[str, Callable[[Pen, np.random.Generator], None]] = {
    "spot": _spot,
    "scratch": _scratch,
    "crack": _crack,
    "ring": _ring,
    "stain": _stain,
    "patch": _patch,
    "mesh": _mesh,
    "thread": _thread,
    "splash": _splash,
    "dent": _dent,
    "chip": _chip,
}
