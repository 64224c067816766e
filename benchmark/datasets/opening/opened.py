"""A COCO-format folder as an opened data set: its samples, categories and splits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import DataError
from benchmark.core.paths import DatasetPaths
from benchmark.core.sample import Category, DatasetInfo, Progress, Sample
from benchmark.datasets.build.novel import choose_novel
from benchmark.datasets.opening.grouped import GroupedDataset
from benchmark.datasets.readers.coco import CocoFile, CocoImage, read_coco
from benchmark.datasets.readers.columns import Content, read_columns
from benchmark.datasets.readers.reading import Repairs

WHOLE = "all"
"""scene and super category where a file has none"""


class CocoDataset(GroupedDataset):
    """An opened data set whose images are on disk."""

    def __init__(
        self,
        info: DatasetInfo,
        content: CocoFile | Content,
        digest: str,
        choose: Callable[[Mapping[int, Sample], Sequence[Category]], Sequence[int]],
        folder: Path | None = None,
    ) -> None:
        """Take what was read.

        Args:
            info: of the data set.
            content: categories and samples.
            digest: of the annotation file, or of what else identifies the set.
            choose: chooses the labels of the novel classes.
            folder: of a set made by `bench data build`, else None.
        """
        self.info = info
        self.digest = digest
        self.folder = folder
        self.repairs: Repairs = content.repairs if isinstance(content, CocoFile) else Repairs()
        checked = content_of(content) if isinstance(content, CocoFile) else content
        self.categories: Sequence[Category] = checked.categories
        self.samples: Mapping[int, Sample] = checked.samples
        if not self.categories:
            raise DataError(f"{info.name}: no image has a box of any class, so there is nothing to detect; add labels")
        self._choose = choose

    def novel_labels(self) -> Sequence[int]:
        """Labels of the novel classes."""
        return self._choose(self.samples, self.categories)

    def repair_counts(self) -> Mapping[str, int]:
        """See core.sample.Dataset."""
        return self.repairs.counts

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:  # noqa: ARG002 - on disk
        """Raise DataError that names the first of those images that is unknown or not on disk."""
        for image_id in image_ids:
            if image_id not in self.samples:
                raise DataError(f"{self.info.name} has no image {image_id}: ids go up to {max(self.samples)}")
            path = self.samples[image_id].path
            if not path.is_file():
                raise DataError(f"{path}: the image is missing; build the data set again or put it back")


def read_folder(folder: Path, info: DatasetInfo) -> CocoDataset:
    """Open a set made by `bench data build`. Its digest is that of the annotation file, which has those of the images.

    The columns beside the annotation file are read instead, ten times as fast, where they were made from it.
    """
    path = DatasetPaths(folder).annotations
    sha256 = file_sha256(path)
    content = read_columns(folder, sha256) or content_of(read_coco(path))
    used = {sample.source for sample in content.samples.values()}
    sources = tuple(source for source in info.sources if source.name in used)
    return CocoDataset(replace(info, sources=sources), content, sha256, choose_novel, folder)


def content_of(file: CocoFile) -> Content:
    """Categories and samples of a COCO file."""
    categories = tuple(_category(entry) for entry in file.categories)
    return Content(categories, {image.image_id: _sample(image) for image in file.images})


def _category(entry: Mapping[str, Any]) -> Category:
    name = str(entry["name"]).strip()
    return Category(
        name=name,
        defect=str(entry.get("defect") or name),
        scene=str(entry.get("scene") or WHOLE),
        super_category=str(entry.get("supercategory") or WHOLE),
        synonyms=tuple(map(str, entry.get("synonyms") or ())),
        description=str(entry.get("description") or ""),
    )


def _sample(image: CocoImage) -> Sample:
    entry = image.entry
    return Sample(
        image_id=image.image_id,
        path=image.path,
        width_px=image.width_px,
        height_px=image.height_px,
        annotations=image.annotations,
        scene=str(entry.get("scene") or WHOLE),
        group=str(entry.get("group") or original_of(Path(str(entry["file_name"])))),
        source=str(entry.get("source") or WHOLE),
    )


def original_of(name: Path) -> str:
    """File name up to `_jpg.rf.`, which augmented copies of one image share in Roboflow's exports."""
    return re.split(r"[_.](?:jpe?g|png|bmp)\.rf\.", name.as_posix(), maxsplit=1, flags=re.IGNORECASE)[0]
