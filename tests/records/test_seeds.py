"""What is said of the seeds of a cell together counts the measured ones, and no fewer than it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmark.core.record import Cost, RunRecord, Status, not_judged
from benchmark.records.seeds import SeedGroup, seed_groups

Make = Callable[..., RunRecord]


def test_numbers_are_of_the_measured_seeds(make_record: Make) -> None:
    failed = make_record(status=Status.FAILED, error="boom")
    first, second = make_record(ap=0.2, seed=1), make_record(ap=0.3, seed=2)
    (group,) = seed_groups([second, failed, first])
    assert group.records == (failed, first, second)
    assert group.good == (first, second)
    assert (group.first, group.spec, group.status) == (first, first.spec, Status.OK)
    assert group.mean("AP") == pytest.approx(0.25)
    assert group.deviation("AP") == pytest.approx(0.05 * 2**0.5)
    assert group.interval("AP") is None  # a run's own interval is not that of the mean
    assert SeedGroup((first,)).interval("AP") == first.intervals["AP"]
    assert (group.mean("P@val"), group.deviation("P@val"), group.interval("P@val")) == (None, None, None)


def test_one_seed_has_no_spread_and_none_has_no_mean(make_record: Make) -> None:
    one = SeedGroup((make_record(ap=0.2),))
    assert (one.mean("AP"), one.deviation("AP")) == (0.2, None)
    failed, blocked = (
        make_record(seed=seed, status=status, error="x") for seed, status in enumerate((Status.FAILED, Status.BLOCKED))
    )
    none = SeedGroup((failed, blocked))
    assert (none.good, none.first, none.status) == ((), failed, Status.FAILED)
    assert none.mean("AP") is none.deviation("AP") is None


def test_costs_are_medians_over_the_measured_seeds(make_record: Make) -> None:
    costs = [
        Cost(parameters=10, peak_memory_bytes=memory, train_hours=hours, device="CPU", latency_p50_s=0.1,
             latency_noisy=False)
        for memory, hours in ((900, 1.0), (100, 3.0), (200, None))
    ]  # fmt: skip
    records = [replace(make_record(seed=seed), cost=cost) for seed, cost in enumerate(costs)]
    failed = replace(make_record(seed=9, status=Status.FAILED, error="boom"), cost=Cost(peak_memory_bytes=1))
    (group,) = seed_groups([*records, failed])
    names = ("parameters", "peak_memory_bytes", "train_hours", "gflops")
    assert [group.cost(name) for name in names] == [10, 200, 2.0, None]
    assert (group.device, group.latency_settled) == ("CPU", True)
    moved = replace(records[2], cost=replace(costs[2], device="GPU"))
    (mixed,) = seed_groups([*records[:2], moved])
    assert (mixed.device, mixed.latency_settled) == ("CPU; GPU", False)
    (nothing,) = seed_groups([failed])
    assert (nothing.cost("parameters"), nothing.device, nothing.latency_settled) == (None, None, False)


@pytest.mark.parametrize(
    ("basis", "reason"),
    [
        ({"basis": {"good_val_images": 20}}, ""),
        ({"basis": {"good_val_images": 19}}, "not judged: 19 good validation images, 20 needed"),
        ({}, "not judged: the number of good validation images was not recorded"),
    ],
)
def test_rates_of_false_alarms_are_shown_only_on_enough_good_images(
    make_record: Make, basis: dict[str, dict[str, int]], reason: str
) -> None:
    metrics = {"AP": 0.1, "escape_rate@5%FA": 0.3, "false_alarm_rate@5%FA": None}
    record = replace(make_record(), metrics=metrics, facts=basis)
    assert not_judged(record, "escape_rate@5%FA") == reason
    assert not_judged(record, "false_alarm_rate@5%FA") == ""  # nothing was measured, so nothing is hidden
    assert not_judged(record, "AP") == ""
    (group,) = seed_groups([record])
    assert group.mean("escape_rate@5%FA") == (None if reason else 0.3)
