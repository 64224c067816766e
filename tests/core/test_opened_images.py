"""Pixels reach a method upright and whole, or the file at fault is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.images import FORMATS, image_size, read_image, read_sample
from benchmark.core.sample import Sample


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


@pytest.mark.parametrize("form", [*FORMATS, "MPO"])
def test_the_content_says_what_a_file_is(tmp_path: Path, form: str) -> None:
    path = tmp_path / "image.any"
    Image.new("RGB", (5, 3), (200, 10, 10)).save(path, form)
    assert read_image(path).shape == (3, 5, 3)
    assert image_size(path) == (5, 3)


@pytest.mark.parametrize("form", ["EPS", "PDF", "JPEG2000", "ICO", "TGA", "PCX"])
def test_other_formats_are_refused_and_start_nothing(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {started}\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)  # it looks once
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (16, 16)).save(path, form)
    with pytest.raises(DataError, match=r"photo\.jpg: not a readable image \([1-9]\d* bytes, cannot identify"):
        read_image(path)
    assert not started.exists()
    if form == "EPS":  # as Pillow would without the list
        with pytest.raises(OSError, match=r".*"), Image.open(path) as image:
            image.load()
        assert started.exists()


def test_the_number_of_pixels_is_limited_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "large.bmp"
    Image.new("L", (8, 8)).save(path)
    header = bytearray(path.read_bytes())
    header[18:26] = (20_000).to_bytes(4, "little") * 2
    path.write_bytes(header)
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(DataError, match=r"large\.bmp: the image is too large; up to 178 megapixels"):
        image_size(path)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_sample_has_the_size_that_its_annotations_say(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (6, 4)).save(path)
    nothing = Annotations.from_boxes(np.zeros((0, 4)), np.zeros(0, np.int64))
    sample = Sample(1, path, 6, 4, nothing, "scene", "group", "source")
    assert read_sample(sample).shape == (4, 6, 3)
    with pytest.raises(DataError, match=r"a\.png: is 6x4 px, the annotations say 4x6"):
        read_sample(replace(sample, width_px=4, height_px=6))
