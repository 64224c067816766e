"""Daily necessities: glass, ceramic tile, carton."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.synth.noise import grain, grid, smooth, tint


def glass(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """A bottle's wall lit from behind: dark at the sides of the cylinder, soft upright reflections, faint waves."""
    y, x = grid(side)
    across = (x - rng.uniform(110, 146)) / 150
    wall = 178 - 70 * np.abs(across) ** 2.5 + 0 * y
    for _ in range(3):
        at, wide, lift = rng.uniform(10, 246), rng.uniform(3, 12), rng.uniform(8, 22)
        wall = wall + lift * np.exp(-np.square((x + 4 * np.sin(y / 70) - at) / wide))
    wave = 4 * smooth(rng, side, 5, 16) + 2 * smooth(rng, side, 3, 40)
    return tint((wall + wave + 1.2 * grain(rng, side)).astype(np.float32), (0.80, 0.97, 0.93))


def ceramic_tile(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Cream glaze with soft marble veins, between grout lines."""
    y, x = grid(side)
    turbulence = smooth(rng, side, 4, 4) + 0.5 * smooth(rng, side, 10, 10) + 0.22 * smooth(rng, side, 26, 26)
    vein = np.exp(-np.abs(turbulence) * 9)
    image = tint(222 - 20 * vein + 1.5 * grain(rng, side) + 3 * smooth(rng, side, 3, 3), (1.0, 0.975, 0.93))
    pitch = rng.uniform(118, 170)
    v, u = np.mod(y + rng.uniform(0, pitch), pitch), np.mod(x + rng.uniform(0, pitch), pitch)
    grout = tint(158 + 6 * grain(rng, side), (1.0, 0.98, 0.95))
    bevel = ((v < 7) | (u < 7))[:, :, None] * np.float32(-10)
    return np.where(((v < 5) | (u < 5))[:, :, None], grout, image + bevel).astype(np.float32)


def carton(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Kraft paper over corrugation: upright flutes shine through, short fibres, and the slit between two flaps."""
    y, x = grid(side)
    flute = 0.055 * np.sin((x + rng.uniform(0, 12)) * (2 * np.pi / 11)) * (1 + 0.3 * smooth(rng, side, 3, 3))
    fibre = 0.012 * smooth(rng, side, side / 2, side / 2) + 0.02 * smooth(rng, side, 40, 40) + 0.014 * grain(rng, side)
    shade = 1 + flute + fibre + 0.03 * smooth(rng, side, 2, 2)
    slit = y - rng.uniform(20, 236) + 0 * x
    shade = np.where(np.abs(slit) < 1.5, 0.5, np.where(np.abs(slit + 3) < 1.5, 1.1, shade))
    shade = np.where((slit > 1.5) & (slit < 9), shade - 0.012 * (9 - slit), shade)
    return tint(shade.astype(np.float32), (188, 152, 112))
