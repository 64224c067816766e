"""Numbers and pictures of a run without what not every method offers, and files of another schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import RecordError
from benchmark.core.paths import Home
from benchmark.records import explanations
from benchmark.records.explanations import RECALLS, Numbers, Picture, find_numbers, write_numbers


def test_numbers_without_features(bench_home: Path) -> None:
    given = Numbers(
        "a" * 12, ("hole",), np.ones((3, 101), np.float32), np.eye(2, dtype=np.int64), 0.5, "on the test part"
    )
    path = write_numbers(Home.find().explanations, given)
    read = find_numbers(given.run_id)
    assert read is not None
    assert path.name == f"{given.run_id}.npz"
    assert (read.features.shape, read.labels.shape, read.image_ids.shape) == ((0, 0), (0,), (0,))
    assert (read.run_id, read.names, read.confidence, read.chosen) == ("a" * 12, ("hole",), 0.5, "on the test part")
    assert np.array_equal(read.confusion, given.confusion)
    assert pytest.approx([n / 100 for n in range(101)]) == RECALLS.tolist()
    assert Picture(1, "s", "made", "ours", True, 2, 2, (), b"").maps == {}


@pytest.mark.parametrize("schema", [0, 2])
def test_another_schema_is_refused(bench_home: Path, monkeypatch: pytest.MonkeyPatch, schema: int) -> None:
    given = Numbers("a" * 12, ("hole",), np.ones((3, 101), np.float32), np.eye(2, dtype=np.int64), 0.5, "x")
    with monkeypatch.context() as patch:
        patch.setattr(explanations, "SCHEMA", schema)
        write_numbers(Home.find().explanations, given)
    with pytest.raises(RecordError, match=f"schema is {schema}, this version reads 1; write it again"):
        find_numbers(given.run_id)
