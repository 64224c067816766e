"""MMIO as an opened data set: categories and samples of both parts; the owners' folders are the zero-shot split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.core.canonical import digest, file_sha256
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError, RefusedError
from benchmark.core.sample import Category, DatasetInfo, Sample, Split, SplitLists
from benchmark.datasets.build.splits import VAL_SHARE, share_out
from benchmark.datasets.mmio_release.layout import TRAIN, PartFiles
from benchmark.datasets.opening.opened import CocoDataset, original_of
from benchmark.datasets.opening.taxonomy import plain_kind
from benchmark.datasets.readers.coco_columns import CocoColumns, read_coco_columns, size_of, text_of
from benchmark.datasets.readers.columns import Content
from benchmark.datasets.readers.reading import ROUNDING_PX, Repairs
from benchmark.datasets.sources.shared.source import UNKNOWN, Kind


@dataclass(frozen=True, eq=False)
class ReadPart:
    """One part as read from its json. labels: label in the whole set of each of the part's categories, in order."""

    files: PartFiles
    columns: CocoColumns
    labels: tuple[int, ...]
    shift: int
    """number added to the image ids of the file, so that ids of both parts differ"""

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the file's category ids."""
        return tuple(str(entry["name"]).strip() for entry in self.columns.categories)


class MmioDataset(CocoDataset):
    """The opened MMIO. parts: as read from the json files. repairs: of all boxes."""

    def __init__(
        self, info: DatasetInfo, parts: Sequence[ReadPart], kinds: Mapping[str, Kind] | None, repairs: Repairs
    ) -> None:
        names = _all_names(parts)
        categories = tuple(_category(name, (kinds or {}).get(name.casefold())) for name in names)
        samples: dict[int, Sample] = {}
        for part in parts:
            samples |= _samples(part, categories, repairs)
        super().__init__(info, Content(categories, samples), _digest(parts), lambda *_: ())
        self.parts = tuple(parts)
        self.repairs = repairs
        train = {entry["id"] + parts[0].shift for entry in parts[0].columns.images}
        self._trained = {image_id for image_id in samples if image_id in train}

    @property
    def base(self) -> tuple[int, ...]:
        """Labels of the categories of train.json; where both files list the same, of those with training boxes."""
        train, validation = (set(part.labels) for part in self.parts)
        if validation - train:
            return tuple(sorted(train))
        return tuple(sorted({n for i in self._trained for n in self.samples[i].annotations.labels.tolist()}))

    def _make_split(self, rule: str) -> Split:
        if rule == "zeroshot":
            return self._owners_split()
        if rule.startswith("transfer") and UNKNOWN in {category.scene for category in self.categories}:
            unknown = sum(category.scene == UNKNOWN for category in self.categories)
            raise RefusedError(
                f"{self.info.name}: the scenes of {unknown} of {len(self.categories)} classes are unknown, so no scene "
                "can be left out; give --taxonomy CSV with class, scene, super_category"
            )
        return super()._make_split(rule)

    def _owners_split(self) -> Split:
        """Test on `validation`, train on `train` without groups that are tested; 10 % of `train` is validation."""
        base = self.base
        novel = tuple(sorted(set(range(len(self.categories))) - set(base)))
        if not base or not novel:
            raise RefusedError(
                f"{self.info.name}: zero-shot needs base and novel classes, and the owners' files have {len(base)} "
                f"and {len(novel)}"
            )
        tested = [sample for image_id, sample in self.samples.items() if image_id not in self._trained]
        groups = {sample.group for sample in tested}
        fit = [self.samples[i] for i in sorted(self._trained) if self.samples[i].group not in groups]
        train, val = (tuple(sorted(s.image_id for s in part)) for part in share_out(fit, VAL_SHARE, seed=0))
        return SplitLists("zeroshot", train, val, tuple(sorted(s.image_id for s in tested)), base, novel)


def read_parts(files: Sequence[PartFiles]) -> list[ReadPart]:
    """Read both json files. If both use an image id, the ids of the second are shifted. Raises DataError."""
    read = [read_coco_columns(part.annotations, count_from_zero=True) for part in files]
    ids = [[entry["id"] for entry in columns.images] for columns in read]
    shifts = [max(0, 1 - min(ids[0])), max(0, 1 - min(ids[1]))]
    if {i + shifts[0] for i in ids[0]} & {i + shifts[1] for i in ids[1]}:
        shifts[1] = max(ids[0]) + shifts[0] + 1 - min(ids[1])
    names = _union(read)
    place = {name: label for label, name in enumerate(names)}
    return [
        ReadPart(part, columns, tuple(place[_name(entry)] for entry in columns.categories), shift)
        for part, columns, shift in zip(files, read, shifts, strict=True)
    ]


def _union(read: Sequence[CocoColumns]) -> list[str]:
    """Class names of both files: ordered by id where ids and names agree, else first file before second."""
    pairs = [(entry["id"], _name(entry)) for columns in read for entry in columns.categories]
    if len(dict(pairs)) == len({name for _, name in pairs}) == len(set(pairs)):
        return [name for _, name in sorted(set(pairs))]
    return list(dict.fromkeys(name for _, name in pairs))


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry["name"]).strip()


def _all_names(parts: Sequence[ReadPart]) -> list[str]:
    names = {label: name for part in parts for label, name in zip(part.labels, part.names, strict=True)}
    return [names[label] for label in sorted(names)]


def _category(name: str, kind: Kind | None) -> Category:
    known = kind or plain_kind(name)
    return Category(name, known.defect, known.scene, known.super_category, known.synonyms, known.description)


def _samples(part: ReadPart, categories: Sequence[Category], repairs: Repairs) -> dict[int, Sample]:
    mapping = np.array(part.labels, np.int64)
    made = {}
    for entry, boxes in zip(part.columns.images, part.columns.boxes, strict=True):
        where = f"{part.files.annotations}: image"
        name = Path(text_of(entry, "file_name", where))
        width, height = size_of(entry, str(part.files.annotations))
        inside = _inside(boxes.relabel(mapping), width, height, repairs, f"{where} {entry['id']}")
        first = categories[int(inside.labels[0])].scene if len(inside) else UNKNOWN
        made[entry["id"] + part.shift] = Sample(
            image_id=entry["id"] + part.shift,
            path=part.files.pictures.get(name.stem.casefold(), part.files.folder / name.name),
            width_px=width,
            height_px=height,
            annotations=inside,
            scene=str(entry.get("scene") or first),
            group=str(entry.get("group") or original_of(Path(part.files.name) / name.name)),
            source=str(entry.get("source") or "mmio"),
        )
    return made


def _inside(boxes: Annotations, width_px: int, height_px: int, repairs: Repairs, where: str) -> Annotations:
    """Boxes clipped at the image border; those wholly outside are dropped. Both are counted as repairs."""
    limit = np.array([width_px, height_px, width_px, height_px], np.float64)
    cut = np.clip(boxes.xyxy, 0, limit)
    if not (cut != boxes.xyxy).any():
        return boxes
    for _ in range(int((np.abs(cut - boxes.xyxy) > ROUNDING_PX).any(axis=1).sum())):
        repairs.add("box clipped at the image border", where)
    keep = (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    for _ in range(int((~keep).sum())):
        repairs.add("box wholly outside the image dropped", where)
    return replace(boxes, xyxy=cut).select(keep)


def _digest(parts: Sequence[ReadPart]) -> str:
    """Digest of both json files and of the sizes of the image files, which are not read."""
    facts: dict[str, Any] = {part.files.name: file_sha256(part.files.annotations) for part in parts}
    sizes = {part.files.name: sorted((s, p.stat().st_size) for s, p in part.files.pictures.items()) for part in parts}
    return digest({**facts, "image_bytes": sizes})


def of_train(dataset: MmioDataset) -> int:
    """Number of images of the training folder."""
    return sum(len(part.columns.images) for part in dataset.parts if part.files.name == TRAIN)


def missing_pictures(dataset: MmioDataset) -> list[Path]:
    """Paths of image files that the json names and that are missing."""
    known = {path for part in dataset.parts for path in part.files.pictures.values()}
    return [sample.path for sample in dataset.samples.values() if sample.path not in known]


def check_taxonomy(kinds: Mapping[str, Kind], names: Sequence[str], path: Path) -> list[str]:
    """Messages on classes that the taxonomy lacks, and on its classes that the data set does not have.

    Raises DataError for a taxonomy without any class of the data set.
    """
    known = {name.casefold() for name in names}
    lacking = [name for name in names if name.casefold() not in kinds]
    foreign = sorted(set(kinds) - known)
    messages = [f"{path.name} lacks {len(lacking)} classes, first '{lacking[0]}'"] if lacking else []
    if foreign and len(foreign) == len(kinds):
        raise DataError(f"{path}: names none of the {len(names)} classes; the first of them is '{names[0]}'")
    return messages + (
        [f"{path.name} has {len(foreign)} classes that the data set has not, first '{foreign[0]}'"] if foreign else []
    )
