"""Data sets whose owners say in separate files what is trained on and what is tested on (COCO, LVIS).

Each file is identified on its own: what released weights score does not depend on whether the training files are on
this machine, and those, which are large, are read only when a fit asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmark.core.canonical import digest
from benchmark.core.errors import ConfigError, DataError, RefusedError
from benchmark.core.sample import Category, Dataset, DatasetInfo, Federation, Progress, Sample, Split
from benchmark.datasets.opening.opened import WHOLE
from benchmark.datasets.readers.coco_columns import CocoColumns, Entry, size_of
from benchmark.datasets.readers.reading import Repairs


@dataclass(frozen=True, eq=False)
class Part:
    """The samples of one annotation file, and the sha256 of its bytes."""

    samples: Mapping[int, Sample]
    sha256: str


@dataclass(frozen=True, eq=False)
class Official:
    """What an official set consists of. test: its test part. fit: reads the training part; raises DataError.

    rule: the one split. base, novel: category indices. federation: LVIS alone.
    """

    rule: str
    categories: Sequence[Category]
    test: Part
    fit: Callable[[], Part]
    base: tuple[int, ...]
    novel: tuple[int, ...] = ()
    repairs: Repairs | None = None
    federation: Federation | None = None


class OfficialSplit(Split):
    """A split whose digest is that of the test part, and whose fit_digest is that of the training part alone."""

    def __init__(self, content: Official, fit: Callable[[], Part]) -> None:
        """fit: the training part. All of it is trained on, as the published numbers are, so that val is empty."""
        for name, value in (
            ("rule", content.rule),
            ("val", ()),
            ("test", tuple(sorted(content.test.samples))),
            ("base", content.base),
            ("novel", content.novel),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_fit", fit)

    @cached_property
    def train(self) -> tuple[int, ...]:
        """Image ids of the training part; empty where its file is not on this machine."""
        try:
            return tuple(sorted(self._training().samples))
        except DataError:
            return ()

    @cached_property
    def digest(self) -> str:
        """sha256 over the test ids and the class lists."""
        return digest({name: sorted(getattr(self, name)) for name in ("test", "base", "novel")})

    @cached_property
    def fit_digest(self) -> str:
        """sha256 over the training ids, its file and the base classes. Raises DataError where the file is missing."""
        part = self._training()
        return digest({"train": sorted(part.samples), "sha256": part.sha256, "base": sorted(self.base)})

    def _training(self) -> Part:
        read: Callable[[], Part] = self._fit  # type: ignore[attr-defined]  # set above, past the frozen fields
        return read()


class OfficialDataset(Dataset):
    """An opened official set; `samples` holds the test part at once and the training part from first use."""

    def __init__(self, info: DatasetInfo, content: Official) -> None:
        self.info = info
        self.categories = content.categories
        self.digest = content.test.sha256
        self.repairs = content.repairs or Repairs()
        self.federation = content.federation
        self._content = content
        self._part: Part | None = None
        self._split = OfficialSplit(content, self._training)
        self.samples: Mapping[int, Sample] = _Parts(content.test.samples, self._training)

    def split(self, rule: str) -> Split:
        """The owners' split. Raises RefusedError for any other rule: nothing else is comparable."""
        if rule != self._content.rule:
            raise RefusedError(
                f"{self.info.name} has no split '{rule}': its owners' split is '{self._content.rule}', "
                f"so use --task {self._content.rule}"
            )
        return self._split

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:  # noqa: ARG002 - on disk
        """Raise DataError that says how many of those images are missing, and where the first should be."""
        absent = [self.samples[image_id].path for image_id in image_ids if not self.samples[image_id].path.is_file()]
        if absent:
            raise DataError(
                f"{self.info.name}: {len(absent)} of {len(image_ids)} images are missing, first {absent[0]}; "
                f"'bench data check {self.info.name}' says what is there"
            )

    def repair_counts(self) -> Mapping[str, int]:
        """See core.sample.Dataset."""
        return self.repairs.counts

    def _training(self) -> Part:
        if self._part is None:
            part = self._content.fit()
            both = self._content.test.samples.keys() & part.samples.keys()
            if both:
                raise DataError(f"{self.info.name}: image {min(both)} is in the training and in the test file")
            self._part = part
        return self._part


class _Parts(Mapping[int, Sample]):
    """Test part first; whatever is not in it makes the training part be read."""

    def __init__(self, test: Mapping[int, Sample], fit: Callable[[], Part]) -> None:
        self._test, self._fit = test, fit

    def _training(self) -> Mapping[int, Sample]:
        try:
            return self._fit().samples
        except DataError:
            return {}

    def __getitem__(self, image_id: int) -> Sample:
        found = self._test.get(image_id)
        return self._training()[image_id] if found is None else found

    def __iter__(self) -> Iterator[int]:
        yield from self._test
        yield from self._training()

    def __len__(self) -> int:
        return len(self._test) + len(self._training())


def trained_on_whole(
    info: DatasetInfo, categories: Sequence[Category], part: Part, repairs: Repairs
) -> OfficialDataset:
    """A set to pre-train on: every image is trained on, none tested; its digest is that of the training part."""
    content = Official("pretrain", categories, Part({}, part.sha256), lambda: part, tuple(range(len(categories))),
                       repairs=repairs)  # fmt: skip
    return OfficialDataset(info, content)


def make_samples(
    columns: CocoColumns, path_of: Callable[[Entry], Path], source: str, group_of: Callable[[Entry], str] | None = None
) -> dict[int, Sample]:
    """Samples by image id. Images of natural photos have no scene and, without `group_of`, are their own group."""
    made = {}
    for entry, boxes in zip(columns.images, columns.boxes, strict=True):
        image_id = entry["id"]
        width, height = size_of(entry, source)
        group = group_of(entry) if group_of else str(image_id)
        made[image_id] = Sample(image_id, path_of(entry), width, height, boxes, WHOLE, group, source)
    return made


def plain_category(name: str, synonyms: Sequence[str] = (), description: str = "") -> Category:
    """A class of natural photos: no scene, no super category."""
    return Category(name, name, WHOLE, WHOLE, tuple(synonyms), description)


def subset_of(info: DatasetInfo, variant: str) -> tuple[DatasetInfo, int | None]:
    """`100` -> at most 100 test images. Raises ConfigError for anything else."""
    if not variant:
        return info, None
    if not variant.isdecimal() or int(variant) < 1:
        raise ConfigError(f"{info.name}@{variant}: expected a number of test images, for example {info.name}@100")
    return replace(info, variant=str(int(variant))), int(variant)


def first_by_digest(image_ids: Sequence[int], limit: int | None) -> set[int]:
    """At most `limit` ids, the same on every machine, and a larger limit holds all of a smaller one's."""
    if limit is None or limit >= len(image_ids):
        return set(image_ids)
    return set(sorted(image_ids, key=digest)[:limit])


def only(columns: CocoColumns, image_ids: set[int]) -> CocoColumns:
    """The part of a file that those images make: a subset is scored against its own ground truth."""
    keep = [row for row, entry in enumerate(columns.images) if entry["id"] in image_ids]
    return replace(
        columns,
        images=tuple(columns.images[row] for row in keep),
        boxes=tuple(columns.boxes[row] for row in keep),
        extras=tuple(columns.extras[row] for row in keep),
    )
