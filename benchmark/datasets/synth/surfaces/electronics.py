"""Precision electronics: circuit board, solar cell, wafer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmark.datasets.synth.noise import add, cells, grain, grid, smooth, tint

_MASK, _TRACE, _PAD, _HOLE = (20, 82, 50), (44, 122, 76), (176, 158, 104), (44, 52, 46)


def circuit_board(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Green solder mask over lighter traces that bend by 45 degrees, with round pads and a row of square ones."""
    scale = 2 * side / 256
    image = Image.new("RGB", (2 * side, 2 * side), _MASK)
    draw = ImageDraw.Draw(image)
    pads = []
    offset = rng.uniform(0, 14)
    for lane in range(-8, 20):
        if rng.random() < 0.25:
            continue
        y = offset + 14 * lane
        turn, shift = rng.uniform(20, 230), 14 * int(rng.integers(-5, 6))
        points = [(-10.0, y), (turn, y), (turn + abs(shift), y + shift), (270.0, y + shift)]
        draw.line([(a * scale, b * scale) for a, b in points], fill=_TRACE, width=round(4 * scale), joint="curve")
        if rng.random() < 0.7:
            pads.append(points[int(rng.integers(1, 3))])
    for a, b in pads:
        draw.ellipse([v * scale for v in (a - 6, b - 6, a + 6, b + 6)], fill=_PAD)
        draw.ellipse([v * scale for v in (a - 2.5, b - 2.5, a + 2.5, b + 2.5)], fill=_HOLE)
    left, top = rng.uniform(10, 150), rng.uniform(10, 220)
    for pin in range(8):
        x = left + 11 * pin
        for low in (top, top + 30):
            draw.rectangle([v * scale for v in (x, low, x + 6, low + 12)], fill=_PAD)
    board = np.array(image.resize((side, side), Image.Resampling.BOX), np.float32)
    add(board, 3 * grain(rng, side) + 4 * smooth(rng, side, 6, 6))
    return board


def solar_cell(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Blue polycrystalline silicon under thin silver fingers and two wide busbars."""
    y, x = grid(side)
    crystal = cells(rng, side, 30)[1]
    image = tint(0.86 + 0.3 * crystal, (34, 52, 104))
    finger = (np.mod(y + rng.uniform(0, 9), 9) < 1.1) + 0 * x
    start, pitch = rng.uniform(20, 60), rng.uniform(88, 110)
    busbar = (np.abs(np.mod(x - start, pitch) - 4) < 3.5) + 0 * y
    add(image, finger * 48 + 2.5 * grain(rng, side))
    metal = 136 + 4 * grain(rng, side)
    return np.where(busbar[:, :, None] > 0, tint(metal, (1.0, 1.0, 1.02)), image).astype(np.float32)


def wafer(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """Equal lilac dies with the same blocks in each, darker streets between, a slow shift of interference colours."""
    y, x = grid(side)
    high, wide = rng.uniform(44, 58), rng.uniform(44, 62)
    v, u = np.mod(y + rng.uniform(0, high), high), np.mod(x + rng.uniform(0, wide), wide)
    plane = 148 + 0 * (u + v)
    for _ in range(5):
        top, left = rng.uniform(4, high - 14), rng.uniform(4, wide - 14)
        block = (v > top) & (v < top + rng.uniform(6, 20)) & (u > left) & (u < left + rng.uniform(6, 22))
        plane = np.where(block, plane + rng.uniform(-16, 16), plane)
    fine = (np.mod(u, 4) < 1.3) & (v > high * 0.55)
    plane = np.where(fine, plane - 10, plane)
    plane = np.where((v < 3) | (u < 3), 112, plane) + 2.5 * grain(rng, side)
    film = smooth(rng, side, 2, 2)
    image = tint(plane.astype(np.float32), (1.0, 0.93, 1.1))
    add(image, film, (7, -4, 5))
    return image
