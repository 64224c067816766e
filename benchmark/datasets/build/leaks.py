"""Leaks: the same image, the same inspected part or the same defect on both sides of a split.

Images: identical pixels, near-duplicates in any flip (see `dedupe`), views of one place and crops (see `views` and
`crops`, within a scene). Parts: a group with images on two sides. Classes, in a zero-shot split: a novel class that
shares its name or a synonym with a base class, or has a cosine of at least 0.8 between both names. Novel names that
consist of words of base names ("bright scratch" of "bright crack" and "red scratch") are close to them by design, so
their cosines are not tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path

from benchmark.core.errors import DataError, RefusedError
from benchmark.core.sample import Dataset, Progress, Sample, Split
from benchmark.datasets.build.cache import Cache
from benchmark.datasets.build.crops import find_crops
from benchmark.datasets.build.dedupe import Fingerprint, copies, fingerprints, near_duplicates
from benchmark.datasets.build.names import MIN_COSINE, Embed, spelling
from benchmark.datasets.build.novel import defect_names
from benchmark.datasets.build.views import find_views_by_scene


@dataclass(frozen=True, slots=True)
class Leak:
    """Two images, or two classes, that are the same and on different sides of a split.

    rule: of the split. kind: `exact copy`, `near-duplicate`, `same view`, `crop`, `group`, `class name`, `class synonym`
    or `class meaning`. first, second: paths of images (for a group, one on each side) or names of classes. sides: the
    parts they are in, of `train`, `val`, `test`, or `base` and `novel`.
    """

    rule: str
    kind: str
    first: str
    second: str
    sides: tuple[str, str]
    why: str = ""


@dataclass(frozen=True)
class Checked:
    """The leaks of a data set. splits: rule -> digest of the checked splits. skipped: checks not made, and why."""

    splits: Mapping[str, str]
    leaks: tuple[Leak, ...]
    skipped: tuple[str, ...] = ()

    def of(self, rule: str) -> list[Leak]:
        """The leaks of one split."""
        return [leak for leak in self.leaks if leak.rule == rule]


OWNERS_SPLITS = ("mmio", "coco", "lvis")
"""sets with the official splits that the paper used: their leaks are reported and nothing is refused"""


@dataclass(frozen=True)
class Pairs:
    """Pairs of ids of images that show the same, by kind of leak; they do not depend on the split."""

    by_kind: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)


def find_leaks(
    dataset: Dataset,
    rules: Sequence[str] | None = None,
    embed: Embed | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Checked:
    """The leaks of all splits of a data set, or of those in `rules`.

    Raises RefusedError where a split in `rules` cannot be made, DataError for an image that cannot be read.

    Args:
        dataset: the opened data set.
        rules: split rules; None for all that the set can make.
        embed: texts to unit vectors; without it class names are compared by spelling only, noted in `skipped`.
        cache: of fingerprints and thumbnails.
        progress: makes progress bars.
    """
    splits = _splits(dataset, rules)
    wanted = sorted({image_id for split in splits for image_id in (*split.train, *split.val, *split.test)})
    pairs = find_pairs(dataset, wanted, cache, progress)
    leaks: list[Leak] = []
    for split in splits:
        leaks += [*_picture_leaks(dataset, split, pairs), *_group_leaks(dataset, split)]
        leaks += _class_leaks(dataset, split, embed)
    return Checked({split.rule: split.digest for split in splits}, tuple(leaks), _skipped(dataset, splits, embed))


def _skipped(dataset: Dataset, splits: Sequence[Split], embed: Embed | None) -> tuple[str, ...]:
    if embed is None:
        return ("class meanings: no text encoder on this machine",)
    composed = sum(len(_composed(dataset, split)) for split in splits if split.rule == "zeroshot")
    return (f"class meanings: {composed} novel names, composed of the words of base names",) if composed else ()


def find_pairs(
    dataset: Dataset, image_ids: Sequence[int], cache: Cache | None = None, progress: Progress | None = None
) -> Pairs:
    """All pairs of those images that show the same. Missing images are made first where the data set can make them."""
    dataset.ensure(image_ids, progress)
    samples = [dataset.samples[image_id] for image_id in image_ids]
    paths = [sample.path for sample in samples]
    prints = fingerprints(paths, progress, cache)
    _check_readable(paths, prints)
    exact = _all_pairs(copies(prints))
    known = set(map(frozenset, exact))
    near = [pair for pair in near_duplicates(prints, paths) if frozenset(pair) not in known]
    known |= set(map(frozenset, near))
    scenes, groups = [sample.scene for sample in samples], [sample.group for sample in samples]
    views = [(view.first, view.second) for view in find_views_by_scene(paths, scenes, groups, progress)]
    views = [pair for pair in views if frozenset(pair) not in known]
    known |= set(map(frozenset, views))
    crops = [pair for pair in _crops(samples, cache, progress) if frozenset(pair) not in known]
    by_kind = {"exact copy": exact, "near-duplicate": near, "same view": views, "crop": crops}
    return Pairs({kind: [(image_ids[i], image_ids[j]) for i, j in pairs] for kind, pairs in by_kind.items()})


def _check_readable(paths: Sequence[Path], prints: Sequence[Fingerprint]) -> None:
    for path, each in zip(paths, prints, strict=True):
        if each.error:
            raise DataError(f"{path}: {each.error}; every image must be readable to be compared")


def _all_pairs(first: Mapping[int, int]) -> list[tuple[int, int]]:
    """All pairs of copies, not only pairs with the first copy: a split may leave the first one out."""
    same: dict[int, list[int]] = {}
    for copy, kept in first.items():
        same.setdefault(kept, [kept]).append(copy)
    return [pair for members in same.values() for pair in combinations(members, 2)]


def _crops(samples: Sequence[Sample], cache: Cache | None, progress: Progress | None) -> list[tuple[int, int]]:
    """Pairs (whole, part) within each scene: crops never cross scenes, which are different materials."""
    by_scene: dict[str, list[int]] = defaultdict(list)
    for index, sample in enumerate(samples):
        by_scene[sample.scene].append(index)
    pairs = []
    for indices in by_scene.values():
        paths, groups = [samples[i].path for i in indices], [samples[i].group for i in indices]
        pairs += [(indices[crop.whole], indices[crop.part]) for crop in find_crops(paths, groups, progress, cache)]
    return pairs


def _splits(dataset: Dataset, rules: Sequence[str] | None) -> list[Split]:
    if rules is not None:
        return [dataset.split(rule) for rule in rules]
    scenes = sorted({sample.scene for sample in dataset.samples.values()})
    named = [rule for rule in dataset.info.split_rules if rule != "transfer"]
    named += [f"transfer:{scene}" for scene in scenes] if "transfer" in dataset.info.split_rules else []
    splits = []
    for rule in named:
        try:
            splits.append(dataset.split(rule))
        except RefusedError:
            continue
    return splits


def _sides(split: Split) -> dict[int, str]:
    return {image_id: part for part in ("train", "val", "test") for image_id in getattr(split, part)}


def _picture_leaks(dataset: Dataset, split: Split, pairs: Pairs) -> list[Leak]:
    side = _sides(split)
    return [
        Leak(split.rule, kind, _name(dataset, first), _name(dataset, second), (side[first], side[second]))
        for kind, same in pairs.by_kind.items()
        for first, second in same
        if first in side and second in side and side[first] != side[second]
    ]


def _group_leaks(dataset: Dataset, split: Split) -> list[Leak]:
    members: dict[str, dict[str, int]] = defaultdict(dict)
    for image_id, part in _sides(split).items():
        members[dataset.samples[image_id].group].setdefault(part, image_id)
    return [
        Leak(split.rule, "group", _name(dataset, parts[a]), _name(dataset, parts[b]), (a, b), f"both of {group}")
        for group, parts in sorted(members.items())
        for a, b in combinations(parts, 2)
    ]


def _class_leaks(dataset: Dataset, split: Split, embed: Embed | None) -> list[Leak]:
    """Leaks of classes, for the zero-shot split only: transfer tests known defects in a new scene on purpose."""
    if split.rule != "zeroshot":
        return []
    leaks = []
    cosines = _cosines([dataset.categories[label].defect for label in (*split.base, *split.novel)], embed)
    composed = _composed(dataset, split)
    for base, novel in product(split.base, split.novel):
        first, second = dataset.categories[base], dataset.categories[novel]
        cosine = cosines.get((first.defect, second.defect), 0.0) if novel not in composed else 0.0
        if spelling(first.defect) == spelling(second.defect):
            kind, why = "class name", ""
        elif shared := defect_names(first) & defect_names(second):
            kind, why = "class synonym", f"both are called {min(shared)}"
        elif cosine >= MIN_COSINE:
            kind, why = "class meaning", f"cosine {cosine:.3f}"
        else:
            continue
        leaks.append(Leak(split.rule, kind, first.name, second.name, ("base", "novel"), why))
    return leaks


def _composed(dataset: Dataset, split: Split) -> set[int]:
    """Novel labels whose name consists of words of base names, in a data set that composes its names."""
    if not dataset.info.composed_names:
        return set()
    words = {word for label in split.base for word in dataset.categories[label].defect.casefold().split()}
    return {label for label in split.novel if words.issuperset(dataset.categories[label].defect.casefold().split())}


def _cosines(texts: Iterable[str], embed: Embed | None) -> dict[tuple[str, str], float]:
    names = list(dict.fromkeys(texts))
    if embed is None or not names:
        return {}
    vectors = embed(names)
    values = (vectors @ vectors.T).tolist()
    return {(a, b): values[i][j] for i, a in enumerate(names) for j, b in enumerate(names)}


def _name(dataset: Dataset, image_id: int) -> str:
    """`source/path`: the path below `images/<source>/` where the set has that folder, else the file name."""
    sample = dataset.samples[image_id]
    below = sample.path.as_posix().rpartition(f"/images/{sample.source}/")[2]
    return f"{sample.source}/{below if below != sample.path.as_posix() else sample.path.name}"
