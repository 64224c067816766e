"""VSB-TUO's text labels: decimal commas, tabs, either spelling; bad lines are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.vsb import read_vsb

NAMES = {"live_knot": "Live_knot", "crack": "Crack"}


def written(path: Path, content: str) -> Path:
    path.write_bytes(content.encode("utf-8"))
    return path


def test_decimal_commas_are_relative_corners(tmp_path: Path) -> None:
    path = written(tmp_path / "1_anno.txt", "Live_Knot\t0,25\t0,5\t0,50\t1,00\r\n\r\nCRACK\t0.1\t0\t0.2\t1\r\n")
    boxes = read_vsb(path, NAMES, 200, 100, Repairs())
    assert boxes.names == ("Live_knot", "Crack")
    np.testing.assert_allclose(boxes.xyxy, [[50, 50, 100, 100], [20, 0, 40, 100]])


def test_a_name_with_a_space_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = written(tmp_path / "1_anno.txt", "\ufeffLive Knot 0,1 0,1 0,2 0,2\n")
    assert read_vsb(path, NAMES, 200, 100, Repairs()).names == ("Live_knot",)


def test_an_empty_file_is_a_board_without_defects(tmp_path: Path) -> None:
    repairs = Repairs()
    assert not len(read_vsb(written(tmp_path / "1_anno.txt", "\n"), NAMES, 200, 100, repairs))
    assert repairs.counts == {"empty label file read as defect-free": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Live_Knot\t0,25\t0,5\t0,50", r"1_anno\.txt:2: 4 fields; expected a name and left, top, right, bottom"),
        ("Wormhole\t0,1\t0,1\t0,2\t0,2", r":2: unknown class 'Wormhole'; valid: crack, live_knot"),
        ("Crack\t0,1\t0,1\tx\t0,2", r":2: could not convert string to float: 'x'; expected only numbers"),
        ("Crack\t28,0\t10,0\t90,0\t40,0", r":2: not relative to the image; divide pixels"),
        ("Crack\t0,5\t0,1\t0,2\t0,2", r":2: box .* is inverted"),
        ("Crack\tnan\t0,1\t0,2\t0,2", r":2: box .* not a finite number"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path / "1_anno.txt", f"Crack\t0,1\t0,1\t0,2\t0,2\n{line}\n")
    with pytest.raises(DataError, match=message):
        read_vsb(path, NAMES, 200, 100, Repairs())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_vsb(tmp_path / "1_anno.txt", NAMES, 200, 100, Repairs())
