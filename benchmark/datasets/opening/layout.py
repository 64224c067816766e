"""How the owners of an official set (COCO, LVIS, ...) lay it out: annotation files by part, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.coco import Entry
from benchmark.core.errors import DataError
from benchmark.core.sample import Category, Sample
from benchmark.datasets.opening.opened import WHOLE
from benchmark.datasets.readers.coco_columns import CocoColumns, read_coco_columns, size_of


@dataclass(frozen=True)
class AnnotationFile:
    """name: as its owners call it; images, boxes, classes: what the complete file holds, None where nobody says."""

    name: str
    images: int | None = None
    boxes: int | None = None
    classes: int | None = None


@dataclass(frozen=True)
class AnnotationFiles:
    """The annotation files of a set by part, the test part first.

    source: where a missing one is found, `{name}` stands for its name. folders: below the root, where they may lie, the
    usual one first.
    """

    parts: Mapping[str, AnnotationFile]
    source: str
    folders: tuple[str, ...] = ("annotations", "")

    def find(self, root: Path, part: str) -> Path:
        """The file of that part. Raises DataError that says where it is looked for and where it is found."""
        name = self.parts[part].name
        place = self._find(root, name)
        if place is None:
            raise DataError(f"{root / self.folders[0] / name}: missing; {self.source.format(name=name)}")
        return place

    def present(self, root: Path) -> list[Path]:
        """Those that are here, in the order of the parts."""
        return [place for file in self.parts.values() if (place := self._find(root, file.name))]

    def _find(self, root: Path, name: str) -> Path | None:
        return next((place for folder in self.folders if (place := root / folder / name).is_file()), None)


@dataclass(frozen=True, eq=False)
class Part:
    """The samples of one annotation file by image id, and the sha256 of its bytes."""

    samples: Mapping[int, Sample]
    sha256: str


def plain_name(entry: Entry) -> str:
    """The class name of an entry of `categories`, as it stands there."""
    return str(entry["name"]).strip()


@dataclass(frozen=True)
class Layout:
    """A set in its owners' layout on this machine.

    pictures: part -> (entry of `images` -> its file). name_of: entry of `categories` -> class name.
    """

    name: str
    root: Path
    files: AnnotationFiles
    pictures: Callable[[str], Callable[[Entry], Path]]
    name_of: Callable[[Entry], str] = plain_name

    def file(self, part: str) -> Path:
        """The annotation file of that part. Raises DataError where it is missing."""
        return self.files.find(self.root, part)

    def part(self, part: str, columns: CocoColumns) -> Part:
        """What was read of that part's file, or a selection of it. Raises DataError for an image without a size."""
        return Part(make_samples(columns, self.pictures(part), self.name), file_sha256(self.file(part)))

    def training(self, categories: Sequence[Category]) -> Part:
        """The part `train`. Raises DataError where its file is missing, or has other classes than the test part's."""
        file = self.file("train")
        columns = read_coco_columns(file)
        if [self.name_of(entry) for entry in columns.categories] != [category.name for category in categories]:
            raise DataError(f"{file}: its classes are not those of the test file; both must be of one release")
        return self.part("train", columns)


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
