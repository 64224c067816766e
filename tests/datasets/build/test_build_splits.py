"""Splits on made-up images: disjoint in images and groups, stratified, seeded, independent of order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations
from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.sample import Category, Sample, Split
from benchmark.datasets.build.novel import KEPT_SHARE, choose_novel, defect_names, families_of, same_defects
from benchmark.datasets.build.splits import (
    closed_split,
    share_out,
    synonym_split,
    transfer_split,
    upper_bound_split,
    zeroshot_split,
)


def make(image_id: int, labels: list[int], scene: str = "steel", group: str | None = None) -> Sample:
    boxes = np.array([[1.0, 1.0, 9.0, 9.0]] * len(labels)).reshape(-1, 4)
    annotations = Annotations.from_boxes(boxes, np.array(labels, np.int64))
    path = Path(f"{image_id}.png")
    return Sample(image_id, path, 10, 10, annotations, scene, group or f"g{image_id}", "made up")


def numbered(*rows: Sample) -> dict[int, Sample]:
    return {sample.image_id: sample for sample in rows}


def many() -> dict[int, Sample]:
    """400 images: a long tail of 5 classes, pairs share a group, every tenth image is defect-free."""
    weights = [0] * 20 + [1] * 10 + [2] * 5 + [3] * 3 + [4] * 2
    rows = []
    for i in range(400):
        labels = [] if i % 10 == 0 else sorted({weights[(i * 7) % 40], weights[(i * 11) % 40]})
        rows.append(make(i + 1, labels, "steel" if i % 3 else "wood", f"pair{i // 2}"))
    return numbered(*rows)


def check_disjoint(samples: dict[int, Sample], split: Split) -> None:
    groups = [{samples[i].group for i in part} for part in (split.train, split.val, split.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


def images_with(samples: dict[int, Sample], ids: tuple[int, ...], label: int) -> int:
    return sum(label in samples[i].annotations.labels for i in ids)


def test_same_defects_by_defect_synonym_and_spelling() -> None:
    categories = [
        Category("crack, wood", "crack", "wood", "a"),
        Category("Crack, steel", "Crack", "steel", "a"),
        Category("hole", "hole", "all", "a", ("stain",)),
        Category("Stain", "Stain", "all", "a"),
        Category("?", "?", "all", "a"),
        Category("!", "!", "all", "a"),
    ]
    assert same_defects(categories, [0], [1, 2, 3, 4, 5]) == {0: 1}
    assert same_defects(categories, [2], [0, 1, 3, 4, 5]) == {2: 3}
    assert same_defects(categories, [3], [0, 1, 2, 4, 5]) == {3: 2}
    assert same_defects(categories, [0, 2], [1, 3]) == {0: 1, 2: 3}
    assert same_defects(categories, [0, 1, 5], [2, 3, 4]) == {}
    assert same_defects(categories, [], [0, 1]) == {}


def test_closed_keeps_groups_whole_and_shares_every_class() -> None:
    samples = many()
    split = closed_split(samples, 5)
    check_disjoint(samples, split)
    assert sorted([*split.train, *split.val, *split.test]) == sorted(samples)
    assert len(split.test) == pytest.approx(80, abs=6)
    assert len(split.val) == pytest.approx(32, abs=5)
    for label in range(5):
        total = images_with(samples, tuple(samples), label)
        assert images_with(samples, split.test, label) == pytest.approx(0.2 * total, abs=3)
    free = sum(not len(samples[i].annotations) for i in split.test)
    assert free == pytest.approx(8, abs=3)


def test_split_depends_on_the_seed_and_not_on_the_order() -> None:
    samples = many()
    backwards = dict(reversed(samples.items()))
    assert closed_split(samples, 5).digest == closed_split(backwards, 5).digest
    assert closed_split(samples, 5, seed=0).digest != closed_split(samples, 5, seed=1).digest


def test_big_groups_are_balanced_too() -> None:
    samples = numbered(*(make(i, [i % 3], group=f"board{i % 10}") for i in range(1, 201)))
    split = closed_split(samples, 3)
    check_disjoint(samples, split)
    assert len(split.test) == 40


def test_a_class_with_one_group_is_trained_on() -> None:
    samples = numbered(*(make(i, [0, 1] if i == 7 else [0]) for i in range(1, 40)))
    for seed in range(8):
        assert 7 not in closed_split(samples, 2, seed).test


def test_a_class_with_one_group_is_trained_on_even_where_its_images_are_wanted_for_the_test() -> None:
    """Part a, the first to be dealt out, takes class 0 to training; class 2's only part would make up for that."""
    samples = numbered(make(1, [0, 1], group="a"), *(make(i, [0, 2], group="b") for i in (2, 3)))
    train, test = share_out(samples.values(), 0.5, seed=0)
    assert [sample.image_id for sample in train] == [1, 2, 3]
    assert test == []


def test_a_class_with_two_groups_is_trained_on_and_tested() -> None:
    train, test = share_out([make(1, [0]), make(2, [0])], 0.5, seed=0)
    assert len(train) == len(test) == 1


def test_zeroshot_fits_without_novel_boxes_and_without_their_groups() -> None:
    samples = many()
    split = zeroshot_split(samples, [4], 5)
    check_disjoint(samples, split)
    for image_id in (*split.train, *split.val):
        assert 4 not in samples[image_id].annotations.labels
    assert images_with(samples, split.test, 4) == images_with(samples, tuple(samples), 4)
    for image_id in split.test:
        labels = samples[image_id].annotations.labels
        assert 4 in labels or not len(labels)
    assert split.base == (0, 1, 2, 3)
    assert split.novel == (4,)


def test_zeroshot_base_image_beside_a_novel_one_goes_nowhere() -> None:
    samples = numbered(
        make(1, [1], group="part"), make(2, [0], group="part"), make(3, [], group="part"), make(4, [0]), make(5, [0])
    )
    split = zeroshot_split(samples, [1], 2)
    assert split.test == (1, 3)
    assert {*split.train, *split.val} == {4, 5}


def test_zeroshot_shares_out_defect_free_images() -> None:
    samples = numbered(make(1, [1]), make(2, [0]), *(make(i, []) for i in range(10, 60)))
    split = zeroshot_split(samples, [1], 2)
    assert len(split.test) == 1 + 10


@pytest.mark.parametrize("novel", [[], [0, 1]])
def test_zeroshot_refuses_without_base_or_novel(novel: list[int]) -> None:
    with pytest.raises(RefusedError, match="base and novel"):
        zeroshot_split(numbered(make(1, [0]), make(2, [1])), novel, 2)


def test_upper_bound_moves_half_of_the_novel_groups_to_the_fit() -> None:
    samples = many()
    whole = zeroshot_split(samples, [4], 5)
    split = upper_bound_split(samples, whole)
    check_disjoint(samples, split)
    assert (split.base, split.novel) == (whole.base, whole.novel)
    assert set(split.test) < set(whole.test)
    assert set(whole.train) < set(split.train)
    moved = {*split.train, *split.val} - {*whole.train, *whole.val}
    assert moved == set(whole.test) - set(split.test)
    novel_groups = [{samples[i].group for i in part if 4 in samples[i].annotations.labels} for part in (moved, split.test)]
    assert abs(len(novel_groups[0]) - len(novel_groups[1])) <= 1
    assert {samples[i].group for i in moved} == novel_groups[0]  # nothing else that zero-shot tests is trained on


def test_upper_bound_needs_two_novel_groups() -> None:
    samples = numbered(make(1, [1]), make(2, [0]), make(3, [0]))
    with pytest.raises(RefusedError, match="there is 1 of them"):
        upper_bound_split(samples, zeroshot_split(samples, [1], 2))


def test_transfer_leaves_a_scene_out() -> None:
    samples = numbered(
        *(make(i, [0], "steel") for i in range(1, 30)), *(make(i, [1, 2], "wood") for i in range(30, 40))
    )
    split = transfer_split(samples, "wood", 3)
    assert split.test == tuple(range(30, 40))
    assert split.base == (0,)
    assert split.novel == (1, 2)
    assert split.rule == "transfer:wood"
    assert {samples[i].scene for i in (*split.train, *split.val)} == {"steel"}


def test_transfer_names_the_scenes_it_knows() -> None:
    with pytest.raises(UnknownNameError, match="steel"):
        transfer_split(numbered(make(1, [0])), "steal", 1)


def test_transfer_needs_a_second_scene() -> None:
    with pytest.raises(RefusedError, match="two scenes"):
        transfer_split(numbered(make(1, [0])), "steel", 1)


def kind(defect: str, scene: str, super_category: str, *synonyms: str) -> Category:
    return Category(f"{defect}, {scene}", defect, scene, super_category, tuple(f"{s}, {scene}" for s in synonyms))


def test_synonym_split_asks_only_for_classes_with_synonyms() -> None:
    categories = [kind("scratch", "steel", "metal", "score"), kind("pit", "steel", "metal")]
    samples = numbered(*(make(i, [i % 2]) for i in range(1, 21)))
    split = synonym_split(samples, categories)
    assert split.base == (0,)
    assert split.novel == ()
    assert len(split.test) == 4
    with pytest.raises(RefusedError, match="synonyms"):
        synonym_split(samples, categories[1:])


def test_names_lose_scene_and_spelling() -> None:
    category = kind("Pin-hole", "board", "electronics", "tiny hole")
    assert defect_names(category) == {"pinhole", "tinyhole"}


def test_families_join_through_any_name() -> None:
    categories = [
        kind("scratch", "steel", "metal", "score"),
        kind("hole", "cloth", "textiles"),
        kind("scratch", "leather", "goods"),
        kind("scuff", "car", "metal", "score"),
    ]
    assert families_of(categories) == [[0, 2, 3], [1]]


def test_novel_is_never_a_base_defect_under_another_name() -> None:
    categories = [kind(f"m{i}", "steel", "metal") for i in range(6)] + [
        kind("m0", "cloth", "textiles"),
        *(kind(f"t{i}", "cloth", "textiles") for i in range(4)),
    ]
    samples = numbered(
        *(make(i, [i % 6], "steel") for i in range(1, 121)),
        *(make(i, [6 + i % 5], "cloth") for i in range(121, 221)),
    )
    for seed in range(10):
        novel = choose_novel(samples, categories, seed)
        assert {categories[c].super_category for c in novel} == {"metal", "textiles"}
        base = [c for c in range(len(categories)) if c not in novel]
        names = set().union(*(defect_names(categories[c]) for c in base))
        assert not any(defect_names(categories[c]) & names for c in novel)
    assert len({choose_novel(samples, categories, seed) for seed in range(10)}) > 1


def test_novel_spares_a_super_category_that_it_would_empty() -> None:
    """Every board shows every class: any novel class would leave nothing to fit on."""
    categories = [kind(f"p{i}", "board", "electronics") for i in range(6)] + [
        kind(f"s{i}", "steel", "metal") for i in range(6)
    ]
    samples = numbered(
        *(make(i, [0, 1, 2, 3, 4, 5], "board") for i in range(1, 41)),
        *(make(i, [6 + i % 6], "steel") for i in range(41, 161)),
    )
    novel = choose_novel(samples, categories)
    assert novel
    assert {categories[c].super_category for c in novel} == {"metal"}
    split = zeroshot_split(samples, novel, len(categories))
    kept = sum(samples[i].scene == "steel" for i in (*split.train, *split.val))
    base = sum(s.scene == "steel" and s.annotations.labels[0] not in novel for s in samples.values())
    assert kept >= KEPT_SHARE * base


def test_novel_leaves_half_of_each_scene() -> None:
    """Boards cannot spare a class, so all novel ones would come from the tiles."""
    categories = [kind(f"p{i}", "board", "electronics") for i in range(8)] + [
        kind(f"t{i}", "tile", "electronics") for i in range(4)
    ]
    samples = numbered(
        *(make(i, list(range(8)), "board") for i in range(1, 101)),
        *(make(i, [8 + i % 4], "tile") for i in range(101, 141)),
    )
    for seed in range(5):
        assert len(choose_novel(samples, categories, seed)) == 2


def test_novel_needs_enough_classes_and_boxes() -> None:
    categories = [kind("a", "x", "small"), kind("b", "x", "small")]
    samples = numbered(*(make(i, [i % 2], "x") for i in range(1, 41)))
    assert choose_novel(samples, categories) == ()
    rare = [kind(f"r{i}", "y", "rare") for i in range(6)]
    few = numbered(*(make(i, [i % 6], "y") for i in range(1, 13)))
    assert choose_novel(few, rare) == ()
