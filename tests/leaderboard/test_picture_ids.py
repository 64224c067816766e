"""Ids of images are whole 64-bit numbers, which a script's numbers cannot hold: pages get them as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmark.core.record import RunRecord
from benchmark.leaderboard._record_data import record_data
from benchmark.leaderboard.context import Context, FailurePicture
from benchmark.records.seeds import seed_groups

LARGE = 2**53 + 1


def test_a_large_id_reaches_the_page_whole(make_record: Callable[..., RunRecord]) -> None:
    record = make_record()
    picture = FailurePicture(Path("x.jpg"), "x.jpg", LARGE, 10, 10, "wood", "made", "MIT", ())
    (cell,) = seed_groups([record])
    (shown,) = record_data(record, cell, Context(pictures={record.run_id: (picture,)}))["pictures"]
    assert shown["image_id"] == "9007199254740993"
