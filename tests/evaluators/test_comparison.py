"""Methods beside each other: paired differences, ranks with ties, images that would tell two apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError, UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap
from benchmark.evaluators.statistics.comparison import holm, paired_difference, rank_groups

MakeScored = Callable[..., ScoredSet]
BOX = np.array([[10.0, 10, 50, 50]])


def found_in(share: float, images: int = 200, seed: int = 0, group: int = 1) -> ScoredSet:
    """One box per image, detected without error in that share of the images: AP is that share."""
    found = np.random.default_rng(seed).permutation(images) < share * images
    ground_truth = Annotations.from_boxes(BOX, np.zeros(1, np.int64))
    samples = [
        Sample(i, Path("x.png"), 100, 100, ground_truth, "s", f"{i // group}", "made") for i in range(1, images + 1)
    ]
    one = Detections(BOX.astype(np.float32), np.full(1, 0.5, np.float32), np.zeros(1, np.int64))
    return ScoredSet(("a",), samples, {i: one if found[i - 1] else Detections.empty() for i in range(1, images + 1)})


def test_paired_difference_uses_the_same_images(make_scored: MakeScored) -> None:
    a = make_scored(0, images=60)
    b = dataclasses.replace(a, detections={i: own.best(3) for i, own in a.detections.items()})
    same = paired_difference([a], [a], resamples=50)
    assert same.point == {"AP": 0, "AP50": 0}
    assert same.bounds == {"AP": (0, 0), "AP50": (0, 0)}

    result = paired_difference(a, b, resamples=100)
    of_a, of_b = bootstrap_ap(a, resamples=100), bootstrap_ap(b, resamples=100)
    assert result.resampled["AP"] == pytest.approx(of_a.resampled["AP"] - of_b.resampled["AP"])
    assert result.resampled["AP"].std() < of_a.resampled["AP"].std()

    seeds = paired_difference([a, b], [b, b], resamples=100)
    assert seeds.resampled["AP"] == pytest.approx(result.resampled["AP"] / 2)


def test_several_seeds_are_averaged_in_each_resample(make_scored: MakeScored) -> None:
    first = make_scored(0, images=40)
    second = dataclasses.replace(first, detections={i: d.best(4) for i, d in first.detections.items()})
    together = bootstrap_ap([first, second], resamples=60, seed=2)
    alone = [bootstrap_ap(one, resamples=60, seed=2) for one in (first, second)]
    assert together.resampled["AP"] == pytest.approx(sum(one.resampled["AP"] for one in alone) / 2)
    assert together.point["AP"] == pytest.approx(
        np.mean([coco_ap.evaluate(one).metrics["AP"] for one in (first, second)])
    )


def test_classes_gained_and_lost(make_scored: MakeScored) -> None:
    a = make_scored(3, images=60)
    b = dataclasses.replace(a, detections={i: d.best(3) for i, d in a.detections.items()})
    difference = paired_difference(a, b, resamples=200)
    for one, position in ((a, 0), (b, 1)):
        for name, values in coco_ap.evaluate(one).per_class.items():
            assert difference.per_class[name][position] == pytest.approx(values["AP"])
    for ap_a, ap_b, low, high in difference.per_class.values():
        assert low <= ap_a - ap_b <= high or (ap_a == ap_b and low == high == 0)
    assert (difference.images, difference.groups) == (60, 60)
    crowded = make_scored(0, classes=30, images=4)
    present = {int(k) for s in crowded.samples for k in s.annotations.labels[~s.annotations.iscrowd]}
    assert set(paired_difference(crowded, crowded, resamples=5).per_class) == {f"class {k}" for k in present}


def test_no_interval_leaves_the_range_of_what_it_bounds() -> None:
    """Three parts, one of which is found in no image: so are some resamples, and 2 * 0.69 - 0 is not an AP."""
    found, missed = found_in(0.7, 10, seed=3, group=5), found_in(0.0, 10, group=5)
    assert np.quantile(bootstrap_ap(found).resampled["AP"], 0.025) == 0
    forth, back = paired_difference(found, missed), paired_difference(missed, found)
    for low, high in (forth.bounds["AP"], forth.per_class["a"][2:]):
        assert 0 < low < high == 1
    for low, high in (back.bounds["AP"], back.per_class["a"][2:]):
        assert -1 == low < high < 0
    best = rank_groups({"found": found, "missed": missed})[0]
    assert best.interval is not None
    assert 0 < best.interval[0] < best.interval[1] == 1


def test_images_that_would_separate_follow_the_square_root() -> None:
    """Four times as many images halve the interval: what just fails at n must be separated near the number given."""
    a, b = found_in(0.50, seed=1), found_in(0.45, seed=2)
    difference = paired_difference(a, b)
    more = difference.more_images()
    assert not difference.separated()
    assert more is not None
    assert more > 0
    low, _ = difference.bounds["AP"]
    point = difference.point["AP"]
    assert point is not None
    assert point - (point - low) * np.sqrt(200 / (200 + more)) >= 0
    assert point - (point - low) * np.sqrt(200 / (200 + more - 1)) < 0
    reverse = paired_difference(b, a)
    assert reverse.more_images() == pytest.approx(more, abs=2)
    images = 200 + more
    assert paired_difference(found_in(0.5, 2 * images, 1), found_in(0.45, 2 * images, 2)).separated()


def test_no_number_of_images_separates_equals() -> None:
    a = found_in(0.5)
    assert paired_difference(a, a).more_images() is None
    assert paired_difference(found_in(0.9), found_in(0.1)).more_images() == 0
    one_part = found_in(0.9, group=1000)
    assert paired_difference(one_part, found_in(0.1, group=1000)).more_images() is None


def test_ranks_share_a_place_where_nothing_tells_them_apart() -> None:
    methods = {
        "poor": found_in(0.1, seed=1),
        "good": found_in(0.80, seed=2),
        "as good": found_in(0.78, seed=3),
        "middling": found_in(0.45, seed=4),
    }
    ranks = {rank.name: rank for rank in rank_groups(methods)}
    assert list(ranks) == ["good", "as good", "middling", "poor"]
    assert [rank.rank for rank in ranks.values()] == [1, 1, 3, 4]
    assert ranks["good"].tied == ("as good",)
    assert ranks["middling"].tied == ()
    assert ranks["good"].value == pytest.approx(0.8, abs=0.01)
    low, high = ranks["good"].interval or (0, 0)
    assert low < 0.8 < high


def test_a_rank_is_the_pairs_own_interval_where_there_are_two() -> None:
    for share in (0.50, 0.55, 0.60, 0.65):
        methods = {"a": found_in(share, seed=1), "b": found_in(0.45, seed=2)}
        ranks = rank_groups(methods)
        assert (ranks[1].rank == 2) == paired_difference(methods["a"], methods["b"]).separated()


def test_many_comparisons_ask_for_more() -> None:
    """A pair that is told apart alone is not where two dozen others stand in the same table."""
    pair = {"a": found_in(0.59, seed=1), "b": found_in(0.45, seed=2)}
    assert {rank.name: rank.rank for rank in rank_groups(pair)} == {"a": 1, "b": 2}
    crowd = {f"other {n}": found_in(0.5, seed=n + 10) for n in range(24)}
    assert {rank.name: rank.rank for rank in rank_groups(pair | crowd, resamples=300)}["b"] == 1


def test_ranks_of_seeds_by_ap50(make_scored: MakeScored) -> None:
    a = make_scored(0, images=50)
    b = dataclasses.replace(a, detections={i: d.best(2) for i, d in a.detections.items()})
    ranks = rank_groups({"two seeds": [a, b], "one": [b]}, metric="AP50", resamples=200)
    values = {rank.name: rank.value for rank in ranks}
    ap50 = np.array([coco_ap.evaluate(one).metrics["AP50"] for one in (a, b)], float)
    assert values == {"two seeds": pytest.approx(ap50.mean()), "one": pytest.approx(ap50[1])}


def test_a_single_part_has_ranks_but_no_intervals() -> None:
    ranks = rank_groups({"a": found_in(0.9, group=1000), "b": found_in(0.1, group=1000)})
    assert [(rank.rank, rank.interval, len(rank.tied)) for rank in ranks] == [(1, None, 1), (1, None, 1)]


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_unpaired_sets_are_refused(make_scored: MakeScored) -> None:
    a = make_scored(0)
    with pytest.raises(EvaluationError, match="at least one set"):
        paired_difference([a], [])
    with pytest.raises(EvaluationError, match="at least one set"):
        rank_groups({})
    with pytest.raises(EvaluationError, match="different class names"):
        paired_difference([a], [dataclasses.replace(a, names=("w", "x", "y", "z"))])
    fewer = dataclasses.replace(a, samples=a.samples[1:], detections={
        s.image_id: a.detections[s.image_id] for s in a.samples[1:]
    })  # fmt: skip
    with pytest.raises(EvaluationError, match="different images"):
        paired_difference([a], [fewer])
    with pytest.raises(EvaluationError, match="different ground truth"):
        rank_groups({"a": a, "b": make_scored(1)})
    columns = columns_of(a)
    regrouped = dataclasses.replace(columns, groups=tuple("x" for _ in columns.groups))
    with pytest.raises(EvaluationError, match="different ground truth"):
        paired_difference(a, regrouped)


def test_ranks_that_cannot_be_given_are_refused(make_scored: MakeScored) -> None:
    with pytest.raises(UnknownNameError, match="unknown metric to rank by 'AP75'"):
        rank_groups({"a": make_scored(0)}, metric="AP75")
    with pytest.raises(EvaluationError, match="no ground truth"):
        rank_groups({"a": make_scored(0, empty=1.0)})
