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

"""files of a folder that our build made"""
WHOLE = "all"
"""scene and super category of a file that names none"""


class CocoDataset(GroupedDataset):
    """An opened data set whose images are on disk. choose: which categories are novel in the zero-shot split."""

    def __init__(
        self,
        info: DatasetInfo,
        content: CocoFile | Content,
        digest: str,
        choose: Callable[[Mapping[int, Sample], Sequence[Category]], Sequence[int]],
        folder: Path | None = None,
    ) -> None:
        """folder: of a set that our build made."""
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
        """As `choose` says."""
        return self._choose(self.samples, self.categories)

    def repair_counts(self) -> Mapping[str, int]:
        """See core.sample.Dataset."""
        return self.repairs.counts

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:  # noqa: ARG002 - on disk
        """Raise DataError naming the first of those images that is unknown or not on disk."""
        for image_id in image_ids:
            if image_id not in self.samples:
                raise DataError(f"{self.info.name} has no image {image_id}: ids go up to {max(self.samples)}")
            path = self.samples[image_id].path
            if not path.is_file():
                raise DataError(f"{path}: the image is missing; build the data set again or put it back")


def read_folder(folder: Path, info: DatasetInfo) -> CocoDataset:
    """Open a folder that our build made. Its digest is that of the annotation file, which holds the images' digests.

    The columns beside it are read where they are of that very file: the same set in a tenth of the time.
    """
    path = DatasetPaths(folder).annotations
    sha256 = file_sha256(path)
    content = read_columns(folder, sha256) or content_of(read_coco(path))
    here = {sample.source for sample in content.samples.values()}
    sources = tuple(source for source in info.sources if source.name in here)
    return CocoDataset(replace(info, sources=sources), content, sha256, choose_novel, folder)


def content_of(file: CocoFile) -> Content:
    """Categories and samples of a COCO file that was read and checked."""
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
    """Augmented copies that Roboflow made of one image share what stands before `_jpg.rf.`."""
    return re.split(r"[_.](?:jpe?g|png|bmp)\.rf\.", name.as_posix(), maxsplit=1, flags=re.IGNORECASE)[0]
