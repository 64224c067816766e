"""Data that detectors are pre-trained on: lists of class names in this package, and data without such a list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from benchmark.core.paths import package_file

LISTED = ("coco", "lvis", "objects365")
"""`<name>.txt` beside this file: 80, 1,203 and 365 classes"""
WITHOUT_LIST = {
    "goldg": "captions, no list of classes",
    "cc3m": "captions, no list of classes",
    "cap4m": "captions, no list of classes",
    "grit": "captions, no list of classes",
    "laion": "captions, no list of classes",
    "v3det": "its list of classes does not ship here",
    "openimages": "its list of classes does not ship here",
    "visual-genome": "free-form phrases, no list of classes",
}


@dataclass(frozen=True, slots=True)
class TrainedClass:
    """A class of a training set. data: name of the set. others: its synonyms there."""

    data: str
    name: str
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the main one first."""
        return (self.name, *self.others)


@cache
def read_classes(data: str) -> tuple[TrainedClass, ...]:
    """The classes of a training set of LISTED, in the order of its own list."""
    text = package_file("benchmark.datasets.ledger", f"{data}.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    split = ([part.strip() for part in line.split("/")] for line in lines)
    return tuple(TrainedClass(data, name, tuple(others)) for name, *others in split)


def why_unknown(data: str) -> str | None:
    """Why the classes of a training set are unknown; None for a set of LISTED."""
    if data in LISTED:
        return None
    return WITHOUT_LIST.get(data, "no list of classes ships here; the method can declare trained_classes")
