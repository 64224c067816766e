"""Choice of the classes that the zero-shot task holds out (docs/protocol.md)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.sample import Category, Sample

NOVEL_SHARE = 0.35
"""largest share of novel classes per super category: the paper has 35 of 100"""
SCENE_SHARE = 0.5
"""largest share of novel classes per scene: a scene without base classes would measure transfer, not new defects"""
KEPT_SHARE = 0.7
"""share of the images with base defects, per super category, that must remain for training"""
MIN_CLASSES = 3
"""a super category with fewer classes has no novel one"""
MIN_BOXES = 5
"""a class with fewer boxes is never novel: its AP would be noise"""
DRAWS = 200
"""random orders that are tried"""


def choose_novel(samples: Mapping[int, Sample], categories: Sequence[Category], seed: int = 0) -> tuple[int, ...]:
    """Category indices to hold out, ascending; empty where no class can be held out.

    The unit is the defect, not the class: all classes that share a name (of the defect or a synonym, in any scene)
    are novel or base together. Defects are taken in a seeded random order, each one that does not break these limits:
    per super category 70 % of the images with base defects remain for training and at most 35 % of the classes (at
    least one) are novel; per scene at most half of the classes are. Up to DRAWS orders are tried until every super
    category that can have a novel class has one; else the first order with the most such super categories is taken.
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
    """Category indices grouped by defect: classes that share any name are in one list."""
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
    """All names of the class's defect, without the scene, spelling normalised (`Pin-hole, board` -> `pinhole`)."""
    return {_spelling(name, category.scene) for name in (category.defect, category.name, *category.synonyms)}


def same_defects(categories: Sequence[Category], novel: Iterable[int], base: Iterable[int]) -> dict[int, int]:
    """Novel category -> the first base category that has one of its names; empty where all are truly novel."""
    names = {label: defect_names(categories[label]) for label in (*novel, *base)}
    pairs = ((label, next((other for other in base if names[label] & names[other]), None)) for label in novel)
    return {label: other for label, other in pairs if other is not None}


def _spelling(name: str, scene: str) -> str:
    words = name.casefold().removesuffix(f", {scene.casefold()}")
    return "".join(letter for letter in words if letter.isalnum()) or words


@dataclass(frozen=True)
class _Table:
    """Counts of a data set's images with boxes.

    shows: (images, classes), whether an image shows a class. boxes: (classes,). group: (images,), group index.
    image_super: (images,), super category of the first class shown. super_of, scene_of: by class.
    """

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
        """Whether holding out these classes keeps all limits of choose_novel."""
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
        excluded = np.isin(self.group, self.group[with_novel])
        with_base = self.shows[:, base].any(axis=1)
        supers = max(self.super_of) + 1
        total_images = np.bincount(self.image_super[with_base], minlength=supers)
        kept = np.bincount(self.image_super[with_base & ~excluded], minlength=supers)
        affected = [self.super_of[c] for c in chosen]
        return bool((kept >= KEPT_SHARE * total_images).all() and (total_images[affected] > 0).all())


def _hash(seed: int, draw: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{draw}\0{name}".encode()).digest()
