"""Pictures, names and archives that go wrong in real downloads: each is read right, or dropped or refused in words.

Missing parts, masks of another size and run-length codes that overrun: test_expected_counts, test_mask_reader,
test_rle_reader.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.official_layouts import btad, mvtec_ad, text
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.datasets.build.archives import unpack
from benchmark.datasets.build.build import Built, Plan, build
from benchmark.core.images import decode
from benchmark.core.images import image_size
from benchmark.datasets.any_coco import open_path
from benchmark.datasets.mmio_open import INFO, folder_of, open_variant

BOX = (4, 6, 30, 20)
SAME = ("mvtec-ad", "btad")


@pytest.fixture
def steel(tmp_path: Path, bench_home: Path) -> Path:
    """Three good pictures of NEU-DET; a test adds the bad one."""
    folder = tmp_path / "neu"
    for number in range(1, 4):
        labelled(folder, f"scratches_{number}", number)
    return folder


def labelled(folder: Path, stem: str, seed: int) -> Path:
    xml(folder / "ANNOTATIONS" / f"{stem}.xml", "scratches")
    return paint(folder / "IMAGES" / f"{stem}.jpg", seed)


def paint(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC).convert("RGB").save(path)
    return path


def xml(path: Path, *names: str) -> Path:
    """A label of a picture of 64 x 48 px with BOX once for each name."""
    corners = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), BOX, strict=True))
    objects = "".join(f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>" for name in names)
    size = "<size><width>64</width><height>48</height></size>"
    return text(path, f"<annotation>{size}{objects}</annotation>")


def everything(*folders: Path) -> Built:
    plan = Plan(everything=True)
    return build(INFO, list(folders), plan, folder_of(plan.variant))


def dropped(built: Built) -> list[tuple[str, str]]:
    with (built.folder / "report.csv").open(newline="", encoding="utf-8") as file:
        return [(row["item"], row["why"]) for row in csv.DictReader(file) if row["done"] == "dropped"]


def left_out(built: Built) -> dict[str, list[str]]:
    """Reason -> first files, as the record counts them."""
    return {kind: facts["first"] for kind, facts in built.record.facts["repairs"]["neu-det"].items()}


def test_two_sources_with_the_same_file_names(bench_home: Path, tmp_path: Path) -> None:
    """Masked sets number their pictures: both have a 0000.png, of another content."""
    one = mvtec_ad(tmp_path / "one")
    for path in list(one.rglob("good/000.png")):
        path.rename(path.with_name("0000.png"))
    everything(one, btad(tmp_path / "other"))
    dataset = open_variant("all")
    dataset.ensure(sorted(dataset.samples))
    here = {sample.path for sample in dataset.samples.values()}
    assert len(here) == len(dataset.samples)
    names = {source: {s.path.name for s in dataset.samples.values() if s.source == source} for source in SAME}
    assert "0000.png" in names["mvtec-ad"] & names["btad"]


@pytest.mark.parametrize(
    ("mode", "suffix"), [("CMYK", ".jpg"), ("P", ".png"), ("I;16", ".png"), ("LA", ".png"), ("1", ".png")]
)
def test_pictures_of_other_modes_are_read(steel: Path, mode: str, suffix: str) -> None:
    path = labelled(steel, "scratches_4", 4)
    picture = Image.open(path)
    path.unlink()
    if mode == "I;16":
        values = np.asarray(picture.convert("L")).astype(np.uint16) * 257
        Image.fromarray(values).save(path.with_suffix(suffix))
    else:
        picture.convert(mode).save(path.with_suffix(suffix))
    assert decode(path.with_suffix(suffix)).mode in ("L", "RGB")
    built = everything(steel)
    assert (built.record.counts["images"], dropped(built)) == (4, [])


def test_sixteen_bits_are_as_bright_as_eight(tmp_path: Path) -> None:
    grey = np.arange(0, 256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(grey * 257).save(tmp_path / "deep.png")
    assert np.array_equal(np.asarray(decode(tmp_path / "deep.png")), grey)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_follow_a_photo_that_is_turned_by_its_exif(steel: Path, orientation: int) -> None:
    """The box lies around the only bright spot, before and after the picture is turned."""
    path = labelled(steel, "scratches_4", 4)
    stored = np.random.default_rng(0).integers(0, 90, (48, 64), np.uint8)
    x1, y1, x2, y2 = BOX
    stored[y1:y2, x1:x2] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(path, quality=95, exif=exif)
    built = everything(steel)
    (sample,) = [each for each in open_variant("all").samples.values() if each.path.name == "scratches_4.jpg"]
    upright = np.asarray(decode(sample.path))
    assert (sample.height_px, sample.width_px) == upright.shape
    rows, columns = np.nonzero(upright > 170)
    spot = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    # Orientations 2 to 4 keep the sides, so that nobody can tell which frame a label is in: it is the viewer's.
    if orientation in (1, 5, 6, 7, 8):
        assert np.abs(sample.annotations.xyxy[0] - spot).max() <= 1.5
    turned = built.record.facts["repairs"].get("neu-det", {}).get("boxes turned with their picture (EXIF)")
    assert (turned is not None) == (orientation >= 5)


def test_truncated_and_empty_pictures_are_left_out_with_the_reason(steel: Path) -> None:
    cut, empty = labelled(steel, "scratches_4", 4), labelled(steel, "scratches_5", 5)
    cut.write_bytes(cut.read_bytes()[:-200])
    empty.write_bytes(b"")
    built = everything(steel)
    assert built.record.counts["images"] == 3
    ((item, why),) = dropped(built)
    assert item == "neu-det/IMAGES/scratches_4.jpg"
    assert "not a readable image" in why
    assert left_out(built) == {"image that cannot be read left out": ["IMAGES/scratches_5.jpg"]}


def test_a_blank_picture_is_dropped(steel: Path) -> None:
    Image.new("L", (64, 48), 127).save(labelled(steel, "scratches_4", 4))
    ((item, why),) = dropped(everything(steel))
    assert item.endswith("scratches_4.jpg")
    assert "no content" in why


def png_header(path: Path, width: int, height: int) -> None:
    """A file that says its size and holds none of it: what is refused must be refused before it is decoded."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(head, 13), (b"IDAT", 0)]
    packed = [struct.pack(">I", size) + each + struct.pack(">I", zlib.crc32(each)) for each, size in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))


def test_a_picture_of_200_megapixels_is_left_out_by_its_header(steel: Path) -> None:
    path = labelled(steel, "scratches_4", 4)
    path.unlink()
    png_header(path.with_suffix(".png"), 20_000, 10_000)
    for read in (decode, image_size):
        with pytest.raises(DataError, match=r"scratches_4\.png: the image is too large; up to 178 megapixels are read"):
            read(path.with_suffix(".png"))
    built = everything(steel)
    assert built.record.counts["images"] == 3
    assert left_out(built) == {"image too large to read left out": ["IMAGES/scratches_4.png"]}


def test_a_link_out_of_the_folder_is_not_followed(steel: Path, tmp_path: Path) -> None:
    outside = paint(tmp_path / "outside" / "scratches_9.jpg", 9)
    labelled(steel, "scratches_9", 9).unlink()
    (steel / "IMAGES" / "scratches_9.jpg").symlink_to(outside)
    (steel / "more").symlink_to(outside.parent)
    built = everything(steel)
    assert built.record.counts["images"] == 3
    assert left_out(built) == {"link to an image outside the folder left out": ["IMAGES/scratches_9.jpg"]}


def test_a_set_without_a_class_is_refused(tmp_path: Path, bench_home: Path) -> None:
    paint(tmp_path / "neu" / "IMAGES" / "scratches_1.jpg", 1)
    xml(tmp_path / "neu" / "ANNOTATIONS" / "scratches_1.xml")
    with pytest.raises(DataError, match="none of the 1 images has a box, so there is no class to detect"):
        everything(tmp_path / "neu")


def test_class_names_in_any_script(tmp_path: Path, bench_home: Path) -> None:
    """From a Roboflow export through the build to the opened set, and from a COCO file of one's own."""
    names = ["缺口", "Fêlure d'émail", "Царапина"]
    export = tmp_path / "export"
    text(export / "data.yaml", f"names: {json.dumps(names, ensure_ascii=False)}\n")
    text(export / "README.roboflow.txt", "made up")
    for number in range(3):
        paint(export / "train" / "images" / f"bild{number}_jpg.rf.{number:032x}.jpg", number)
        text(export / "train" / "labels" / f"bild{number}_jpg.rf.{number:032x}.txt", f"{number} 0.5 0.5 0.2 0.2\n")
    built = everything(export)
    assert {category.defect for category in open_variant("all").categories} == {name.lower() for name in names}
    assert "缺口" in (built.folder / "dataset.json").read_text(encoding="utf-8")
    content = {
        "images": [{"id": 1, "file_name": "bild0.jpg", "width": 64, "height": 48}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 2, 9, 9]}],
        "categories": [{"id": 1, "name": names[0]}],
    }
    paint(tmp_path / "own" / "bild0.jpg")
    text(tmp_path / "own" / "own.json", json.dumps(content, ensure_ascii=False))
    assert [category.name for category in open_path(tmp_path / "own" / "own.json").categories] == names[:1]


def zipped(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    return path


def tarred(path: Path, name: str, link: str = "") -> Path:
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(name)
        if link:
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
        else:
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (zipped, "../outside.jpg"),
        (zipped, "a/../../outside.jpg"),
        (zipped, "/outside.jpg"),
        (zipped, "a\\..\\..\\outside.jpg"),
        (zipped, "C:\\outside.jpg"),
        (tarred, "../outside.jpg"),
        (tarred, "/outside.jpg"),
    ],
)
def test_an_archive_that_writes_outside_is_refused(
    make: Callable[[Path, str], Path], name: str, tmp_path: Path
) -> None:
    archive = make(tmp_path / f"download.{'zip' if make is zipped else 'tar'}", name)
    with pytest.raises(DataError, match=r"download\.\w+: would write outside its folder .*; do not trust this archive"):
        unpack(archive, tmp_path / "downloads")
    assert not list(tmp_path.rglob("outside.jpg"))
    assert not [path for path in (tmp_path / "downloads").iterdir() if path.is_dir()]


def test_an_archive_with_a_link_out_is_refused(tmp_path: Path) -> None:
    archive = tarred(tmp_path / "download.tar", "link", link="../../secret")
    with pytest.raises(DataError, match="would write outside its folder"):
        unpack(archive, tmp_path / "downloads")


def test_a_cut_archive_is_refused_and_a_good_one_unpacked_once(tmp_path: Path) -> None:
    good = zipped(tmp_path / "good.zip", "a/x.jpg")
    folder = unpack(good, tmp_path / "downloads")
    assert (folder / "a" / "x.jpg").read_bytes() == b"x"
    assert unpack(good, tmp_path / "downloads") == folder
    for name in ("cut.zip", "cut.tar.gz"):
        (tmp_path / name).write_bytes(good.read_bytes()[:20])
        with pytest.raises(DataError, match=rf"{name}: not a readable archive .*fetch it again"):
            unpack(tmp_path / name, tmp_path / "downloads")


def test_an_archive_larger_than_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    path = zipped(tmp_path / "bomb.zip", "x.jpg")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 0))
    with pytest.raises(DataError, match=r"bomb\.zip: unpacks to 0 MiB, 0 MiB are free; free some or set BENCH_HOME"):
        unpack(path, tmp_path / "downloads")
