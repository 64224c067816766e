"""Objects365 v1 in COCO form, to pre-train on (Table 4): `annotations/objects365_train.json`, pictures in `train/`.

Nothing is tested on it: its one split is that of the task `pretrain`, in which every image is trained on.
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
from benchmark.datasets.opening.official import OfficialDataset, Part, make_samples, plain_category, trained_on_whole
from benchmark.datasets.opening.roots import here, missing_root, rooted
from benchmark.datasets.readers.coco_columns import Entry, read_coco_columns, text_of

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
EXPECTED = Expected("objects365_{part}.json", {"train": Counts(None, None, 365)})


def open_objects365() -> OfficialDataset:
    """Open it. Raises DataError where it is not here."""
    root = rooted(INFO.name)
    file = annotation_file(root, "train")
    columns = read_coco_columns(file)
    categories = tuple(plain_category(str(entry["name"]).strip()) for entry in columns.categories)
    part = Part(make_samples(columns, picture_of(root, "train"), INFO.name), file_sha256(file))
    return trained_on_whole(INFO, categories, part, columns.repairs)


def annotation_file(root: Path, part: str) -> Path:
    """Of `train`. Raises DataError that says where it is looked for."""
    name = EXPECTED.file.format(part=part)
    for folder in (root / "annotations", root):
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{root / 'annotations' / name}: missing; fetch it from {SOURCE.url}")


def picture_of(root: Path, part: str) -> Callable[[Entry], Path]:
    """Entry of `images` -> its file in the folder of the part, whatever folders its file_name repeats."""
    return lambda entry: root / part / Path(text_of(entry, "file_name", f"{INFO.name}: image")).name


def annotation_files(root: Path) -> list[Path]:
    """Those of EXPECTED that are here."""
    return here(root, EXPECTED.counts, annotation_file)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Counts, digest and pictures. Raises DataError where the set is not here."""
    root = rooted(INFO.name)
    yield from check_files(root, EXPECTED, annotation_file, partial(picture_of, root), progress)


DATASET = DatasetEntry(INFO, missing=partial(missing_root, INFO.name), open=open_objects365)
