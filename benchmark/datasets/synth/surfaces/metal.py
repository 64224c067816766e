"""Metallurgy: brushed steel, rolled steel, machined aluminium, cast iron."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.noise import grain, grid, smooth, tint


def brushed_steel(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Fine hair lines along x on a light grey with soft reflections across them."""
    lines = 11 * smooth(rng, side, side, 3) + 6 * smooth(rng, side, side, 14)
    sheen = 9 * smooth(rng, side, 2, 5)
    return tint(152 + lines + sheen + 2 * grain(rng, side), (0.98, 1.0, 1.03))


def rolled_steel(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Dark bluish grey with broad roll marks along y and cloudy mill scale."""
    bands = 8 * smooth(rng, side, 2, 40) + 6 * smooth(rng, side, 3, 9)
    scale = 7 * smooth(rng, side, 22, 22) + 5 * smooth(rng, side, 60, 50)
    return tint(106 + bands + scale + 3 * grain(rng, side), (0.93, 1.0, 1.08))


def machined_aluminium(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Light metal with the arcs of a face mill, whose centre lies outside the picture."""
    y, x = grid(side)
    angle = rng.uniform(0, 2 * np.pi)
    dy, dx = y - 128 - 230 * np.sin(angle), x - 128 - 230 * np.cos(angle)
    radius = np.hypot(dy, dx)
    turns = rng.standard_normal(64, dtype=np.float32)
    tool = np.sin(radius * (2 * np.pi / 5.5)) * (9 + 3 * turns[(radius / 7).astype(np.int64)])
    sheen = 10 * np.cos(3 * np.arctan2(dy, dx) + rng.uniform(0, 6))
    return tint((184 + tool + sheen + 2.5 * grain(rng, side)).astype(np.float32), (1.0, 1.0, 1.015))


def cast_iron(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Dark, coarse sand-cast skin: bumps lit from above, no direction."""
    height = 1.2 * smooth(rng, side, 80, 80) + 1.5 * smooth(rng, side, 36, 36)
    lit = height - np.roll(height, (1, 1), axis=(0, 1))
    return tint(72 + 17 * lit + 5 * height + 5 * grain(rng, side), (1.0, 0.98, 0.97))
