"""Keys of LVIS files beyond COCO: frequency of a class, and per image absent and not fully annotated classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.core.coco import Entry
from benchmark.core.errors import DataError
from benchmark.core.sample import Category, Federation
from benchmark.datasets.coco import image_folder
from benchmark.datasets.opening.layout import plain_category
from benchmark.datasets.readers.coco_columns import CocoColumns

FREQUENCIES = ("r", "c", "f")


def name_of(entry: Entry) -> str:
    """The class name given to detectors: `aerosol_can` -> `aerosol can`."""
    return _words(str(entry["name"]))


def category_of(entry: Entry, file: Path) -> Category:
    """A class with synonyms and definition. Raises DataError for synonyms that are not a list."""
    name = name_of(entry)
    synonyms = entry.get("synonyms", [])
    if not isinstance(synonyms, list):
        raise DataError(f"{file}: category {entry['id']}: synonyms is {synonyms!r}; expected a list of names")
    others = dict.fromkeys(_words(str(each)) for each in synonyms)
    return plain_category(name, [each for each in others if each != name], str(entry.get("def") or ""))


def frequencies_of(columns: CocoColumns, file: Path) -> tuple[str, ...]:
    """Frequency of each class: `r`, `c` or `f`. Raises DataError for a class without one."""
    for entry in columns.categories:
        if entry.get("frequency") not in FREQUENCIES:
            raise DataError(
                f"{file}: category {entry['id']} has frequency {entry.get('frequency')!r}; expected r, c or f: "
                "this is not an LVIS v1 file"
            )
    return tuple(entry["frequency"] for entry in columns.categories)


def federation_of(columns: CocoColumns, frequency: tuple[str, ...], file: Path) -> Federation:
    """Absent and not fully annotated classes per image. Raises DataError for missing lists and unknown ids."""
    labels = {entry["id"]: label for label, entry in enumerate(columns.categories)}

    def listed(key: str) -> dict[int, tuple[int, ...]]:
        return {entry["id"]: _labels(entry, key, labels, file) for entry in columns.images}

    return Federation(frequency, listed("neg_category_ids"), listed("not_exhaustive_category_ids"))


def in_val2017(entry: Entry) -> bool:
    """Whether an image of LVIS val is in COCO val2017."""
    return "/val2017/" in str(entry.get("coco_url"))


def photo_of(roots: Sequence[Path]) -> Callable[[Entry], Path]:
    """A function from an entry of `images` to COCO's image file, by coco_url, in the first root with that folder."""
    folders: dict[str, Path] = {}

    def path_of(entry: Entry) -> Path:
        address = entry.get("coco_url")
        if not isinstance(address, str) or address.count("/") < 2:
            raise DataError(
                f"lvis: image {entry['id']} has coco_url {address!r}; expected .../val2017/<file> or "
                ".../train2017/<file>: fetch the official annotation file again"
            )
        _, part, name = address.rsplit("/", 2)
        if part not in folders:
            possible = [image_folder(root, part) for root in roots]
            folders[part] = next((folder for folder in possible if folder.is_dir()), possible[-1])
        return folders[part] / name

    return path_of


def _labels(entry: Entry, key: str, labels: dict[int, int], file: Path) -> tuple[int, ...]:
    try:
        return tuple([labels[category_id] for category_id in entry[key]])
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{file}: image {entry['id']}: {key} is {entry.get(key)!r}; expected a list of ids of the file's categories"
        ) from error


def _words(name: str) -> str:
    return " ".join(name.replace("_", " ").split())
