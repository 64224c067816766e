"""What engines are given: the entries of both formats for one small set, and each list by plain loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.coco_files.to_coco import categories, detection_array, ground_truth_dict, images
from benchmark.evaluators.scoring.columns import columns_of
from tests.evaluators.coco_files import federate


def test_ids_count_from_one_and_values_stay(make_scored: Callable[..., ScoredSet]) -> None:
    columns = columns_of(make_scored(0, images=4, crowd=0.5))
    boxes, detections = columns.ground_truth, columns.detections
    whole = ground_truth_dict(columns)
    assert whole["images"] == [{"id": n, "width": 200, "height": 160} for n in range(1, 5)]
    assert whole["categories"] == [{"id": k + 1, "name": f"class {k}"} for k in range(4)]
    assert boxes.iscrowd.any()
    assert whole["annotations"] == [
        {
            "id": n + 1,
            "image_id": boxes.image[n] + 1,
            "category_id": boxes.label[n] + 1,
            "bbox": boxes.xywh[n].tolist(),
            "area": boxes.area_px[n],
            "iscrowd": int(boxes.iscrowd[n]),
        }
        for n in range(len(boxes))
    ]
    assert detection_array(columns).tolist() == [
        [detections.image[n] + 1, *detections.xywh[n], detections.score[n], detections.label[n] + 1]
        for n in range(len(detections))
    ]


def test_lists_of_lvis_are_of_the_same_ids(make_scored: Callable[..., ScoredSet]) -> None:
    columns = federate(make_scored(0, images=9, crowd=0.0))
    federation = columns.federation
    assert federation is not None
    assert len(federation.negative)
    for i, entry in enumerate(images(columns)):
        for key, pairs in (
            ("neg_category_ids", federation.negative),
            ("not_exhaustive_category_ids", federation.not_exhaustive),
        ):
            assert entry[key] == [label + 1 for image, label in pairs.tolist() if image == i]
    assert [category["frequency"] for category in categories(columns)] == list(federation.frequency)
    assert "frequency" not in categories(replace(columns, federation=None))[0]
