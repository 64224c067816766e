"""What a person reads after a run: intervals beside what has one, groups of metrics on lines of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmark.cli._printing import metric_lines
from benchmark.core.record import RunRecord


def test_metrics_are_told_in_groups(make_record: Callable[..., RunRecord]) -> None:
    record = replace(
        make_record(),
        metrics={
            "AP": 0.501,
            "AP_rel_small": 0.4,
            "boxes_rel_small": 12,
            "AP_rel_tiny": None,
            "boxes_rel_tiny": 0,
            "AP_elongated": 0.1,
            "boxes_elongated": 3,
            "dAP50_class": 0.2,
            "AP_base": 0.6,
            "P@maxF1": 0.7,
            "conf@maxF1": 0.25,
        },
        intervals={"AP": (0.4, 0.55)},
    )
    assert metric_lines(record.metrics, record.intervals) == [
        "AP 50.1 [40.0, 55.0]  AP_base 60.0",
        "at one confidence: P@maxF1 70.0  conf@maxF1 0.250",
        "AP50 lost to errors of: class 20.0",
        "AP by a box's share of the image, and of long boxes: small 40.0 (12 boxes)  elongated 10.0 (3 boxes)",
    ]
    assert metric_lines({}, {}) == []
