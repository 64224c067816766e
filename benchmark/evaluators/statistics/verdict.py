"""Verdicts about methods: is a difference larger than what other images and other trainings would change?

The variance of a difference of two cells (a cell is one method with its settings, trained with several seeds) has two
parts. The images: the variance over resamples of the difference of the means over seeds. The trainings:
s_a^2 / n_a + s_b^2 / n_b, where s^2 is the variance over seeds, pooled over cells like these so that few seeds suffice
(`training_noises`). Cells whose trainings share start, seed and order of images are compared by pairs instead: the
trainings' part is then the variance of the differences of equal seeds, divided by their number.

The two parts are known from different numbers of observations, so each has its own t quantile (Banerjee, "Approximate
confidence interval for linear functions of means of k populations when the population variances are not equal", 1961):

    |difference| > sqrt(t(dof of images)^2 * variance of images + t(dof of trainings)^2 * variance of trainings)

covers at least as often as it says, while one quantile with Satterthwaite's degrees of freedom for the sum ("An
approximate distribution of estimates of variance components", 1946) does not where these are few (docs/statistics.md
has the coverage of both). Within the trainings' part Satterthwaite's formula is used, as in Welch's test ("The
generalization of 'Student's' problem when several different population variances are involved", 1947). The images'
part has B - 1 degrees of freedom for B resamples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.core.comparison import Outcome, Verdict
from benchmark.core.errors import EvaluationError

LEVEL = 0.95
"""of every interval; a verdict needs a p-value below 1 - LEVEL"""
FEWEST_DOF = 5
"""degrees of freedom that the pooled variance over seeds needs to stand for a cell that was trained once"""
_ONE_GROUP = "all images are one group"
_MOST_SEEDS = 1000
_MOST_TIMES_IMAGES = 1e6
_SMALLEST_P = 1e-100
_HALVINGS = 60


@dataclass(frozen=True)
class TrainingNoise:
    """Variance of AP (a fraction, squared) over the seeds of a cell, and the degrees of freedom of that estimate."""

    variance: float
    dof: float


@dataclass(frozen=True, eq=False)
class Trainings:
    """AP of all trainings of one cell on the same resamples of the same images.

    Args:
        name: of the cell, for reasons.
        seeds: of its trainings, each once.
        values: (seeds, 1 + B) float64, fractions; column 0 on the images themselves, the others on resamples, which
            are the same for all cells that are compared. NaN where a resample has no ground truth.
        noise: see `training_noises`.
        groups: number of groups of images; images of a group are drawn together.
        shared: names what trainings share with those of equal seed of other cells: start and order of images. Cells
            with equal words are compared by pairs of seeds. None where nothing is shared.

    Raises EvaluationError where the shape of `values` is another, or the images have no ground truth.
    """

    name: str
    seeds: tuple[int, ...]
    values: NDArray[np.float64]
    noise: TrainingNoise
    groups: int
    shared: str | None = None

    def __post_init__(self) -> None:
        rows = self.values.shape[0] if self.values.ndim == 2 else -1
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or rows != len(self.seeds):
            raise EvaluationError(
                f"{self.name}: values of shape {self.values.shape} for seeds {self.seeds}: one row per seed is needed"
            )
        if self.values.shape[1] < 3:
            raise EvaluationError(f"{self.name}: {self.values.shape[1] - 1} resamples; a variance needs at least 2")
        if np.isnan(self.values[:, 0]).any():
            raise EvaluationError(f"{self.name}: the images have no ground truth, so there is nothing to compare")

    @property
    def unknown_noise(self) -> bool:
        """Whether nothing says how much another training would change: trained once, and too few others like it."""
        return len(self.seeds) < 2 and self.noise.dof < FEWEST_DOF

    def of_seeds(self, seeds: Sequence[int]) -> NDArray[np.float64]:
        """The rows of those seeds, (len(seeds), 1 + B)."""
        return self.values[[self.seeds.index(seed) for seed in seeds]]


@dataclass(frozen=True)
class Settling:
    """What would make a tie of two cells a verdict, if the difference and the noises stayed as they are.

    more_seeds: further trainings of each cell, on these images. more_images: further images, with these trainings.
    None where no number would be enough; 0 where there is a verdict. For a pair that was not judged, more_seeds is the
    number that makes it possible to judge.
    """

    more_seeds: int | None
    more_images: int | None


def training_noises(cells: Sequence[Sequence[float]]) -> list[TrainingNoise]:
    """How much AP varies over the seeds of each of these cells, which must be alike: same task, data, profile, library.

    cells: AP per seed of each cell. The variance is pooled over all of them, sum of (n - 1) s^2 / sum of (n - 1), with
    that sum as its degrees of freedom, and is the same for every cell. Two cells alone, one with at least 3 trainings
    and the other with at least 2, keep their own, because the pooled one would be wrong where the two variances differ.
    """
    own = [TrainingNoise(float(np.var(ap, ddof=1)) if len(ap) > 1 else 0.0, len(ap) - 1) for ap in cells]
    if len(own) == 2 and min(each.dof for each in own) > 0 and max(each.dof for each in own) > 1:
        return own
    dof = sum(noise.dof for noise in own)
    variance = sum(noise.variance * noise.dof for noise in own) / dof if dof else 0.0
    return [TrainingNoise(variance, dof)] * len(own)


def judge(a: Trainings, b: Trainings) -> Verdict:
    """Verdict about `a`, as the only comparison that is made; see `judge_all` for several."""
    return judge_all([a, b])[a.name, b.name]


def judge_all(cells: Sequence[Trainings]) -> dict[tuple[str, str], Verdict]:
    """(name, name) -> verdict about the first; all pairs, in the order given, are one family for Holm's correction.

    A cell is above another where its AP is higher and the corrected p-value is below 5 %. Intervals are not corrected.
    Raises EvaluationError for a name that occurs twice, and for cells whose numbers of resamples differ.
    """
    names = [cell.name for cell in cells]
    if len(set(names)) < len(names):
        raise EvaluationError(f"comparison: a name occurs twice in {', '.join(names)}")
    alone = {(a.name, b.name): _compare(a, b) for i, a in enumerate(cells) for b in cells[i + 1 :]}
    corrected = iter(holm([verdict.p for verdict in alone.values() if verdict.p is not None]))
    return {
        pair: verdict if verdict.p is None else _decided(verdict, next(corrected)) for pair, verdict in alone.items()
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: the i-th smallest of m times m - i + 1, never below its predecessor.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def what_would_settle(a: Trainings, b: Trainings, images: int) -> Settling:
    """How many more seeds of each cell, or more images, would make a tie a verdict; `images` is their number now.

    More trainings divide only the variance over trainings, more images only that over images. An estimate from one
    sample, right to a factor and not to a digit, and for this pair alone: a family of many asks for more.
    """
    if reason := _why_not(a, b):
        return Settling(None if reason == _ONE_GROUP else 1, None)
    noises = _noises(a, b)
    distance = abs(noises.difference)
    if noises.reach() < distance:
        return Settling(0, 0)
    return Settling(
        more_seeds=next((n for n in range(1, _MOST_SEEDS) if noises.with_seeds(n).reach() < distance), None),
        more_images=next(
            (
                math.ceil(images * (times - 1))
                for times in np.geomspace(1, _MOST_TIMES_IMAGES, 2000)
                if replace(noises, of_images=noises.of_images / times).reach() < distance
            ),
            None,
        ),
    )


def mean_interval(cell: Trainings) -> tuple[float, float] | None:
    """(low, high) of the 95 % interval of a cell's AP, the mean over its trainings, over images and trainings.

    It is centred at 2 * AP - mean of the resampled AP, as the basic interval is (see `bootstrap`). None for one group
    of images, and where nothing says how much another training would change.
    """
    if cell.groups < 2 or cell.unknown_noise:
        return None
    ap = cell.values.mean(axis=0)
    of_images, images_dof = _image_variance(ap)
    noises = _Noises(float(ap[0]), of_images, images_dof, (cell.noise,), (len(cell.seeds),), False)
    centre = 2 * noises.difference - float(np.nanmean(ap[1:]))
    return max(centre - noises.reach(), 0.0), min(centre + noises.reach(), 1.0)


@dataclass(frozen=True)
class _Noises:
    """A difference and the two parts of its variance.

    noises, trainings: per cell, its variance over seeds and the number of trainings; one of each if `paired`, that of
    the differences of equal seeds.
    """

    difference: float
    of_images: float
    images_dof: float
    noises: tuple[TrainingNoise, ...]
    trainings: tuple[int, ...]
    paired: bool

    @property
    def of_trainings(self) -> float:
        return sum(noise.variance / n for noise, n in zip(self.noises, self.trainings, strict=True))

    @property
    def dof(self) -> float:
        """Of `of_trainings`: Satterthwaite's where the cells have different estimates."""
        if len(set(self.noises)) == 1:
            return self.noises[0].dof
        squares = sum((each.variance / n) ** 2 / each.dof for each, n in zip(self.noises, self.trainings, strict=True))
        return self.of_trainings**2 / squares if squares else min(each.dof for each in self.noises)

    def with_seeds(self, more: int) -> _Noises:
        """With that many more trainings of each cell, all variances as they are."""
        added = more * (2 if len(set(self.noises)) == 1 and not self.paired else 1)
        return replace(
            self,
            noises=tuple(TrainingNoise(each.variance, each.dof + added) for each in self.noises),
            trainings=tuple(n + more for n in self.trainings),
        )

    def reach(self, p: float = 1 - LEVEL) -> float:
        """The difference whose two-sided p-value is `p`."""
        from scipy.special import stdtrit

        t_images, t_trainings = stdtrit([self.images_dof, self.dof], p / 2)  # below 0: precise for a tiny p
        return math.sqrt(t_images**2 * self.of_images + t_trainings**2 * self.of_trainings)

    def p_value(self) -> float:
        """The p at which `reach` equals the difference, by halving the range of its logarithm."""
        if self.of_images == self.of_trainings == 0:
            return float(self.difference == 0)
        low, high = math.log(_SMALLEST_P), 0.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.reach(math.exp(middle)) > abs(self.difference) else (low, middle)
        return math.exp(high)


def _compare(a: Trainings, b: Trainings) -> Verdict:
    """The verdict before Holm's correction: `outcome` is a tie for every pair that can be judged."""
    noises, reason = _noises(a, b), _why_not(a, b)
    reach = None if reason else noises.reach()
    return Verdict(
        difference=noises.difference,
        image_sd=math.sqrt(noises.of_images),
        training_sd=None if reason else math.sqrt(noises.of_trainings),
        dof=None if reason else noises.dof,
        low=None if reach is None else max(noises.difference - reach, -1.0),
        high=None if reach is None else min(noises.difference + reach, 1.0),
        p=None if reason else noises.p_value(),
        p_holm=None,
        paired=noises.paired,
        outcome=Outcome.NOT_JUDGED if reason else Outcome.TIE,
        reason=reason,
    )


def _decided(verdict: Verdict, p_holm: float) -> Verdict:
    better = Outcome.ABOVE if verdict.difference > 0 else Outcome.BELOW
    return replace(verdict, p_holm=p_holm, outcome=better if p_holm < 1 - LEVEL else Outcome.TIE)


def _noises(a: Trainings, b: Trainings) -> _Noises:
    if a.values.shape[1] != b.values.shape[1]:
        raise EvaluationError(f"comparison: {a.name} and {b.name} have different numbers of resamples")
    seeds = sorted(set(a.seeds) & set(b.seeds)) if a.shared is not None and a.shared == b.shared else []
    if len(seeds) > 1:
        pairs = a.of_seeds(seeds) - b.of_seeds(seeds)
        noise = TrainingNoise(float(pairs[:, 0].var(ddof=1)), len(seeds) - 1)
        return _Noises(float(pairs[:, 0].mean()), *_image_variance(pairs.mean(axis=0)), (noise,), (len(seeds),), True)
    resampled = a.values.mean(axis=0) - b.values.mean(axis=0)
    trainings = (len(a.seeds), len(b.seeds))
    return _Noises(float(resampled[0]), *_image_variance(resampled), (a.noise, b.noise), trainings, False)


def _image_variance(resampled: NDArray[np.float64]) -> tuple[float, float]:
    """Variance over the resamples, columns 1 and up, and its degrees of freedom."""
    kept = resampled[1:][np.isfinite(resampled[1:])]
    return float(kept.var(ddof=1)), float(len(kept) - 1)


def _why_not(a: Trainings, b: Trainings) -> str:
    if min(a.groups, b.groups) < 2:
        return _ONE_GROUP
    once = [cell.name for cell in (a, b) if cell.unknown_noise]
    if not once:
        return ""
    return "one training each" if len(a.seeds) == len(b.seeds) == 1 else f"one training of {' and of '.join(once)}"
