"""Checks that all readers share: what is repaired and counted, and what is an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.datasets.readers.reading import RawBox, Repairs, check_boxes, look_up, pair_by_stem


def boxes(*corners: tuple[float, float, float, float]) -> list[RawBox]:
    return [RawBox(f"a.txt:{i}", each, "scratch") for i, each in enumerate(corners, start=1)]


def test_box_outside_is_clipped_and_counted() -> None:
    repairs = Repairs()
    labelled = check_boxes(boxes((-5, 10, 30, 60)), 40, 50, repairs)
    np.testing.assert_array_equal(labelled.xyxy, [[0, 10, 30, 50]])
    assert repairs.facts() == {"box clipped at the image border": {"count": 1, "first": ["a.txt:1"]}}


def test_box_wholly_outside_and_box_without_area_are_dropped_and_counted() -> None:
    repairs = Repairs()
    labelled = check_boxes(boxes((50, 0, 60, 10), (5, 5, 5, 9), (1, 1, 2, 2)), 40, 50, repairs)
    assert len(labelled) == 1
    assert labelled.written == 3
    assert set(repairs.counts) == {"box wholly outside the image dropped", "box without area dropped"}


def test_box_written_twice_counts_once() -> None:
    repairs = Repairs()
    assert len(check_boxes(boxes((1, 1, 9, 9), (1, 1, 9, 9), (2, 1, 9, 9)), 40, 50, repairs)) == 2
    assert repairs.counts == {"box written twice, kept once": 1}


def test_rounding_at_the_border_is_no_repair() -> None:
    repairs = Repairs()
    labelled = check_boxes(boxes((0, 0, 40.0004, 50)), 40, 50, repairs)
    np.testing.assert_array_equal(labelled.xyxy, [[0, 0, 40, 50]])
    assert not repairs.counts


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_number_that_is_not_finite_is_an_error(value: float) -> None:
    with pytest.raises(DataError, match=r"a\.txt:1.*not a finite number"):
        check_boxes(boxes((1, 1, value, 9)), 40, 50, Repairs())


def test_inverted_box_is_an_error() -> None:
    with pytest.raises(DataError, match=r"a\.txt:1.*inverted.*x1 <= x2"):
        check_boxes(boxes((9, 1, 1, 9)), 40, 50, Repairs())


def test_unknown_class_id_names_the_valid_ones() -> None:
    with pytest.raises(DataError, match=r"a\.txt:1: unknown class id 7; valid: 0 scratch, 1 pit"):
        look_up({0: "scratch", 1: "pit"}, 7, "a.txt:1")


def test_image_size_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (30, 20)).save(tmp_path / "turned.jpg", exif=exif)
    assert image_size(tmp_path / "turned.jpg") == (20, 30)


def test_image_size_names_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jpg: the image is missing"):
        image_size(tmp_path / "gone.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(DataError, match=r"empty\.jpg: not a readable image \(0 bytes"):
        image_size(tmp_path / "empty.jpg")


def test_pairs_by_stem_and_counts_the_rest(tmp_path: Path) -> None:
    images = [tmp_path / name for name in ("a b.JPG", "ünï.png", "ünï.bmp", "alone.jpg")]
    labels = [tmp_path / name for name in ("A B.txt", "ünï.txt", "sub/ünï.txt", "lost.txt")]
    repairs = Repairs()
    pairs = pair_by_stem(images, labels, repairs)
    assert [(image.name, label.name) for image, label in pairs] == [("a b.JPG", "A B.txt"), ("ünï.bmp", "ünï.txt")]
    assert repairs.counts == {
        "image without a label file left out": 1,
        "label file without an image left out": 1,
        "second image of the same stem left out": 1,
        "second label file of the same stem left out": 1,
    }
