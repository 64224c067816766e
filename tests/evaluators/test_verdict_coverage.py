"""How often a verdict's interval holds the true difference, by simulation; docs/statistics.md quotes what this prints.

Per simulated comparison: AP of a training = the method's true AP + the error of these test images + the error of this
training, all normal; resamples scatter around it by the error of images. Half of the variance over images is common to
the two methods, which see the same images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from benchmark.core.comparison import Outcome
from benchmark.evaluators.statistics.verdict import Trainings, judge, training_noises

SIMULATED, RESAMPLES = 2000, 200
IMAGE_SD, COMMON = 0.008, 0.5
DIFFERENCE = 0.02


@dataclass(frozen=True)
class Case:
    """Seeds per method, standard deviation of AP over their trainings, and what else is known of the noise.

    others: cells like these two, with two seeds each, from which the noise of training is pooled too. shared_sd: of the
    error of a training that both methods have in common because they share start and order of images.
    """

    name: str
    seeds: tuple[int, int]
    sds: tuple[float, float] = (0.03, 0.03)
    others: int = 0
    shared_sd: float = 0.0
    coverage: tuple[float, float] = (0.92, 0.97)
    most_false: float = 0.055
    """5 %, and what 2,000 simulations scatter by"""


CASES = (
    Case("1 and 1, no other cells", (1, 1)),
    Case("1 and 1, 6 other cells", (1, 1), others=6),
    Case("2 and 2", (2, 2)),
    Case("2 and 2, 6 other cells", (2, 2), others=6),
    Case("2 and 2, unequal variances", (2, 2), (0.015, 0.045), most_false=0.075),
    Case("2 and 2, 6 other cells that vary less", (2, 2), (0.015, 0.045), 6, coverage=(0.77, 0.97), most_false=0.22),
    Case("3 and 3", (3, 3)),
    Case("5 and 5", (5, 5)),
    Case("2 and 5", (2, 5)),
    Case("3 and 3, unequal variances", (3, 3), (0.015, 0.045)),
    Case("5 and 5, unequal variances", (5, 5), (0.015, 0.045)),
    Case("2 and 5, the larger variance with 2", (2, 5), (0.045, 0.015), coverage=(0.90, 0.97), most_false=0.09),
    Case("5 and 2, the larger variance with 5", (5, 2), (0.045, 0.015)),
    Case("2 pairs", (2, 2), (0.01, 0.01), shared_sd=0.025, coverage=(0.92, 0.99)),
    Case("3 pairs", (3, 3), (0.01, 0.01), shared_sd=0.025),
    Case("5 pairs", (5, 5), (0.01, 0.01), shared_sd=0.025),
)


def simulate(case: Case, difference: float, seed: int) -> tuple[float | None, float, float | None]:
    """(coverage of the difference, share of verdicts for either method, mean width of the interval)."""
    rng = np.random.default_rng(seed)
    held, decided, widths = 0, 0, []
    for _ in range(SIMULATED):
        common, own = (IMAGE_SD * np.sqrt(share) for share in (COMMON, 1 - COMMON))
        images = rng.normal(0, common, 1 + RESAMPLES) + rng.normal(0, own, (2, 1 + RESAMPLES))
        shared = rng.normal(0, case.shared_sd, max(case.seeds))
        values = []
        for method, (seeds, sd) in enumerate(zip(case.seeds, case.sds, strict=True)):
            observed = 0.4 + difference * (method == 0) + images[method, 0] + rng.normal(0, sd, seeds) + shared[:seeds]
            values.append(np.column_stack([observed, observed[:, None] + images[method, None, 1:]]))
        others = 0.4 + rng.normal(0, case.sds[0], (case.others, 2))
        noises = training_noises([*(each[:, 0].tolist() for each in values), *others.tolist()])
        a, b = (
            Trainings(name, tuple(range(len(each))), each, noise, 100, "start" if case.shared_sd else None)
            for name, each, noise in zip("ab", values, noises[:2], strict=True)
        )
        verdict = judge(a, b)
        if verdict.low is not None and verdict.high is not None:
            held += verdict.low <= difference <= verdict.high
            widths.append(verdict.high - verdict.low)
        decided += verdict.outcome in (Outcome.ABOVE, Outcome.BELOW)
    coverage = held / len(widths) if widths else None
    return coverage, decided / SIMULATED, float(np.mean(widths)) if widths else None


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_coverage_of_a_verdict(case: Case) -> None:
    coverage, power, width = simulate(case, DIFFERENCE, seed=1)
    _, false, _ = simulate(case, 0.0, seed=2)
    if coverage is None or width is None:
        print(f"\n| {case.name} | not judged | {100 * false:.1f} % | {100 * power:.0f} % | |")
        assert (false, power) == (0, 0)
        return
    print(f"\n| {case.name} | {coverage:.3f} | {100 * false:.1f} % | {100 * power:.0f} % | {100 * width:.1f} |")
    low, high = case.coverage
    assert low <= coverage <= high
    assert false <= case.most_false
