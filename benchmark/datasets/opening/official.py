"""Data sets with official training and test files (COCO, LVIS).

Each file has its own digest. Training files, which are large, are read only for a fit: the scores of released weights
do not depend on whether these files are on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmark.core.canonical import digest
from benchmark.core.errors import ConfigError, DataError, RefusedError
from benchmark.core.sample import Category, Dataset, DatasetInfo, Federation, Progress, Sample, Split
from benchmark.datasets.opening.layout import Part
from benchmark.datasets.readers.coco_columns import CocoColumns
from benchmark.datasets.readers.reading import Repairs


class LazyPart:
    """A training part whose file is read when it is first needed."""

    def __init__(self, read: Callable[[], Part]) -> None:
        """read: raises DataError where the file is missing or wrong."""
        self._read = read

    @cached_property
    def part(self) -> Part:
        """The part, read once. Raises DataError, at each access, where it cannot be read."""
        return self._read()

    @property
    def samples(self) -> Mapping[int, Sample]:
        """Samples of the part; empty where it cannot be read on this machine."""
        try:
            return self.part.samples
        except DataError:
            return {}


@dataclass(frozen=True, eq=False)
class Official:
    """The content of an official set.

    rule: of its only split. test: the test part. training: reads the training part; raises DataError. base, novel:
    category indices. federation: for LVIS only.
    """

    rule: str
    categories: Sequence[Category]
    test: Part
    training: Callable[[], Part]
    base: tuple[int, ...]
    novel: tuple[int, ...] = ()
    repairs: Repairs | None = None
    federation: Federation | None = None


class OfficialSplit:
    """The official split: digest covers the test part, fit_digest the training part.

    `val` is empty: published numbers come from training on the whole training part.
    """

    val: tuple[int, ...] = ()

    def __init__(self, content: Official, training: LazyPart) -> None:
        self.rule = content.rule
        self.test = tuple(sorted(content.test.samples))
        self.base = content.base
        self.novel = content.novel
        self._training = training

    @cached_property
    def train(self) -> tuple[int, ...]:
        """Image ids of the training part; empty where its file is not on this machine."""
        return tuple(sorted(self._training.samples))

    @cached_property
    def digest(self) -> str:
        """sha256 over the test ids and the class lists."""
        return digest({name: sorted(getattr(self, name)) for name in ("test", "base", "novel")})

    @cached_property
    def fit_digest(self) -> str:
        """sha256 over training ids, training file and base classes. Raises DataError where the file is missing."""
        part = self._training.part
        return digest({"train": sorted(part.samples), "sha256": part.sha256, "base": sorted(self.base)})


class OfficialDataset(Dataset):
    """An opened official set. The training part of `samples` is read at its first use."""

    def __init__(self, info: DatasetInfo, content: Official) -> None:
        self.info = info
        self.categories = content.categories
        self.digest = content.test.sha256
        self.repairs = content.repairs or Repairs()
        self.federation = content.federation
        self._content = content
        training = LazyPart(self._read_training)
        self._split = OfficialSplit(content, training)
        self.samples: Mapping[int, Sample] = _Samples(content.test, training)

    def split(self, rule: str) -> Split:
        """The official split. Raises RefusedError for any other rule: its numbers would not be comparable."""
        if rule != self._content.rule:
            raise RefusedError(
                f"{self.info.name} has no split '{rule}': its owners' split is '{self._content.rule}', "
                f"so use --task {self._content.rule}"
            )
        return self._split

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:  # noqa: ARG002 - on disk
        """Raise DataError with the number of missing images and the path of the first, unless all are on disk."""
        missing = [self.samples[image_id].path for image_id in image_ids if not self.samples[image_id].path.is_file()]
        if missing:
            raise DataError(
                f"{self.info.name}: {len(missing)} of {len(image_ids)} images are missing, first {missing[0]}; "
                f"'bench data check {self.info.name}' lists what is missing"
            )

    def repair_counts(self) -> Mapping[str, int]:
        """See core.sample.Dataset."""
        return self.repairs.counts

    def _read_training(self) -> Part:
        part = self._content.training()
        both = self._content.test.samples.keys() & part.samples.keys()
        if both:
            raise DataError(f"{self.info.name}: image {min(both)} is in the training and in the test file")
        return part


class _Samples(Mapping[int, Sample]):
    """Samples of both parts; the training part is read when an id is not in the test part."""

    def __init__(self, test: Part, training: LazyPart) -> None:
        self._test, self._training = test.samples, training

    def __getitem__(self, image_id: int) -> Sample:
        sample = self._test.get(image_id)
        return self._training.samples[image_id] if sample is None else sample

    def __iter__(self) -> Iterator[int]:
        yield from self._test
        yield from self._training.samples

    def __len__(self) -> int:
        return len(self._test) + len(self._training.samples)


def trained_on_whole(
    info: DatasetInfo, categories: Sequence[Category], part: Part, repairs: Repairs
) -> OfficialDataset:
    """A data set for pre-training: all images are trained on, none is tested; its digest is that of the part."""
    content = Official("pretrain", categories, Part({}, part.sha256), lambda: part, tuple(range(len(categories))),
                       repairs=repairs)  # fmt: skip
    return OfficialDataset(info, content)


def subset_of(info: DatasetInfo, variant: str) -> tuple[DatasetInfo, int | None]:
    """The info of a variant, and its number of test images: `100` -> 100, empty -> None. Raises ConfigError."""
    if not variant:
        return info, None
    if not variant.isdecimal() or int(variant) < 1:
        raise ConfigError(f"{info.name}@{variant}: expected a number of test images, for example {info.name}@100")
    return replace(info, variant=str(int(variant))), int(variant)


def first_images(columns: CocoColumns, limit: int | None) -> CocoColumns:
    """At most `limit` images of a file with their boxes, ordered by the digest of their ids; None for all.

    The choice is the same on every machine, and a larger limit includes the images of a smaller one.
    """
    if limit is None or limit >= len(columns.images):
        return columns
    chosen = set(sorted((entry["id"] for entry in columns.images), key=digest)[:limit])
    keep = [row for row, entry in enumerate(columns.images) if entry["id"] in chosen]
    return replace(
        columns,
        images=tuple(columns.images[row] for row in keep),
        boxes=tuple(columns.boxes[row] for row in keep),
        extras=tuple(columns.extras[row] for row in keep),
    )
