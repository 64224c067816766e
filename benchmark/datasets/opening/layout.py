"""Layouts of official sets (COCO, LVIS, ...): one annotation file per part, and its images."""

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
    """An annotation file: its official name, and the counts of the complete file, None if unknown."""

    name: str
    images: int | None = None
    boxes: int | None = None
    classes: int | None = None


@dataclass(frozen=True)
class AnnotationFiles:
    """The annotation files of a set by part, the test part first.

    source: where to download a missing file, for messages; `{name}` is replaced by its name. folders: possible folders
    below the root, the usual one first.
    """

    parts: Mapping[str, AnnotationFile]
    source: str
    folders: tuple[str, ...] = ("annotations", "")

    def find(self, root: Path, part: str) -> Path:
        """The file of a part. Raises DataError that names its path and its source where it is missing."""
        name = self.parts[part].name
        path = self._find(root, name)
        if path is None:
            raise DataError(f"{root / self.folders[0] / name}: missing; {self.source.format(name=name)}")
        return path

    def present(self, root: Path) -> list[Path]:
        """The files that exist, in the order of the parts."""
        return [path for file in self.parts.values() if (path := self._find(root, file.name))]

    def _find(self, root: Path, name: str) -> Path | None:
        return next((path for folder in self.folders if (path := root / folder / name).is_file()), None)


@dataclass(frozen=True, eq=False)
class Part:
    """The samples of one annotation file by image id, and the sha256 of its bytes."""

    samples: Mapping[int, Sample]
    sha256: str


def plain_name(entry: Entry) -> str:
    """The class name of an entry of `categories`, unchanged."""
    return str(entry["name"]).strip()


@dataclass(frozen=True)
class Layout:
    """An official set on this machine.

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
        """The part of those columns, all of its file or a selection. Raises DataError for an image without a size."""
        return Part(make_samples(columns, self.pictures(part), self.name), file_sha256(self.file(part)))

    def training(self, categories: Sequence[Category]) -> Part:
        """The part `train`. Raises DataError where its file is missing or has other categories."""
        file = self.file("train")
        columns = read_coco_columns(file)
        if [self.name_of(entry) for entry in columns.categories] != [category.name for category in categories]:
            raise DataError(f"{file}: its classes are not those of the test file; both must be of one release")
        return self.part("train", columns)


def make_samples(
    columns: CocoColumns, path_of: Callable[[Entry], Path], source: str, group_of: Callable[[Entry], str] | None = None
) -> dict[int, Sample]:
    """Image id -> sample of a set of natural photos, which has no scenes.

    Args:
        columns: images and boxes of an annotation file.
        path_of: entry of `images` to its image file.
        source: name of the source.
        group_of: entry of `images` to its group; without, every image is a group of its own.
    """
    made = {}
    for entry, boxes in zip(columns.images, columns.boxes, strict=True):
        image_id = entry["id"]
        width, height = size_of(entry, source)
        group = group_of(entry) if group_of else str(image_id)
        made[image_id] = Sample(image_id, path_of(entry), width, height, boxes, WHOLE, group, source)
    return made


def plain_category(name: str, synonyms: Sequence[str] = (), description: str = "") -> Category:
    """A class of natural photos, without scene and super category."""
    return Category(name, name, WHOLE, WHOLE, tuple(synonyms), description)
