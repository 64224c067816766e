"""The rule of verdicts, on numbers small enough to check by hand; test_verdict_coverage simulates its coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from benchmark.core.comparison import Outcome
from benchmark.core.errors import EvaluationError
from benchmark.evaluators.statistics.verdict import (
    Settling,
    TrainingNoise,
    Trainings,
    holm,
    judge,
    judge_all,
    mean_interval,
    training_noises,
    what_would_settle,
)

B = 1000
MANY = TrainingNoise(0.01**2, 12)


def cell(
    name: str,
    ap: Sequence[float],
    noise: TrainingNoise = MANY,
    image_sd: float = 0.004,
    shared: str | None = None,
    groups: int = 200,
    first_seed: int = 0,
) -> Trainings:
    """Seeds with these APs, moved alike by each resample; independent between cells of different names."""
    moves = np.random.default_rng(sum(map(ord, name))).normal(0, 1, B)
    moves = (moves - moves.mean()) / moves.std(ddof=1) * image_sd
    values = np.asarray(ap)[:, None] + np.concatenate([[0.0], moves])
    return Trainings(name, tuple(range(first_seed, first_seed + len(ap))), values, noise, groups, shared)


def pair(a: Sequence[float], b: Sequence[float], image_sd: float = 0.004) -> tuple[Trainings, Trainings]:
    """Two cells with nothing known but their own seeds."""
    noises = training_noises([a, b])
    return cell("a", a, noises[0], image_sd), cell("b", b, noises[1], image_sd)


def test_without_noise_of_images_two_trainings_each_make_it_students_test() -> None:
    a, b = [0.31, 0.33], [0.25, 0.30]
    verdict = judge(*pair(a, b, image_sd=0.0))
    student = stats.ttest_ind(a, b)
    low, high = student.confidence_interval()
    assert (verdict.p, verdict.low, verdict.high) == pytest.approx((student.pvalue, low, high))
    assert verdict.dof == 2
    assert verdict.image_sd == pytest.approx(0)


@pytest.mark.parametrize("b", [[0.25, 0.36], [0.25, 0.36, 0.31], [0.25, 0.36, 0.31, 0.3, 0.28]])
def test_three_trainings_on_a_side_make_it_welchs_test(b: list[float]) -> None:
    a = [0.31, 0.33, 0.38, 0.30, 0.35]
    verdict = judge(*pair(a, b, image_sd=0.0))
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert (verdict.p, verdict.dof) == pytest.approx((welch.pvalue, welch.df))


def test_cells_that_share_start_and_seeds_are_compared_by_pairs() -> None:
    a, b = [0.31, 0.41, 0.36], [0.30, 0.38, 0.34]
    first, second = (cell(name, ap, image_sd=0.0, shared="start") for name, ap in (("a", a), ("b", b)))
    verdict = judge(first, second)
    by_pairs = stats.ttest_rel(a, b)
    assert verdict.paired
    assert (verdict.p, verdict.dof) == pytest.approx((by_pairs.pvalue, 2))
    other = cell("b", b, image_sd=0.0, shared="another start")
    assert not judge(first, other).paired
    overlap = cell("b", [0.38, 0.34, 0.5], image_sd=0.0, shared="start", first_seed=1)
    assert judge(first, overlap).difference == pytest.approx((0.41 - 0.38 + 0.36 - 0.34) / 2)
    one_common = cell("b", b, image_sd=0.0, shared="start", first_seed=2)
    assert not judge(first, one_common).paired


def test_both_noises_count_each_with_its_own_quantile() -> None:
    a, b = pair([0.50, 0.53], [0.40, 0.44])
    verdict = judge(a, b)
    image_sd = float((a.values.mean(axis=0) - b.values.mean(axis=0))[1:].std(ddof=1))
    training_sd = math.sqrt((0.03**2 + 0.04**2) / 4 * (1 / 2 + 1 / 2))
    assert (verdict.image_sd, verdict.training_sd) == pytest.approx((image_sd, training_sd))
    reach = math.hypot(stats.t.ppf(0.975, B - 1) * image_sd, stats.t.ppf(0.975, 2) * training_sd)
    assert (verdict.low, verdict.high) == pytest.approx((0.095 - reach, 0.095 + reach))
    assert verdict.p is not None
    at_p = [stats.t.isf(verdict.p / 2, dof) * sd for dof, sd in ((B - 1, image_sd), (2, training_sd))]
    assert math.hypot(*at_p) == pytest.approx(0.095)
    assert verdict.outcome is Outcome.TIE
    back = judge(b, a)
    assert (back.difference, back.low, back.high) == pytest.approx((-0.095, -0.095 - reach, -0.095 + reach))


def test_two_seeds_of_one_method_are_not_ahead_of_each_other() -> None:
    """2 AP apart, which the images alone would call significant five times over."""
    verdict = judge(*pair([0.42], [0.40], image_sd=0.002))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_JUDGED, "one training each")
    assert verdict.image_sd < 0.004
    assert [verdict.low, verdict.high, verdict.training_sd, verdict.dof, verdict.p, verdict.p_holm] == [None] * 6


def test_one_training_is_judged_by_five_degrees_of_freedom_of_others_like_it() -> None:
    few, enough = TrainingNoise(1e-4, 4), TrainingNoise(1e-4, 5)
    for noise, outcome in ((few, Outcome.NOT_JUDGED), (enough, Outcome.ABOVE)):
        assert judge(cell("a", [0.5], noise), cell("b", [0.3, 0.31], noise)).outcome is outcome
    assert judge(cell("a", [0.5], few), cell("b", [0.3, 0.31], few)).reason == "one training of a"
    assert judge(cell("a", [0.5, 0.5], few), cell("b", [0.3], few)).reason == "one training of b"
    assert judge(cell("a", [0.5, 0.5], few), cell("b", [0.3, 0.31], few)).outcome is Outcome.ABOVE


def test_one_group_of_images_says_nothing() -> None:
    a, b = cell("a", [0.9, 0.91], groups=1), cell("b", [0.1, 0.11], groups=1)
    assert (judge(a, b).outcome, judge(a, b).reason) == (Outcome.NOT_JUDGED, "all images are one group")
    assert what_would_settle(a, b, 10) == Settling(None, None)
    assert mean_interval(a) is None


def test_training_noise_is_pooled_over_cells_like_these() -> None:
    pooled = training_noises([[0.1, 0.3], [0.5], [0.2, 0.2, 0.5], [0.4, 0.4]])
    assert pooled[0].variance == pytest.approx((0.02 + 0.06) / 4)
    assert [noise.dof for noise in pooled] == [4, 4, 4, 4]
    assert training_noises([[0.1], [0.2]]) == [TrainingNoise(0.0, 0)] * 2
    assert training_noises([[0.1, 0.2, 0.4], [0.3]])[1] == training_noises([[0.1, 0.2, 0.4]])[0]


def test_equal_cells_tie_and_differences_without_noise_do_not() -> None:
    none = TrainingNoise(0.0, 6)
    a, b, c = (cell(name, [ap, ap], none, image_sd=0.0) for name, ap in (("a", 0.4), ("b", 0.4), ("c", 0.5)))
    assert (judge(a, b).p, judge(a, b).outcome) == (1, Outcome.TIE)
    assert judge(a, c).p == pytest.approx(0)
    assert judge(a, c).outcome is Outcome.BELOW


def test_many_comparisons_ask_for_more() -> None:
    best, worst = cell("a", [0.53, 0.53, 0.53]), cell("b", [0.50, 0.50, 0.50])
    alone = judge(best, worst)
    assert alone.outcome is Outcome.ABOVE
    assert alone.p_holm == alone.p
    crowd = [cell(f"other {n}", [0.515] * 3) for n in range(12)]
    among = judge_all([best, worst, *crowd])["a", "b"]
    assert among.p == alone.p
    assert among.p_holm == pytest.approx(14 * 13 / 2 * (alone.p or 0))
    assert among.outcome is Outcome.TIE
    assert (among.low or 0) > 0


def test_pairs_that_are_not_judged_do_not_count_for_the_correction() -> None:
    few = TrainingNoise(1e-4, 2)
    two = [cell("a", [0.5, 0.51], few), cell("b", [0.3, 0.31], few)]
    verdicts = judge_all([*two, cell("once", [0.4], few)])
    assert list(verdicts) == [("a", "b"), ("a", "once"), ("b", "once")]
    assert verdicts["a", "b"] == judge(*two)
    assert {verdicts[pair].outcome for pair in (("a", "once"), ("b", "once"))} == {Outcome.NOT_JUDGED}


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_seeds_that_would_settle_a_tie() -> None:
    """Noise of trainings: seeds help and images do not; the number given is the first that does it."""
    a, b = cell("a", [0.51, 0.51], image_sd=0.002), cell("b", [0.50, 0.50], image_sd=0.002)
    settling = what_would_settle(a, b, 200)
    assert settling.more_images is None
    assert settling.more_seeds is not None
    n = settling.more_seeds
    for more, outcome in ((n, Outcome.ABOVE), (n - 1, Outcome.TIE)):
        noise = TrainingNoise(MANY.variance, MANY.dof + 2 * more)
        first, second = (cell(name, [ap] * (2 + more), noise, 0.002) for name, ap in (("a", 0.51), ("b", 0.50)))
        assert judge(first, second).outcome is outcome


def test_the_images_that_would_settle_a_tie() -> None:
    quiet = TrainingNoise(0.001**2, 12)
    a, b = (cell(name, [ap] * 3, quiet, image_sd=0.01) for name, ap in (("a", 0.51), ("b", 0.50)))
    settling = what_would_settle(a, b, 200)
    assert settling.more_seeds is None
    assert settling.more_images is not None
    n = 200 + settling.more_images
    for images, outcome in ((n, Outcome.ABOVE), (0.98 * n, Outcome.TIE)):
        fewer = [cell(c.name, [ap] * 3, quiet, 0.01 * math.sqrt(200 / images)) for c, ap in ((a, 0.51), (b, 0.50))]
        assert judge(*fewer).outcome is outcome


def test_nothing_settles_equals_and_what_is_settled_needs_nothing() -> None:
    a, b, far = (cell(name, [ap] * 2) for name, ap in (("a", 0.5), ("b", 0.5), ("far", 0.9)))
    assert what_would_settle(a, b, 200) == Settling(None, None)
    assert what_would_settle(a, far, 200) == Settling(0, 0)
    assert what_would_settle(*pair([0.42], [0.40]), 200) == Settling(1, None)


def test_pairs_are_settled_by_more_pairs() -> None:
    a = cell("a", [0.31, 0.41, 0.36], image_sd=0.0, shared="start")
    b = cell("b", [0.30, 0.38, 0.355], image_sd=0.0, shared="start")
    more = what_would_settle(a, b, 200).more_seeds
    assert more is not None
    sd, mean = np.std([0.01, 0.03, 0.005], ddof=1), np.mean([0.01, 0.03, 0.005])
    reached = [stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n) < mean for n in (3 + more - 1, 3 + more)]
    assert reached == [False, True]


def test_interval_of_a_mean_holds_both_noises_and_corrects_the_resamples_bias() -> None:
    own = cell("a", [0.50, 0.52])
    low, high = mean_interval(own) or (0, 0)
    reach = math.hypot(stats.t.ppf(0.975, B - 1) * 0.004, stats.t.ppf(0.975, 12) * 0.01 / math.sqrt(2))
    assert (low, high) == pytest.approx((0.51 - reach, 0.51 + reach))
    biased = Trainings("a", own.seeds, own.values + np.r_[0, np.full(B, 0.02)], MANY, 200)
    assert mean_interval(biased) == pytest.approx((low - 0.02, high - 0.02))
    assert mean_interval(cell("a", [0.5], TrainingNoise(1e-4, 4))) is None
    assert (mean_interval(cell("a", [0.999, 0.999])) or (0, 0))[1] == 1


def test_resamples_without_ground_truth_are_left_out() -> None:
    a, b = cell("a", [0.5, 0.52]), cell("b", [0.4, 0.42])
    values = a.values.copy()
    values[:, 5:9] = np.nan
    gaps = Trainings("a", a.seeds, values, MANY, 200)
    assert judge(gaps, b).image_sd == pytest.approx(np.delete(a.values[0] - b.values[0], range(5, 9))[1:].std(ddof=1))


def test_what_cannot_be_compared_is_refused() -> None:
    a = cell("a", [0.5, 0.52])
    with pytest.raises(EvaluationError, match="occurs twice in a, a"):
        judge_all([a, a])
    with pytest.raises(EvaluationError, match="a and b have different numbers of resamples"):
        judge(a, Trainings("b", (0,), a.values[:1, :-1], MANY, 200))
    with pytest.raises(EvaluationError, match="one row per seed"):
        Trainings("b", (0,), a.values, MANY, 200)
    with pytest.raises(EvaluationError, match="one row per seed"):
        Trainings("b", (0, 0), a.values, MANY, 200)
    with pytest.raises(EvaluationError, match="1 resamples; a variance needs at least 2"):
        Trainings("b", (0,), a.values[:1, :2], MANY, 200)
    with pytest.raises(EvaluationError, match="no ground truth"):
        Trainings("b", (0,), a.values[:1] * np.nan, MANY, 200)
