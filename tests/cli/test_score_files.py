"""`bench score --predictions`: a file of any origin is scored, or refused in one line that names file and entry."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main

Rows = list[dict[str, Any]]


def truth() -> dict[str, Any]:
    """Two images with one box each, ids that no vocabulary has."""
    return {
        "images": [{"id": 40 + i, "width": 100, "height": 80, "file_name": f"{i}.png"} for i in (1, 2)],
        "categories": [{"id": 7, "name": "dent"}, {"id": 9, "name": "hole"}],
        "annotations": [
            {"id": i, "image_id": 40 + i, "category_id": 5 + 2 * i, "bbox": [10, 10, 30, 20], "area": 600, "iscrowd": 0}
            for i in (1, 2)
        ],
    }


def found() -> Rows:
    """The first box found, the second missed."""
    return [
        {"image_id": 41, "category_id": 7, "bbox": [10, 10, 30, 20], "score": 0.9},
        {"image_id": 42, "category_id": 7, "bbox": [1, 1, 5, 5], "score": 0.4},
    ]


def scored(tmp_path: Path, gt: Any, results: Any, *more: str) -> int:
    for name, values in (("gt.json", gt), ("dt.json", results)):
        (tmp_path / name).write_text(values if isinstance(values, str) else json.dumps(values))
    return main(["score", "--predictions", f"{tmp_path}/dt.json", "--data", f"{tmp_path}/gt.json", *more])


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_good_file(tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scored(tmp_path, truth(), found(), "--engine", engine, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["metrics"]["AP"] == pytest.approx(0.5)
    assert facts["per_class"]["dent"]["AP50"] == pytest.approx(1)
    assert facts["per_class"]["hole"]["AP50"] == 0
    assert scored(tmp_path, truth(), [], "--engine", engine, "--json") == 0  # pycocotools itself fails on none
    assert json.loads(capsys.readouterr().out)["metrics"]["AP"] == 0


def of_row(**changes: Any) -> Callable[[dict[str, Any], Rows], None]:
    return lambda gt, rows: rows[1].update(changes)


def of_truth(**changes: Any) -> Callable[[dict[str, Any], Rows], None]:
    return lambda gt, rows: gt["annotations"][1].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_row(score=float("nan")), "score is nan"),
        (of_row(score=float("inf")), "score is inf"),
        (of_row(bbox=[1, float("nan"), 5, 5]), "bbox"),
        (of_row(bbox=[50, 50, -20, 10]), "width, height >= 0"),
        (of_row(image_id=5), "image_id is 5"),
        (of_row(image_id=42.5), "image_id is 42.5"),
        (of_row(category_id=0), "category_id is 0"),
        (of_row(category_id="seven"), "category_id is 'seven'"),
        (of_row(category_id=[7]), "category_id is [7]"),
        (of_row(image_id=2**63), "image_id is 9223372036854775808"),
        (of_row(score=10**400), "score is 1000"),
        (lambda gt, rows: rows[1].pop("score"), "has no score"),
        (of_truth(id=1), "annotation id 1 is used twice"),
        (of_truth(id=2**63), "id is 9223372036854775808; it must be a whole number of at most 64 bits"),
        (of_truth(image_id=[41]), "annotation 2: image_id is [41]"),
        (of_truth(bbox=[10**400, 1, 2, 3]), "four finite numbers"),
        (of_truth(bbox=[1, 1, 2]), "four finite numbers"),
        (lambda gt, rows: (gt.update(categories=[], annotations=[]), rows.clear()), "'categories' is empty"),
        (lambda gt, rows: (gt.update(images=[], annotations=[]), rows.clear()), "'images' is empty"),
        (lambda gt, rows: gt["categories"][0].update(name=None), "category 7 has no name"),
        (lambda gt, rows: [row.update(bbox=[0.1, 0.1, 0.3, 0.25]) for row in rows], "multiply by width and height"),
        (
            lambda gt, rows: [row.update(bbox=[0.1, 0.1, 0.3, 0.25]) for row in gt["annotations"]],
            "annotation 1: bbox is [0.1, 0.1, 0.3, 0.25]; 100% of the boxes lie within one pixel",
        ),
    ],
)
def test_refused_in_one_line(
    tmp_path: Path,
    change: Callable[[dict[str, Any], Rows], Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gt, rows = truth(), found()
    change(gt, rows)
    assert scored(tmp_path, gt, rows) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert said.startswith("bench: error: ")
    assert str(tmp_path) in said
    assert "\n" not in said


def of_all(key: str, **changes: Any) -> Callable[[dict[str, Any], Rows], None]:
    def change(gt: dict[str, Any], rows: Rows) -> None:
        for row in rows if key == "rows" else gt[key]:
            row.update(changes)

    return change


def counted_from_zero(gt: dict[str, Any], rows: Rows) -> None:
    for row in gt["annotations"]:
        row["id"] -= 1


def beyond_doubles(gt: dict[str, Any], rows: Rows) -> None:
    """Ids that differ by 1 above 2**53, the largest being the largest of 64 bits."""
    for entry, key in [(e, "id") for e in gt["images"]] + [(e, "image_id") for e in [*gt["annotations"], *rows]]:
        entry[key] += 2**63 - 1 - 42
    for entry, key in [(e, "id") for e in gt["categories"]] + [(e, "category_id") for e in [*gt["annotations"], *rows]]:
        entry[key] = 2**60 + entry[key] // 9


def with_root(gt: dict[str, Any], rows: Rows) -> None:
    gt["categories"].insert(0, {"id": 0, "name": "hole", "supercategory": "none"})


MENDED: dict[str, tuple[Callable[[dict[str, Any], Rows], Any], str]] = {
    "ids beyond doubles": (beyond_doubles, ""),
    "annotation ids from 0": (counted_from_zero, ""),
    "root category": (with_root, "1 x category without boxes that only names the others, left out, first "),
    "no area": (lambda gt, rows: [row.pop("area") for row in gt["annotations"]], "2 x area missing or impossible"),
    "no iscrowd": (lambda gt, rows: [row.pop("iscrowd") for row in gt["annotations"]], "2 x iscrowd missing"),
    "iscrowd false": (of_all("annotations", iscrowd=False), "2 x flag written as true or false"),
    "iscrowd text": (of_all("annotations", iscrowd="0"), "2 x number written as text"),
    "class as text": (of_all("rows", category_id="7"), "2 x number written as text, first "),
    "box as text": (of_all("annotations", bbox=["10", "10", "30", "20"]), "8 x number written as text"),
    "class with decimals": (of_all("rows", category_id=7.0), "2 x whole number written with decimals"),
    "no size": (of_all("images", width=None), "2 x image without a width and height"),
    "size of 400 digits": (of_all("images", height=10**400), "2 x image without a width and height"),
}  # fmt: skip


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("case", MENDED, ids=list(MENDED))
def test_scored_right_and_said(tmp_path: Path, case: str, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, words = MENDED[case]
    assert scored(tmp_path, truth(), found(), "--engine", engine, "--json") == 0
    plain = capsys.readouterr()
    assert plain.err == ""
    gt, rows = truth(), found()
    change(gt, rows)
    assert scored(tmp_path, gt, rows, "--engine", engine, "--json") == 0
    out, err = capsys.readouterr()
    expected, facts = json.loads(plain.out), json.loads(out)
    if "size" in case:
        assert "AP by a box's share of the image is left out: it needs the size of every image" in err
        expected["metrics"] = {k: v for k, v in expected["metrics"].items() if not k.startswith(("AP_", "boxes_"))}
    assert facts == expected
    assert (f"bench: while reading: {words}" in err) if words else err == ""
    assert str(tmp_path) in err or not words


def test_a_mark_of_utf_8_and_other_suffixes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, values in (("gt.JSON", truth()), ("dt.txt", found())):
        (tmp_path / name).write_text(json.dumps(values), encoding="utf-8-sig")
    assert main(["score", "--predictions", f"{tmp_path}/dt.txt", "--data", f"{tmp_path}/gt.JSON"]) == 0
    assert "AP 50.0" in capsys.readouterr().out


LVIS_GT = {
    "images": [
        {"id": key, "width": 100, "height": 80, "neg_category_ids": [], "not_exhaustive_category_ids": []}
        for key in (41, 42)
    ],
    "categories": [{"id": 7, "name": "dent", "frequency": "f"}],
    "annotations": [{"id": 1, "image_id": 41, "category_id": 7, "bbox": [10, 10, 30, 20], "area": 600}],
}
"""in image 42 nobody looked for dents, so what is found there counts for nothing"""


def test_lvis_rules_are_chosen_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = found()
    rows[1]["score"] = 0.95
    assert scored(tmp_path, LVIS_GT, rows, "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["metrics"]["AP"] == pytest.approx(1)
    assert err == f"bench: {tmp_path}/gt.json has LVIS's keys: scored by LVIS's rules; --rules coco takes COCO's\n"
    for rules, ap in (("lvis", 1.0), ("coco", 0.5)):
        assert scored(tmp_path, LVIS_GT, rows, "--json", "--rules", rules) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["metrics"]["AP"] == pytest.approx(ap)
        assert err == ""
    assert scored(tmp_path, truth(), rows, "--rules", "lvis") == 2
    assert "has no frequency; it must be 'r', 'c' or 'f' (LVIS)\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("gt", "results", "words"),
    [
        (truth(), "{", "dt.json: not JSON"),
        ("[", found(), "gt.json: not JSON"),
        (truth(), {"a": 1}, "dt.json"),
        ([], found(), "gt.json: holds list, expected an object"),
        (truth(), [1], "dt.json"),
        ("[" * 100_000, found(), "gt.json: not JSON: recursion limit"),
        ('{"images": ' + "9" * 5000 + "}", found(), "gt.json: not JSON: number out of range"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, gt: Any, results: Any, words: str, capsys: Any) -> None:
    assert scored(tmp_path, gt, results) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said


def test_a_compressed_file_is_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gt.json").write_bytes(gzip.compress(b"{}"))
    assert main(["score", "--predictions", f"{tmp_path}/gt.json", "--data", f"{tmp_path}/gt.json"]) == 2
    assert "gt.json: compressed (gzip); unpack it first" in capsys.readouterr().err
