"""One surface is known again under another light and a little moved; another surface of its kind is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.datasets._build.scan import scan
from benchmark.datasets._sources._same_view import Views


def _surface(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 255, (40, 60), np.uint8))
    return np.asarray(coarse.resize((300, 200), Image.Resampling.BICUBIC), np.float64)


def _saved(values: np.ndarray, path: Path) -> Path:
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path)
    return path


def test_light_and_a_small_shift_change_little_and_another_surface_much(tmp_path: Path) -> None:
    surface = 60 + _surface(1) / 3
    dimmed = np.roll(surface, (4, -6), (0, 1)) * np.linspace(0.3, 1.1, 300) + 20
    files = [surface, dimmed, 60 + _surface(2) / 3, np.full((200, 300), 90.0)]
    views = Views([_saved(values, tmp_path / f"{number}.png") for number, values in enumerate(files)])
    assert views.agreement(0, 0) == pytest.approx(1, abs=1e-5)
    assert views.agreement(0, 1) > 0.85
    assert views.agreement(0, 2) < 0.3
    assert views.agreement(0, 3) == 0


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"half.jpg: not a readable image"):
        Views([tmp_path / "half.jpg"])


@pytest.mark.data
def test_tiles_that_came_back_are_one_group(open_data: Path) -> None:
    found = {image.path.stem: image.group for image in scan([open_data], ["magnetic-tile"]).images["magnetic-tile"]}
    assert found["exp4_num_85998"] == found["exp4_num_88149"] == found["exp1_num_86828"]
    assert found["exp5_num_8676"] == found["exp2_num_10410"] == found["exp6_num_10790"]
    assert found["exp3_num_346347"] != found["exp4_num_348673"], "two tiles under one light"
