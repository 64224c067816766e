"""Importers: how the layout of a public source is recognised below any folder, and how it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.plugins import list_names, load
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import IMAGE_SUFFIXES, Labelled, Repairs

RESOURCE_FORK = "._"
"""prefix of the files that macOS adds beside every file of an archive, with the same suffix"""
UNKNOWN = "unknown"
"""scene or super category that is not given; it is never the target of the task transfer"""
NEARLY_ALL = 0.98
"""share of a download below which it is reported as incomplete"""


@dataclass(frozen=True)
class Kind:
    """A class of a source: a defect in a scene, with synonyms and a description of one sentence."""

    defect: str
    scene: str
    synonyms: tuple[str, ...]
    description: str
    super_category: str = ""
    """empty where it is that of the source; sources of many products have classes in several"""

    @property
    def name(self) -> str:
        """`<defect>, <scene>`, the name given to detectors; unique in the data set."""
        return f"{self.defect}, {self.scene}"


@dataclass(frozen=True, eq=False)
class SourceImage:
    """One image of a source with its boxes.

    key: posix path below the root of the source's layout, the same in every copy of the download.
    boxes: their names are the source's own class names, the keys of `PublicSource.kinds`.
    group: images of one group stay on one side of every split; unique over all sources.
    """

    source: str
    key: str
    path: Path
    width_px: int
    height_px: int
    boxes: Labelled
    scene: str
    group: str


@dataclass(frozen=True)
class Expected:
    """Counts of the complete download, None where unknown. defect_free: how many of the images have no box."""

    images: int | None = None
    boxes: int | None = None
    defect_free: int | None = None
    note: str = ""

    def __str__(self) -> str:
        """`1344 images (952 defect-free), 471 boxes`."""
        free = f" ({self.defect_free} defect-free)" if self.defect_free is not None else ""
        parts = [f"{self.images} images{free}"] if self.images is not None else []
        parts += [f"{self.boxes} boxes"] if self.boxes is not None else []
        return ", ".join(parts) or self.note

    def lacking(self, images: int, boxes: int) -> str:
        """What is incomplete, as `1650 of 1800 images`; empty for at least 98 % of images and boxes.

        boxes: all boxes in the label files, also those that were dropped. Copies of one download differ by a few files.
        """
        counted = ((images, self.images, "images"), (boxes, self.boxes, "boxes"))
        short = [f"{count} of {whole} {what}" for count, whole, what in counted if count < (whole or 0) * NEARLY_ALL]
        return ", ".join(short)


@dataclass(frozen=True)
class PublicSource:
    """A public data set that `bench data build mmio-open` knows.

    kinds: the source's own class name -> class. expected: counts of the complete download.
    roots(tree): the folders in which its layout begins. read(root, repairs): the images there with their boxes.
    """

    facts: Source
    title: str
    super_category: str
    kinds: Mapping[str, Kind]
    expected: Expected
    roots: Callable[[Tree], list[Path]]
    read: Callable[[Path, Repairs], Iterator[SourceImage]]

    @property
    def name(self) -> str:
        """`neu-det`."""
        return self.facts.name


class Tree:
    """Every folder below a folder with its files, listed once; without links to folders and what macOS adds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[Path, list[str]] = {}
        for at, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name != "__MACOSX")
            self.files[Path(at)] = sorted(name for name in names if not name.startswith(RESOURCE_FORK))

    @cached_property
    def folders(self) -> list[Path]:
        """All folders, outermost first."""
        return sorted(self.files, key=lambda folder: (len(folder.parts), folder))

    def named(self, pattern: str) -> list[Path]:
        """Folders whose whole name matches the pattern, case ignored."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return [folder for folder in self.folders if compiled.fullmatch(folder.name)]

    def inside(self, folder: Path) -> list[Path]:
        """Folders directly in that folder."""
        return [other for other in self.folders if other.parent == folder]

    def holds(self, folder: Path, pattern: str) -> bool:
        """Whether the name of a file directly in that folder matches the pattern, case ignored."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return any(compiled.fullmatch(name) for name in self.files.get(folder, ()))


def child(folder: Path, name: str) -> Path | None:
    """The sub-folder of that name, case ignored; None where there is none."""
    folders = [entry for entry in folder.iterdir() if entry.is_dir() and entry.name.casefold() == name.casefold()]
    return min(folders, default=None)


def named_file(folder: Path, pattern: str) -> Path:
    """The first file directly in the folder whose whole name matches, case ignored. Raises DataError without one."""
    compiled = re.compile(pattern, re.IGNORECASE)
    names = sorted(entry.name for entry in folder.iterdir() if compiled.fullmatch(entry.name))
    if not names:
        raise DataError(f"{folder}: has no file {pattern.replace(chr(92), '')}; fetch the source again")
    return folder / names[0]


def images_below(folder: Path, pattern: str = r".*") -> list[Path]:
    """All images below a folder whose whole stem matches the pattern, case ignored, sorted."""
    return _below(folder, IMAGE_SUFFIXES, pattern)


def files_below(folder: Path, suffix: str, pattern: str = r".*") -> list[Path]:
    """All files below a folder with that suffix whose whole stem matches the pattern, case ignored, sorted."""
    return _below(folder, {suffix}, pattern)


def _below(folder: Path, suffixes: Collection[str], pattern: str) -> list[Path]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and compiled.fullmatch(path.stem) and not path.name.startswith(RESOURCE_FORK)
    )


def unique(folders: Iterator[Path] | list[Path]) -> list[Path]:
    """The folders once each, sorted, without those inside another one of them."""
    kept: list[Path] = []
    for folder in sorted(set(folders), key=lambda f: (len(f.parts), f)):
        if not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
    return kept


def load_sources() -> dict[str, PublicSource]:
    """All importers by public name."""
    return {name: load("source", name) for name in list_names("source")}


def source_image(
    source: str, root: Path, image: Path, size_px: tuple[int, int], boxes: Labelled, scene: str, group: str
) -> SourceImage:
    """An image of a source; its key is its path below the root of the layout, its group gets the source as prefix."""
    key = image.relative_to(root).as_posix()
    return SourceImage(source, key, image, size_px[0], size_px[1], boxes, scene, f"{source}/{group}")
