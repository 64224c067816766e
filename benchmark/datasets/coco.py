"""COCO 2017 in its official layout: trained on train2017, tested on val2017 (Table 3).

`coco@100` tests on 100 fixed images of val2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmark.core.coco import Entry
from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets.opening.check import Finding, check_files
from benchmark.datasets.opening.layout import AnnotationFile, AnnotationFiles, Layout, plain_category, plain_name
from benchmark.datasets.opening.official import Official, OfficialDataset, first_images, subset_of
from benchmark.datasets.opening.roots import missing_root, rooted
from benchmark.datasets.readers.coco_columns import read_coco_columns, text_of

SOURCE = Source(
    "coco",
    "annotations CC BY 4.0; photos under their owners' Flickr terms",
    redistributable=False,
    url="https://cocodataset.org",
    citation="Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014",
)
INFO = DatasetInfo(
    name="coco",
    title="COCO 2017",
    version=1,
    sources=(SOURCE,),
    citation=SOURCE.citation,
    split_rules=("coco",),
)
FILES = AnnotationFiles(
    {
        "val": AnnotationFile("instances_val2017.json", 5_000, 36_781, 80),
        "train": AnnotationFile("instances_train2017.json", 118_287, 860_001, 80),
    },
    source=f"it is in annotations_trainval2017.zip of {SOURCE.url}/#download",
)


def open_variant(variant: str) -> OfficialDataset:
    """Open COCO. variant: empty, or a number of test images. Raises DataError for missing files, ConfigError."""
    info, limit = subset_of(INFO, variant)
    own = _layout()
    columns = first_images(read_coco_columns(own.file("val")), limit)
    categories = tuple(plain_category(plain_name(entry)) for entry in columns.categories)
    labels, training = tuple(range(len(categories))), partial(own.training, categories)
    content = Official("coco", categories, own.part("val", columns), training, labels, repairs=columns.repairs)
    return OfficialDataset(info, content)


def image_folder(root: Path, part: str) -> Path:
    """Folder of the images of `train2017` or `val2017`: in the root, or in `images/`, as some tools expect."""
    inside = root / "images" / part
    return inside if inside.is_dir() and not (root / part).is_dir() else root / part


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Check counts, digests and images of both parts. Raises DataError without a root folder."""
    yield from check_files(_layout(), progress)


def _layout() -> Layout:
    root = rooted(INFO.name)
    return Layout(INFO.name, root, FILES, partial(_pictures, root))


def _pictures(root: Path, part: str) -> Callable[[Entry], Path]:
    folder = image_folder(root, f"{part}2017")
    return lambda entry: folder / text_of(entry, "file_name", f"{INFO.name}: image")


DATASET = DatasetEntry(
    INFO,
    missing=partial(missing_root, INFO.name),
    open=partial(open_variant, ""),
    open_variant=open_variant,
    check=check,
    annotation_files=FILES.present,
)
