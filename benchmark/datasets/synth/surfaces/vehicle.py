"""Automobile manufacturing: car paint, weld seam, tyre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.noise import add, grain, grid, smooth, tint

_PAINTS = ((104, 124, 142), (128, 112, 132), (132, 136, 138), (96, 128, 130))


def car_paint(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Glossy metallic paint on a curved panel: sky above, a soft horizon reflection, fine flakes."""
    y, x = grid(side)
    colour = _PAINTS[int(rng.integers(len(_PAINTS)))]
    bow = y - rng.uniform(60, 190) - rng.uniform(-0.003, 0.003) * (x - rng.uniform(0, 256)) ** 2
    horizon = np.exp(-np.square(bow / 16)) * 26 + 20 / (1 + np.exp(bow / 10)) - 10
    flake = 4.5 * grain(rng, side) + 3 * smooth(rng, side, 3, 3)
    image = tint((1.1 - 0.2 * y / 256 + 0 * x).astype(np.float32), colour)
    add(image, horizon + flake)
    return image


def weld_seam(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """A bead of overlapping ripples between two steel plates, with straw and blue heat tint beside it."""
    y, x = grid(side)
    middle = rng.uniform(100, 156) + 5 * np.sin(x / 60 + rng.uniform(0, 6))
    half = rng.uniform(30, 38) + 2 * smooth(rng, side, 2, 12)
    across = (y - middle) / half
    plate = 122 + 6 * smooth(rng, side, 3, side) + 3 * grain(rng, side)
    ripple = np.sin((x - 14 * (1 - np.square(across))) * (2 * np.pi / 10.5) + smooth(rng, side, 4, 6))
    bead = 118 + 24 * ripple * (1 - 0.5 * np.square(across)) - 34 * across + 4 * grain(rng, side)
    inside = np.abs(across) < 1
    image = tint(np.where(inside, bead, plate).astype(np.float32), (1.0, 1.0, 1.0))
    straw = np.exp(-np.square((np.abs(across) - 1.3) / 0.25)) * ~inside
    blue = np.exp(-np.square((np.abs(across) - 1.75) / 0.25)) * ~inside
    add(image, straw, (14, 2, -22))
    add(image, blue, (-12, -4, 14))
    image[np.abs(np.abs(across) - 1) < 0.06] *= 0.55
    return image


def tyre(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Black tread: blocks between wide grooves along y, cut by zigzag sipes."""
    y, x = grid(side)
    pitch, start = rng.uniform(62, 76), rng.uniform(0, 60)
    along = np.mod(x + start, pitch)
    groove = np.abs(along - pitch / 2) < 5.5
    slant = 0.35 * np.where(np.mod(np.floor((x + start + pitch / 2) / pitch), 2) > 0, 1, -1)
    zigzag = y + slant * x + 3 * np.sin(x * (2 * np.pi / 15)) + rng.uniform(0, 40)
    sipe = np.mod(zigzag, 34) < 3
    gap = np.mod(zigzag + 17, 68) < 7
    level = np.where(groove | gap, 20, np.where(sipe, 30, 58)) + 0 * y
    shoulder = np.where(np.abs(np.abs(along - pitch / 2) - 6.5) < 1, 16, 0)
    noisy = level + shoulder + 3 * grain(rng, side) + 3 * smooth(rng, side, 30, 30)
    return tint(noisy.astype(np.float32), (1.0, 1.0, 1.03))
