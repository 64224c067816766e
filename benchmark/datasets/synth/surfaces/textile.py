"""Textiles: woven cloth, knitwear, leather."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.noise import cells, grain, grid, smooth, tint


def woven_cloth(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Plain weave: round threads that pass over and under each other in a checkerboard."""
    y, x = grid(side)
    pitch = rng.uniform(6, 7.5)
    wave = 0.25 * smooth(rng, side, 5, 5)
    v, u = (y + rng.uniform(0, 9)) / pitch + wave, (x + rng.uniform(0, 9)) / pitch + wave
    over = np.mod(np.floor(v) + np.floor(u), 2) > 0
    round_v, round_u = np.sin(np.pi * np.mod(v, 1)), np.sin(np.pi * np.mod(u, 1))
    thread = np.where(over, round_v * (0.75 + 0.25 * round_u), round_u * (0.75 + 0.25 * round_v) * 0.94)
    slub = 5 * smooth(rng, side, 256 / pitch, 4) + 5 * smooth(rng, side, 4, 256 / pitch)
    return tint((96 + 66 * thread + slub + 4 * grain(rng, side)).astype(np.float32), (1.0, 0.98, 0.92))


def knitwear(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Columns of V stitches in heather grey yarn."""
    y, x = grid(side)
    wide, high = rng.uniform(13, 15), rng.uniform(10, 11.5)
    u = np.mod(x + 0.9 * smooth(rng, side, 6, 6), wide) / wide - 0.5
    arm = np.abs(u) - 0.25
    v = np.mod((y + 1.1 * wide * np.abs(u)) / high, 1) - 0.5
    yarn = np.sqrt(np.clip(1 - np.square(arm / 0.27) * 0.8 - np.square(v / 0.52) * 0.8, 0, 1))
    fibre = 7 * smooth(rng, side, side, side / 3) + 4 * grain(rng, side)
    return tint((78 + 92 * yarn + fibre).astype(np.float32), (1.0, 1.0, 1.04))


def leather(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Tanned hide: pebbles of the grain between dark creases, over slow shades."""
    border, value = cells(rng, side, rng.uniform(8, 11))
    pebble = np.clip(border * 3.2, 0, 1)
    shade = 0.80 + 0.22 * pebble + 0.10 * value + 0.04 * smooth(rng, side, 4, 4) + 0.015 * grain(rng, side)
    return tint(shade.astype(np.float32), (140, 88, 56))
