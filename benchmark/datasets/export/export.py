"""Export of any opened data set to a folder: images are copied, labels written in a layout, licences added."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset, Progress, Sample
from benchmark.datasets.build.bars import bar
from benchmark.datasets.export import coco, mmio, voc, yolo
from benchmark.datasets.export.part import Part
from benchmark.datasets.opening.licence import attribution, refuse_unless_private, sources_of

LAYOUTS: dict[str, Callable[[Path, Dataset, Sequence[Part]], None]] = {
    "coco": coco.write,
    "mmio": mmio.write,
    "voc": voc.write,
    "yolo": yolo.write,
}
LICENCES = "LICENCES.txt"


@dataclass(frozen=True)
class Exported:
    """What was written. images: number per part. left_out: number of images in no part of the split."""

    folder: Path
    layout: str
    split: str
    images: dict[str, int]
    boxes: int
    left_out: int


def export(
    dataset: Dataset,
    layout: str,
    folder: Path,
    split: str | None = None,
    progress: Progress | None = None,
    *,
    private: bool = False,
) -> Exported:
    """Write a data set into a new or empty folder.

    Raises UnknownNameError for a layout, ConfigError for a split or folder that cannot be used, DataError for a missing
    image, RefusedError for an image that may not be redistributed.

    Args:
        dataset: the opened data set.
        layout: a key of LAYOUTS.
        folder: where to write.
        split: rule that assigns images to parts; default `closed`, for the layout `mmio` always `zeroshot`.
        progress: makes progress bars.
        private: allows images that may not be redistributed: the user keeps the result.
    """
    if layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    if layout == "mmio" and split not in (None, "zeroshot"):
        raise ConfigError(f"--split {split}: the folders of the layout mmio are the zero-shot split; leave it out")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder}: exists and is not an empty folder; name another one")
    sources = sources_of(dataset.info, (sample.source for sample in dataset.samples.values())).values()
    refuse_unless_private(sources, "export", private=private)
    rule = split or ("zeroshot" if layout == "mmio" else "closed")
    parts = (mmio.parts if layout == "mmio" else _parts)(dataset, rule)
    chosen = [sample for part in parts for sample in part.samples]
    dataset.ensure([sample.image_id for sample in chosen], progress)
    for part in parts:
        _copy(part, folder / part.pictures, progress)
    LAYOUTS[layout](folder, dataset, parts)
    with written_whole(folder / LICENCES) as temporary:
        temporary.write_text(attribution(sources), encoding="utf-8")
    return Exported(
        folder,
        layout,
        rule,
        {part.name: len(part.samples) for part in parts},
        sum(len(sample.annotations) for sample in chosen),
        len(dataset.samples) - len(chosen),
    )


def _parts(dataset: Dataset, rule: str) -> list[Part]:
    split = dataset.split(rule)
    lists = {name: getattr(split, name) for name in ("train", "val", "test")}
    return [Part(name, [dataset.samples[i] for i in sorted(ids)], f"images/{name}") for name, ids in lists.items()]


def _copy(part: Part, folder: Path, progress: Progress | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    samples: Sequence[Sample] = part.samples
    for sample in bar(progress, f"copy {part.name}", samples, len(samples)):
        shutil.copyfile(sample.path, folder / part.file_name(sample))
