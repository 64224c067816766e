"""Views: two images of one place on one part, at any shift, upright or upside down, under any illumination.

Public defect sets contain many: crops of one photo that overlap by a quarter, half or three quarters, photos taken
seconds apart, one tile under six exposures. Their hashes differ, so a search for copies does not find them.

Method. An image is resized to a square and normalised: minus its local mean, divided by its local standard deviation,
clipped, so that all regions have the same weight under any illumination. Then the means of rows and columns are
subtracted, because stripes correlate with themselves at every shift along them. The cross-correlation of a pair at all
shifts takes one inverse Fourier transform (convolution theorem). At its maximum the overlap must have a correlation of
MIN_AGREEMENT without the cells that contribute most: a single dark spot on an empty background is not enough.
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
from benchmark.core.images import decode

COARSE_PX, FINE_PX = 64, 192
MEAN_SHARE, SPREAD_SHARE = 0.07, 0.13
"""side of the window of the local mean and of the local standard deviation, as shares of the side of the image"""
FLOOR = 2.0
"""grey values added to the standard deviation, so that noise in flat regions is not amplified"""
CLIP = 2.5
"""largest absolute value of a normalised image"""
LEVELS = 50
"""integer steps per standard deviation in stored images (int8)"""
MIN_COARSE = 0.18
"""circular correlation of whole images at COARSE_PX; images that overlap by a third reach it"""
MIN_COARSE_ERRORS = 4.5
"""the same correlation in standard errors; the lowest of all views in the public sets is 4.8"""
MIN_COMMON = 0.2
"""smallest overlap, as a share of each side"""
CELLS, BEST_CELLS = 6, 4
"""cells per side of the overlap, and how many cells, those with the highest correlation, are left out"""
EMPTY = 0.02
"""variance added to the other cells, so that an empty background does not correlate"""
MIN_AGREEMENT = 0.32
"""correlation of the other cells; chosen by looking at the most similar pairs of ten public sets"""
MIN_ERRORS = 12.0
"""the same correlation in standard errors: smooth images and small overlaps correlate by chance"""
BLOCK = 256
"""pairs per Fourier transform"""
FEW = 2000
"""up to this number of images per scene, all pairs are compared"""
BAND, LIKELIEST = 24, 100
"""in larger scenes an image is compared with the LIKELIEST others by power spectrum, which does not depend on shifts, in
the lowest BAND frequencies; these pairs include 95 % of the views of the public sets"""
GreyImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """Two images of one place.

    first, second: indices of the images. shift: top left corner of the second image in the first (x, y), in sides of
    the image. agreement: correlation of the overlap. turned: whether the second image is rotated by 180 degrees.
    """

    first: int
    second: int
    shift: tuple[float, float]
    agreement: float
    turned: bool = False


def find_views_by_scene(
    paths: Sequence[Path], scenes: Sequence[str], groups: Sequence[str], progress: Progress | None = None
) -> Iterator[View]:
    """As find_views, but only pairs within one scene: images of different materials never show one place."""
    for scene in sorted(set(scenes)):
        indices = [index for index, each in enumerate(scenes) if each == scene]
        for view in find_views([paths[i] for i in indices], [groups[i] for i in indices], progress):
            yield replace(view, first=indices[view.first], second=indices[view.second])


class _Normalised:
    """Normalised images: those of FINE_PX as int8, and the Fourier transforms of those of COARSE_PX."""

    def __init__(self, paths: Sequence[Path], progress: Progress | None) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            images = list(bar(progress, "normalise images", pool.map(_read, paths), len(paths)))
        self.fine = [fine for fine, _ in images]
        self.spectra = np.stack([spectrum for _, spectrum in images])


def find_views(paths: Sequence[Path], groups: Sequence[str], progress: Progress | None = None) -> Iterator[View]:
    """Pairs of images from different groups that show one place. A pair joins its groups, so later pairs skip them.

    Raises DataError for an image that cannot be read.
    """
    if len(set(groups)) < 2:
        return
    images = _Normalised(paths, progress)
    group = np.unique(np.array(groups), return_inverse=True)[1]
    likely = _likely(images.spectra)
    with ThreadPoolExecutor(WORKERS) as pool:
        for first in bar(progress, "find views", range(len(paths) - 1), len(paths) - 1):
            others = np.flatnonzero(next(likely) & (group != group[first]))
            others = others[others > first]
            blocks = [others[start : start + BLOCK] for start in range(0, len(others), BLOCK)]
            for candidates in pool.map(lambda block, of=first: list(_candidates(images.spectra, of, block)), blocks):
                for second, shift, turned in candidates:
                    if group[second] != group[first]:
                        view = _confirmed(images.fine, first, second, shift, turned)
                        if view is not None:
                            group[group == group[second]] = group[first]
                            yield view


def _read(path: Path) -> tuple[NDArray[np.int8], NDArray[np.complex64]]:
    """The normalised image at FINE_PX, and the transform of that at COARSE_PX scaled to length 1."""
    grey = decode(path).convert("L")
    coarse = _without_stripes(normalised(grey, COARSE_PX))
    length = float(np.linalg.norm(coarse))
    spectrum = np.fft.rfft2(coarse / length if length > 1e-3 else coarse * 0)
    return np.round(normalised(grey, FINE_PX) * LEVELS).astype(np.int8), spectrum.astype(np.complex64)


def normalised(grey: Image.Image, side_px: int) -> GreyImage:
    """(side_px, side_px): minus the local mean, divided by the local standard deviation, clipped at +-CLIP."""
    values = np.asarray(grey.resize((side_px, side_px), Image.Resampling.BOX), np.float64)
    centred = values - _local_mean(values, MEAN_SHARE)
    variance = np.maximum(_local_mean(centred**2, SPREAD_SHARE), 0)
    return np.clip(centred / (np.sqrt(variance) + FLOOR), -CLIP, CLIP).astype(np.float32)


def _local_mean(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Mean over the square window around each pixel, image mirrored at the border. share: side of the window."""
    reach = round(share * len(values) / 2)
    side = 2 * reach + 1
    sums = np.pad(np.pad(values, reach, mode="symmetric").cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return np.asarray((sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2)


def _without_stripes(values: GreyImage) -> GreyImage:
    """The image minus the means of its columns and rows."""
    values = values - values.mean(0, keepdims=True)
    return np.asarray(values - values.mean(1, keepdims=True))


def _likely(spectra: NDArray[np.complex64]) -> Iterator[NDArray[np.bool_]]:
    """For each image in turn, a mask (N,) of the images to compare it with."""
    if len(spectra) <= FEW:
        yield from np.ones((len(spectra), len(spectra)), bool)
        return
    low = np.concatenate([spectra[:, :BAND, : BAND + 1], spectra[:, -BAND:, : BAND + 1]], axis=1)
    powers = np.sqrt(np.abs(low)).reshape(len(spectra), -1)
    powers /= powers.mean(axis=0, keepdims=True) + 1e-9  # what all images of the scene have in common
    powers = standardised(powers)
    for start in range(0, len(powers), BLOCK):
        similarity = powers[start : start + BLOCK] @ powers.T
        yield from similarity >= np.partition(similarity, -LIKELIEST, axis=1)[:, -LIKELIEST, None]


def _candidates(
    spectra: NDArray[np.complex64], first: int, others: NDArray[np.intp]
) -> Iterator[tuple[int, tuple[int, int], bool]]:
    """(second, (shift down, shift right) in coarse pixels, turned) of images that correlate at their best shift."""
    powers = np.abs(spectra[others]) ** 2
    powers[:, :, 1:-1] *= 2  # rfft2 keeps one of each pair of conjugate frequencies
    errors = np.sqrt(np.tensordot(powers, np.abs(spectra[first]) ** 2, 2)) / COARSE_PX**2
    for turned in (False, True):  # rotation by 180 degrees conjugates the transform, up to a shift by one pixel
        products = spectra[first] * (spectra[others] if turned else np.conj(spectra[others]))
        correlations = np.fft.irfft2(products, s=(COARSE_PX, COARSE_PX)).reshape(len(others), -1)
        best = correlations.argmax(axis=1)
        threshold = np.maximum(MIN_COARSE, MIN_COARSE_ERRORS * errors)
        for i in np.flatnonzero(correlations[np.arange(len(others)), best] >= threshold):
            yield int(others[i]), divmod(int(best[i]), COARSE_PX), turned


def _confirmed(
    fine: Sequence[NDArray[np.int8]], first: int, second: int, shift: tuple[int, int], turned: bool
) -> View | None:
    """The view, or None where the overlap does not agree. A circular shift by d sides can also mean d - 1."""
    one, other = ((fine[i] / np.float32(LEVELS)).astype(np.float32) for i in (first, second))
    other = np.ascontiguousarray(other[::-1, ::-1]) if turned else other
    down, right = _refined(one, other, shift)
    overlaps = [
        (_agreement(one, other, y, x), y, x)
        for y in (down, down - FINE_PX)
        for x in (right, right - FINE_PX)
        if min(FINE_PX - abs(y), FINE_PX - abs(x)) >= MIN_COMMON * FINE_PX
    ]
    (agreement, errors), y, x = max(overlaps, default=((-1.0, 0.0), 0, 0))
    if agreement < MIN_AGREEMENT or errors < MIN_ERRORS:
        return None
    return View(first, second, (x / FINE_PX, y / FINE_PX), agreement, turned)


def _refined(one: GreyImage, other: GreyImage, shift: tuple[int, int]) -> tuple[int, int]:
    """The shift (down, right) in fine pixels, 0 to FINE_PX, with the highest correlation near the coarse shift."""
    step = FINE_PX // COARSE_PX
    product = np.fft.rfft2(_without_stripes(one)) * np.conj(np.fft.rfft2(_without_stripes(other)))
    correlations = np.fft.irfft2(product, s=(FINE_PX, FINE_PX))
    rows, columns = (np.arange(-2 * step, 2 * step + 1) + each * step for each in shift)
    near = correlations[np.ix_(rows % FINE_PX, columns % FINE_PX)]
    row, column = divmod(int(near.argmax()), len(columns))
    return int(rows[row] % FINE_PX), int(columns[column] % FINE_PX)


def _agreement(one: GreyImage, other: GreyImage, down: int, right: int) -> tuple[float, float]:
    """agreement_throughout of the overlap at that shift."""
    height, width = FINE_PX - abs(down), FINE_PX - abs(right)
    top, left = max(0, down), max(0, right)
    first = one[top : top + height, left : left + width]
    top, left = max(0, -down), max(0, -right)
    return agreement_throughout(first, other[top : top + height, left : left + width], MIN_AGREEMENT)


def agreement_throughout(first: GreyImage, second: GreyImage, at_least: float) -> tuple[float, float]:
    """Correlation of two normalised images (H, W) without their BEST_CELLS, and the same in standard errors.

    at_least: a lower correlation is not of interest; its standard errors are 0, to save time.
    """
    first, second = _without_stripes(first), _without_stripes(second)
    both, ones, others = (_cells(values) for values in (first * second, first * first, second * second))
    kept = np.argsort(-both)[BEST_CELLS:]
    added = EMPTY * first.size / CELLS**2 * len(kept)
    agreement = float(both[kept].sum() / np.sqrt((ones[kept].sum() + added) * (others[kept].sum() + added)))
    return agreement, agreement / _standard_error(first, second) if agreement >= at_least else 0.0


def _standard_error(first: GreyImage, second: GreyImage) -> float:
    """Standard error of the correlation of two unrelated images that are as smooth as these two.

    Bartlett 1946: the variance is the sum over all shifts of the product of both autocorrelations, divided by the number
    of pixels.
    """
    size = (2 * first.shape[0], 2 * first.shape[1])
    powers = [np.abs(np.fft.rfft2(values, s=size)) ** 2 for values in (first, second)]
    auto = [np.fft.irfft2(power, s=size) for power in powers]
    total = float((auto[0] * auto[1]).sum() / max(float(auto[0][0, 0] * auto[1][0, 0]), 1e-9))
    return float(np.sqrt(max(total, 1.0) / first.size))


def _cells(values: GreyImage) -> GreyImage:
    """Sum over each cell of a grid of CELLS x CELLS: (CELLS ** 2,)."""
    rows, columns = (np.arange(CELLS) * side // CELLS for side in values.shape)
    return np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)).ravel()
