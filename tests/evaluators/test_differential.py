"""Files of random content through our whole path, from JSON text to curves, against the official code on the same ones.

Ids are any whole numbers of 64 bits, scores tie, classes and images are empty, images hold more detections than the
caps, boxes lie on the edges of the size bands, leave their image or have no area. Equal means: to the last bit.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import DataError
from benchmark.core.loading import parse_json
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.evaluators.scoring.columns import Columns
from benchmark.evaluators.scoring.engine import ENGINES, coco_curves, lvis_curves
from tests.evaluators.coco_files import lvis_api_curves, needs_lvis, pycocotools_curves

SETS = 400
SETS_AT_A_TIME = 50
LARGEST = 2**63 - 1
EDGES_PX = (32.0**2, 96.0**2, np.nextafter(32.0**2, 0), np.nextafter(96.0**2, 1e9), 0.0, 1e5**2)
"""areas at which the size bands begin and end"""
Truth = dict[str, Any]
Results = list[dict[str, Any]]


def ids(rng: np.random.Generator, count: int, kind: str) -> list[int]:
    """Different ones: small, neighbours that a double cannot tell apart, the largest, or anything of 64 bits."""
    first = {
        "small": int(rng.integers(0, 3)),
        "neighbours": 2**53 + int(rng.integers(0, 2**40)),
        "largest": LARGEST - count + 1,
    }
    if kind in first:
        return [int(key) for key in rng.permutation(np.arange(count) + first[kind])]
    drawn = {int(value) for value in rng.integers(-LARGEST - 1, LARGEST, 2 * count, endpoint=True)}
    return sorted(drawn)[:count]


def boxes(rng: np.random.Generator, count: int, near: list[list[float]], whole: bool) -> list[list[float]]:
    """(x, y, width, height) in an image of 300 px; some beside `near`, some without area."""
    made = np.hstack([rng.uniform(0, 200, (count, 2)), rng.uniform(1, 110, (count, 2))])
    if near:
        chosen = rng.random(count) < 0.7
        made[chosen] = np.array(near)[rng.integers(0, len(near), int(chosen.sum()))]
        made[chosen] += rng.normal(0, rng.choice([0.0, 1.0, 6.0]), (int(chosen.sum()), 4))
    made[:, 2:] = np.maximum(made[:, 2:], 0)
    made[rng.random(count) < 0.03, 2 + int(rng.integers(0, 2))] = 0
    return [row.tolist() for row in (np.round(made) if whole else made)]


def make(seed: int, *, lvis: bool) -> tuple[Truth, Results]:
    """A ground truth and detections; each seed draws its own shape."""
    rng = np.random.default_rng([seed, lvis])
    kind = str(rng.choice(["small", "neighbours", "largest", "any"]))
    image_ids, category_ids = ids(rng, int(rng.integers(1, 7)), kind), ids(rng, int(rng.integers(1, 6)), kind)
    crowd = 0.0 if lvis else float(rng.choice([0.0, 0.2, 1.0]))
    decimals = rng.choice([0, 1, 2, 17])
    empty, whole = float(rng.choice([0.0, 0.4])), bool(rng.random() < 0.3)
    many = int(rng.choice([3, 20, 140, 400 if lvis else 250]))
    with_truth = rng.random(len(category_ids)) < 0.8  # the others are empty classes
    annotations: Results = []
    results: Results = []
    for image_id in image_ids:
        own = boxes(rng, 0 if rng.random() < empty else int(rng.integers(0, 9)), [], whole)
        labels = rng.choice(len(category_ids), len(own))
        kept = [(box, int(k)) for box, k in zip(own, labels, strict=True) if with_truth[k]]
        for box, k in kept:
            area = float(rng.choice(EDGES_PX)) if rng.random() < 0.3 else box[2] * box[3] * float(rng.uniform(0.3, 1))
            row = {"image_id": image_id, "category_id": category_ids[k], "bbox": box, "area": area}
            annotations.append(row if lvis else {**row, "iscrowd": int(rng.random() < crowd)})
        count = 0 if rng.random() < empty else int(rng.integers(0, many + 1))
        few = rng.integers(1, len(category_ids), endpoint=True)
        for box in boxes(rng, count, [box for box, _ in kept], whole):
            near = [k for other, k in kept if np.allclose(other, box, atol=20)]
            k = near[0] if near and rng.random() < 0.8 else int(rng.integers(0, few))
            score = float(np.round(rng.random(), decimals)) if decimals < 17 else float(rng.normal())
            results.append({"image_id": image_id, "category_id": category_ids[k], "bbox": box, "score": score})
    rng.shuffle(results)
    rng.shuffle(annotations)
    images: Results = [{"id": key, "width": 300, "height": 300} for key in rng.permutation(image_ids).tolist()]
    categories: Results = [{"id": key, "name": f"class {key}"} for key in category_ids]
    for number, row in enumerate(annotations, start=1):
        row["id"] = number
    if lvis:
        for category in categories:
            category["frequency"] = str(rng.choice(["r", "c", "f"]))
        for image in images:
            for key, share in (("neg_category_ids", 0.4), ("not_exhaustive_category_ids", 0.3)):
                image[key] = [k for k in category_ids if rng.random() < share]
    return {"images": images, "categories": categories, "annotations": annotations}, results


def columns_of_text(ground_truth: Truth, results: Results, seed: int) -> Columns:
    """As `bench score` reads files; annotation ids, which the official code wants from 1 on, count from anywhere."""
    start = int(np.random.default_rng(seed).choice([0, 1, -5, LARGEST - len(ground_truth["annotations"])]))
    counted = [{**row, "id": row["id"] + start - 1} for row in ground_truth["annotations"]]
    texts = (json.dumps({**ground_truth, "annotations": counted}), json.dumps(results))
    return columns_from_coco(*(parse_json(text, "made", DataError, nan=True) for text in texts))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SETS, SETS_AT_A_TIME))
def test_equal_to_pycocotools(first: int) -> None:
    for seed in range(first, first + SETS_AT_A_TIME):
        ground_truth, results = make(seed, lvis=False)
        columns = columns_of_text(ground_truth, results, seed)
        assert columns.federation is None
        precision, recall = pycocotools_curves(ground_truth, results)
        for engine in ENGINES:
            counted = coco_curves(columns, engine)
            assert counted.precision.tobytes() == precision.tobytes(), (seed, engine)
            assert counted.recall.tobytes() == recall.tobytes(), (seed, engine)


@pytest.mark.slow
@needs_lvis
@pytest.mark.parametrize("first", range(0, SETS, SETS_AT_A_TIME))
def test_equal_to_lvis_api(first: int) -> None:
    for seed in range(first, first + SETS_AT_A_TIME):
        ground_truth, results = make(seed, lvis=True)
        columns = columns_of_text(ground_truth, results, seed)
        assert columns.federation is not None
        for limit in (300, -1, 7):
            precision, recall = lvis_api_curves(ground_truth, results, limit)
            for engine in ENGINES:
                counted = lvis_curves(columns, engine, limit)
                assert counted.precision.tobytes() == precision.tobytes(), (seed, engine, limit)
                assert counted.recall.tobytes() == recall.tobytes(), (seed, engine, limit)


def test_the_sets_are_hard() -> None:
    """What the module promises occurs in them, often."""
    hard = dict.fromkeys(("large ids", "ties", "crowds", "empty classes", "over a cap", "no detections"), 0)
    for seed in range(60):
        ground_truth, results = make(seed, lvis=False)
        keys = [entry["id"] for entry in (*ground_truth["images"], *ground_truth["categories"])]
        hard["large ids"] += max(keys) > 2**53
        scores = [row["score"] for row in results]
        hard["ties"] += len(set(scores)) < len(scores) / 2
        hard["crowds"] += any(row["iscrowd"] for row in ground_truth["annotations"])
        used = {row["category_id"] for row in ground_truth["annotations"]}
        hard["empty classes"] += len(used) < len(ground_truth["categories"])
        owners = [(row["image_id"], row["category_id"]) for row in results]
        hard["over a cap"] += any(owners.count(owner) > 100 for owner in set(owners))
        hard["no detections"] += not results
    assert min(hard.values()) >= 3, hard
