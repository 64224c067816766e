"""Data sets whose owners say in separate files what is trained on and what is tested on (COCO, LVIS).

Each file is identified on its own: what released weights score does not depend on whether the training files are on
this machine, and those, which are large, are read only when a fit asks for them.
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
    """A part whose file is read when it is first needed: a training file is large, and testing needs none."""

    def __init__(self, read: Callable[[], Part]) -> None:
        """read: raises DataError where the file is missing or wrong."""
        self._read = read

    @cached_property
    def part(self) -> Part:
        """Read once. Raises DataError, each time that it is asked for."""
        return self._read()

    @property
    def samples(self) -> Mapping[int, Sample]:
        """Of the part; none where it cannot be read on this machine."""
        try:
            return self.part.samples
        except DataError:
            return {}


@dataclass(frozen=True, eq=False)
class Official:
    """What an official set consists of. test: its test part. training: reads the training part; raises DataError.

    rule: the one split. base, novel: category indices. federation: LVIS alone.
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
    """A core.sample.Split: its digest is that of the test part, its fit_digest that of the training part.

    All of the training part is trained on, as for the published numbers, so that val is empty.
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
        """Image ids of the training part; none where its file is not on this machine."""
        return tuple(sorted(self._training.samples))

    @cached_property
    def digest(self) -> str:
        """sha256 over the test ids and the class lists."""
        return digest({name: sorted(getattr(self, name)) for name in ("test", "base", "novel")})

    @cached_property
    def fit_digest(self) -> str:
        """sha256 over the training ids, its file and the base classes. Raises DataError where the file is missing."""
        part = self._training.part
        return digest({"train": sorted(part.samples), "sha256": part.sha256, "base": sorted(self.base)})


class OfficialDataset(Dataset):
    """An opened official set; `samples` holds the test part at once and the training part from first use."""

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

    def _read_training(self) -> Part:
        part = self._content.training()
        both = self._content.test.samples.keys() & part.samples.keys()
        if both:
            raise DataError(f"{self.info.name}: image {min(both)} is in the training and in the test file")
        return part


class _Samples(Mapping[int, Sample]):
    """Test part first; whatever is not in it makes the training part be read."""

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
    """A set to pre-train on: every image is trained on, none tested; its digest is that of the training part."""
    content = Official("pretrain", categories, Part({}, part.sha256), lambda: part, tuple(range(len(categories))),
                       repairs=repairs)  # fmt: skip
    return OfficialDataset(info, content)


def subset_of(info: DatasetInfo, variant: str) -> tuple[DatasetInfo, int | None]:
    """`100` -> at most 100 test images. Raises ConfigError for anything else."""
    if not variant:
        return info, None
    if not variant.isdecimal() or int(variant) < 1:
        raise ConfigError(f"{info.name}@{variant}: expected a number of test images, for example {info.name}@100")
    return replace(info, variant=str(int(variant))), int(variant)


def first_images(columns: CocoColumns, limit: int | None) -> CocoColumns:
    """At most `limit` images of a file with their boxes, by the digest of their ids; all of them without a limit.

    They are the same on every machine, and a larger limit holds all of a smaller one's.
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
