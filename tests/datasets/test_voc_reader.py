"""Pascal VOC xml."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.voc import read_voc

BOX = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"


def write(folder: Path, objects: str, size: str = "<size><width>40</width><height>50</height></size>") -> Path:
    path = folder / "scratches_1.xml"
    path.write_text(f"<annotation><folder>junk</folder><filename>no_suffix</filename>{size}{objects}</annotation>")
    return path


def test_class_is_the_object_name_and_never_the_file_name(tmp_path: Path) -> None:
    path = write(tmp_path, f"<object><name>inclusion</name>{BOX}</object>")
    boxes = read_voc(path, 40, 50, Repairs())
    np.testing.assert_array_equal(boxes.xyxy, [[2, 3, 20, 30]])
    assert boxes.names == ("inclusion",)


def test_wrong_size_is_counted(tmp_path: Path) -> None:
    repairs = Repairs()
    read_voc(write(tmp_path, f"<object><name>a</name>{BOX}</object>"), 41, 50, repairs)
    assert repairs.counts == {"image size in the label corrected": 1}


def test_no_object_is_defect_free(tmp_path: Path) -> None:
    assert read_voc(write(tmp_path, "", size=""), 40, 50, Repairs()).written == 0


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (f"<object>{BOX}</object>", "object 1: has no <name>"),
        ("<object><name>a</name></object>", "object 1: <bndbox> needs the numbers"),
        (f"<object><name>a</name>{BOX.replace('>20<', '>nan<')}</object>", "object 1: .*not a finite"),
        (f"<object><name>a</name>{BOX.replace('>20<', '>1<')}</object>", "object 1: .*inverted"),
    ],
)
def test_bad_object_is_named(tmp_path: Path, objects: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_voc(write(tmp_path, objects), 40, 50, Repairs())


def test_empty_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.xml").touch()
    with pytest.raises(DataError, match=r"a\.xml: not XML"):
        read_voc(tmp_path / "a.xml", 40, 50, Repairs())
    with pytest.raises(DataError, match=r"b\.xml: there is no such file"):
        read_voc(tmp_path / "b.xml", 40, 50, Repairs())
