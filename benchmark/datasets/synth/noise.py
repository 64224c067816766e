"""Noise functions for all surfaces; arrays are (side, side) float32 unless a docstring says otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
"""(side, side) float32"""
Colour = tuple[float, float, float]


def grain(rng: np.random.Generator, side: int) -> Plane:
    """White noise of standard deviation 1."""
    return rng.standard_normal((side, side), dtype=np.float32)


def smooth(rng: np.random.Generator, side: int, rows: float, columns: float) -> Plane:
    """Smooth noise with about `rows` x `columns` maxima over the image, standard deviation about 1.

    Many rows and few columns give horizontal streaks.
    """
    cells = (max(2, min(side, round(columns))), max(2, min(side, round(rows))))
    small = rng.standard_normal((cells[1], cells[0]), dtype=np.float32)
    return resize(small, side)


def resize(plane: NDArray[np.float32], side: int, nearest: bool = False) -> Plane:
    """A plane of any size resized to the image."""
    how = Image.Resampling.NEAREST if nearest else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(plane).resize((side, side), how))


def grid(side: int) -> tuple[Plane, Plane]:
    """Coordinates of the pixel centres in 1/256 of the side: y as a column (side, 1) and x as a row (1, side)."""
    line = (np.arange(side, dtype=np.float32) + 0.5) * np.float32(256 / side)
    return line[:, None], line[None, :]


def cells(rng: np.random.Generator, side: int, pitch: float) -> tuple[Plane, Plane]:
    """Voronoi cells around random points. pitch: mean distance of the points, in 1/256 of the side.

    Returns per pixel the distance to the border of its cell, as a multiple of the pitch, and a random value in [0, 1),
    the same for all pixels of a cell.
    """
    half = max(32, side // 2)
    y, x = grid(half)
    count = int(256 / pitch) + 4
    points = rng.random((3, count, count), dtype=np.float32)
    row, column = (np.broadcast_to((v / pitch).astype(np.int64) + 1, (half, half)) for v in (y, x))
    near = np.full((2, half, half), np.inf, np.float32)
    value = np.zeros((half, half), np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            i, j = row + down, column + right
            away = np.hypot(i - 1 + points[0][i, j] - y / pitch, j - 1 + points[1][i, j] - x / pitch).astype(np.float32)
            closer = away < near[0]
            near[1] = np.where(closer, near[0], np.minimum(near[1], away))
            near[0] = np.where(closer, away, near[0])
            value = np.where(closer, points[2][i, j], value)
    return resize(near[1] - near[0], side), resize(value, side, nearest=True)


def tint(plane: Plane, colour: Colour) -> NDArray[np.float32]:
    """A plane times a colour: (side, side, 3) float32."""
    image = np.empty((*plane.shape, 3), np.float32)
    # One channel after the other: numpy is ten times slower with an innermost dimension of 3.
    for channel, strength in enumerate(colour):
        np.multiply(plane, np.float32(strength), out=image[:, :, channel])
    return image


def add(image: NDArray[np.float32], plane: Plane, colour: Colour = (1, 1, 1)) -> None:
    """Add a plane times a colour to an image (side, side, 3), in place."""
    for channel, strength in enumerate(colour):
        image[:, :, channel] += plane * np.float32(strength)


def shade(image: NDArray[np.float32], light: Plane) -> None:
    """Multiply an image (side, side, 3) by a plane, in place."""
    for channel in range(3):
        image[:, :, channel] *= light
