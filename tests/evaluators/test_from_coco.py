"""COCO and LVIS files of any origin: values stay float64, any ids are valid, errors are named."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap, lvis_ap
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.score import score
from tests.evaluators.coco_files import federate, to_files

MakeScored = Callable[..., ScoredSet]


def test_a_set_and_its_files_score_the_same(make_scored: MakeScored) -> None:
    scored = make_scored(2, images=30, score_decimals=1)
    ground_truth, results = to_files(columns_of(scored))
    columns, ours = columns_from_coco(ground_truth, results), coco_ap.evaluate(scored)
    scores = coco_ap.evaluate(columns)
    assert (scores.metrics, scores.per_class) == (ours.metrics, ours.per_class)
    names = ("operating_point", "tide", "bands")
    assert score(names, columns).metrics == score(names, scored).metrics


def test_doubles_are_not_rounded(make_scored: MakeScored) -> None:
    """Two scores that one float32 cannot tell apart keep their order, and a box its last digits."""
    ground_truth, _ = to_files(columns_of(make_scored(0, images=1, empty=0.0, crowd=0.0, boxes_per_image=1)))
    box = ground_truth["annotations"][0]["bbox"]
    row = {key: ground_truth["annotations"][0][key] for key in ("image_id", "category_id")}
    wrong, right = {**row, "bbox": [0, 0, 1, 1], "score": 0.5}, {**row, "bbox": box, "score": 0.5 + 1e-12}
    assert np.float32(0.5) == np.float32(0.5 + 1e-12)
    columns = columns_from_coco(ground_truth, [wrong, right])
    assert coco_ap.evaluate(columns).metrics["AP"] == pytest.approx(1)
    right["score"] = 0.5 - 1e-12
    assert coco_ap.evaluate(columns_from_coco(ground_truth, [wrong, right])).metrics["AP"] == pytest.approx(0.5)
    assert columns.detections.xywh[1].tolist() == box


def test_files_are_not_changed(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(federate(make_scored(0, crowd=0.0)), lvis=True)
    before = copy.deepcopy((ground_truth, results))
    for engine in ("fast", "reference"):
        coco_ap.evaluate(columns_from_coco(_with_iscrowd(ground_truth), results), engine=engine)
    lvis_ap.evaluate(columns_from_coco(ground_truth, results, rules="lvis"))
    assert (ground_truth, results) == before


def test_lvis_lists_come_along(make_scored: MakeScored) -> None:
    columns = federate(make_scored(3, images=30, crowd=0.0))
    ground_truth, results = to_files(columns, lvis=True)
    read = columns_from_coco(ground_truth, results, rules="lvis")
    assert lvis_ap.evaluate(read) == lvis_ap.evaluate(columns)
    assert read.federation is not None
    assert columns.federation is not None
    assert read.federation.negative.tolist() == columns.federation.negative.tolist()
    assert read.federation.not_exhaustive.tolist() == columns.federation.not_exhaustive.tolist()
    ground_truth["images"].reverse()
    turned = columns_from_coco(ground_truth, results, rules="lvis").federation
    assert turned is not None
    assert turned.negative.tolist() == columns.federation.negative.tolist()


def test_boxes_are_sorted_by_image_and_keep_their_order_within_it(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(3, images=5, boxes_per_image=30, detections_per_image=90)))
    rng = np.random.default_rng(0)
    shuffled, annotations = (
        [rows[i] for i in rng.permutation(len(rows))] for rows in (results, ground_truth["annotations"])
    )
    columns = columns_from_coco({**ground_truth, "annotations": annotations}, shuffled)
    for rows, boxes in ((shuffled, columns.detections), (annotations, columns.ground_truth)):
        expected = sorted(rows, key=lambda row: row["image_id"])  # keeps the order of equals
        assert boxes.xywh.tolist() == [row["bbox"] for row in expected]
    assert columns.ground_truth.area_px.tolist() == [
        row["area"] for row in sorted(annotations, key=lambda row: row["image_id"])
    ]
    without = [{key: value for key, value in row.items() if key != "area"} for row in annotations]
    unknown = columns_from_coco({**ground_truth, "annotations": without}, []).ground_truth
    assert unknown.area_px.tolist() == (unknown.xywh[:, 2] * unknown.xywh[:, 3]).tolist()
    for boxes in (columns.detections, unknown):
        assert boxes.area_px.tolist() == [w * h for _, _, w, h in boxes.xywh.tolist()]


def test_ignore_is_refused_where_coco_overwrites_it(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(3)))
    first = ground_truth["annotations"][0]
    first |= {"ignore": 1, "iscrowd": 1}
    assert columns_from_coco(ground_truth, results).ground_truth.iscrowd[0]
    first |= {"iscrowd": 0}
    with pytest.raises(DataError, match="annotation 1 has `ignore`, which COCO's rules overwrite"):
        columns_from_coco(ground_truth, results)
    first |= {"ignore": 0}
    assert not columns_from_coco(ground_truth, results).ground_truth.iscrowd[0]


def test_scenes_and_groups_are_optional(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1)))
    plain = columns_from_coco(ground_truth, results)
    assert coco_ap.evaluate(plain).per_scene == {}
    assert len(set(plain.groups)) == len(ground_truth["images"])
    for number, image in enumerate(ground_truth["images"]):
        image |= {"scene": "steel" if number % 2 else "wood", "group": number // 2}
    marked = columns_from_coco(ground_truth, results)
    assert set(coco_ap.evaluate(marked).per_scene) == {"steel", "wood"}
    assert len(set(marked.groups)) == len(ground_truth["images"]) // 2


def test_a_name_used_twice_gets_its_id(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1)))
    ground_truth["categories"][2]["name"] = ground_truth["categories"][0]["name"]
    del ground_truth["categories"][1]["name"]
    assert columns_from_coco(ground_truth, results).names == ("class 0 (id 3)", "8", "class 0 (id 13)", "class 3")


def test_lvis_rules_hold_where_the_file_has_its_keys(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(federate(make_scored(3, images=30, crowd=0.0)), lvis=True)
    columns = columns_from_coco(ground_truth, results)
    assert columns.federation is not None
    assert lvis_ap.evaluate(columns) == lvis_ap.evaluate(columns_from_coco(ground_truth, results, rules="lvis"))
    assert columns_from_coco(_with_iscrowd(ground_truth), results, rules="coco").federation is None
    plain = to_files(columns_of(make_scored(3)))
    assert columns_from_coco(*plain).federation is None
    for key in ("neg_category_ids", "not_exhaustive_category_ids"):
        del ground_truth["images"][0][key]
        with pytest.raises(DataError, match=rf"image 1001: has no {key}; .*; --rules coco scores the file by COCO's"):
            columns_from_coco(ground_truth, results)
        ground_truth["images"][0][key] = []
    only_frequency = to_files(columns_of(make_scored(3, crowd=0.0)))[0]
    only_frequency["categories"][-1]["frequency"] = "r"
    with pytest.raises(DataError, match=r"category 3: has no frequency; .*'f' \(LVIS\); --rules coco"):
        columns_from_coco(only_frequency, [])
    only_frequency["categories"][-1]["frequency"] = 12  # a count of somebody's
    assert columns_from_coco(only_frequency, []).federation is None


def test_lists_with_ids_as_text(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(federate(make_scored(3, images=30, crowd=0.0)), lvis=True)
    plain = lvis_ap.evaluate(columns_from_coco(ground_truth, results))
    for image in ground_truth["images"]:
        image["neg_category_ids"] = [str(key) for key in image["neg_category_ids"]]
    ground_truth["images"].reverse()
    assert lvis_ap.evaluate(columns_from_coco(ground_truth, results)) == plain
    ground_truth["images"][4]["neg_category_ids"] = [[3]]
    with pytest.raises(DataError, match=r"neg_category_ids is \[\[3\]\]; it must be a list of known category ids"):
        columns_from_coco(ground_truth, results)


def test_a_class_that_only_names_the_others_is_left_out(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1, crowd=0.0)))
    plain, reports = columns_from_coco(ground_truth, results), []
    ground_truth["categories"].insert(0, {"id": 0, "name": "Class 2", "supercategory": "none"})
    columns = columns_from_coco(ground_truth, results, report=lambda kind, where: reports.append((kind, where)))
    assert columns.names == plain.names
    assert coco_ap.evaluate(columns) == coco_ap.evaluate(plain)
    assert reports == [("category without boxes that only names the others, left out", "category 0")]
    ground_truth["categories"][0] |= {"frequency": "r", "name": "Class 2"}
    federated, _ = to_files(federate(make_scored(1, crowd=0.0)), lvis=True)
    federated["categories"].insert(0, ground_truth["categories"][0])
    assert columns_from_coco(federated, results).names == ("Class 2", *plain.names)
    del ground_truth["categories"][0]["frequency"]
    ground_truth["categories"][0]["name"] = "defects"
    assert columns_from_coco(ground_truth, results).names == ("defects", *plain.names)
    ground_truth["categories"][2]["supercategory"] = "Defects"
    assert columns_from_coco(ground_truth, results).names == plain.names
    results.append({**results[0], "category_id": 0})  # a detector was asked for it
    assert columns_from_coco(ground_truth, results).names == ("defects", *plain.names)


def test_names_of_classes(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1)))
    ground_truth["categories"][1]["name"] = None
    with pytest.raises(DataError, match=r"^gt\.json: category 8 has no name"):
        columns_from_coco(ground_truth, results, ground_truth_file="gt.json")
    ground_truth["categories"][1] = {"id": 8}
    ground_truth["categories"].append({"id": 99, "name": None})  # in no box
    assert columns_from_coco(ground_truth, results).names == ("class 0", "8", "class 2", "class 3", "99")


def test_frames_are_looked_at(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1)))
    relative = [{**row, "bbox": [side / 500 for side in row["bbox"]]} for row in results]
    with pytest.raises(DataError, match=r"^dt\.json: detection number 0 .*100% of the boxes lie within one pixel"):
        columns_from_coco(ground_truth, relative, detections_file="dt.json")
    ground_truth["annotations"] = [
        {**row, "bbox": [side / 500 for side in row["bbox"]]} for row in ground_truth["annotations"]
    ]
    with pytest.raises(DataError, match=r"^gt\.json: annotation 1: .*multiply by width and height"):
        columns_from_coco(ground_truth, results, ground_truth_file="gt.json")


def test_messages_name_the_file(make_scored: MakeScored) -> None:
    ground_truth, results = to_files(columns_of(make_scored(1)))
    del results[2]["score"]
    with pytest.raises(DataError, match=r"^their\.json: detection number 2"):
        columns_from_coco(ground_truth, results, ground_truth_file="gt.json", detections_file="their.json")
    ground_truth["images"][0]["id"] = "a"
    with pytest.raises(DataError, match=r"^gt\.json: image number 0"):
        columns_from_coco(ground_truth, results, ground_truth_file="gt.json", detections_file="their.json")


def test_columns_are_taken_as_they_are(make_scored: MakeScored) -> None:
    columns = columns_of(make_scored(1))
    assert columns_of(columns) is columns
    part = columns.of_images(columns.image_ids <= 5)
    alone = dataclasses.replace(part, ground_truth=part.ground_truth.take(part.ground_truth.label == 1))
    assert part.image_ids.tolist() == [1, 2, 3, 4, 5]
    assert set(alone.ground_truth.image.tolist()) <= set(range(5))


def _with_iscrowd(ground_truth: dict[str, Any]) -> dict[str, Any]:
    return {**ground_truth, "annotations": [{**row, "iscrowd": 0} for row in ground_truth["annotations"]]}
