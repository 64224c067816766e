"""MMIO in its owners' layout: as they would hand it out, without what our own export adds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import BenchError, ConfigError, DataError, RefusedError, UnknownNameError
from benchmark.core.spec import RunRequest
from benchmark.datasets.mmio_release.against_paper import compare_forms
from benchmark.datasets.mmio_release.dataset import MmioDataset
from benchmark.datasets.opening.roots import find_root, root_variables, use_root
from benchmark.harness.cell import resolve
from benchmark.harness.data import default_data, open_dataset

SIDE_PX = 50
KINDS = {"train": ["Crack", "Pit_hole"], "validation": ["Crack", "Oil"]}
ROWS = {
    "train": {"a": [(0, 10, 10, 20, 20)], "b": [(1, 5, 5, 10, 30), (0, 20, 20, 8, 8)], "c": []},
    "validation": {"x": [(2, 1, 1, 30, 30)], "y": [(2, 10, 20, 30, 20), (0, 2, 2, 4, 4)]},
}
"""stem -> (class number in the text, x, y, width, height in pixels)"""


def make(root: Path, first_text: int = 0) -> Path:
    """Both files count image and category ids from their own start, as converters do. first_text: see ROWS."""
    for part, images in ROWS.items():
        for folder in ("txt", "annotations"):
            (root / "labels" / part / folder).mkdir(parents=True)
        (root / "Images" / part).mkdir(parents=True)
        boxes: list[dict[str, Any]] = []
        names = ["Crack", "Pit_hole", "Oil"]
        for number, (stem, rows) in enumerate(images.items()):
            Image.new("RGB", (SIDE_PX, SIDE_PX)).save(root / "Images" / part / f"{stem}.jpg")
            lines = [f"{n + first_text} {(x + w / 2) / SIDE_PX} {(y + h / 2) / SIDE_PX} {w / SIDE_PX} {h / SIDE_PX}\n"
                     for n, x, y, w, h in rows]  # fmt: skip
            (root / "labels" / part / "txt" / f"{stem}.txt").write_text("".join(lines))
            boxes += [{"id": len(boxes) + i, "image_id": number, "category_id": KINDS[part].index(names[n]),
                       "bbox": [x, y, w, h]} for i, (n, x, y, w, h) in enumerate(rows)]  # fmt: skip
        content = {
            "images": [{"id": i, "file_name": f"{part}/{stem}.png", "width": SIDE_PX, "height": SIDE_PX}
                       for i, stem in enumerate(images)],
            "annotations": boxes,
            "categories": [{"id": i, "name": name} for i, name in enumerate(KINDS[part])],
        }  # fmt: skip
        (root / "labels" / part / "annotations" / {"train": "train.json"}.get(part, "val.json")).write_text(
            json.dumps(content)
        )
    return root


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make(tmp_path / "MMIO")
    monkeypatch.setenv("BENCH_MMIO_ROOT", str(made))
    monkeypatch.setenv("BENCH_MMIO_TAXONOMY", "")  # so that what a test names is forgotten after it
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return made


def opened() -> MmioDataset:
    return cast("MmioDataset", open_dataset("mmio"))


def change(path: Path, edit: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def train_json(root: Path) -> Path:
    return root / "labels" / "train" / "annotations" / "train.json"


def test_both_files_become_one_set(root: Path) -> None:
    dataset = opened()
    assert [category.name for category in dataset.categories] == ["Crack", "Pit_hole", "Oil"]
    assert [dataset.samples[i].path.name for i in (1, 2, 3, 4, 5)] == ["a.jpg", "b.jpg", "c.jpg", "x.jpg", "y.jpg"]
    assert dataset.samples[5].annotations.labels.tolist() == [2, 0]
    assert np.array_equal(dataset.samples[1].annotations.xyxy, [[10, 10, 30, 30]])
    dataset.ensure([1, 2, 3, 4, 5])


def test_the_owners_folders_are_the_zero_shot_split(root: Path) -> None:
    split = opened().split("zeroshot")
    assert sorted((*split.train, *split.val)) == [1, 2, 3]
    assert (split.test, split.base, split.novel) == ((4, 5), (0, 1), (2,))


def test_boxes_tell_the_classes_where_both_files_list_the_same(root: Path) -> None:
    def list_all(content: Any) -> None:
        content["categories"] = [{"id": 7, "name": "Oil"}, *content["categories"]]

    change(train_json(root), list_all)
    split = opened().split("zeroshot")
    names = [category.name for category in opened().categories]
    assert [names[label] for label in split.base] == ["Crack", "Pit_hole"]


def test_counts_are_held_against_the_papers(root: Path) -> None:
    differences = opened().facts["differences"]
    assert "5 images, the paper says 21836" in differences
    assert "3 images of train, the paper says 18811" in differences
    assert "1 novel classes, the paper says 35" in differences
    assert not any("scenes" in line or "pictures" in line for line in differences)


def test_both_forms_of_the_labels_are_compared(root: Path) -> None:
    assert compare_forms(opened()) == []
    text = root / "labels" / "validation" / "txt"
    (text / "x.txt").write_text("2 0.5 0.5 0.1 0.1\n")
    (text / "y.txt").unlink()
    (text / "z.txt").write_text("")
    assert compare_forms(opened()) == [
        "validation: images of the json have no text: 1, first y",
        "validation: text labels have no image in the json: 1, first z",
        "validation: images have other boxes in the text than in the json: 1, first x",
    ]
    (text / "y.txt").write_text("2 0.5 0.6 0.6 0.4\n0 0.08 0.08 0.08 0.08\n")
    (text / "x.txt").write_text("0 0.32 0.32 0.6 0.6\n")  # the right box, another class
    assert any("other boxes" in line for line in compare_forms(opened()))
    (text / "x.txt").write_text("2 0.32 0.32 0.6\n")
    with pytest.raises(DataError, match=r"x.txt:1: '2 0.32 0.32 0.6' is not a box"):
        compare_forms(opened())
    shutil.rmtree(text)
    assert compare_forms(opened()) == ["validation: has no text labels"]


def test_text_may_number_classes_from_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_MMIO_ROOT", str(make(tmp_path / "one", first_text=0)))
    for part in ("train", "validation"):  # ids from 1 in the json
        folder = tmp_path / "one" / "labels" / part / "annotations"

        def shift(content: Any) -> None:
            for entry in content["categories"]:
                entry["id"] += 1
            for entry in content["annotations"]:
                entry["category_id"] += 1

        change(next(folder.iterdir()), shift)
    assert compare_forms(opened()) == []


def test_without_a_taxonomy_transfer_is_refused(root: Path) -> None:
    dataset = opened()
    assert {category.scene for category in dataset.categories} == {"unknown"}
    assert {category.super_category for category in dataset.categories} == {"unknown"}
    with pytest.raises(RefusedError, match="the scenes of 3 of 3 classes are unknown"):
        dataset.split("transfer:unknown")


@pytest.mark.models
def test_a_run_of_transfer_says_so_too(root: Path) -> None:
    with pytest.raises(RefusedError, match="give --taxonomy CSV"):
        resolve(RunRequest("rtvp", "transfer", data="mmio", profile="smoke"))


def test_a_taxonomy_says_scenes(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("class,scene,super_category\ncrack,steel,metallurgy\nPit_hole,steel,metallurgy\nOil,glass,\n")
    use_root("mmio", None, str(table))
    dataset = opened()
    assert [category.scene for category in dataset.categories] == ["steel", "steel", "glass"]
    assert dataset.categories[1].defect == "pit hole"
    assert [dataset.samples[i].scene for i in (1, 3, 4)] == ["steel", "unknown", "glass"]
    assert dataset.split("transfer:glass").test == (4, 5)
    assert "2 scenes, the paper says 18" in dataset.facts["differences"]


def test_a_taxonomy_that_does_not_fit(root: Path) -> None:
    (root / "taxonomy.csv").write_text("class,scene,super_category\nCrack,steel,metallurgy\nRust,steel,metallurgy\n")
    differences = opened().facts["differences"]
    assert "taxonomy.csv lacks 2 classes, first 'Pit_hole'" in differences
    assert "taxonomy.csv has 1 classes that the data set has not, first 'rust'" in differences
    (root / "taxonomy.csv").write_text("class,scene,super_category\nRust,steel,metallurgy\n")
    with pytest.raises(DataError, match="names none of the 3 classes; the first of them is 'Crack'"):
        opened()


def test_boxes_are_cut_at_the_border_and_counted(root: Path) -> None:
    def leave(content: Any) -> None:
        content["annotations"][0]["bbox"] = [40, 40, 20, 20]
        content["annotations"][1]["bbox"] = [60, 60, 5, 5]

    change(train_json(root), leave)
    dataset = opened()
    assert dataset.samples[1].annotations.xyxy.tolist() == [[40, 40, 50, 50]]
    assert dataset.repairs.counts["box wholly outside the image dropped"] == 1
    assert dataset.repairs.counts["box clipped at the image border"] == 2


def test_missing_pictures_are_listed(root: Path) -> None:
    (root / "Images" / "train" / "b.jpg").unlink()
    dataset = opened()
    assert "1 images of the json are missing, first b.png" in dataset.facts["differences"]
    with pytest.raises(DataError, match="the image is missing"):
        dataset.ensure([2])


def test_layout_is_found_nested_and_in_any_case(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = opened().split("zeroshot").digest
    (root / "Images").rename(root / "images")
    (root / "images" / "validation").rename(root / "images" / "Val")
    nested = root / "images" / "train" / "part 1"
    nested.mkdir()
    (root / "images" / "train" / "a.jpg").rename(nested / "a.JPG")
    shutil.copyfile(nested / "a.JPG", root / "images" / "train" / "a.bmp")
    monkeypatch.setenv("BENCH_MMIO_ROOT", str(tmp_path))
    dataset = opened()
    assert dataset.split("zeroshot").digest == before
    assert dataset.repairs.counts["second image of the same stem left out"] == 1


def test_what_is_no_mmio_is_refused(root: Path) -> None:
    train_json(root).unlink()
    with pytest.raises(DataError, match=r"train.json: missing; the COCO json holds ids and sizes"):
        opened()
    shutil.rmtree(root / "labels" / "train")
    with pytest.raises(DataError, match="has no folder 'train'; the download is incomplete"):
        opened()
    shutil.rmtree(root / "labels")
    with pytest.raises(DataError, match="name the folder that holds Images and labels"):
        opened()


def test_zero_shot_needs_novel_classes(root: Path) -> None:
    def rename(content: Any) -> None:
        content["categories"][1]["name"] = "Pit_hole"

    change(root / "labels" / "validation" / "annotations" / "val.json", rename)
    with pytest.raises(RefusedError, match="zero-shot needs base and novel classes"):
        opened().split("zeroshot")


def test_the_root_is_named_three_ways(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (find_root("mmio"), default_data()) == (root, "mmio")
    monkeypatch.delenv("BENCH_MMIO_ROOT")
    assert (find_root("mmio"), default_data()) == (None, "mmio-synth")
    config = tmp_path / "config" / "rtvp-bench" / "data.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[roots]\nmmio = "{root}"\n')
    assert find_root("mmio") == root
    monkeypatch.setenv("BENCH_MMIO_ROOT", "to be put back after the test")
    use_root("mmio", str(tmp_path))
    assert find_root("mmio") == tmp_path
    use_root("mmio", str(tmp_path / "nowhere"))
    with pytest.raises(BenchError, match=r"nowhere is not a folder"):
        opened()


def test_workers_elsewhere_are_told_the_roots(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config" / "rtvp-bench" / "data.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[roots]\ncoco = "{tmp_path}"\n[taxonomies]\nmmio = "{tmp_path}/classes.csv"\n')
    for name in ("COCO", "LVIS", "GOLDG", "OBJECTS365"):
        monkeypatch.delenv(f"BENCH_{name}_ROOT", raising=False)
    assert root_variables() == {
        "BENCH_COCO_ROOT": str(tmp_path),
        "BENCH_MMIO_ROOT": str(root),
        "BENCH_MMIO_TAXONOMY": f"{tmp_path}/classes.csv",
    }


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("[roots", ConfigError, "data.toml: not TOML"),
        ("[rots]\nmmio = 'x'", UnknownNameError, "did you mean roots"),
        ("[roots]\nmmo = 'x'", UnknownNameError, "did you mean mmio"),
        ("roots = 3", ConfigError, r"roots is 3, expected a table \[roots\]"),
        ("[roots]\nmmio = 3", ConfigError, "roots.mmio is 3, expected a path in quotes"),
    ],
)
def test_a_wrong_config_file_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, error: type[Exception], message: str
) -> None:
    monkeypatch.delenv("BENCH_MMIO_ROOT")
    config = tmp_path / "config" / "rtvp-bench" / "data.toml"
    config.parent.mkdir(parents=True)
    config.write_text(content)
    with pytest.raises(error, match=message):
        find_root("mmio")


def test_roots_are_for_sets_that_have_one() -> None:
    with pytest.raises(
        ConfigError, match="--root is for --data coco, goldg, lvis, mmio, objects365, not for mmio-open"
    ):
        use_root("mmio-open", "x")
    with pytest.raises(ConfigError, match="--taxonomy is for --data mmio, not for the default"):
        use_root(None, None, "x")
