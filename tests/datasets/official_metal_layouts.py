"""Small trees in the official layout of metal surfaces: steel, rails, commutators, aluminium."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tests.datasets.official_layouts import SIZE, Box, dump, mask, photo, text

SQUARE = (200, 200)
"""NEU-Seg is known by this size"""


def voc(path: Path, objects: Sequence[tuple[str, Box]], size: tuple[int, int] = SIZE, filename: str = "") -> Path:
    """A Pascal VOC label."""
    body = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{b[0]}</xmin><ymin>{b[1]}</ymin><xmax>{b[2]}</xmax>"
        f"<ymax>{b[3]}</ymax></bndbox></object>"
        for name, b in objects
    )
    return text(
        path,
        f"<annotation><folder>junk</folder><filename>{filename or path.stem}</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height><depth>1</depth></size>{body}</annotation>",
    )


def rle(boxes: Sequence[Box], size: tuple[int, int] = SIZE) -> str:
    """Filled boxes as Kaggle's run-length code: counted from 1, down the columns."""
    runs = [f"{x * size[1] + y1 + 1} {y2 - y1}" for x1, y1, x2, y2 in boxes for x in range(x1, x2)]
    return " ".join(runs)


def neu_det(folder: Path) -> Path:
    """Kaggle's form: parts, class folders of images, one folder of labels a part."""
    root = folder / "NEU-DET"
    names = ("crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches")
    for number, name in enumerate(names):
        part = "validation" if number % 2 else "train"
        for count in (1, 2):
            stem = f"{name}_{count + 240 * (part == 'validation')}"
            photo(root / part / "images" / name / f"{stem}.jpg")
            # 188 objects have another class than their file's name; 174 labels lack a suffix in <filename>
            other = "inclusion" if name == "scratches" else name
            voc(root / part / "annotations" / f"{stem}.xml", [(name, (2, 3, 30, 40)), (other, (33, 3, 60, 40))])
    return folder


def gc10_det(folder: Path) -> Path:
    """Folders named by numbers, labels in `lable`, two spellings of one class, one object of a class `d`."""
    root = folder / "GC10-DET"
    names = ("chongkong", "hanfeng", "yueyawan", "shuiban", "youban", "siban", "yiwu", "yahen", "zhehen", "yaozhe")
    for number, name in enumerate(names, start=1):
        for frame in (7, 9):
            stem = f"img_{number % 8:02d}_3402617{number:02d}_{frame:05d}"
            photo(root / str(number) / f"{stem}.jpg")
            objects = [(f"{number}_{name}", (4, 5, 30, 25))]
            objects += [("10_yaozhed", (35, 5, 60, 40))] if name == "yaozhe" else []
            objects += [("d", (35, 5, 60, 40))] if (name, frame) == ("yiwu", 9) else []
            voc(root / "lable" / f"{stem}.xml", objects, filename=f"{stem}.jpg")
    return folder


def severstal(folder: Path, *, old: bool = False) -> Path:
    """Four images with defects and one without; the older csv has a line for every image and class."""
    defects = {
        "0002cc93b.jpg": {"1": [(4, 5, 20, 15), (30, 5, 50, 40)]},
        "0007a71bf.jpg": {"3": [(0, 0, 64, 8)]},
        "000a4bcdd.jpg": {"2": [(4, 5, 20, 15)], "4": [(10, 10, 60, 40)]},
        "000f6bf48.jpg": {"4": [(60, 40, 64, 48), (2, 2, 9, 9)]},
        "00031f466.jpg": {},
    }
    lines = ["ImageId_ClassId,EncodedPixels" if old else "ImageId,ClassId,EncodedPixels"]
    for image, classes in defects.items():
        photo(folder / "train_images" / image)
        for name in ("1", "2", "3", "4"):
            if old or name in classes:
                lines.append(f"{image}{'_' if old else ','}{name},{rle(classes.get(name, []))}")
    photo(folder / "test_images" / "004f40c73.jpg")
    text(folder / "train.csv", "\n".join(lines) + "\n")
    text(folder / "sample_submission.csv", "ImageId,EncodedPixels,ClassId\n")
    return folder


X_SDD_CLASSES = (
    "red iron",
    "iron sheet ash",
    "slag inclusion",
    "surface scratch",
    "oxide scale of plate system",
    "finishing roll printing",
    "oxide scale of temperature system",
)


def x_sdd(folder: Path, *, labelled: bool = True) -> Path:
    """Folders of a class each, jpg in some and png in others; boxes as others have drawn them, or none."""
    root = folder / "X-SDD"
    for number, name in enumerate(X_SDD_CLASSES, start=1):
        stem = f"{number}001"
        photo(root / "datas" / name / f"{stem}.{'png' if number % 2 else 'jpg'}")
        if labelled:
            voc(root / "Annotations" / f"{stem}.xml", [(name.replace(" ", "_"), (4, 5, 30, 25))])
    return folder


def kolektor_sdd(folder: Path) -> Path:
    """Views of three items, a mask beside each, most of them empty."""
    for item in ("kos01", "kos02", "kos50"):
        for part in range(3):
            photo(folder / item / f"Part{part}.jpg")
            boxes = [(5, 6, 25, 16)] if (item, part) != ("kos02", 0) and part == 1 else []
            mask(folder / item / f"Part{part}_label.bmp", boxes)
    return folder


def kolektor_sdd2(folder: Path) -> Path:
    """Masks beside images, and a copy of a mask that somebody left there."""
    for part, first in (("train", 10000), ("test", 20000)):
        for number in range(first, first + 3):
            photo(folder / part / f"{number}.png")
            mask(folder / part / f"{number}_GT.png", [(5, 6, 25, 16), (40, 20, 60, 40)] if number == first + 1 else [])
    mask(folder / "train" / "10001_GT (copy).png", [(5, 6, 25, 16)])
    return folder


def neu_seg(folder: Path) -> Path:
    """The same numbers in both parts; mask values are classes."""
    for part in ("training", "test"):
        for number in (1, 2):
            stem = f"{number:06d}"
            photo(folder / "NEU_Seg" / "images" / part / f"{stem}.jpg", SQUARE)
            mask(
                folder / "NEU_Seg" / "annotations" / part / f"{stem}.png",
                [(5, 6, 25, 16), (100, 100, 180, 120)],
                SQUARE,
                values=(1, 3) if number == 1 else (2, 2),
            )
    return folder


def rsdds(folder: Path) -> Path:
    """Two types of rail with the same file names; masks are JPEG, grey around their edges."""
    for kind, size in (("Type-I RSDDs dataset", (32, 200)), ("Type-II RSDDs dataset", (16, 250))):
        for number in (1, 2):
            photo(folder / kind / "Rail surface images" / f"rail_{number}.jpg", size)
            path = folder / kind / "GroundTruth" / f"rail_{number}.jpg"
            png = mask(path.with_suffix(".png"), [(2, 40, 12, 70), (3, 120, 13, 150)], size)
            Image.open(png).save(path, "JPEG", quality=75)
            png.unlink()
    return folder


def labelme(
    path: Path, shapes: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, ascii_only: bool = False
) -> Path:
    content = {
        "flags": {},
        "shapes": [{"label": name, "line_color": None, "points": list(map(list, points))} for name, points in shapes],
        "imagePath": path.with_suffix(".jpg").name,
    }
    return dump(path, content, ascii_only=ascii_only)


def tianchi_aluminium(folder: Path) -> Path:
    """Images with one defect by class, with several in one folder, without any in a third; json beside the image."""
    root = folder / "guangdong_round2_train_20181011"
    corners = [(10.5, 8), (30, 8), (30, 20.25), (10.5, 20.25)]
    names = ("不导电", "擦花", "角位漏底", "桔皮", "漏底", "喷流", "漆泡", "起坑", "杂色", "脏点")
    for number, name in enumerate(names):
        stem = root / "单瑕疵图片" / name / f"{name}201808301725{number:02d}对照样本"
        photo(stem.with_suffix(".jpg"))
        labelme(stem.with_suffix(".json"), [(name, corners)], ascii_only=number % 2 == 1)
    both = root / "多瑕疵图片" / "擦花+杂色20180901093000"
    photo(both.with_suffix(".jpg"))
    labelme(both.with_suffix(".json"), [("擦花", corners), ("杂色", [(40, 30), (60, 30), (60, 45), (40, 45)])])
    for number in (1, 2):
        photo(root / "无瑕疵图片" / f"正常2018090214000{number}.jpg")
    return folder


METAL = {
    "gc10-det": gc10_det,
    "kolektor-sdd": kolektor_sdd,
    "kolektor-sdd2": kolektor_sdd2,
    "neu-det": neu_det,
    "neu-seg": neu_seg,
    "rsdds": rsdds,
    "severstal": severstal,
    "tianchi-aluminium": tianchi_aluminium,
    "x-sdd": x_sdd,
}
METAL_IMAGES = {
    "gc10-det": 20,
    "kolektor-sdd": 9,
    "kolektor-sdd2": 6,
    "neu-det": 12,
    "neu-seg": 4,
    "rsdds": 4,
    "severstal": 5,
    "tianchi-aluminium": 13,
    "x-sdd": 7,
}
