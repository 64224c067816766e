"""Views: two pictures of one place on one part, at any shift, upright or upside down, under any light.

Public defect sets are full of them: crops of one photograph with a quarter, half or three quarters in common, photos
taken seconds apart, one tile under six exposures. Their hashes differ, so no search for copies finds them.

A picture is squeezed to a square and flattened: less its local mean, over its local spread, clipped, so that every
region counts whatever the light does; then less the means of its rows and columns, so that stripes, which agree with
themselves at every shift along them, count for nothing. The best of all shifts comes from one Fourier transform a pair
(convolution theorem). There the common part must correlate by MIN_AGREEMENT without its best cells: one blob on an
empty ground proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.dedupe import WORKERS, standardised
from benchmark.datasets.opening.pixels import decode

COARSE_PX, FINE_PX = 64, 192
MEAN_SHARE, SPREAD_SHARE = 0.07, 0.13
"""sides of the neighbourhoods of the mean and of the spread, in sides of the picture"""
FLOOR = 2.0
"""grey values added to the spread, so that noise in a flat region stays small"""
CLIP = 2.5
LEVELS = 50
"""of a stored picture, a unit of spread"""
MIN_COARSE = 0.18
"""correlation of whole pictures, the shifted one continued round its edges; a common part of a third reaches it"""
MIN_COARSE_ERRORS = 4.5
"""standard errors of it; the least that a view of the public sets has is 4.8"""
MIN_COMMON = 0.2
"""of each side"""
CELLS, BEST_CELLS = 6, 4
"""cells a side of the common part, and how many of them, those that agree most, do not count"""
EMPTY = 0.02
"""variance added to the rest, so that an empty ground agrees with nothing"""
MIN_AGREEMENT = 0.32
"""of the rest, where all is common; told apart by eye on the likeliest pairs of ten public sets"""
MIN_ERRORS = 12.0
"""standard errors that the agreement must exceed: smooth pictures, and small common parts, agree by chance"""
BLOCK = 256
"""pairs transformed at a time"""
FEW = 2000
"""pictures of a scene up to which every two are compared at every shift"""
BAND, LIKELIEST = 24, 100
"""of more, each is compared with as many whose power spectra, which no shift changes, are most like its own in the
lowest BAND frequencies: of the views of the public sets 95 % are among them"""
Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """Indices of two pictures; where the second's corner lies in the first (x, y, in sides); how well they agree.

    turned: the second lies upside down.
    """

    first: int
    second: int
    shift: tuple[float, float]
    agreement: float
    turned: bool = False


def find_views_by_scene(
    paths: Sequence[Path], scenes: Sequence[str], groups: Sequence[str], progress: Progress | None = None
) -> Iterator[View]:
    """As find_views, among the pictures of each scene: what lies on another material is another place."""
    for scene in sorted(set(scenes)):
        places = [index for index, each in enumerate(scenes) if each == scene]
        for view in find_views([paths[i] for i in places], [groups[i] for i in places], progress):
            yield replace(view, first=places[view.first], second=places[view.second])


class _Pictures:
    """Flattened pictures: fine ones as small integers, and the transforms of coarse ones."""

    def __init__(self, paths: Sequence[Path], progress: Progress | None) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            read = bar(progress, "flatten pictures", pool.map(_read, paths), len(paths))
            pictures = list(read)
        self.fine = [fine for fine, _ in pictures]
        self.spectra = np.stack([spectrum for _, spectrum in pictures])


def find_views(paths: Sequence[Path], groups: Sequence[str], progress: Progress | None = None) -> Iterator[View]:
    """Pairs from different groups that show one place. A pair makes its two groups one, so that they are found once.

    Raises DataError for a picture that cannot be read.
    """
    if len(set(groups)) < 2:
        return
    pictures = _Pictures(paths, progress)
    group = np.unique(np.array(groups), return_inverse=True)[1]
    likely = _likely(pictures.spectra)
    with ThreadPoolExecutor(WORKERS) as pool:
        for first in bar(progress, "find views", range(len(paths) - 1), len(paths) - 1):
            others = np.flatnonzero(next(likely) & (group != group[first]))
            others = others[others > first]
            blocks = [others[start : start + BLOCK] for start in range(0, len(others), BLOCK)]
            for found in pool.map(lambda block, of=first: list(_candidates(pictures.spectra, of, block)), blocks):
                for second, shift, turned in found:
                    if group[second] != group[first]:
                        view = _confirmed(pictures.fine, first, second, shift, turned)
                        if view is not None:
                            group[group == group[second]] = group[first]
                            yield view


def _read(path: Path) -> tuple[NDArray[np.int8], NDArray[np.complex64]]:
    grey = decode(path).convert("L")
    coarse = _uncrossed(flattened(grey, COARSE_PX))
    length = float(np.linalg.norm(coarse))
    spectrum = np.fft.rfft2(coarse / length if length > 1e-3 else coarse * 0)
    return np.round(flattened(grey, FINE_PX) * LEVELS).astype(np.int8), spectrum.astype(np.complex64)


def flattened(grey: Image.Image, side_px: int) -> Picture:
    """(side_px, side_px) without light: less the local mean, over the local spread, clipped at CLIP."""
    values = np.asarray(grey.resize((side_px, side_px), Image.Resampling.BOX), np.float64)
    centred = values - _neighbourhood(values, MEAN_SHARE)
    variance = np.maximum(_neighbourhood(centred**2, SPREAD_SHARE), 0)
    return np.clip(centred / (np.sqrt(variance) + FLOOR), -CLIP, CLIP).astype(np.float32)


def _neighbourhood(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Means over squares of an odd side, the picture being mirrored at its border."""
    reach = round(share * len(values) / 2)
    side = 2 * reach + 1
    sums = np.pad(np.pad(values, reach, mode="symmetric").cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return np.asarray((sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2)


def _uncrossed(values: Picture) -> Picture:
    """Without what whole rows and whole columns have in common."""
    values = values - values.mean(0, keepdims=True)
    return np.asarray(values - values.mean(1, keepdims=True))


def _likely(spectra: NDArray[np.complex64]) -> Iterator[NDArray[np.bool_]]:
    """For each picture in turn, which others (N,) can share a place with it."""
    if len(spectra) <= FEW:
        yield from np.ones((len(spectra), len(spectra)), bool)
        return
    low = np.concatenate([spectra[:, :BAND, : BAND + 1], spectra[:, -BAND:, : BAND + 1]], axis=1)
    powers = np.sqrt(np.abs(low)).reshape(len(spectra), -1)
    powers /= powers.mean(axis=0, keepdims=True) + 1e-9  # what a scene's pictures have in common tells none apart
    powers = standardised(powers)
    for start in range(0, len(powers), BLOCK):
        alike = powers[start : start + BLOCK] @ powers.T
        yield from alike >= np.partition(alike, -LIKELIEST, axis=1)[:, -LIKELIEST, None]


def _candidates(
    spectra: NDArray[np.complex64], first: int, others: NDArray[np.intp]
) -> Iterator[tuple[int, tuple[int, int], bool]]:
    """(second, shift down and right in coarse pixels, turned) of those that agree as a whole at some shift."""
    powers = np.abs(spectra[others]) ** 2
    powers[:, :, 1:-1] *= 2  # half of a real picture's frequencies are kept
    errors = np.sqrt(np.tensordot(powers, np.abs(spectra[first]) ** 2, 2)) / COARSE_PX**2
    for turned in (False, True):  # to turn a picture is to conjugate its transform, but for a shift by one pixel
        products = spectra[first] * (spectra[others] if turned else np.conj(spectra[others]))
        agreement = np.fft.irfft2(products, s=(COARSE_PX, COARSE_PX)).reshape(len(others), -1)
        best = agreement.argmax(axis=1)
        least = np.maximum(MIN_COARSE, MIN_COARSE_ERRORS * errors)
        for i in np.flatnonzero(agreement[np.arange(len(others)), best] >= least):
            yield int(others[i]), divmod(int(best[i]), COARSE_PX), turned


def _confirmed(
    fine: Sequence[NDArray[np.int8]], first: int, second: int, shift: tuple[int, int], turned: bool
) -> View | None:
    """The view, if the common part agrees. A shift of d sides can also be one of d - 1."""
    one, other = ((fine[i] / np.float32(LEVELS)).astype(np.float32) for i in (first, second))
    other = np.ascontiguousarray(other[::-1, ::-1]) if turned else other
    down, right = _refined(one, other, shift)
    found = [
        (_agreement(one, other, y, x), y, x)
        for y in (down, down - FINE_PX)
        for x in (right, right - FINE_PX)
        if min(FINE_PX - abs(y), FINE_PX - abs(x)) >= MIN_COMMON * FINE_PX
    ]
    (agreement, errors), y, x = max(found, default=((-1.0, 0.0), 0, 0))
    if agreement < MIN_AGREEMENT or errors < MIN_ERRORS:
        return None
    return View(first, second, (x / FINE_PX, y / FINE_PX), agreement, turned)


def _refined(one: Picture, other: Picture, shift: tuple[int, int]) -> tuple[int, int]:
    """The shift in fine pixels, from 0 to a side, within two coarse pixels of the coarse one."""
    step = FINE_PX // COARSE_PX
    product = np.fft.rfft2(_uncrossed(one)) * np.conj(np.fft.rfft2(_uncrossed(other)))
    agreement = np.fft.irfft2(product, s=(FINE_PX, FINE_PX))
    rows, columns = (np.arange(-2 * step, 2 * step + 1) + each * step for each in shift)
    near = agreement[np.ix_(rows % FINE_PX, columns % FINE_PX)]
    row, column = divmod(int(near.argmax()), len(columns))
    return int(rows[row] % FINE_PX), int(columns[column] % FINE_PX)


def _agreement(one: Picture, other: Picture, down: int, right: int) -> tuple[float, float]:
    """Of the common part; no errors are counted where it is too low anyway."""
    height, width = FINE_PX - abs(down), FINE_PX - abs(right)
    top, left = max(0, down), max(0, right)
    first = one[top : top + height, left : left + width]
    top, left = max(0, -down), max(0, -right)
    return agreement_throughout(first, other[top : top + height, left : left + width], MIN_AGREEMENT)


def agreement_throughout(first: Picture, second: Picture, at_least: float) -> tuple[float, float]:
    """Correlation of two flattened pictures of one shape without their best cells, and its standard errors.

    They are 0 for a correlation below at_least.
    """
    first, second = _uncrossed(first), _uncrossed(second)
    both, ones, others = (_cells(values) for values in (first * second, first * first, second * second))
    counted = np.argsort(-both)[BEST_CELLS:]
    ground = EMPTY * first.size / CELLS**2 * len(counted)
    agreement = float(both[counted].sum() / np.sqrt((ones[counted].sum() + ground) * (others[counted].sum() + ground)))
    return agreement, agreement / _standard_error(first, second) if agreement >= at_least else 0.0


def _standard_error(first: Picture, second: Picture) -> float:
    """Of the correlation of two unrelated pictures that are as smooth as these.

    Bartlett 1946: its variance is the sum, over all shifts, of the product of their autocorrelations, by the count.
    """
    size = (2 * first.shape[0], 2 * first.shape[1])
    powers = [np.abs(np.fft.rfft2(values, s=size)) ** 2 for values in (first, second)]
    shifted = [np.fft.irfft2(power, s=size) for power in powers]
    alike = float((shifted[0] * shifted[1]).sum() / max(float(shifted[0][0, 0] * shifted[1][0, 0]), 1e-9))
    return float(np.sqrt(max(alike, 1.0) / first.size))


def _cells(values: Picture) -> Picture:
    """Sums (CELLS ** 2,) over the cells of a grid."""
    rows, columns = (np.arange(CELLS) * side // CELLS for side in values.shape)
    return np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)).ravel()
