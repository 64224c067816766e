"""Tianchi 2018 aluminium profile, round 2: a labelme json beside every defective image, labels in Chinese.

Defect-free images are in a separate folder and have no json. Round 1 has no boxes and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.labelme import read_labelme
from benchmark.datasets.readers.reading import IMAGE_SUFFIXES, Repairs, pair_by_stem
from benchmark.datasets.sources.shared.anomaly import Read, good
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    files_below,
    images_below,
    source_image,
    unique,
)
from benchmark.datasets.sources.shared.tianchi import LICENCE

SCENE = "aluminium profile"
KINDS = {
    "不导电": Kind(
        "non-conducting spot", SCENE, ("uncoated spot", "bare spot"), "A spot that the sprayed powder did not stick to."
    ),
    "擦花": Kind("scratch", SCENE, ("scrape", "rub mark"), "Light scrape marks made after the profile was coated."),
    "角位漏底": Kind(
        "corner leak", SCENE, ("exposed corner", "uncoated corner"), "Bare metal showing at a corner of the profile."
    ),
    "桔皮": Kind(
        "orange peel", SCENE, ("rough coating", "grainy coating"), "A coarse, dimpled coating, like the peel."
    ),
    "漏底": Kind(
        "exposed base", SCENE, ("bottom leak", "missing coating"), "A large area of bare metal without coating."
    ),
    "喷流": Kind("paint flow", SCENE, ("paint run", "spray sag"), "Traces where thin paint has run down."),
    "漆泡": Kind(
        "paint bubble", SCENE, ("paint blister", "coating blister"), "Small bubbles in the coating, often many."
    ),
    "起坑": Kind("pit", SCENE, ("groove", "hollow"), "A hollow that a faulty mould draws along the profile."),
    "杂色": Kind(
        "variegated colour", SCENE, ("mixed colour", "foreign colour"), "Streaks of another colour in the coating."
    ),
    "脏点": Kind("dirty spot", SCENE, ("dust grain", "dirt grain"), "A raised grain of dust under the coating."),
}
DEFECT_FREE_LABEL = "正常"
DEFECT_FREE_FOLDERS = re.compile(r"无瑕疵(?:图片|样本)|正常")
FOLDERS = re.compile(rf"单瑕疵(?:图片|样本)|多瑕疵(?:图片|样本)|{DEFECT_FREE_FOLDERS.pattern}|{'|'.join(KINDS)}")
"""folders inside the root of the download"""
MARKS = tuple(
    word for name in KINDS for word in (f'"{name}"'.encode(), f'"{name}"'.encode("ascii", "backslashreplace"))
)
LOOKED_INTO = 40
"""label files read to recognise the set: the first may have no defect"""
STAMP = re.compile(r"\d{14}")


def _roots(tree: Tree) -> list[Path]:
    return unique([_top(folder, tree.folder) for folder in tree.folders if _is_labelled(tree, folder)])


def _is_labelled(tree: Tree, folder: Path) -> bool:
    """Whether the folder has a json beside an image of the same stem, with a label of this set."""
    labels = [name for name in tree.files[folder] if name.lower().endswith(".json")]
    images = {Path(name).stem for name in tree.files[folder] if labels and Path(name).suffix.lower() in IMAGE_SUFFIXES}
    beside = [folder / name for name in labels if Path(name).stem in images]
    return any(_is_ours(path.read_bytes()) for path in beside[:LOOKED_INTO])


def _is_ours(content: bytes) -> bool:
    return b'"shapes"' in content and any(mark in content for mark in MARKS)


def _top(folder: Path, outermost: Path) -> Path:
    while folder != outermost and FOLDERS.fullmatch(folder.name):
        folder = folder.parent
    return folder


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    images = images_below(root)
    fine = {path for path in images if any(map(DEFECT_FREE_FOLDERS.fullmatch, path.relative_to(root).parts))}
    defective = [path for path in images if path not in fine]
    for image, size_px, boxes in chain(good(sorted(fine)), _labelled(defective, root, repairs)):
        # Names contain the time of the photo; images of the same second show one profile.
        stamp = STAMP.search(image.stem)
        yield source_image(
            "tianchi-aluminium", root, image, size_px, boxes, SCENE, stamp.group() if stamp else image.stem
        )


def _labelled(images: list[Path], root: Path, repairs: Repairs) -> Iterator[Read]:
    for image, label in pair_by_stem(images, files_below(root, ".json"), repairs):
        size_px = image_size(image)
        boxes = read_labelme(label, *size_px, repairs, ignored=(DEFECT_FREE_LABEL,))
        yield image, size_px, boxes


SOURCE = PublicSource(
    facts=Source(
        "tianchi-aluminium",
        LICENCE,
        redistributable=False,
        url="https://tianchi.aliyun.com/competition/entrance/231682/information",
        citation="Alibaba Tianchi: Guangdong industrial innovation competition, aluminium profile defects, 2018",
    ),
    title="Tianchi aluminium profile, round 2",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(3005, note="and defect-free images"),
    roots=_roots,
    read=_read,
)
