"""DeepPCB text labels: spaces or commas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.deeppcb import read_deeppcb
from benchmark.datasets.readers.reading import Repairs

NAMES = {1: "open", 2: "short"}


def test_spaces_commas_and_both(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("466 441 493 470 2\n1,2,3,4,1\n5, 6, 7, 8, 1\n\n")
    boxes = read_deeppcb(path, NAMES, 640, 640, Repairs())
    np.testing.assert_array_equal(boxes.xyxy, [[466, 441, 493, 470], [1, 2, 3, 4], [5, 6, 7, 8]])
    assert boxes.names == ("short", "open", "open")


def test_zero_bytes_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    repairs = Repairs()
    assert read_deeppcb(tmp_path / "a.txt", NAMES, 640, 640, repairs).written == 0
    assert repairs.counts == {"empty label file read as defect-free": 1}


@pytest.mark.parametrize(("line", "message"), [("1 2 3 4", "4 numbers; expected 5"), ("1 2 3 4 0", "class id 0")])
def test_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(line)
    with pytest.raises(DataError, match=rf"a\.txt:1: .*{message}"):
        read_deeppcb(tmp_path / "a.txt", NAMES, 640, 640, Repairs())
