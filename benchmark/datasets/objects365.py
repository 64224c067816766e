"""Objects365 v1 as COCO json, for pre-training (Table 4): `annotations/objects365_train.json`, images in `train/`.

Its only split is that of the task `pretrain`: all images are trained on, none is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmark.core.coco import Entry
from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets.opening.check import Finding, check_files
from benchmark.datasets.opening.layout import AnnotationFile, AnnotationFiles, Layout, plain_category, plain_name
from benchmark.datasets.opening.official import OfficialDataset, trained_on_whole
from benchmark.datasets.opening.roots import missing_root, rooted
from benchmark.datasets.readers.coco_columns import read_coco_columns, text_of

SOURCE = Source(
    "objects365",
    "annotations CC BY 4.0; photos under their owners' Flickr terms",
    redistributable=False,
    url="https://www.objects365.org",
    citation="Shao et al., Objects365: A Large-scale, High-quality Dataset for Object Detection, ICCV 2019",
)
INFO = DatasetInfo(
    name="objects365",
    title="Objects365 v1 (to pre-train on)",
    version=1,
    sources=(SOURCE,),
    citation=SOURCE.citation,
    split_rules=("pretrain",),
)
FILES = AnnotationFiles(
    {"train": AnnotationFile("objects365_train.json", classes=365)}, source=f"fetch it from {SOURCE.url}"
)


def open_objects365() -> OfficialDataset:
    """Open Objects365. Raises DataError for missing files."""
    own = _layout()
    columns = read_coco_columns(own.file("train"))
    categories = tuple(plain_category(plain_name(entry)) for entry in columns.categories)
    return trained_on_whole(INFO, categories, own.part("train", columns), columns.repairs)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Check counts, digest and images. Raises DataError without a root folder."""
    yield from check_files(_layout(), progress)


def _layout() -> Layout:
    root = rooted(INFO.name)
    return Layout(INFO.name, root, FILES, partial(_pictures, root))


def _pictures(root: Path, part: str) -> Callable[[Entry], Path]:
    """Image files are in the folder of the part, without the folders in `file_name`."""
    return lambda entry: root / part / Path(text_of(entry, "file_name", f"{INFO.name}: image")).name


DATASET = DatasetEntry(
    INFO, missing=partial(missing_root, INFO.name), open=open_objects365, check=check, annotation_files=FILES.present
)
