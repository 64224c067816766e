"""Masks to boxes: 8-connected components against a flood fill, thresholds, minimum area."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.datasets.readers.masks import binary_mask_boxes, components, index_mask_boxes, read_mask
from benchmark.datasets.readers.reading import Repairs


def flood(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Components by flood fill over the eight neighbours: boxes and areas."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    boxes = []
    while left:
        todo, part = [left.pop()], []
        while todo:
            y, x = todo.pop()
            part.append((y, x))
            for step in [(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]:
                if step in left:
                    left.remove(step)
                    todo.append(step)
        ys, xs = zip(*part, strict=True)
        boxes.append((min(xs), min(ys), max(xs) + 1, max(ys) + 1, len(part)))
    return sorted(boxes)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 24), st.integers(1, 24), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_components_equal_a_flood_fill(height: int, width: int, density: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < density
    boxes, areas = components(mask)
    assert sorted((*map(int, box), int(area)) for box, area in zip(boxes, areas, strict=True)) == flood(mask)


def test_diagonal_neighbours_are_one_component() -> None:
    boxes, areas = components(np.eye(5, dtype=bool))
    np.testing.assert_array_equal(boxes, [[0, 0, 5, 5]])
    assert areas.tolist() == [5]


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_grey_edges_fall_below_the_threshold_and_small_ones_are_counted(tmp_path: Path) -> None:
    pixels = np.zeros((40, 50), np.uint8)
    pixels[10:20, 5:25] = 255
    pixels[9, 5:25] = 100
    pixels[30:33, 30:33] = 255
    repairs = Repairs()
    boxes = binary_mask_boxes(save(tmp_path / "m.png", pixels), "crack", (50, 40), 127, repairs)
    np.testing.assert_array_equal(boxes.xyxy, [[5, 10, 25, 20]])
    assert boxes.written == 2
    assert repairs.counts == {"mask component under 20 px dropped": 1}


def test_index_mask_separates_touching_classes(tmp_path: Path) -> None:
    pixels = np.zeros((40, 50), np.uint8)
    pixels[0:10, 0:10] = 1
    pixels[0:10, 10:30] = 3
    boxes = index_mask_boxes(save(tmp_path / "m.png", pixels), {1: "inclusion", 3: "scratch"}, (50, 40), Repairs())
    assert dict(zip(boxes.names, boxes.xyxy.tolist(), strict=True)) == {
        "inclusion": [0, 0, 10, 10],
        "scratch": [10, 0, 30, 10],
    }


def test_palette_mask_keeps_its_indices(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 2, np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "m.png")
    assert np.unique(read_mask(tmp_path / "m.png")).tolist() == [2]


def test_unknown_index_wrong_size_missing_and_truncated(tmp_path: Path) -> None:
    path = save(tmp_path / "m.png", np.full((8, 9), 5, np.uint8))
    with pytest.raises(DataError, match="mask value 5 is not a class"):
        index_mask_boxes(path, {1: "a"}, (9, 8), Repairs())
    with pytest.raises(DataError, match="mask is 9x8 px, its image 8x8"):
        binary_mask_boxes(path, "a", (8, 8), 127, Repairs())
    with pytest.raises(DataError, match="the image is missing"):
        read_mask(tmp_path / "gone.png")
    (tmp_path / "cut.png").write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match="not a readable image"):
        read_mask(tmp_path / "cut.png")
