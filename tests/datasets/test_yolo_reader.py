"""YOLO labels: boxes, polygons, both in one file, with and without names, and everything that can be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.yolo import read_names, read_yolo

NAMES = {0: "hole", 1: "knot"}


def write(folder: Path, content: str) -> Path:
    path = folder / "ä label.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_boxes_and_polygons_in_one_file(tmp_path: Path) -> None:
    path = write(tmp_path, "0 0.5 0.5 0.2 0.4\n\n1.0 0.1 0.1 0.3 0.2 0.2 0.5\n")
    boxes = read_yolo(path, NAMES, 100, 200, Repairs())
    np.testing.assert_allclose(boxes.xyxy, [[40, 60, 60, 140], [10, 20, 30, 100]])
    assert boxes.names == ("hole", "knot")


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf0 0.5 0.5 1 1\r\n")
    assert len(read_yolo(path, NAMES, 10, 10, Repairs())) == 1


def test_zero_byte_label_is_defect_free_and_counted(tmp_path: Path) -> None:
    repairs = Repairs()
    boxes = read_yolo(write(tmp_path, ""), NAMES, 10, 10, repairs)
    assert (len(boxes), boxes.written) == (0, 0)
    assert repairs.counts == {"empty label file read as defect-free": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5 0.5 0.5 0.1 0.1", "unknown class id 5; valid: 0 hole, 1 knot"),
        ("0.5 0.5 0.5 0.1 0.1", "unknown class id 0.5"),
        ("0 0.5 nan 0.1 0.1", "not a finite number"),
        ("0 0.5 0.5 -0.1 0.1", "inverted"),
        ("0 0.5 0.5 0.1", "4 numbers; expected 5"),
        ("0 0.1 0.1 0.2 0.2 0.3", "6 numbers; expected 5"),
        ("0 a 0.5 0.1 0.1", "expected only numbers"),
        ("0 320 240 64 48", "not relative to the image"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, f"0 0.5 0.5 0.1 0.1\n{line}\n")
    with pytest.raises(DataError, match=f"label.txt:2: .*{message}"):
        read_yolo(path, NAMES, 100, 100, Repairs())


@pytest.mark.parametrize("content", ["names: [hole, knot]\nnc: 2\n", "names:\n  0: hole\n  1: knot\n"])
def test_names_of_data_yaml(tmp_path: Path, content: str) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(content)
    assert read_names(path) == NAMES


def test_names_of_classes_txt(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("hole\nknot\n\n")
    assert read_names(path) == NAMES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nc: 2\n", "has no 'names'"),
        ("- a\n", "has no 'names'"),
        ("a: [", "not YAML"),
        ("names: {pit: 0}", "has the key 'pit'"),
    ],
)
def test_data_yaml_without_names(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_names(path)
