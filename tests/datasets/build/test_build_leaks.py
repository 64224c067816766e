"""Leaks across a split: planted ones are found, each by its kind, and what only looks alike is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError, RefusedError
from benchmark.core.sample import Category, Dataset, DatasetInfo, Progress, Sample, Split, SplitLists
from benchmark.datasets.build.leaks import Checked, find_leaks

INFO = DatasetInfo("planted", "made up", 1, (), split_rules=("closed", "zeroshot", "transfer"))
HOLE = Category("hole, wood", "hole", "wood", "wood processing")
KNOT = Category("knot, wood", "knot", "wood", "wood processing")


@dataclass(eq=False)
class Planted(Dataset):
    """Pictures in files; even numbers are for training and odd ones for testing, whatever they show."""

    samples: Mapping[int, Sample]
    categories: Sequence[Category] = (HOLE, KNOT)
    left_out: tuple[int, ...] = ()
    info: DatasetInfo = INFO
    digest: str = "0" * 64
    ensured: list[int] = field(default_factory=list)

    def split(self, rule: str) -> Split:
        if rule.startswith("transfer"):
            raise RefusedError("one scene only")
        used = sorted(set(self.samples) - set(self.left_out))
        train, test = (tuple(i for i in used if i % 2 == part) for part in (0, 1))
        return SplitLists(rule, train, (), test, (0,), (1,)) if rule == "zeroshot" else SplitLists(rule, train, (), test, (0, 1))

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:
        self.ensured.extend(image_ids)


def surface(seed: int, size: tuple[int, int] = (256, 192)) -> Image.Image:
    """Coarse shapes under grain, as a photo of a surface has."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 200, (9, 12), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    grainy: NDArray[np.float64] = np.asarray(coarse, np.float64) + rng.normal(0, 12, size[::-1])
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))


def planted(folder: Path, *pictures: Image.Image, groups: Sequence[str] = (), **others: Any) -> Planted:
    """Image ids from 2 on, so that neighbours lie on two sides."""
    samples = {}
    for image_id, picture in enumerate(pictures, start=2):
        path = folder / f"{image_id}.png"
        picture.save(path)
        group = groups[image_id - 2] if groups else f"part {image_id}"
        annotations = Annotations.from_boxes(np.array([[1.0, 1.0, 9.0, 9.0]]), np.array([image_id % 2]))
        samples[image_id] = Sample(image_id, path, *picture.size, annotations, "wood", group, "made up")
    return Planted(samples, **others)


def kinds(checked: Checked, rule: str = "closed") -> list[tuple[str, str, str]]:
    return [(leak.kind, leak.first, leak.second) for leak in checked.of(rule)]


def test_different_pictures_are_no_leak(tmp_path: Path) -> None:
    checked = find_leaks(planted(tmp_path, *map(surface, range(12))))
    assert not checked.leaks
    assert sorted(checked.splits) == ["closed", "zeroshot"]
    assert all(len(digest) == 64 for digest in checked.splits.values())
    assert checked.skipped == ("class meanings: no text encoder on this machine",)


def test_a_copied_picture(tmp_path: Path) -> None:
    dataset = planted(tmp_path, surface(1), surface(1), surface(2))
    checked = find_leaks(dataset, ["closed"])
    assert kinds(checked) == [("exact copy", "made up/2.png", "made up/3.png")]
    assert checked.leaks[0].sides == ("train", "test")
    assert dataset.ensured == [2, 3, 4]


def test_two_copies_of_a_picture_that_no_part_uses(tmp_path: Path) -> None:
    dataset = planted(tmp_path, surface(1), surface(1), surface(1), left_out=(2,))
    assert kinds(find_leaks(dataset)) == [("exact copy", "made up/3.png", "made up/4.png")]


def test_copies_on_one_side_are_none(tmp_path: Path) -> None:
    assert not find_leaks(planted(tmp_path, surface(1), surface(2), surface(1))).leaks


@pytest.mark.parametrize("change", [ImageOps.mirror, ImageOps.flip, lambda picture: picture.rotate(180)])
def test_a_flipped_picture(tmp_path: Path, change: Callable[[Image.Image], Image.Image]) -> None:
    dataset = planted(tmp_path, surface(1), change(surface(1)), surface(2))
    assert kinds(find_leaks(dataset, ["closed"])) == [("near-duplicate", "made up/2.png", "made up/3.png")]


@pytest.mark.parametrize("box", [(0, 0, 160, 120), (70, 50, 230, 170), (40, 30, 216, 162)])
def test_a_crop(tmp_path: Path, box: tuple[int, int, int, int]) -> None:
    pictures = [surface(1), surface(1).crop(box), *map(surface, range(2, 8))]
    assert kinds(find_leaks(planted(tmp_path, *pictures), ["closed"])) == [("crop", "made up/2.png", "made up/3.png")]


def test_a_mirrored_crop_and_one_of_the_same_part(tmp_path: Path) -> None:
    part = ImageOps.mirror(surface(1).crop((40, 30, 216, 162)))
    apart = find_leaks(planted(tmp_path, surface(1), part), ["closed"])
    assert kinds(apart) == [("crop", "made up/2.png", "made up/3.png")]
    together = find_leaks(planted(tmp_path, surface(1), part, groups=["board", "board"]), ["closed"])
    assert [(leak.kind, leak.why) for leak in together.leaks] == [("group", "both of board")]


def named(first: Category, second: Category, folder: Path) -> Planted:
    return planted(folder, surface(1), surface(2), categories=(first, second))


def test_a_novel_class_that_is_a_base_class(tmp_path: Path) -> None:
    def leaks_of(second: Category) -> list[tuple[str, str]]:
        return [(leak.kind, leak.why) for leak in find_leaks(named(HOLE, second, tmp_path)).of("zeroshot")]

    assert leaks_of(Category("Hole, steel", "Hole", "steel", "metallurgy")) == [("class name", "")]
    perforation = Category("perforation, steel", "perforation", "steel", "metallurgy", synonyms=("hole",))
    assert leaks_of(perforation) == [("class synonym", "both are called hole")]
    assert leaks_of(KNOT) == []
    assert not find_leaks(named(HOLE, perforation, tmp_path)).of("closed")


def test_a_novel_class_near_in_meaning(tmp_path: Path) -> None:
    vectors = {"hole": (1.0, 0.0), "opening": (0.9, 0.436), "knot": (0.0, 1.0)}

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([vectors[text] for text in texts], np.float32)

    opening = Category("opening, wood", "opening", "wood", "wood processing")
    checked = find_leaks(named(HOLE, opening, tmp_path), None, embed)
    assert [(leak.kind, leak.sides) for leak in checked.of("zeroshot")] == [("class meaning", ("base", "novel"))]
    assert checked.leaks[0].why == "cosine 0.900"
    assert checked.skipped == ()
    assert not find_leaks(named(HOLE, KNOT, tmp_path), None, embed).leaks


def test_names_composed_of_base_words_are_near_by_design(tmp_path: Path) -> None:
    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), 1), np.float32)

    def wood(name: str) -> Category:
        return Category(f"{name}, wood", name, "wood", "wood processing")

    composes = replace(INFO, composed_names=True)
    kinds_of_hole = (wood("red hole"), wood("Hole red"), wood("red slot"))
    dataset = planted(tmp_path, surface(1), surface(2), categories=kinds_of_hole, info=composes)
    checked = find_leaks(dataset, ["zeroshot"], embed)
    assert not checked.leaks
    assert checked.skipped == ("class meanings: 1 novel names, composed of the words of base names",)
    dataset.categories = (kinds_of_hole[0], kinds_of_hole[2])  # a word that no base name has
    assert [leak.kind for leak in find_leaks(dataset, ["zeroshot"], embed).leaks] == ["class meaning"]
    dataset.categories, dataset.info = kinds_of_hole, INFO
    assert [leak.kind for leak in find_leaks(dataset, ["zeroshot"], embed).leaks] == ["class meaning"]


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    dataset = planted(tmp_path, surface(1), surface(2))
    with pytest.raises(RefusedError, match="one scene only"):
        find_leaks(dataset, ["transfer:wood"])
    (tmp_path / "3.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"3\.png: .*; every image must be readable to be compared"):
        find_leaks(dataset)
