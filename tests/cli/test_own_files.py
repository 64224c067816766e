"""`bench run` and `bench score` read the same file of a user's in the same way: put right and said, or refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.cli.main import main
from benchmark.core.spec import RunRequest
from benchmark.datasets.any_coco import open_path
from benchmark.harness.cell import cell_of, resolve
from benchmark.harness.ledger import ledger_facts

pytestmark = pytest.mark.models  # bench run asks each method for its text encoder

Content = dict[str, Any]
SIDE = 64
IMAGES = 24


def good() -> Content:
    """24 pictures with one box each, of two classes."""
    return {
        "images": [{"id": i, "file_name": f"p{i:02}.png", "width": SIDE, "height": SIDE} for i in range(1, IMAGES + 1)],
        "categories": [{"id": k, "name": name} for k, name in ((1, "dent"), (2, "scratch"))],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1 + i % 2, "bbox": [8, 8, 16, 16 + i], "area": 16 * (16 + i),
             "iscrowd": 0}
            for i in range(1, IMAGES + 1)
        ],
    }  # fmt: skip


def detections(content: Content) -> list[Content]:
    """All boxes found, none else."""
    return [
        {key: row[key] for key in ("image_id", "category_id", "bbox")} | {"score": 0.9}
        for row in content["annotations"]
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("own")
    for image in good()["images"]:
        Image.new("L", (SIDE, SIDE), image["id"]).save(made / image["file_name"])
    return made


def score(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any, str]:
    """Exit status, metrics, what was said."""
    files = ["--predictions", f"{folder}/detections.json", "--data", f"{folder}/annotations.json"]
    status = main(["score", *files, "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out)["metrics"] if out else None, err


def plan(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    """Exit status, what was said."""
    asked = ["--method", "yolo-world", "--task", "closed", "--profile", "smoke", "--data", f"{folder}/annotations.json"]
    status = main(["run", *asked, "--dry-run", *more])
    return status, capsys.readouterr().err


def write(folder: Path, content: Content, encoding: str = "utf-8") -> None:
    (folder / "annotations.json").write_text(json.dumps(content), encoding=encoding)
    (folder / "detections.json").write_text(json.dumps(detections(good())), encoding=encoding)


def every(key: str, **changes: Any) -> Callable[[Content], object]:
    def change(content: Content) -> None:
        for entry in content[key]:
            entry |= {name: new(entry[name]) if callable(new) else new for name, new in changes.items()}

    return change


def without(*names: str) -> Callable[[Content], object]:
    return lambda content: [entry.pop(name) for entry in content["annotations"] for name in names]


def with_root(content: Content) -> None:
    content["categories"].insert(0, {"id": 0, "name": "scratch", "supercategory": "none"})


MENDED: dict[str, tuple[Callable[[Content], object], str]] = {
    "root category": (with_root, "1 x category without boxes"),
    "annotation ids from 0": (every("annotations", id=lambda key: key - 1), ""),
    "no iscrowd": (without("iscrowd"), "24 x iscrowd missing, taken as 0"),
    "no area": (without("area"), "24 x area missing or impossible, taken from the box"),
    "iscrowd false": (every("annotations", iscrowd=False), "24 x flag written as true or false"),
    "iscrowd text": (every("annotations", iscrowd="0"), "24 x number written as text"),
    "ids as text": (every("annotations", image_id=str, category_id=str), "48 x number written as text"),
    "boxes as text": (every("annotations", bbox=lambda box: [*map(str, box)]), "96 x number written as text"),
    "no width": (every("images", width=None), "24 x image without a width and height"),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED, ids=list(MENDED))
def test_mended_alike(folder: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = MENDED[case]
    content = good()
    change(content)
    write(folder, content)
    status, metrics, said = score(folder, capsys)
    assert (status, metrics["AP"]) == (0, pytest.approx(1))
    planned, told = plan(folder, capsys)
    assert planned == 0
    for line in (said, told):
        assert words in line
        assert ("while reading" in line) == bool(words)
    read = open_path(folder / "annotations.json")
    assert [category.name for category in read.categories] == ["dent", "scratch"]
    boxes = [sample.annotations for _, sample in sorted(read.samples.items())]
    assert [one.xyxy.tolist() for one in boxes] == [[[8, 8, 24, 24 + i]] for i in range(1, IMAGES + 1)]
    assert [one.area_px.tolist() for one in boxes] == [[16 * (16 + i)] for i in range(1, IMAGES + 1)]
    assert not any(one.iscrowd.any() for one in boxes)


def test_a_mark_of_utf_8(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, good())
    plain = score(folder, capsys)
    write(folder, good(), "utf-8-sig")
    assert score(folder, capsys) == plain
    assert plan(folder, capsys)[0] == 0


def first(key: str, place: int = 4, **changes: Any) -> Callable[[Content], object]:
    return lambda content: content[key][place].update(changes)


def corners(content: Content) -> None:
    for row in content["annotations"]:
        row["bbox"] = [20, 20, 50, 60]


REFUSED: dict[str, tuple[Callable[[Content], object], str]] = {
    "list id": (first("annotations", category_id=[1]), "annotation 5: category_id is [1]"),
    "list image": (first("annotations", image_id=[1]), "annotation 5: image_id is [1]"),
    "list own id": (first("annotations", id=[1]), "annotation number 4 (from 0): id is [1]"),
    "400 digits in an id": (first("images", id=10**400), "image number 4 (from 0): id is 1000"),
    "400 digits in a box": (first("annotations", bbox=[1, 2, 10**400, 3]), "annotation 5: bbox is [1, 2, 1000"),
    "beyond 64 bits": (first("images", id=2**63), "image number 4 (from 0): id is 9223372036854775808; it must be"),
    "no classes": (lambda content: content.update(categories=[], annotations=[]), "'categories' is empty"),
    "name null": (first("categories", 1, name=None), "category 2 has no name"),
    "parts of the sides": (
        every("annotations", bbox=lambda box: [side / SIDE for side in box]),
        "annotation 1: bbox is [0.125, 0.125, 0.25, 0.265625]; 100% of the boxes lie within one pixel",
    ),
    "two corners": (corners, "annotation 1: bbox is [20, 20, 50, 60]; 100% of the boxes leave their image"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_refused_alike(folder: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = REFUSED[case]
    content = good()
    change(content)
    write(folder, content)
    status, _, said = score(folder, capsys)
    planned, told = plan(folder, capsys)
    assert status == planned == 2
    for line in (said, told.splitlines()[-1] + "\n"):
        assert line.startswith(f"bench: error: {folder}/annotations.json: {words}")
        assert line.count("\n") == 1
        assert len(line) < 400


def test_keys_of_lvis(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A task on a file of yours has COCO's rules, so `run` says that it does not use them."""
    content = copy.deepcopy(good())
    for image in content["images"]:
        image |= {"neg_category_ids": [], "not_exhaustive_category_ids": []}
    for category in content["categories"]:
        category["frequency"] = "f"
    write(folder, content)
    assert "scored by LVIS's rules" in score(folder, capsys)[2]
    assert "1 x keys of LVIS not used: tasks on a file of yours have COCO's rules" in plan(folder, capsys)[1]


OVERLAPPING = [
    {"id": 1, "name": "crack, wood", "defect": "crack", "scene": "wood"},
    {"id": 2, "name": "crack, steel", "defect": "Crack", "scene": "steel"},
    {"id": 3, "name": "hole", "synonyms": ["Stain"]},
    {"id": 4, "name": "stain"},
    {"id": 5, "name": "Stain"},
    {"id": 6, "name": "dent"},
]


def of_six(folder: Path) -> None:
    content = good()
    content["categories"] = OVERLAPPING
    for row in content["annotations"]:
        row["category_id"] = 1 + row["id"] % 6
    write(folder, content)


@pytest.mark.parametrize(
    ("novel", "both"),
    [
        ("crack, wood", ("crack, wood", "crack, steel")),
        ("CRACK, STEEL", ("crack, steel", "crack, wood")),
        ("hole", ("hole", "stain")),
        ("stain", ("stain", "hole")),
        ("Stain", ("Stain", "hole")),
        ("dent,hole,stain", ("hole", "Stain")),
    ],
)
def test_a_novel_class_that_is_a_base_class_is_refused_or_marked(
    folder: Path, novel: str, both: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    of_six(folder)
    for task in ("zeroshot", "generalized", "upper-bound"):
        status, said = plan(folder, capsys, "--task", task, "--novel", novel)
        assert status == 2
        assert f"bench: error: --novel: '{both[0]}' is not novel: base class '{both[1]}' is the same defect" in said
    asked = [
        "--method",
        "yolo-world",
        "--task",
        "zeroshot",
        "--profile",
        "smoke",
        "--data",
        f"{folder}/annotations.json",
    ]
    assert main(["run", *asked, "--novel", novel, "--allow-overlap", "--dry-run"]) == 0
    assert " · allow-overlap · " in capsys.readouterr().out
    (cell,) = resolve(
        RunRequest("yolo-world", "zeroshot", asked[-1], "smoke", novel=tuple(novel.split(",")), allow_overlap=True)
    )
    assert cell.spec.protocol["novel_overlap"] is True
    assert cell.spec.command.endswith("--allow-overlap")
    assert cell_of(cell.job).spec == cell.spec
    assert ledger_facts(cell, {})["ledger"]["novel_overlap"][both[0]] == both[1]


def test_truly_novel_classes_need_no_mark(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_six(folder)
    request = RunRequest("yolo-world", "zeroshot", f"{folder}/annotations.json", "smoke")
    for novel in (("dent",), ("crack, wood", "crack, steel"), ("hole", "stain", "Stain")):
        plain, allowed = (resolve(replace(request, novel=novel, allow_overlap=allow))[0] for allow in (False, True))
        assert plain.spec == allowed.spec
        assert "novel_overlap" not in plain.spec.protocol
        assert "novel_overlap" not in ledger_facts(plain, {})["ledger"]
    assert plan(folder, capsys, "--novel", "hole")[0] == 0  # the task holds no class out
