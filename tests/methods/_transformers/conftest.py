"""One home a module, and images with coloured squares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.sample import Sample


@pytest.fixture(scope="module", autouse=True)
def grounded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        patch.setenv("HF_HUB_CACHE", str(folder / "hub"))
        yield folder


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    made = []
    for i in range(8):
        pixels = rng.integers(90, 130, (64, 64 + 16 * (i % 2), 3)).astype(np.uint8)
        x, y = (int(v) for v in rng.integers(2, 38, 2))
        pixels[y : y + 24, x : x + 24] = ((220, 30, 30), (30, 220, 30))[i % 2]
        Image.fromarray(pixels).save(folder / f"{i}.png")
        boxes = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([i % 2]))
        made.append(Sample(i + 1, folder / f"{i}.png", pixels.shape[1], 64, boxes, "plate", f"part {i}", "made here"))
    return made
