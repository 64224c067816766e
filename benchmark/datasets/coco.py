"""COCO 2017 as its owners hand it out: trained on train2017, tested on val2017 (Table 3).

`coco@100` tests on 100 images of val2017, always the same ones, against their ground truth alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import DataError
from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets.opening.check import Finding, check_files
from benchmark.datasets.opening.expected import Counts, Expected
from benchmark.datasets.opening.official import (
    Official,
    OfficialDataset,
    Part,
    first_by_digest,
    make_samples,
    only,
    plain_category,
    subset_of,
)
from benchmark.datasets.opening.roots import here, missing_root, rooted
from benchmark.datasets.readers.coco_columns import Entry, read_coco_columns, text_of

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
EXPECTED = Expected(
    "instances_{part}2017.json",
    {"val": Counts(5_000, 36_781, 80), "train": Counts(118_287, 860_001, 80)},
)


def open_variant(variant: str) -> OfficialDataset:
    """Open the set, or `<number>` of its test images. Raises DataError where it is not here, ConfigError."""
    info, limit = subset_of(INFO, variant)
    root = rooted(INFO.name)
    file = annotation_file(root, "val")
    columns = read_coco_columns(file)
    columns = only(columns, first_by_digest([entry["id"] for entry in columns.images], limit))
    categories = tuple(plain_category(str(entry["name"]).strip()) for entry in columns.categories)
    test = Part(make_samples(columns, image_path(root, "val2017"), INFO.name), file_sha256(file))
    labels = tuple(range(len(categories)))
    names = tuple(category.name for category in categories)
    content = Official("coco", categories, test, partial(_train, root, names), labels, repairs=columns.repairs)
    return OfficialDataset(info, content)


def annotation_file(root: Path, part: str) -> Path:
    """Of `train` or `val`. Raises DataError that says where it is looked for."""
    name = EXPECTED.file.format(part=part)
    for folder in (root / "annotations", root):
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{root / 'annotations' / name}: missing; it is in annotations_trainval2017.zip of {SOURCE.url}/#download"
    )


def image_folder(root: Path, part: str) -> Path:
    """Where the pictures of `train2017` or `val2017` lie: in the root, or in `images/` as some tools want it."""
    inside = root / "images" / part
    return inside if inside.is_dir() and not (root / part).is_dir() else root / part


def image_path(root: Path, part: str) -> Callable[[Entry], Path]:
    """Entry of `images` -> its file in the folder of `train2017` or `val2017`."""
    folder = image_folder(root, part)
    return lambda entry: folder / text_of(entry, "file_name", f"{INFO.name}: image")


def annotation_files(root: Path) -> list[Path]:
    """Those of EXPECTED that are here."""
    return here(root, EXPECTED.counts, annotation_file)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Counts, digests and pictures of both parts. Raises DataError where the set is not here."""
    root = rooted(INFO.name)
    yield from check_files(root, EXPECTED, annotation_file, lambda part: image_path(root, f"{part}2017"), progress)


def _train(root: Path, names: tuple[str, ...]) -> Part:
    file = annotation_file(root, "train")
    columns = read_coco_columns(file)
    here = tuple(str(entry["name"]).strip() for entry in columns.categories)
    if here != names:
        raise DataError(f"{file}: its classes are not those of the test file; both must be of one release")
    return Part(make_samples(columns, image_path(root, "train2017"), INFO.name), file_sha256(file))


DATASET = DatasetEntry(INFO, missing=partial(missing_root, INFO.name), open=partial(open_variant, ""))
