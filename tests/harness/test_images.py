"""Samples reach a method in order and in the size that their annotations say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.sample import Sample
from benchmark.harness.images import batches

NOTHING = Annotations.from_boxes(np.zeros((0, 4)), np.zeros(0, np.int64))


def _sample(path: Path, number: int, width_px: int, height_px: int) -> Sample:
    return Sample(number, path, width_px, height_px, NOTHING, "scene", "group", "source")


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
