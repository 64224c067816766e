"""The interface of data sets: categories with a taxonomy, samples, and splits as lists of image ids."""

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
from benchmark.core.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True)
class Category:
    """One class: a defect in a scene. Its index in `Dataset.categories` is its label in annotations and splits."""

    name: str
    """unique in the data set; the canonical wording, e.g. 'dead knot, wood'"""
    defect: str
    """the defect without its scene, e.g. 'dead knot'; classes of one defect share it"""
    scene: str
    super_category: str
    synonyms: tuple[str, ...] = ()
    """other names of the same defect in the same scene"""
    description: str = ""
    """one sentence by an expert"""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image and its ground truth."""

    image_id: int
    """>= 1, unique in the data set"""
    path: Path
    """the image file, which exists after Dataset.ensure"""
    width_px: int
    height_px: int
    annotations: Annotations
    scene: str
    group: str
    """images of one object (copies, crops, exposures) share a group, all in the same part of a split"""
    source: str


class Split(Protocol):
    """Image ids of the three parts, and indices of the base and novel categories.

    Most are SplitLists; a data set with large training files may read its lists on first use.
    """

    @property
    def rule(self) -> str:
        """Name of the rule by which the data set made the split."""

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
        """Indices of categories that a fit may see; all of them in a closed split."""

    @property
    def novel(self) -> tuple[int, ...]:
        """Indices of categories that no fit may see; none in a closed split."""

    @property
    def digest(self) -> str:
        """sha256 that identifies the split."""

    @property
    def fit_digest(self) -> str:
        """sha256 of the parts that a fit may see."""


@dataclass(frozen=True)
class SplitLists:
    """A split as plain lists. Raises DataError if an image is in two parts, or a category both base and novel."""

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
        """sha256 of the sorted lists of image ids and categories."""
        return digest({k: sorted(getattr(self, k)) for k in ("train", "val", "test", "base", "novel")})

    @cached_property
    def fit_digest(self) -> str:
        """sha256 of what a fit may see: image ids of train and val, and base categories."""
        return digest({k: sorted(getattr(self, k)) for k in ("train", "val", "base")})


@dataclass(frozen=True)
class Source:
    """Origin and licence of a part of a data set."""

    name: str
    licence: str
    redistributable: bool
    url: str = ""
    citation: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about a data set that need no heavy import. version: raised whenever results change."""

    name: str
    title: str
    version: int
    sources: tuple[Source, ...]
    citation: str = ""
    split_rules: tuple[str, ...] = ("closed", "zeroshot", "zeroshot_synonym", "transfer")
    variant: str = ""
    """how a reduced data set differs from the full one (`--max-side`, `--sources`, `--limit`); empty if it is full"""
    composed_names: bool = False
    """a word means the same appearance in every class name, and novel names consist of words of base names"""


@dataclass(frozen=True, eq=False)
class Federation:
    """Facts about absence, for data sets in which not every class is annotated in every image (LVIS).

    frequency: 'r', 'c' or 'f' per category. negative: image_id -> indices of categories verified to be absent.
    not_exhaustive: image_id -> indices of categories of which only some instances are annotated. An image that is in
    neither has none.
    """

    frequency: tuple[str, ...]
    negative: Mapping[int, tuple[int, ...]]
    not_exhaustive: Mapping[int, tuple[int, ...]]

    def asked(self, labels: Sequence[int]) -> Federation:
        """The same facts with index k for category labels[k]; other categories are left out."""
        place = {label: position for position, label in enumerate(labels)}

        def chosen(lists: Mapping[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
            return {i: tuple(place[c] for c in listed if c in place) for i, listed in lists.items()}

        frequency = tuple(self.frequency[label] for label in labels)
        return Federation(frequency, chosen(self.negative), chosen(self.not_exhaustive))


Progress = Callable[[str, Iterable[object], int], Iterable[object]]
"""progress(label, items, total) returns an iterable of the items that shows its progress"""


class Dataset(ABC):
    """An opened data set. Attributes with a default are optional."""

    info: DatasetInfo
    categories: Sequence[Category]
    samples: Mapping[int, Sample]
    digest: str
    """of the recipe of a generated data set, else of the digests of images and annotations"""
    federation: Federation | None = None
    """if not every class is annotated in every image"""
    folder: Path | None = None
    """if it was built or generated on this machine"""
    facts: Mapping[str, Any] = MappingProxyType({})
    """further facts for its DatasetRecord"""

    @abstractmethod
    def split(self, rule: str) -> Split:
        """The split by that rule. Raises RefusedError if the data set has no such rule."""

    @abstractmethod
    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:
        """Make sure that the image files of those samples exist. Raises DataError that names what is missing."""

    def repair_counts(self) -> Mapping[str, int]:
        """Kind of repair -> number of annotations that were repaired when the files were read."""
        return {}


@dataclass(frozen=True)
class DatasetEntry:
    """What a file in `benchmark/datasets/` exposes as DATASET: facts, and how to open the data set.

    missing() returns why it cannot be opened on this machine and what to do, or None. open() opens it,
    open_variant(variant) the variant `name@variant`. check(progress) returns problems in the original files, for data
    sets where more than the images can be checked. annotation_files(root) returns the original annotation files that
    are in a root folder.
    """

    info: DatasetInfo
    missing: Callable[[], str | None] = field(repr=False)
    open: Callable[[], Dataset] = field(repr=False)
    open_variant: Callable[[str], Dataset] | None = field(default=None, repr=False)
    check: Callable[[Progress | None], Iterable[Any]] | None = field(default=None, repr=False)
    annotation_files: Callable[[Path], list[Path]] = field(default=lambda _root: [], repr=False)

    def opened(self, variant: str = "") -> Dataset:
        """Open the data set or a variant of it.

        Raises DataError with what to do if it is not on this machine, ConfigError if it has no variants.
        """
        if variant:
            if self.open_variant is None:
                raise ConfigError(f"data set '{self.info.name}' has no variants, got '{variant}'")
            return self.open_variant(variant)
        reason = self.missing()
        if reason:
            raise DataError(f"{self.info.name}: {reason}")
        return self.open()
