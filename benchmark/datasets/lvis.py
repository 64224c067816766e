"""LVIS v1 in its official layout, with the images of COCO (Table 4): `lvis` is minival, `lvis@val` all of val.

minival is the part of val whose images are in COCO val2017. `lvis@100` and `lvis@val-100` test on 100 fixed images.
Rare classes are novel, common and frequent ones base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark.core.coco import Entry
from benchmark.core.errors import ConfigError, DataError
from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets import coco
from benchmark.datasets.opening.check import Finding, check_files, counted
from benchmark.datasets.opening.layout import AnnotationFile, AnnotationFiles, Layout
from benchmark.datasets.opening.official import Official, OfficialDataset, first_images, subset_of
from benchmark.datasets.opening.roots import find_root, missing_root, rooted
from benchmark.datasets.readers.coco_columns import load_coco, read_coco_columns
from benchmark.datasets.readers.lvis import category_of, federation_of, frequencies_of, in_val2017, name_of, photo_of

SOURCE = Source(
    "lvis",
    "annotations CC BY 4.0; COCO's photos under their owners' Flickr terms",
    redistributable=False,
    url="https://www.lvisdataset.org",
    citation="Gupta, Dollar, Girshick, LVIS: A Dataset for Large Vocabulary Instance Segmentation, CVPR 2019",
)
INFO = DatasetInfo(
    name="lvis",
    title="LVIS v1",
    version=1,
    sources=(SOURCE,),
    citation=SOURCE.citation,
    split_rules=("lvis",),
)
FILES = AnnotationFiles(
    {
        "val": AnnotationFile("lvis_v1_val.json", 19_809, 244_707, 1_203),
        "train": AnnotationFile("lvis_v1_train.json", 100_170, 1_270_141, 1_203),
    },
    source=f"it is in {{name}}.zip of {SOURCE.url}/dataset",
    folders=("", "annotations"),
)
MINIVAL_IMAGES = 4_809
WHOLE_VAL = "val"


def open_variant(variant: str) -> OfficialDataset:
    """Open LVIS. variant: empty, `val`, or a number of images of either. Raises DataError, ConfigError."""
    info, limit, whole = _chosen(variant)
    own = _layout()
    file = own.file("val")
    columns = read_coco_columns(file, None if whole else in_val2017)
    if not columns.images:
        raise DataError(f"{file}: no image has a coco_url in val2017, so there is no minival; fetch the official file")
    columns = first_images(columns, limit)
    categories = tuple(category_of(entry, file) for entry in columns.categories)
    frequency = frequencies_of(columns, file)
    content = Official(
        rule="lvis",
        categories=categories,
        test=own.part("val", columns),
        training=partial(own.training, categories),
        base=tuple(label for label, letter in enumerate(frequency) if letter != "r"),
        novel=tuple(label for label, letter in enumerate(frequency) if letter == "r"),
        repairs=columns.repairs,
        federation=federation_of(columns, frequency, file),
    )
    return OfficialDataset(info, content)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Check counts, digests and images of both parts and of minival. Raises DataError without a root folder."""
    own = _layout()
    yield from check_files(own, progress)
    minival = sum(map(in_val2017, load_coco(own.file("val"))["images"]))
    yield counted("minival: images of val in COCO val2017", minival, MINIVAL_IMAGES)


def _layout() -> Layout:
    root = rooted(INFO.name)
    return Layout(INFO.name, root, FILES, partial(_pictures, root), name_of)


def _pictures(root: Path, part: str) -> Callable[[Entry], Path]:  # noqa: ARG001  # each image names its folder
    """Images of COCO in the root folder of LVIS, or in that of COCO."""
    beside = find_root(coco.INFO.name)
    return photo_of([root, *([beside] if beside else [])])


def _chosen(variant: str) -> tuple[DatasetInfo, int | None, bool]:
    whole = variant == WHOLE_VAL or variant.startswith(f"{WHOLE_VAL}-")
    number = variant.removeprefix(WHOLE_VAL).removeprefix("-") if whole else variant
    try:
        _, limit = subset_of(INFO, number)
    except ConfigError as error:
        raise ConfigError(
            f"lvis@{variant}: expected val, a number of test images or both: lvis@val, lvis@100, lvis@val-100"
        ) from error
    return replace(INFO, variant=variant), limit, whole


DATASET = DatasetEntry(
    INFO,
    missing=partial(missing_root, INFO.name),
    open=partial(open_variant, ""),
    open_variant=open_variant,
    check=check,
    annotation_files=FILES.present,
)
