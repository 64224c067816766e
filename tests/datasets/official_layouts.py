"""Small trees in the official layout of public sources: tiny real images, real annotation formats, their quirks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[int, int, int, int]
SIZE = (64, 48)


def photo(path: Path, size: tuple[int, int] = SIZE) -> Path:
    """A grey picture that only its path decides, so that no two are copies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(ord(letter) * (place + 1) for place, letter in enumerate("/".join(path.parts[-4:])))
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    with path.open("wb") as file:
        kind = {".jpg": "JPEG", ".bmp": "BMP"}.get(path.suffix.lower(), "PNG")
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(file, kind)
    return path


def mask(path: Path, boxes: Iterable[Box], size: tuple[int, int] = SIZE, values: Iterable[int] = ()) -> Path:
    """A mask with filled boxes; values: of each box, else 255."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((size[1], size[0]), np.uint8)
    given = list(values)
    for number, (x1, y1, x2, y2) in enumerate(boxes):
        pixels[y1:y2, x1:x2] = given[number] if given else 255
    Image.fromarray(pixels).save(path, "BMP" if path.suffix.lower() == ".bmp" else "PNG")
    return path


def ellipse(path: Path, box: Box, size: tuple[int, int] = SIZE) -> Path:
    """A mask with one filled ellipse in a box."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    x1, y1, x2, y2 = box
    inside = ((2 * x - x1 - x2) / (x2 - x1)) ** 2 + ((2 * y - y1 - y2) / (y2 - y1)) ** 2 <= 1
    Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)).save(path, "PNG")
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def dump(path: Path, content: Any, *, ascii_only: bool = True) -> Path:
    return text(path, json.dumps(content, ensure_ascii=ascii_only))


def mvtec_ad(folder: Path) -> Path:
    """Two products: a texture and an object."""
    for product, defect in (("carpet", "cut"), ("metal_nut", "bent")):
        root = folder / product
        text(root / "license.txt", "CC BY-NC-SA 4.0")
        for number in range(2):
            photo(root / "train" / "good" / f"{number:03d}.png")
        photo(root / "test" / "good" / "000.png")
        for number in range(2):
            photo(root / "test" / defect / f"{number:03d}.png")
            mask(root / "ground_truth" / defect / f"{number:03d}_mask.png", [(5, 6, 25, 16), (40, 30, 50, 40)])
    return folder


def visa(folder: Path) -> Path:
    """Two products; masks hold small integers, one of them two defects."""
    for product in ("candle", "pcb4"):
        data = folder / product / "Data"
        for number in range(2):
            photo(data / "Images" / "Normal" / f"{number:04d}.JPG")
        photo(data / "Images" / "Anomaly" / "000.JPG")
        mask(data / "Masks" / "Anomaly" / "000.png", [(5, 6, 25, 16), (30, 6, 50, 16)], values=(1, 4))
        text(folder / product / "image_anno.csv", "image,label,mask\n")
    text(folder / "split_csv" / "1cls.csv", "object,split,label,image,mask\n")
    return folder


def btad(folder: Path) -> Path:
    """Three products; masks have another suffix than their images."""
    for product, image, label in (("01", "bmp", "png"), ("02", "png", "png"), ("03", "bmp", "bmp")):
        root = folder / "BTech_Dataset_transformed" / product
        photo(root / "train" / "ok" / f"0000.{image}")
        photo(root / "test" / "ok" / f"0001.{image}")
        photo(root / "test" / "ko" / f"0002.{image}")
        mask(root / "ground_truth" / "ko" / f"0002.{label}", [(5, 6, 25, 16)])
    return folder


def dagm_2007(folder: Path) -> Path:
    """Two textures; ellipses as masks, Labels.txt names them."""
    for name in ("Class1", "Class10"):
        for part, first in (("Train", 576), ("Test", 1)):
            root = folder / name / part
            lines = ["1"]
            for number in (first, first + 1):
                photo(root / f"{number:04d}.PNG")
                defective = number == first
                label = f"{number:04d}_label.PNG" if defective else "0"
                lines.append(f"{number:04d}\t{int(defective)}\t{number:04d}.PNG\t{int(defective)}\t{label}")
            ellipse(root / "Label" / f"{first:04d}_label.PNG", (10, 8, 40, 28))
            text(root / "Label" / "Labels.txt", "\n".join(lines) + "\n")
    return folder


def aitex(folder: Path) -> Path:
    """One strip a defect code, one of them with two masks; one strip without defects."""
    long = (256, 16)
    for number, code in enumerate(("002", "006", "030", "019"), start=1):
        photo(folder / "Defect_images" / f"{number:04d}_{code}_00.png", long)
        if code != "019":
            mask(folder / "Mask_images" / f"{number:04d}_{code}_00_mask.png", [(5, 2, 25, 12)], long)
    for which, box in ((1, (5, 2, 25, 12)), (2, (100, 2, 120, 12))):
        mask(folder / "Mask_images" / f"0004_019_00_mask{which}.png", [box], long)
    photo(folder / "NODefect_images" / "2306881-210020u" / "0001_000_00.png", long)
    return folder


def pku_market_pcb(folder: Path) -> Path:
    """Two boards; `rotation` and `PCB_USED` hold images without boxes."""
    root = folder / "PCB_DATASET"
    for name in ("Missing_hole", "Mouse_bite", "Open_circuit", "Short", "Spur", "Spurious_copper"):
        for board in ("01", "12"):
            stem = f"{board}_{name.lower()}_01"
            photo(root / "images" / name / f"{stem}.jpg")
            objects = "".join(
                f"<object><name>{name.lower()}</name><bndbox><xmin>{x}</xmin><ymin>3</ymin><xmax>{x + 9}</xmax>"
                "<ymax>12</ymax></bndbox></object>"
                for x in (4, 30)
            )
            text(
                root / "Annotations" / name / f"{stem}.xml",
                f"<annotation><filename>{stem}.jpg</filename><size><width>64</width><height>48</height>"
                f"<depth>3</depth></size>{objects}</annotation>",
            )
        photo(root / "rotation" / f"{name}_rotation" / f"01_{name.lower()}_01.jpg")
    photo(root / "PCB_USED" / "01.JPG")
    return folder


def tianchi_tile(folder: Path) -> Path:
    """Two tiles, three cameras; boxes as corners in one list."""
    root = folder / "tile_round1_train_20201231"
    entries = []
    for tile, category in (("226_46", 4), ("197_2", 6)):
        for camera in (1, 2, 3):
            name = f"{tile}_t2020112513351827{camera}_CAM{camera}.jpg"
            photo(root / "train_imgs" / name)
            entries.append({"name": name, "image_height": 48, "image_width": 64, "category": category})
            entries[-1]["bbox"] = [10.5, 8, 22, 19.25]
    dump(root / "train_annos.json", entries)
    return folder


def tianchi_fabric(folder: Path) -> Path:
    """Both packages of round 1; names escaped in one json and as they are in the other."""
    for part, names in (("train1_20190818", ("破洞", "油渍")), ("train2_20190828", ("水渍", "双纬"))):
        root = folder / f"guangdong1_round1_{part}"
        entries = []
        for number, name in enumerate(names):
            image = f"{part[:6]}{number}.jpg"
            photo(root / "defect_Images" / image)
            entries += [
                {"name": image, "defect_name": name, "bbox": [4.5, 6, 20, 16]},
                {"name": image, "defect_name": name, "bbox": [30, 6, 50.25, 16]},
            ]
        photo(root / "normal_Images" / f"{part[:6]}fine.jpg")
        dump(root / "Annotations" / "anno_train.json", entries, ascii_only=part.startswith("train1"))
    return folder


def tianchi_bottle(folder: Path) -> Path:
    """Annotation ids that repeat, a background box, a printed code as it should be."""
    root = folder / "chongqing1_round1_train1_20191223"
    names = {1: "瓶盖破损", 9: "喷码正常", 0: "背景", 7: "标贴起皱"}
    boxes = ((1, 1, [4, 5, 20, 10]), (1, 7, [30, 5, 20, 10]), (2, 0, [0, 0, 0, 0]), (3, 9, [4, 5, 20, 10]))
    for image in (1, 2, 3):
        photo(root / "images" / f"img_{image:07d}.jpg")
    dump(
        root / "annotations.json",
        {
            "info": "competition",
            "images": [
                {"file_name": f"img_{image:07d}.jpg", "height": 48, "width": 64, "id": image} for image in (1, 2, 3)
            ],
            "annotations": [
                {"id": 5, "image_id": image, "category_id": category, "bbox": bbox, "area": 1, "iscrowd": 0}
                for image, category, bbox in boxes
            ],
            "categories": [{"supercategory": name, "id": key, "name": name} for key, name in names.items()],
        },
    )
    return folder


def wood_vsb(folder: Path) -> Path:
    """bmp in two of the ten folders, text with decimal commas, a colour map a board."""
    lines = {
        "100100001": "Live_Knot\t0,25\t0,5\t0,5\t1,00\nDead_Knot\t0,00\t0,00\t0,125\t0,25\n",
        "100100002": "overgrown\t0,1\t0,1\t0,9\t0,9\n",
        "200100003": "",
    }
    for stem, content in lines.items():
        photo(folder / f"Images{stem[0]}" / f"{stem}.bmp")
        mask(folder / "Semantic Maps" / f"{stem}_segm.bmp", [(5, 5, 9, 9)])
        text(folder / "Bounding Boxes" / f"{stem}_anno.txt", content)
    return folder


LAYOUTS = {
    "aitex": aitex,
    "btad": btad,
    "dagm-2007": dagm_2007,
    "mvtec-ad": mvtec_ad,
    "pku-market-pcb": pku_market_pcb,
    "tianchi-bottle": tianchi_bottle,
    "tianchi-fabric": tianchi_fabric,
    "tianchi-tile": tianchi_tile,
    "visa": visa,
    "wood-vsb": wood_vsb,
}
"""source -> what makes its official layout below a folder, and gives that folder back"""
IMAGES = {
    "aitex": 5,
    "btad": 9,
    "dagm-2007": 8,
    "mvtec-ad": 10,
    "pku-market-pcb": 12,
    "tianchi-bottle": 3,
    "tianchi-fabric": 6,
    "tianchi-tile": 6,
    "visa": 6,
    "wood-vsb": 3,
}
"""how many images of each are read"""
