"""elpv: images of solar cells with the probability of a defect, without boxes; only defect-free cells are read.

A defective cell without a box is of no use for training or testing: it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import good
from benchmark.datasets.sources.shared.solar import SCENE
from benchmark.datasets.sources.shared.source import (
    Expected,
    PublicSource,
    SourceImage,
    Tree,
    child,
    images_below,
    named_file,
    source_image,
)

TABLE = r"labels\.csv"
STEM = r"cell\d+"


def _roots(tree: Tree) -> list[Path]:
    return [
        folder.parent
        for folder in tree.named("images")
        if tree.holds(folder.parent, TABLE) and tree.holds(folder, STEM + r"\.png")
    ]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    table = named_file(root, TABLE)
    probabilities = _probabilities(table)
    fine = []
    for image in images_below(child(root, "images") or root, STEM):
        chance = probabilities.pop(image.name.casefold(), None)
        if chance is None:
            repairs.add("image without a label left out", str(image))
        elif chance > 0:
            repairs.add("image of a defect without a box left out", str(image))
        else:
            fine.append(image)
    for name in probabilities:
        repairs.add("label of an image that is not there left out", f"{table}: {name}")
    for image, size_px, boxes in good(fine):
        yield source_image("elpv", root, image, size_px, boxes, SCENE, image.stem)


def _probabilities(table: Path) -> dict[str, float]:
    """Image name in lower case -> probability of a defect, from lines `images/cell0001.png  0.0  mono`."""
    probabilities: dict[str, float] = {}
    for number, line in enumerate(read_text(table, DataError).splitlines(), start=1):
        fields = line.replace(",", " ").split()
        try:
            name, chance = fields[0], float(fields[1])
        except (IndexError, ValueError) as error:
            if not fields:
                continue
            raise DataError(f"{table}:{number}: expected an image, a probability and a kind of cell") from error
        if not 0 <= chance <= 1:
            raise DataError(f"{table}:{number}: the probability of a defect is {chance:g}; expected 0 to 1")
        probabilities[Path(name).name.casefold()] = chance
    return probabilities


SOURCE = PublicSource(
    facts=Source(
        "elpv",
        "CC BY-NC-SA 4.0",
        redistributable=False,
        url="https://github.com/zae-bayern/elpv-dataset",
        citation="S. Deitsch, V. Christlein, S. Berger, C. Buerhop-Lutz, A. Maier, F. Gallwitz, C. Riess: Automatic "
        "classification of defective photovoltaic module cells in electroluminescence images. Solar Energy 185, 2019",
    ),
    title="elpv, solar cells in electroluminescence",
    super_category="precision electronics",
    kinds={},
    expected=Expected(1508, defect_free=1508, note="1116 more show a defect and have no boxes: they are left out"),
    roots=_roots,
    read=_read,
)
