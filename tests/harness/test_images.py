"""Pixels reach a method upright and whole, or the file at fault is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.sample import Sample
from benchmark.harness.images import batches, read_image

NOTHING = Annotations.from_boxes(np.zeros((0, 4)), np.zeros(0, np.int64))


def _sample(path: Path, number: int, width_px: int, height_px: int) -> Sample:
    return Sample(number, path, width_px, height_px, NOTHING, "scene", "group", "source")


def test_orientation_is_applied(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    Image.fromarray(pixels).save(tmp_path / "tölt ed.png", exif=exif)
    seen = read_image(tmp_path / "tölt ed.png")
    assert seen.shape == (6, 4, 3)
    assert seen[0, 3].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    name = tmp_path / ("image.tif" if mode == "CMYK" else "image.png")
    Image.fromarray(np.full((3, 5), 7, np.uint16)).save(name) if mode == "I;16" else Image.new(mode, (5, 3)).save(name)
    assert read_image(name).shape == (3, 5, 3)
    assert read_image(name).dtype == np.uint8


def test_sixteen_bits_keep_their_high_byte(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256], [4096, 40000, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png")[..., 1].tolist() == (values >> 8).tolist()


def test_missing_empty_and_truncated_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png: the image is missing"):
        read_image(tmp_path / "gone.png")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    with pytest.raises(DataError, match=r"empty\.jpg: not a readable image \(0 bytes"):
        read_image(empty)
    whole = tmp_path / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole)
    short = tmp_path / "short.jpg"
    short.write_bytes(whole.read_bytes()[:600])
    with pytest.raises(DataError, match=r"short\.jpg: not a readable image"):
        read_image(short)


def test_batches_keep_order_and_check_sizes(tmp_path: Path) -> None:
    samples = []
    for number in range(1, 6):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (number, 2), (number, 0, 0)).save(path)
        samples.append(_sample(path, number, number, 2))
    seen = [(chunk, images) for chunk, images in batches(samples, 2)]
    assert [len(images) for _, images in seen] == [2, 2, 1]
    assert [int(image[0, 0, 0]) for _, images in seen for image in images] == [1, 2, 3, 4, 5]
    assert list(batches([], 2)) == []
    with pytest.raises(DataError, match="is 1x2 px, the annotations say 9x2"):
        list(batches([replace(samples[0], width_px=9)], 2))
