"""What an importer is: how to recognise a source's layout below any folder, and how to read it."""

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
"""what macOS puts beside every file of an archive, under the same suffix"""
UNKNOWN = "unknown"
"""scene or super category that nobody told; no cell asks for transfer to it"""
NEARLY_ALL = 0.98
"""of a download: less is worth a warning"""


@dataclass(frozen=True)
class Kind:
    """A class as one source has it: a defect in a scene, with its other names and one sentence."""

    defect: str
    scene: str
    synonyms: tuple[str, ...]
    description: str
    super_category: str = ""
    """where it is not the source's: sources of many products lie in several"""

    @property
    def name(self) -> str:
        """What a detector is asked for; unique in the data set."""
        return f"{self.defect}, {self.scene}"


@dataclass(frozen=True, eq=False)
class Found:
    """One image of a source with its boxes.

    key: posix path below the layout's own root, the same in every copy of the download.
    boxes: named by the source's own class names, the keys of `PublicSource.kinds`.
    group: what may not be split, unique within the source.
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
    """What the complete download gives; None where nobody says. defect_free: images among them without a box."""

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
        """How little is there, as `1650 of 1800 images`; empty where it is enough. boxes: as the files hold them.

        Copies of one download differ by a few files, which this passes over.
        """
        counted = ((images, self.images, "images"), (boxes, self.boxes, "boxes"))
        short = [f"{here} of {whole} {what}" for here, whole, what in counted if here < (whole or 0) * NEARLY_ALL]
        return ", ".join(short)


@dataclass(frozen=True)
class PublicSource:
    """A public data set that `bench data build mmio-open` knows.

    kinds: the source's own class name -> class. expected: counts of the complete download.
    roots(tree): where its layout lies. read(root, repairs): its images with boxes.
    """

    facts: Source
    title: str
    super_category: str
    kinds: Mapping[str, Kind]
    expected: Expected
    roots: Callable[[Tree], list[Path]]
    read: Callable[[Path, Repairs], Iterator[Found]]

    @property
    def name(self) -> str:
        """`neu-det`."""
        return self.facts.name


class Tree:
    """A folder walked once: every folder below it with its files. Links are not followed, nor what macOS adds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[Path, list[str]] = {}
        for at, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name != "__MACOSX")
            self.files[Path(at)] = sorted(name for name in names if not name.startswith(RESOURCE_FORK))

    @cached_property
    def folders(self) -> list[Path]:
        """All folders, the outermost first."""
        return sorted(self.files, key=lambda folder: (len(folder.parts), folder))

    def named(self, pattern: str) -> list[Path]:
        """Folders whose whole name matches, case ignored."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return [folder for folder in self.folders if compiled.fullmatch(folder.name)]

    def inside(self, folder: Path) -> list[Path]:
        """Folders directly in that folder."""
        return [other for other in self.folders if other.parent == folder]

    def holds(self, folder: Path, pattern: str) -> bool:
        """Whether a file directly in that folder has a matching name, case ignored."""
        compiled = re.compile(pattern, re.IGNORECASE)
        return any(compiled.fullmatch(name) for name in self.files.get(folder, ()))


def child(folder: Path, name: str) -> Path | None:
    """The sub-folder of that name, case ignored."""
    found = [entry for entry in folder.iterdir() if entry.is_dir() and entry.name.casefold() == name.casefold()]
    return sorted(found)[0] if found else None


def named_file(folder: Path, pattern: str) -> Path:
    """The file directly in the folder whose whole name matches, case ignored. Raises DataError where there is none."""
    compiled = re.compile(pattern, re.IGNORECASE)
    names = sorted(entry.name for entry in folder.iterdir() if compiled.fullmatch(entry.name))
    if not names:
        raise DataError(f"{folder}: has no file {pattern.replace(chr(92), '')}; fetch the source again")
    return folder / names[0]


def images_below(folder: Path, pattern: str = r".*") -> list[Path]:
    """All images below a folder whose stem matches, case ignored, sorted."""
    return _below(folder, IMAGE_SUFFIXES, pattern)


def files_below(folder: Path, suffix: str, pattern: str = r".*") -> list[Path]:
    """All files below a folder with that suffix whose stem matches, case ignored, sorted."""
    return _below(folder, {suffix}, pattern)


def _below(folder: Path, suffixes: Collection[str], pattern: str) -> list[Path]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and compiled.fullmatch(path.stem) and not path.name.startswith(RESOURCE_FORK)
    )


def unique(folders: Iterator[Path] | list[Path]) -> list[Path]:
    """Without repetitions and without folders that lie in another one."""
    kept: list[Path] = []
    for folder in sorted(set(folders), key=lambda f: (len(f.parts), f)):
        if not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
    return kept


def load_sources() -> dict[str, PublicSource]:
    """All importers by public name, found by convention."""
    return {name: load("source", name) for name in list_names("source")}


def found(
    source: str, root: Path, image: Path, size_px: tuple[int, int], boxes: Labelled, scene: str, group: str
) -> Found:
    """One image with its key taken from where it lies below the layout's root."""
    key = image.relative_to(root).as_posix()
    return Found(source, key, image, size_px[0], size_px[1], boxes, scene, f"{source}/{group}")
