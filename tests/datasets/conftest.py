"""Small downloads in the layouts of the ten public sources, with their quirks, under a spaced non-ASCII folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Painter = Callable[..., Path]


def paint(path: Path, seed: int = 0, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Path:
    """A picture with content of its own: a smooth random field, so that perceptual hashes differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode).save(path)
    return path


def voc(path: Path, objects: list[tuple[str, tuple[int, int, int, int]]], size: tuple[int, int] = (64, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{b[0]}</xmin><ymin>{b[1]}</ymin><xmax>{b[2]}</xmax>"
        f"<ymax>{b[3]}</ymax></bndbox></object>"
        for name, b in objects
    )
    path.write_text(
        f"<annotation><folder>cr</folder><filename>{path.stem}</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height></size>{body}</annotation>"
    )


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def mask(
    path: Path, boxes: list[tuple[int, int, int, int]], size: tuple[int, int] = (64, 48), value: int = 255
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((size[1], size[0]), np.uint8)
    for x1, y1, x2, y2 in boxes:
        pixels[y1:y2, x1:x2] = value
    Image.fromarray(pixels).save(path)


def make_downloads(folder: Path) -> Path:
    """About six images a source, so that every class family and every quirk occurs."""
    _metallurgy(folder)
    _electronics(folder)
    _textiles(folder)
    _others(folder)
    return folder


def _metallurgy(folder: Path) -> None:
    neu = folder / "Stahl (böse)" / "neu"
    for number, name in enumerate(
        ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"]
    ):
        paint(neu / "IMAGES" / f"{name}_1.jpg", number)
        # <filename> without suffix; a class other than the one in the file's name
        other = "inclusion" if name == "scratches" else name
        voc(neu / "ANNOTATIONS" / f"{name}_1.xml", [(name, (2, 3, 30, 40)), (other, (33, 3, 60, 40))])
    cold = folder / "cr7" / "lengzha"
    for number, name in enumerate(["inclusions", "dents", "oil spots", "pits", "punching", "linear", "macular"]):
        paint(cold / "image" / f"{name}7.jpg", 100 + number, mode="L" if number % 2 else "RGB")
        text(cold / "label" / f"{name}7.txt", f"{number} 0.5 0.5 0.25 0.25\n")


def _electronics(folder: Path) -> None:
    board = folder / "DeepPCB-master" / "PCBData"
    for group in ("group00041", "group12000"):
        short = group.removeprefix("group")
        for number in range(3):
            stem = f"{short}{number:03d}"
            paint(board / group / short / f"{stem}_test.jpg", 200 + number + int(short))
            paint(board / group / short / f"{stem}_temp.jpg", 290 + number)
            comma = "," if number else " "
            rows = [(2, 2, 20, 20, 1 + number), (30, 5, 50, 25, 4 + number)]
            text(board / group / f"{short}_not" / f"{stem}.txt", "".join(comma.join(map(str, r)) + "\n" for r in rows))
    tile = folder / "magnetic"
    for number, name in enumerate(["Blowhole", "Break", "Crack", "Fray", "Uneven", "Free"]):
        for exposure in (1, 2):
            stem = f"exp{exposure}_num_{10000 * (number + 1) + 20 * exposure}"
            paint(tile / f"MT_{name}" / "Imgs" / f"{stem}.jpg", 300 + 2 * number + exposure, mode="L")
            mask(tile / f"MT_{name}" / "Imgs" / f"{stem}.png", [] if name == "Free" else [(5, 5, 25, 25)])
    mask(tile / "MT_Uneven" / "Imgs" / "exp2_num_50040.png", [(5, 5, 25, 25)], value=100)


def _textiles(folder: Path) -> None:
    cut = folder / "fabric cut" / "data"
    for number, (name, label) in enumerate(
        [("cut00_png.rf.ab", 1), ("hole00_png.rf.cd", 2), ("Fabric1", 1), ("Fabric22", 0)]
    ):
        part = "train" if number % 2 else "valid"
        paint(cut / part / "images" / f"{name}.jpg", 400 + number)
        text(cut / part / "labels" / f"{name}.txt", f"{label} 0.5 0.5 0.2 0.2\n")
    knot = folder / "knots"
    text(knot / "data.yaml", "names: ['Hole', 'Knot', 'Stain']\n")
    text(knot / "README.roboflow.txt", "made up")
    for number, name in enumerate(["a01_jpg.rf.0f", "DSC02_JPG.rf.1f", "a03_jpg.rf.2f"]):
        paint(knot / f"{name}.jpg", 410 + number)
        text(knot / f"{name}.txt", f"{number} 0.1 0.1 0.3 0.1 0.3 0.3\n{number} 0.6 0.6 0.2 0.2\n")
    stain = folder / "hsst" / "dataset_samples"
    for number, stamp in enumerate(["2024_9_11_14_6_15_612_3072_0", "2024_9_11_14_6_16_612_3072_488"]):
        paint(stain / "images" / f"{stamp}.jpg", 420 + number)
        mask(stain / "annotations" / f"{stamp}.png", [(3, 3, 13, 13), (40, 30, 60, 45)])
    paint(stain / "images" / "2024_9_11_15_6_16_612_3072_488.jpg", 423)
    mask(stain / "annotations" / "2024_9_11_15_6_16_612_3072_488.png", [])


def _others(folder: Path) -> None:
    panel = folder / "alu" / "dataset"
    for number in (1, 2, 30):
        paint(panel / "train" / "images" / f"{number}.jpg", 500 + number, (1280, 1706), "L")
        text(panel / "train" / "labels" / f"{number}.txt", f"{0 if number < 9 else 3} 0.5 0.5 0.2 0.2\n")
    paint(panel / "val" / "images" / "1_z0.jpg", 504, (1280, 1706), "L")
    text(panel / "val" / "labels" / "1_z0.txt", "0 0.5 0.5 0.2 0.2\n")
    hide = folder / "leather" / "dataset"
    names = [
        "Bacterial Injury",
        "Crease",
        "Growth Marks",
        "Healed Injury",
        "Hole",
        "Rotten surface",
        "Scratch",
        "pinhole",
    ]
    text(hide / "data.yaml", f"names: {json.dumps(names)}\n")
    for number in range(8):
        part = "train" if number % 2 else "valid"
        paint(hide / part / "images" / f"hide{number // 2 * 5}_jpg.rf.{number:032x}.jpg", 510 + number)
        text(hide / part / "labels" / f"hide{number // 2 * 5}_jpg.rf.{number:032x}.txt", f"{number} 0.5 0.5 0.2 0.2\n")
    wood = folder / "wood" / "train"
    for number, name in enumerate(["Live_knot", "Death_know", "resin", "Crack", "Marrow"]):
        paint(wood / "img" / f"10{number}.jpg", 530 + number)
        rectangle: dict[str, Any] = {"id": 1, "classTitle": name, "geometryType": "rectangle"}
        rectangle["points"] = {"exterior": [[40, 30], [10, 5]], "interior": []}
        bitmap = {"id": 2, "classTitle": name, "geometryType": "bitmap", "bitmap": {"data": "", "origin": [10, 5]}}
        text(wood / "ann" / f"10{number}.jpg.json", json.dumps({"objects": [bitmap, rectangle]}))


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """All ten sources, small, under a folder with spaces and non-ASCII letters."""
    return make_downloads(tmp_path / "Läden 数据" / "my downloads")
