"""Objects365 v1 in COCO form, to pre-train on (Table 4): `annotations/objects365_train.json`, pictures in `train/`.

Nothing is tested on it: its one split is that of the task `pretrain`, in which every image is trained on.
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
    """Open it. Raises DataError where it is not here."""
    own = _layout()
    columns = read_coco_columns(own.file("train"))
    categories = tuple(plain_category(plain_name(entry)) for entry in columns.categories)
    return trained_on_whole(INFO, categories, own.part("train", columns), columns.repairs)


annotation_files = FILES.present
"""of a root folder"""


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Counts, digest and pictures. Raises DataError where the set is not here."""
    yield from check_files(_layout(), progress)


def _layout() -> Layout:
    root = rooted(INFO.name)
    return Layout(INFO.name, root, FILES, partial(_pictures, root))


def _pictures(root: Path, part: str) -> Callable[[Entry], Path]:
    """In the folder of the part, whatever folders an image's file_name repeats."""
    return lambda entry: root / part / Path(text_of(entry, "file_name", f"{INFO.name}: image")).name


DATASET = DatasetEntry(INFO, missing=partial(missing_root, INFO.name), open=open_objects365)
