"""Small trees in the official layout of products: glass containers, cars, solar cells."""

from __future__ import annotations

from pathlib import Path

from tests.datasets.official_layouts import SIZE, dump, photo, text
from tests.datasets.official_metal_layouts import voc

GCD_YAML = "nc: 5\nnames: ['oil', 'black spot', 'bubble', 'plastering thread', 'Quenched grain']\ntrain: x\nval: y\n"
GCD_OTHER_YAML = "nc: 5\nnames: ['bubble', 'oil', 'Plastering thread', 'black spot', 'Quenched grain']\n"
CARDD_CLASSES = ("dent", "scratch", "crack", "glass shatter", "lamp broken", "tire flat")
PVEL_CLASSES = (
    "crack", "finger", "black_core", "thick_line", "star_crack", "corner", "fragment", "scratch",
    "horizontal_dislocation", "vertical_dislocation", "printing_error", "short_circuit",
)  # fmt: skip


def gcd_glass(folder: Path, yaml: str = GCD_YAML) -> Path:
    """YOLO labels in parts, the same names in both, and the yaml that says which class is which number."""
    root = folder / "GCD-Part-1"
    for part in ("train_add", "val_add"):
        for number in range(3):
            photo(root / "images" / part / f"{number}.jpg")
            text(root / "labels" / part / f"{number}.txt", f"{number} 0.5 0.5 0.25 0.25\n4 0.2 0.2 0.1 0.1\n")
    if yaml:
        text(root / "GCD-Part-1.yaml", yaml)
    return folder


def cardd(folder: Path) -> Path:
    """COCO json a part; the saliency half of the download holds the same pictures once more."""
    root = folder / "CarDD_release" / "CarDD_COCO"
    first = 0
    for part, count in (("train", 3), ("val", 2), ("test", 1)):
        images = [
            {"id": number, "file_name": f"{number:06d}.jpg", "width": SIZE[0], "height": SIZE[1]}
            for number in range(first + 1, first + count + 1)
        ]
        for image in images:
            photo(root / f"{part}2017" / str(image["file_name"]))
            photo(folder / "CarDD_release" / "CarDD_SOD" / part / "Image" / str(image["file_name"]))
        annotations = [
            {"id": 2 * number + more, "image_id": image["id"], "category_id": (int(str(image["id"])) + more) % 6 + 1,
             "bbox": [4.5 + 20 * more, 5, 16, 10.5], "area": 1, "iscrowd": 0, "segmentation": [[4, 5, 20, 5, 20, 15]]}
            for number, image in enumerate(images, start=1) for more in (0, 1)
        ]  # fmt: skip
        categories = [{"id": key, "name": name, "supercategory": ""} for key, name in enumerate(CARDD_CLASSES, start=1)]
        dump(
            root / "annotations" / f"instances_{part}2017.json",
            {"info": {}, "images": images, "annotations": annotations, "categories": categories},
        )
        first += count
    text(root / "annotations" / "image_info.xlsx", "not a label")
    return folder


def pvel_ad(folder: Path) -> Path:
    """Labelled cells, cells of the test part with and without labels, cells that only a folder describes."""
    root = folder / "EL2021"
    for number, name in enumerate(PVEL_CLASSES):
        part = "test" if number == 4 else "trainval"
        photo(root / part / "JPEGImages" / f"img{number:06d}.jpg")
        voc(root / part / "Annotations" / f"img{number:06d}.xml", [(name, (4, 5, 30, 25))])
    text(root / "trainval" / "ImageSets" / "Main" / "trainval.txt", "img000000\n")
    photo(root / "test" / "JPEGImages" / "img000999.jpg")
    for name in ("good", "material"):
        photo(root / "othertypes" / name / "img009001.jpg")
    return folder


def elpv(folder: Path) -> Path:
    """Probabilities of a defect in columns of blanks, no header, no boxes."""
    root = folder / "elpv-dataset" / "src" / "elpv_dataset" / "data"
    lines = []
    for number, (chance, kind) in enumerate(
        [
            ("1.0", "mono"),
            ("0.0", "mono"),
            ("0.3333333333333333", "poly"),
            ("0.0", "poly"),
            ("0.6666666666666666", "poly"),
        ],
        start=1,
    ):
        photo(root / "images" / f"cell{number:04d}.png")
        lines.append(f"images/cell{number:04d}.png  {chance}    {kind}")
    text(root / "labels.csv", "\n".join(lines) + "\n")
    return folder


PRODUCTS = {"cardd": cardd, "elpv": elpv, "gcd-glass": gcd_glass, "pvel-ad": pvel_ad}
PRODUCT_IMAGES = {"cardd": 6, "elpv": 2, "gcd-glass": 6, "pvel-ad": 13}
