"""Your own data set: any COCO annotation file with its images, `bench run --data PATH/annotations.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark.core.canonical import digest, file_sha256
from benchmark.core.errors import DataError, UnknownNameError
from benchmark.core.sample import Category, Dataset, DatasetEntry, DatasetInfo, Sample, Source
from benchmark.datasets.build.novel import choose_novel
from benchmark.datasets.opening.opened import WHOLE, CocoDataset
from benchmark.datasets.readers.coco import read_coco

INFO = DatasetInfo(
    name="any-coco",
    title="Your own COCO-format folder",
    version=1,
    sources=(Source("yours", "yours", redistributable=False),),
)
_HINT = "name its annotation file: bench run --data FOLDER/annotations.json"


def open_path(annotations_json: Path, novel: Sequence[str] = ()) -> CocoDataset:
    """Open an annotation file. novel: class names that zero-shot tasks hold out; without, a seeded choice.

    Optional keys are used: `scene`, `group`, `source` of an image; `defect`, `scene`, `supercategory`, `synonyms`,
    `description` of a category. Records name the set by 8 digits of its digest, not by its path. Raises DataError, or
    UnknownNameError for a novel name that is not a class.
    """
    if annotations_json.is_dir():
        raise DataError(f"{annotations_json}: is a folder; {_HINT}")
    content = read_coco(annotations_json)
    # Sizes instead of digests of the images: reading all of them at each start would take too long.
    sizes = sorted((image.image_id, image.path.stat().st_size) for image in content.images)
    identity = digest({"annotations": file_sha256(annotations_json), "image_bytes": sizes})
    names = [str(entry["name"]).strip() for entry in content.categories]
    chosen = tuple(names.index(name) for name in join_names(novel, names))
    return CocoDataset(replace(INFO, variant=identity[:8]), content, identity, partial(_choose, chosen))


def join_names(parts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Class names from a text that was split at commas, although names may contain commas ("hole, fabric").

    The longest sequence of parts that is a name is taken. Case is ignored, except between names that differ only in
    case. Raises UnknownNameError for a part of no name.
    """
    spelled = {",".join(piece.strip() for piece in name.split(",")): name for name in names}
    times = Counter(key.casefold() for key in spelled)
    folded = {key.casefold(): name for key, name in spelled.items() if times[key.casefold()] == 1}
    joined_names, rest = [], [piece.strip() for part in parts for piece in part.split(",")]
    while rest:
        for count in range(len(rest), 0, -1):
            joined = ",".join(rest[:count])
            name = spelled.get(joined) or folded.get(joined.casefold())
            if name:
                joined_names.append(name)
                rest = rest[count:]
                break
        else:
            raise UnknownNameError("class", rest[0], names)
    return joined_names


def _choose(named: Sequence[int], samples: Mapping[int, Sample], categories: Sequence[Category]) -> Sequence[int]:
    if named:
        return named
    # Some files have one super category per class; then the whole file counts as one super category.
    return choose_novel(samples, categories) or choose_novel(
        samples, [replace(category, super_category=WHOLE) for category in categories]
    )


def _no_name() -> Dataset:
    raise DataError(f"any-coco has no files of its own; {_HINT}")


DATASET = DatasetEntry(INFO, missing=lambda: None, open=_no_name)
