"""Wood processing: veneer, pine plank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.noise import grain, grid, smooth, tint


def veneer(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Quarter-sawn dark wood: fine straight grain along y with short open pores."""
    lines = 0.06 * smooth(rng, side, 3, side / 2) + 0.05 * smooth(rng, side, 2, 24)
    pores = -0.16 * (smooth(rng, side, side / 12, side) > 1.5)
    shade = 1 + lines + pores + 0.03 * smooth(rng, side, 4, 4) + 0.012 * grain(rng, side)
    return tint(shade.astype(np.float32), (146, 92, 60))


def pine_plank(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Flat-sawn pale wood: nested arches of early and late wood, and the joint between two boards."""
    y, x = grid(side)
    pith, spread = rng.uniform(60, 196), rng.uniform(0.0008, 0.0022)
    warp = 5 * smooth(rng, side, 4, 4) + 1.2 * smooth(rng, side, 12, 8)
    depth = np.hypot((x - pith) * 0.55, 12) + spread * np.square(y - rng.uniform(-200, 456)) + warp
    late = np.mod(depth / rng.uniform(7, 9.5), 1) ** 3
    fibre = 0.022 * smooth(rng, side, 4, side) + 0.010 * grain(rng, side)
    early_wood, late_wood = np.asarray((224, 190, 138), np.float32), np.asarray((192, 142, 86), np.float32)
    mix = late[:, :, None].astype(np.float32)
    image = (early_wood * (1 - mix) + late_wood * mix) * (1 + fibre)[:, :, None]
    joint = np.abs(x - rng.uniform(-200, 456)) < 1.6
    board = np.where((joint & (y > -1))[:, :, None], image * 0.45, image)
    return np.asarray(board, np.float32)
