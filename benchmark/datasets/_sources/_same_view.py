"""One part photographed again under another light: pictures compared by structure instead of brightness.

Each picture is flattened, so that every region counts whatever the light did to it; two pictures agree as well as
their flattened copies correlate at the best shift (all shifts at once, by the convolution theorem).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.datasets._pixels import decode

SIDE_PX = 128
MEAN_PX, SPREAD_PX = 13, 25
"""sides of the neighbourhoods that a pixel is centred and scaled by"""
FLOOR = 2.0
"""grey values added to the spread, so that noise in a flat region stays small"""
CLIP = 2.5
"""spreads; one edge must not outweigh a surface"""


class Views:
    """Pictures that can be compared with each other."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read and flatten all of them. Raises DataError for one that cannot be read."""
        with ThreadPoolExecutor() as pool:
            self._spectra = list(pool.map(_spectrum, paths))

    def agreement(self, first: int, second: int) -> float:
        """Correlation in [-1, 1] at the best shift, the pictures being continued round their edges."""
        product = self._spectra[first] * np.conj(self._spectra[second])
        return float(np.fft.irfft2(product, s=(SIDE_PX, SIDE_PX)).max())


def _spectrum(path: Path) -> NDArray[np.complex64]:
    """Real Fourier transform of the picture with local mean 0 and local spread 1, clipped, of mean 0 and length 1."""
    grey = decode(path).convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    values = np.asarray(grey, np.float64)
    centred = values - _neighbourhood(values, MEAN_PX)
    spread = np.sqrt(_neighbourhood(centred**2, SPREAD_PX)) + FLOOR
    flat = np.clip(centred / spread, -CLIP, CLIP)
    flat -= flat.mean()
    return np.fft.rfft2(flat / max(float(np.linalg.norm(flat)), 1e-9)).astype(np.complex64)


def _neighbourhood(values: NDArray[np.float64], side_px: int) -> NDArray[np.float64]:
    """Means over squares of an odd side, mirrored at the border."""
    reach = side_px // 2
    sums = np.pad(np.pad(values, reach, mode="symmetric").cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    squares = sums[side_px:, side_px:] - sums[:-side_px, side_px:] - sums[side_px:, :-side_px]
    return np.asarray((squares + sums[:-side_px, :-side_px]) / side_px**2)
