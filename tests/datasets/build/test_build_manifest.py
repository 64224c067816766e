"""The manifest: made, written, read, followed."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.manifest import (
    NEAR,
    Row,
    boxes_digest,
    classes_of,
    follow,
    make_rows,
    manifest_path,
    number,
    read_manifest,
    write_manifest,
)
from benchmark.datasets.build.scan import scan


def test_committed_manifest_is_small_and_whole() -> None:
    path = manifest_path()
    rows = read_manifest(path)
    assert path.stat().st_size < 1_000_000
    assert len(number(rows)) >= 4300
    assert len({row.source for row in rows}) == 10
    assert all(len(row.sha256) == 64 for row in rows)
    assert any(row.copy_of for row in rows)
    assert any(row.group.startswith(NEAR) for row in rows)
    assert len({(row.source, row.path) for row in rows}) == len(rows)


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    rows = [Row("a", "ü, ö.png", "0" * 64, "g", "crack:2", "f" * 12), Row("a", "b.png", "1" * 64, "g", "", "", "a/ü")]
    for name in ("one.gz", "two.gz"):
        write_manifest(tmp_path / name, rows)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    assert read_manifest(tmp_path / "one.gz") == rows
    assert [image_id for image_id, _ in number(rows)] == [1]


def test_broken_manifests_are_named(tmp_path: Path) -> None:
    path = tmp_path / "m.csv.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(DataError, match=r"m\.csv\.gz: not a readable manifest"):
        read_manifest(path)
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(DataError, match="expected the columns source, path"):
        read_manifest(path)


def test_copies_are_marked_and_their_groups_joined(downloads: Path) -> None:
    image = next(downloads.rglob("pits7.jpg"))
    shutil.copy(image, image.with_name("pits8.jpg"))
    label = next(downloads.rglob("pits7.txt"))
    shutil.copy(label, label.with_name("pits8.txt"))
    rows = {row.path: row for row in make_rows(scan([downloads], ["cr7-det"]))}
    assert rows["image/pits8.jpg"].copy_of == "cr7-det/image/pits7.jpg"
    assert rows["image/pits7.jpg"].group == rows["image/pits8.jpg"].group == f"{NEAR}cr7-det/pits7"
    assert rows["image/dents7.jpg"].group == "cr7-det/dents7"


def test_follow_finds_images_by_path_and_else_by_content(downloads: Path) -> None:
    rows = make_rows(scan([downloads], ["cr7-det"]))
    cold = downloads / "cr7" / "lengzha"
    for old, new in ((cold / "image" / "pits7.jpg", "pits70.jpg"), (cold / "label" / "pits7.txt", "pits70.txt")):
        old.rename(old.with_name(new))
    (cold / "image").rename(cold / "IMAGE")
    chosen = follow(rows, scan([downloads], ["cr7-det"]), ["cr7-det"])
    assert [each.row.path for each in chosen] == [row.path for row in rows]
    assert {each.image.path.name for each in chosen} >= {"pits70.jpg", "dents7.jpg"}


def test_follow_names_what_is_missing(downloads: Path) -> None:
    rows = make_rows(scan([downloads], ["cr7-det", "wood-vsb"]))
    with pytest.raises(DataError, match=r"1 of 2 sources are missing: wood-vsb; .*--sources cr7-det"):
        follow(rows, scan([downloads], ["cr7-det"]), ["cr7-det", "wood-vsb"])
    next(downloads.rglob("pits7.jpg")).unlink()
    with pytest.raises(DataError, match=r"cr7-det: 1 of 7 images .* first 'image/pits7.jpg'.*--all"):
        follow(rows, scan([downloads], ["cr7-det"]), ["cr7-det"])


def test_follow_names_changed_boxes(downloads: Path) -> None:
    rows = make_rows(scan([downloads], ["cr7-det"]))
    next(downloads.rglob("pits7.txt")).write_text("3 0.5 0.5 0.25 0.26\n")
    with pytest.raises(DataError, match="the boxes of 1 images are not those of the manifest, first 'image/pits7.jpg'"):
        follow(rows, scan([downloads], ["cr7-det"]), ["cr7-det"])


def test_facts_of_a_row(downloads: Path) -> None:
    images = {image.path.stem: image for image in scan([downloads], ["neu-det", "cr7-det"]).images["neu-det"]}
    assert classes_of(images["scratches_1"]) == "inclusion:1 scratches:1"
    assert boxes_digest(images["scratches_1"]) != boxes_digest(images["crazing_1"])
