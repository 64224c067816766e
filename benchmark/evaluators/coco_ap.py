"""Average precision and recall by COCO's rules, over the set, per class, per scene and per super category.

AP: mean precision at 101 recalls and ten IoU thresholds from 0.50 to 0.95, over classes that have ground truth
(Lin et al., "Microsoft COCO", 2014; its published evaluation code is the reference engine).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.matches import MatchTable
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX, ENGINES, MAX_DETECTIONS, Curves, coco_curves
from benchmark.evaluators.scoring.match_table import as_matched, of_images, table_curves
from benchmark.evaluators.scoring.values import Values, counts_per_class, mean, per_part

_IOU_50, _IOU_75 = 0, 5  # positions in IOU_THRESHOLDS
_ALL, _MOST = list(AREAS_PX).index("all"), len(MAX_DETECTIONS) - 1


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP needs no threshold, so the validation part is unused
    *,
    engine: str = "fast",
) -> Scores:
    """AP, AP50, AP75, APs, APm, APl and AR1, AR10, AR100 as fractions; None where there is nothing to measure.

    per_class: AP, AP50, number of boxes (without crowds) and of images with at least one.
    per_scene, per_super: the same evaluation on those images alone, over the classes that have boxes there.
    engine: `fast` (hotcoco) or `reference` (pycocotools).
    Raises EvaluationError for input that an engine would misread, UnknownNameError for an unknown engine.
    """
    columns = columns_of(test)
    counted = coco_curves(columns, engine)

    def one_part(part: Columns) -> Values:
        # A part that is the whole set has been counted already; a second count of a COCO-sized set is slow.
        whole = len(part.image_ids) == len(columns.image_ids)
        return _one_part(
            part, counted if whole else coco_curves(part, engine, {"all": AREAS_PX["all"]}, MAX_DETECTIONS[-1:])
        )

    supers = [columns.super_categories.get(scene, "") for scene in columns.scenes]
    return Scores(
        metrics=_metrics(counted),
        per_class=_per_class(columns, counted),
        per_scene=per_part(columns, list(columns.scenes), one_part),
        per_super=per_part(columns, supers, one_part),
    )


def from_match_table(table: MatchTable) -> Scores:
    """The values of `evaluate`, equal to the last bit, from the match table of the same detections."""

    def one_part(part: NDArray[np.bool_]) -> Values:
        images = of_images(table, part)
        return _one_part(as_matched(images)[0], table_curves(images))

    def parts(names: Sequence[str]) -> dict[str, Values]:
        of_image = np.array(names, object)
        return {name: one_part(of_image == name) for name in sorted(set(names) - {""})}

    counted = table_curves(table)
    return Scores(
        metrics=_metrics(counted),
        per_class=_per_class(as_matched(table)[0], counted),
        per_scene=parts(table.scenes),
        per_super=parts(table.super_categories),
    )


def _metrics(counted: Curves) -> dict[str, float | None]:
    precision, recall = counted.precision, counted.recall
    most = precision[:, :, :, _ALL, _MOST]
    values = {"AP": mean(most), "AP50": mean(most[_IOU_50]), "AP75": mean(most[_IOU_75])}
    for name, area in (("APs", "small"), ("APm", "medium"), ("APl", "large")):
        values[name] = mean(precision[:, :, :, list(AREAS_PX).index(area), _MOST])
    for position, limit in enumerate(MAX_DETECTIONS):
        values[f"AR{limit}"] = mean(recall[:, :, _ALL, position])
    return values


def _per_class(columns: Columns, counted: Curves) -> dict[str, Values]:
    most = counted.precision[:, :, :, _ALL, _MOST]
    boxes, images = counts_per_class(columns.ground_truth, len(columns.names))
    return {
        name: {
            "AP": mean(most[:, :, k]),
            "AP50": mean(most[_IOU_50, :, k]),
            "boxes": int(boxes[k]),
            "images": int(images[k]),
        }
        for k, name in enumerate(columns.names)
    }


def _one_part(part: Columns, counted: Curves) -> Values:
    precision = counted.precision[:, :, :, _ALL, -1]
    return {
        "AP": mean(precision),
        "AP50": mean(precision[_IOU_50]),
        "images": len(part.image_ids),
        "boxes": int((~part.ground_truth.iscrowd).sum()),
    }


EVALUATOR = Evaluator(name="coco_ap", version=1, evaluate=evaluate, engines=ENGINES, from_matches=from_match_table)
