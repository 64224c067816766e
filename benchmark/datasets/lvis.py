"""LVIS v1 as its owners hand it out, with COCO's photos (Table 4): `lvis` is minival, `lvis@val` all of val.

minival is the part of val whose images lie in COCO val2017. A number chooses that many test images, always the same
ones (`lvis@100`, `lvis@val-100`). Rare classes are novel, common and frequent ones base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import ConfigError, DataError
from benchmark.core.sample import Category, DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets import coco
from benchmark.datasets.opening.check import Finding, check_files, counted
from benchmark.datasets.opening.expected import Counts, Expected
from benchmark.datasets.opening.official import (
    Official,
    OfficialDataset,
    Part,
    first_by_digest,
    make_samples,
    only,
    subset_of,
)
from benchmark.datasets.opening.roots import find_root, here, missing_root, rooted
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
EXPECTED = Expected(
    "lvis_v1_{part}.json",
    {"val": Counts(19_809, 244_707, 1_203), "train": Counts(100_170, 1_270_141, 1_203)},
)
MINIVAL_IMAGES = 4_809
WHOLE_VAL = "val"


def open_variant(variant: str) -> OfficialDataset:
    """Open minival (""), `val`, or a number of images of either. Raises DataError where it is not here, ConfigError."""
    info, limit, whole = _chosen(variant)
    root = rooted(INFO.name)
    file = annotation_file(root, "val")
    columns = read_coco_columns(file, None if whole else in_val2017)
    if not columns.images:
        raise DataError(f"{file}: no image has a coco_url in val2017, so there is no minival; fetch the official file")
    columns = only(columns, first_by_digest([entry["id"] for entry in columns.images], limit))
    categories = tuple(category_of(entry, file) for entry in columns.categories)
    frequency = frequencies_of(columns, file)
    content = Official(
        rule="lvis",
        categories=categories,
        test=Part(make_samples(columns, photo_of(photo_roots(root)), INFO.name), file_sha256(file)),
        fit=partial(_train, root, categories),
        base=tuple(label for label, letter in enumerate(frequency) if letter != "r"),
        novel=tuple(label for label, letter in enumerate(frequency) if letter == "r"),
        repairs=columns.repairs,
        federation=federation_of(columns, frequency, file),
    )
    return OfficialDataset(info, content)


def annotation_file(root: Path, part: str) -> Path:
    """Of `train` or `val`. Raises DataError that says where it is looked for."""
    name = EXPECTED.file.format(part=part)
    for folder in (root, root / "annotations"):
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{root / name}: missing; it is in {name}.zip of {SOURCE.url}/dataset")


def annotation_files(root: Path) -> list[Path]:
    """Those of EXPECTED that are here."""
    return here(root, EXPECTED.counts, annotation_file)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Counts, digests and pictures of both parts, and of minival. Raises DataError where the set is not here."""
    root = rooted(INFO.name)
    yield from check_files(root, EXPECTED, annotation_file, lambda _: photo_of(photo_roots(root)), progress)
    minival = sum(map(in_val2017, load_coco(annotation_file(root, "val"))["images"]))
    yield counted("minival: images of val in COCO val2017", minival, MINIVAL_IMAGES)


def photo_roots(root: Path) -> list[Path]:
    """Where COCO's photos may lie: below LVIS's own folder, or where COCO is."""
    beside = find_root(coco.INFO.name)
    return [root, *([beside] if beside else [])]


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


def _train(root: Path, categories: tuple[Category, ...]) -> Part:
    file = annotation_file(root, "train")
    columns = read_coco_columns(file)
    if tuple(name_of(entry) for entry in columns.categories) != tuple(category.name for category in categories):
        raise DataError(f"{file}: its classes are not those of the test file; both must be of one release")
    return Part(make_samples(columns, photo_of(photo_roots(root)), INFO.name), file_sha256(file))


DATASET = DatasetEntry(INFO, missing=partial(missing_root, INFO.name), open=partial(open_variant, ""))
