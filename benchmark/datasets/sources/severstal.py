"""Severstal steel defect detection (Kaggle): one csv of run-length codes beside a folder of images.

The csv has two forms: `ImageId,ClassId,EncodedPixels` lists defects only; the older `ImageId_ClassId,EncodedPixels` has
four lines per image, most of them empty. `test_images` has no labels and is not read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.loading import read_text
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import mask_boxes
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.rle import read_rle
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    images_below,
    named_file,
    source_image,
)

SCENE = "flat steel"
KINDS = {
    "1": Kind("pitted surface", SCENE, ("pitting", "pits"), "Scattered small dark pits in the surface."),
    "2": Kind("crazing", SCENE, ("fine vertical cracks", "craze cracking"), "Short, fine, dark lines close together."),
    "3": Kind("scratch", SCENE, ("scrape", "score mark"), "Long bright or dark lines scraped along the sheet."),
    "4": Kind(
        "patches", SCENE, ("rough patch", "scaled area"), "A large rough area, often torn or covered with scale."
    ),
}
"""the competition has numbers only; these are the names used in papers"""
TABLE = r"train\.csv"
NEW, OLD = ("ImageId", "ClassId", "EncodedPixels"), ("ImageId_ClassId", "EncodedPixels")
Codes = dict[str, dict[str, str]]
"""image name in lower case -> class -> run-length code"""


def _roots(tree: Tree) -> list[Path]:
    return [f for f in tree.folders if tree.holds(f, TABLE) and child(f, "train_images") and _is_severstal(f)]


def _is_severstal(folder: Path) -> bool:
    """Whether train.csv has a header of Severstal: other competitions have a train.csv beside train_images, too."""
    with named_file(folder, TABLE).open("rb") as file:
        header = file.readline(200).decode("utf-8-sig", "replace").strip().replace('"', "")
    return tuple(header.split(",")) in (NEW, OLD)


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    table = named_file(root, TABLE)
    codes, lists_all = _codes(table)
    waiting = dict.fromkeys(codes)
    for image in images_below(child(root, "train_images") or root):
        own = codes.get(image.name.casefold())
        waiting.pop(image.name.casefold(), None)
        if own is None and lists_all:
            repairs.add("image without a label left out", str(image))
            continue
        size_px = image_size(image)
        where = f"{table}: {image.name}"
        masks = {name: read_rle(code, size_px, f"{where} class {name}") for name, code in sorted((own or {}).items())}
        yield source_image("severstal", root, image, size_px, mask_boxes(masks, where, repairs), SCENE, image.stem)
    for name in waiting:
        repairs.add("label of an image that is not there left out", f"{table}: {name}")


def _codes(table: Path) -> tuple[Codes, bool]:
    """The codes, and whether the table lists defect-free images as well."""
    rows = csv.DictReader(io.StringIO(read_text(table, DataError)))
    lists_all = tuple(rows.fieldnames or ()) == OLD
    codes: Codes = {}
    for row in rows:
        where = f"{table}:{rows.line_num}"
        image, name = _key(row, lists_all, where)
        code = (row.get("EncodedPixels") or "").strip()
        own = codes.setdefault(image.casefold(), {})
        if name in own:
            raise DataError(f"{where}: class {name} of {image} occurs twice; keep one line")
        if code:
            own[name] = code
    return codes, lists_all


def _key(row: dict[str, str], lists_all: bool, where: str) -> tuple[str, str]:
    joined = row.get("ImageId_ClassId") or "" if lists_all else f"{row.get('ImageId')}_{row.get('ClassId')}"
    image, _, name = joined.rpartition("_")
    if not image or name not in KINDS:
        raise DataError(f"{where}: image '{image}' with class '{name}'; expected an image name and a class of 1 to 4")
    return image, name


SOURCE = PublicSource(
    facts=Source(
        "severstal",
        "Kaggle competition rules: for the competition, research and education",
        redistributable=False,
        url="https://www.kaggle.com/competitions/severstal-steel-defect-detection",
        citation="A. Grishin, BorisV, iBardintsev, inversion, Oleg: Severstal: Steel Defect Detection. Kaggle, 2019",
    ),
    title="Severstal, flat steel",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(12568, defect_free=5902),
    roots=_roots,
    read=_read,
)
