"""Pictures of one place are found at any shift and under any light; stripes, blobs and empty grounds prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.build.views import View, find_views, find_views_by_scene

SIDE_PX = 200
Picture = NDArray[np.float64]


def _surface(seed: int, height: int = 2 * SIDE_PX, width: int = 3 * SIDE_PX) -> Picture:
    """Blotches of about 5 px between 60 and 190."""
    grain = np.random.default_rng(seed).integers(0, 255, (height // 5, width // 5), np.uint8)
    blurred = Image.fromarray(grain).resize((width, height), Image.Resampling.BICUBIC)
    return 60 + np.asarray(blurred, np.float64) / 2


def _cut(surface: Picture, left: int, top: int) -> Picture:
    return surface[top : top + SIDE_PX, left : left + SIDE_PX]


def _found(folder: Path, *pictures: Picture, groups: str | None = None) -> list[View]:
    paths = []
    for number, values in enumerate(pictures):
        paths.append(folder / f"{number}.jpg")
        Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(paths[-1], quality=80)
    return list(find_views(paths, list(groups or "abcdefgh"[: len(paths)])))


@pytest.mark.parametrize(("right", "down"), [(0, 0), (50, 0), (0, 100), (-60, 70), (110, -20), (150, 0)])
def test_a_shifted_picture_is_found_with_its_shift(tmp_path: Path, right: int, down: int) -> None:
    surface = _surface(1)
    start = (160, 100)
    (view,) = _found(tmp_path, _cut(surface, *start), _cut(surface, start[0] + right, start[1] + down), _surface(2))
    assert (view.first, view.second) == (0, 1)
    assert view.shift == pytest.approx((right / SIDE_PX, down / SIDE_PX), abs=0.011)
    assert view.agreement > 0.8


def test_another_light_hides_no_place(tmp_path: Path) -> None:
    surface = _surface(3)
    bright = _cut(surface, 20, 30)
    dim = _cut(surface, 40, 30) * np.linspace(0.25, 1.1, SIDE_PX) + 15
    assert [(view.first, view.second) for view in _found(tmp_path, bright, dim)] == [(0, 1)]


@pytest.mark.parametrize("right", [0, 70])
def test_a_turned_picture_is_found(tmp_path: Path, right: int) -> None:
    surface = _surface(6)
    (view,) = _found(tmp_path, _cut(surface, 100, 100), _cut(surface, 100 + right, 100)[::-1, ::-1])
    assert view.turned
    assert view.shift == pytest.approx((right / SIDE_PX, 0), abs=0.011)


def _striped(seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 4, (SIDE_PX, SIDE_PX))
    return np.tile(np.where(np.arange(SIDE_PX) % 23 < 5, 200.0, 90.0), (SIDE_PX, 1)) + noise


def _blob(seed: int) -> Picture:
    image = Image.new("L", (SIDE_PX, SIDE_PX), 255)
    ImageDraw.Draw(image).ellipse([60 + 9 * seed, 80 - 7 * seed, 75 + 9 * seed, 92 - 7 * seed], fill=0)
    return np.asarray(image, np.float64)


@pytest.mark.parametrize("draw", [_surface, _striped, _blob, lambda seed: np.full((SIDE_PX, SIDE_PX), 80.0 + seed)])
def test_what_only_looks_alike_is_not_taken_for_one_place(tmp_path: Path, draw: Callable[[int], Picture]) -> None:
    assert _found(tmp_path, *(draw(seed) for seed in range(4))) == []


def test_pictures_of_one_group_need_no_pair_and_a_pair_joins_groups(tmp_path: Path) -> None:
    surface = _surface(4)
    pictures = [_cut(surface, left, 100) for left in (0, 40, 80, 120)]
    assert _found(tmp_path, *pictures, groups="aaaa") == []
    assert len(_found(tmp_path, *pictures, groups="aabb")) == 1
    assert len(_found(tmp_path, *pictures, groups="abcd")) == 3


def test_among_many_pictures_those_of_one_place_are_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.datasets.build.views.FEW", 0)
    monkeypatch.setattr("benchmark.datasets.build.views.LIKELIEST", 3)
    surfaces = [_surface(seed) for seed in range(10, 30)]
    pictures = [_cut(surface, 100, 100) for surface in surfaces]
    pictures += [_cut(surfaces[3], 120, 90), _cut(surfaces[7], 100, 130)]
    names = "abcdefghijklmnopqrstuvwxyz"[: len(pictures)]
    assert [(view.first, view.second) for view in _found(tmp_path, *pictures, groups=names)] == [(3, 20), (7, 21)]


def test_scenes_are_looked_at_apart(tmp_path: Path) -> None:
    surface = _surface(5)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path, left in zip(paths, (0, 30, 60), strict=True):
        Image.fromarray(_cut(surface, left, 10).astype(np.uint8)).save(path)
    views = find_views_by_scene(paths, ["wood", "steel", "wood"], ["a", "b", "c"])
    assert [(view.first, view.second) for view in views] == [(0, 2)]


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"one.jpg: not a readable image"):
        list(find_views([tmp_path / "one.jpg", tmp_path / "two.jpg"], ["a", "b"]))


@pytest.mark.data
def test_crops_of_one_photograph_and_exposures_of_one_tile(open_data: Path) -> None:
    read_images = scan([open_data], ["cr7-det", "magnetic-tile", "neu-det"]).images
    paths = {image.path.stem: image.path for images in read_images.values() for image in images}
    pairs = [("dents359", "dents571"), ("inclusions97", "inclusions502"), ("exp2_num_10410", "exp5_num_8676"),
             ("pitted_surface_173", "pitted_surface_174"), ("patches_189", "patches_193"),
             ("inclusion_7", "inclusion_9")]  # fmt: skip
    for first, second in pairs:
        assert list(find_views([paths[first], paths[second]], ["a", "b"])), (first, second)
    others = ["scratches_128", "scratches_172", "exp3_num_346347", "exp4_num_348673", "punching430", "punching497"]
    for first, second in zip(others[::2], others[1::2], strict=True):
        assert not list(find_views([paths[first], paths[second]], ["a", "b"])), (first, second)
