"""The training set reads exactly what its samples say, and nothing that merely lies beside them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.core.images import read_image
from benchmark.core.sample import Sample
from tests.methods._ultralytics.small_engine import NAMES

pytestmark = pytest.mark.models


def dataset_of(samples: list[Sample]) -> Any:
    from methods._ultralytics.library import prepare

    prepare()
    from ultralytics.utils import DEFAULT_CFG

    from methods._ultralytics.loader import SampleDataset

    return SampleDataset(samples, 64, 4, dict(enumerate(NAMES.names)), DEFAULT_CFG, augment=True)


@pytest.mark.parametrize("kind", ["array of the image's shape", "array of another shape", "no array"])
def test_a_users_npy_beside_an_image_is_neither_read_nor_touched(
    kind: str, samples: list[Sample], tmp_path: Path
) -> None:
    path = tmp_path / "part.png"
    path.write_bytes(samples[0].path.read_bytes())
    own = path.with_suffix(".npy")
    if kind == "no array":
        own.write_bytes(b"measured by hand")
    else:
        np.save(own, np.zeros((64, 64, 3) if "image's" in kind else (64, 64), np.uint8))
    before = own.read_bytes()
    pixels, _, _ = dataset_of([dataclasses.replace(samples[0], path=path)]).load_image(0)
    np.testing.assert_array_equal(pixels[..., ::-1], read_image(path))
    assert own.read_bytes() == before


def test_an_image_of_another_size_than_its_sample_is_named(samples: list[Sample]) -> None:
    wrong = dataclasses.replace(samples[0], width_px=128)
    with pytest.raises(DataError, match=r"0\.png: is 64x64 px, the annotations say 128x64"):
        dataset_of([wrong]).load_image(0)


def test_what_does_not_fit_into_memory_is_forgotten(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = dataset_of(samples)
    assert all(image is not None for image in dataset.ims)
    dataset.forget()
    assert all(image is not None for image in dataset.ims)
    monkeypatch.setattr("methods._ultralytics.loader._RAM_LIMIT_BYTES", 0)
    dataset = dataset_of(samples)
    for i in (3, 5):
        dataset.load_image(i)
    assert [i for i, image in enumerate(dataset.ims) if image is not None] == dataset.buffer == [3, 5]
    dataset.forget()
    assert [i for i, image in enumerate(dataset.ims) if image is not None] == dataset.buffer == []


def test_a_damaged_image_is_named_also_after_the_library_was_imported(tmp_path: Path) -> None:
    from methods._ultralytics.library import prepare

    prepare()
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"nothing that is an image")
    with pytest.raises(DataError, match=r"damaged\.png: not a readable image"):
        read_image(damaged)
