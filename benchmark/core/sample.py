"""A data set as everybody sees it: categories with a taxonomy, samples, splits that are lists of ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from benchmark.core.canonical import digest
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Category:
    """One class: a defect in a scene. Its index in `Dataset.categories` is the label used everywhere."""

    name: str
    """unique in the data set, what a detector is asked for, e.g. 'dead knot, wood'"""
    defect: str
    """the defect without its scene, e.g. 'dead knot'; classes of one defect share it"""
    scene: str
    super_category: str
    synonyms: tuple[str, ...] = ()
    """other names of the same defect in the same scene"""
    description: str = ""
    """one expert sentence"""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image and its ground truth."""

    image_id: int
    """>= 1, unique in the data set"""
    path: Path
    """where the image is, or will be after Dataset.ensure"""
    width_px: int
    height_px: int
    annotations: Annotations
    scene: str
    group: str
    """images of one part (copies, crops, exposures) share a group and are never split"""
    source: str


class Split(Protocol):
    """Lists of image ids, and which categories may be trained on and are asked for: base, novel hold their indices.

    Most are SplitLists. The lists of a set whose training files are large may be read when they are first asked for.
    """

    @property
    def rule(self) -> str:
        """By which the data set made it."""

    @property
    def train(self) -> tuple[int, ...]:
        """Image ids of the training part."""

    @property
    def val(self) -> tuple[int, ...]:
        """Image ids of the validation part."""

    @property
    def test(self) -> tuple[int, ...]:
        """Image ids of the test part."""

    @property
    def base(self) -> tuple[int, ...]:
        """Categories that a fit may see; closed splits have every class here."""

    @property
    def novel(self) -> tuple[int, ...]:
        """Categories that no fit sees; closed splits have none."""

    @property
    def digest(self) -> str:
        """sha256 of what is tested."""

    @property
    def fit_digest(self) -> str:
        """sha256 of what a fit may see."""


@dataclass(frozen=True)
class SplitLists:
    """A split as plain lists. Raises DataError where an image is in two parts, or a category both base and novel."""

    rule: str
    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]
    base: tuple[int, ...]
    novel: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for a, b in (("train", "val"), ("train", "test"), ("val", "test")):
            both = set(getattr(self, a)) & set(getattr(self, b))
            if both:
                raise DataError(f"split {self.rule}: image {min(both)} is in {a} and in {b}")
        both_classes = set(self.base) & set(self.novel)
        if both_classes:
            raise DataError(f"split {self.rule}: category {min(both_classes)} is base and novel")

    @cached_property
    def digest(self) -> str:
        """sha256 over the sorted id lists and class lists."""
        return digest({k: sorted(getattr(self, k)) for k in ("train", "val", "test", "base", "novel")})

    @cached_property
    def fit_digest(self) -> str:
        """sha256 over what a fit may see: train and val ids and the base classes."""
        return digest({k: sorted(getattr(self, k)) for k in ("train", "val", "base")})


@dataclass(frozen=True)
class Source:
    """Where part of a data set comes from."""

    name: str
    licence: str
    redistributable: bool
    url: str = ""
    citation: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """Light facts about a data set. `version` rises whenever results change."""

    name: str
    title: str
    version: int
    sources: tuple[Source, ...]
    citation: str = ""
    split_rules: tuple[str, ...] = ("closed", "zeroshot", "zeroshot_synonym", "transfer")
    variant: str = ""
    """how a copy differs from the full set (`--max-side`, `--sources`, `--limit`); empty for the full one"""
    composed_names: bool = False
    """a word of a class name means the same look in every name, and novel names are made of the words of base names"""


@dataclass(frozen=True, eq=False)
class Federation:
    """What a data set says about absence where not every class is annotated in every image (LVIS).

    frequency: 'r', 'c' or 'f' a category. negative, not_exhaustive: image_id -> category indices verified to be absent
    there, and those of which only some instances are annotated there; an image that is not in it has none.
    """

    frequency: tuple[str, ...]
    negative: Mapping[int, tuple[int, ...]]
    not_exhaustive: Mapping[int, tuple[int, ...]]

    def asked(self, labels: Sequence[int]) -> Federation:
        """The same in the order of a vocabulary: index k means category labels[k]; other categories are left out."""
        place = {label: position for position, label in enumerate(labels)}

        def chosen(lists: Mapping[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
            return {i: tuple(place[c] for c in listed if c in place) for i, listed in lists.items()}

        frequency = tuple(self.frequency[label] for label in labels)
        return Federation(frequency, chosen(self.negative), chosen(self.not_exhaustive))


Progress = Callable[[str, Iterable[object], int], Iterable[object]]
"""progress(label, items, total) passes items through and shows where it is"""


class Dataset(ABC):
    """An opened data set. The attributes with a value are for some sets only."""

    info: DatasetInfo
    categories: Sequence[Category]
    samples: Mapping[int, Sample]
    digest: str
    """manifest digest: of the recipe for a procedural set, of image and annotation digests otherwise"""
    federation: Federation | None = None
    """of a set in which not every class is annotated in every image"""
    folder: Path | None = None
    """of a set that was built or drawn on this machine"""
    facts: Mapping[str, Any] = MappingProxyType({})
    """what its record says beside counts and splits"""

    @abstractmethod
    def split(self, rule: str) -> Split:
        """The committed or seeded split of that rule. Raises RefusedError where the set has none."""

    @abstractmethod
    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:
        """Make sure that those images lie at their samples' paths. Raises DataError naming what is missing."""

    def repair_counts(self) -> Mapping[str, int]:
        """How many annotations were repaired while the files were read, by kind of repair."""
        return {}


@dataclass(frozen=True)
class DatasetEntry:
    """What a file in `benchmark/datasets/` exposes as DATASET: light facts and how to open.

    missing() says why the set cannot be opened on this machine and what to do, or None.
    open() opens it, open_variant(variant) a copy that is named `name@variant`, where a set has such copies.
    check(progress) gives findings about the owners' files, where a set has more to check than its pictures.
    """

    info: DatasetInfo
    missing: Callable[[], str | None] = field(repr=False)
    open: Callable[[], Dataset] = field(repr=False)
    open_variant: Callable[[str], Dataset] | None = field(default=None, repr=False)
    check: Callable[[Progress | None], Iterable[Any]] | None = field(default=None, repr=False)
