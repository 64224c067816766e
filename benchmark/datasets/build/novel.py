"""Which classes are held out in the true zero-shot task (PROTOCOL, Zero-shot)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.sample import Category, Sample

NOVEL_SHARE = 0.35
"""of a super category's classes, the paper's 35 of 100"""
SCENE_SHARE = 0.5
"""of a scene's classes: a scene without base classes would measure transfer, not new defects"""
KEPT_SHARE = 0.7
"""of a super category's images with base defects that must stay free of novel ones"""
MIN_CLASSES = 3
"""a super category with fewer classes has none to spare"""
MIN_BOXES = 5
"""a class with fewer boxes would measure nothing"""
DRAWS = 200


def choose_novel(samples: Mapping[int, Sample], categories: Sequence[Category], seed: int = 0) -> tuple[int, ...]:
    """Category indices held out, ascending; empty where no class can be spared.

    The unit is the defect, not the class: all classes that share a name (of the defect or a synonym, in any scene)
    are novel or base together. Defects are drawn in seeded random order and kept while every super category keeps
    70 % of its images with base defects, at most 35 % of its classes (at least one) and at most half of a scene's
    classes are novel. The first draw that gives novel classes to every super category that can have one wins; else the
    first of the best.
    """
    table = _Table.make(samples, categories)
    families = [f for f in families_of(categories) if table.boxes[f].sum() >= MIN_BOXES]
    possible = {table.super_of[c] for f in families if table.allows(f) for c in f}
    best: list[int] = []
    best_covered = -1
    for draw in range(DRAWS):
        chosen: list[int] = []
        for family in sorted(families, key=lambda f: _hash(seed, draw, categories[f[0]].name)):
            if table.allows([*chosen, *family]):
                chosen.extend(family)
        covered = len({table.super_of[c] for c in chosen})
        if covered > best_covered:
            best, best_covered = chosen, covered
        if covered == len(possible):
            break
    return tuple(sorted(best))


def families_of(categories: Sequence[Category]) -> list[list[int]]:
    """Category indices grouped by defect: two classes that share any name are in one list."""
    lists: list[tuple[set[str], list[int]]] = []
    for label, category in enumerate(categories):
        names, members = defect_names(category), [label]
        apart = []
        for other_names, other_members in lists:
            if names & other_names:
                names, members = names | other_names, other_members + members
            else:
                apart.append((other_names, other_members))
        lists = [*apart, (names, members)]
    return sorted(sorted(members) for _, members in lists)


def defect_names(category: Category) -> set[str]:
    """All names of its defect, without the scene, in one spelling (`Pin-hole, board` -> `pinhole`)."""
    return {_spelling(name, category.scene) for name in (category.defect, category.name, *category.synonyms)}


def _spelling(name: str, scene: str) -> str:
    words = name.casefold().removesuffix(f", {scene.casefold()}")
    return "".join(letter for letter in words if letter.isalnum())


@dataclass(frozen=True)
class _Table:
    """shows: (images, classes) bool; boxes: (classes,); group: (images,) index; super_of: by class."""

    shows: NDArray[np.bool_]
    boxes: NDArray[np.int64]
    group: NDArray[np.int64]
    image_super: NDArray[np.int64]
    super_of: tuple[int, ...]
    scene_of: tuple[str, ...]

    @classmethod
    def make(cls, samples: Mapping[int, Sample], categories: Sequence[Category]) -> _Table:
        ids = sorted(i for i in samples if len(samples[i].annotations))
        supers = sorted({category.super_category for category in categories})
        super_of = tuple(supers.index(category.super_category) for category in categories)
        scenes = tuple(category.scene for category in categories)
        shows = np.zeros((len(ids), len(categories)), np.bool_)
        boxes = np.zeros(len(categories), np.int64)
        groups: dict[str, int] = {}
        group = np.zeros(len(ids), np.int64)
        for row, image_id in enumerate(ids):
            labels = samples[image_id].annotations.labels
            shows[row, labels] = True
            np.add.at(boxes, labels, 1)
            group[row] = groups.setdefault(samples[image_id].group, len(groups))
        first = shows.argmax(axis=1) if len(categories) else group
        return cls(shows, boxes, group, np.array(super_of, np.int64)[first], super_of, scenes)

    def allows(self, novel: Iterable[int]) -> bool:
        """Whether every super category can spare these classes."""
        chosen = list(novel)
        total = Counter(self.super_of)
        for which, count in Counter(self.super_of[c] for c in chosen).items():
            if total[which] < MIN_CLASSES or count > max(1, round(NOVEL_SHARE * total[which])):
                return False
        in_scene = Counter(self.scene_of)
        for scene, count in Counter(self.scene_of[c] for c in chosen).items():
            if count > SCENE_SHARE * in_scene[scene]:
                return False
        base = np.ones(self.shows.shape[1], np.bool_)
        base[chosen] = False
        with_novel = self.shows[:, chosen].any(axis=1)
        spoiled = np.isin(self.group, self.group[with_novel])
        with_base = self.shows[:, base].any(axis=1)
        supers = max(self.super_of) + 1
        here = np.bincount(self.image_super[with_base], minlength=supers)
        kept = np.bincount(self.image_super[with_base & ~spoiled], minlength=supers)
        touched = [self.super_of[c] for c in chosen]
        return bool((kept >= KEPT_SHARE * here).all() and (here[touched] > 0).all())


def _hash(seed: int, draw: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{draw}\0{name}".encode()).digest()
