"""Pixel-identical copies and near-duplicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import DataError
from benchmark.datasets.build.dedupe import copies, fingerprint, fingerprints, near_duplicates


def scene(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 255, (7, 9), np.uint8)
    return Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).convert("RGB")


def save(folder: Path, *images: Image.Image) -> list[Path]:
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        image.save(path)
    return paths


def test_same_pixels_in_other_bytes_are_a_copy(tmp_path: Path) -> None:
    paths = save(tmp_path, scene(1), scene(2), scene(1))
    scene(1).save(tmp_path / "other.bmp")
    assert copies(fingerprints([*paths, tmp_path / "other.bmp"])) == {2: 0, 3: 0}


def test_flips_and_light_are_near_duplicates_and_others_are_not(tmp_path: Path) -> None:
    base = scene(1)
    changed = [
        ImageOps.mirror(base),
        ImageOps.flip(base),
        base.rotate(180),
        ImageEnhance.Brightness(base).enhance(1.1),
        base.resize((80, 60)),
    ]
    paths = save(tmp_path, base, *changed, *(scene(seed) for seed in range(2, 30)))
    prints = fingerprints(paths)
    pairs = set(near_duplicates(prints, paths))
    assert {(0, number) for number in range(1, 6)} <= pairs
    assert all(j <= 5 for _, j in pairs)
    assert not copies(prints)


def test_equal_hashes_alone_do_not_join(tmp_path: Path) -> None:
    """Two textures under the same shading: the hash sees only the shading."""
    shade = np.linspace(90, 160, 160)[None, :] * np.ones((120, 1))

    def textured(seed: int) -> Image.Image:
        noise: NDArray[np.float64] = np.random.default_rng(seed).normal(0, 40, (120, 160))
        return Image.fromarray(np.clip(shade + noise, 0, 255).astype(np.uint8))

    paths = save(tmp_path, textured(1), textured(2))
    prints = fingerprints(paths)
    near_shade = [int(np.asarray(each.hashes)[0]) for each in prints]
    assert not list(near_duplicates(prints, paths)), near_shade


@pytest.mark.parametrize(("correlation", "joined"), [(0.94, False), (0.96, True)])
def test_near_duplicates_correlate_by_at_least_0_95(tmp_path: Path, correlation: float, joined: bool) -> None:
    """One picture under two fine patterns, which its hash does not see and which have nothing in common."""
    base = np.asarray(scene(1).convert("L").resize((128, 128)), np.float64)
    centred = base - base.mean()
    strength = np.sqrt(np.mean(centred**2) * (1 / correlation - 1))
    odd = np.arange(128) % 2 * 2 - 1
    patterns = (odd[:, None] * odd[None, :], odd[:, None] * np.ones((1, 128)))
    shades = [0.5 * (centred + strength * pattern) + 128 for pattern in patterns]
    paths = save(tmp_path, *(Image.fromarray(shade.round().astype(np.uint8)) for shade in shades))
    assert list(near_duplicates(fingerprints(paths), paths)) == ([(0, 1)] if joined else [])


def test_flat_images_are_no_near_duplicates(tmp_path: Path) -> None:
    paths = save(tmp_path, Image.new("L", (20, 20), 9), Image.new("L", (20, 20), 90))
    assert not list(near_duplicates(fingerprints(paths), paths))
    assert not list(near_duplicates([], []))


def test_missing_and_truncated_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png: the image is missing"):
        fingerprint(tmp_path / "gone.png")
    path = save(tmp_path, scene(1))[0]
    (tmp_path / "cut.png").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    cut = fingerprint(tmp_path / "cut.png")
    assert cut.error.startswith("not a readable image")
    assert cut.sha256 == file_sha256(tmp_path / "cut.png")
    assert cut.hashes is None
