"""COCO and LVIS files of any origin as `Columns`; their values stay float64."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.coco import (
    AREA_FROM_BOX,
    FEDERATED_LISTS,
    FREQUENCIES,
    Entry,
    GroundTruth,
    Report,
    Results,
    name_of,
    read_ground_truth,
    read_results,
    refuse_other_frames,
    silent,
)
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, FederationColumns


def columns_from_coco(
    ground_truth: Any,
    detections: Any,
    *,
    rules: Literal["coco", "lvis"] | None = None,
    ground_truth_file: str | Path | None = None,
    detections_file: str | Path | None = None,
    report: Report = silent,
) -> Columns:
    """A ground truth and detections in COCO's results format as columns; labels follow ascending category ids.

    An image may have `scene` and `group`; without them its scene is '' (no breakdown) and it is a group of its own.
    A category's id is appended to a name that occurs twice. An image without a size has 0 x 0 pixels.
    Raises DataError for files that cannot be read, or that an engine would misread.

    Args:
        ground_truth: the ground truth file's parsed json.
        detections: the results file's parsed json.
        rules: None means LVIS's for a file with LVIS's keys, else COCO's; only LVIS's give a federation.
        ground_truth_file: its name in messages.
        detections_file: its name in messages.
        report: called with each kind of correction (see core.coco) and its place.
    """
    gt = read_ground_truth(ground_truth, ground_truth_file, report)
    results = read_results(detections, gt, detections_file, report)
    order = np.argsort(gt.images.ids)
    images, image_ids, size_px = gt.images.take(order), gt.images.ids[order], gt.size_px[order]
    for boxes in (gt, results):
        refuse_other_frames(boxes.entries, boxes.xywh, size_px[np.searchsorted(image_ids, boxes.image_id)])
    federation = None
    if by_lvis := gt.is_federated if rules is None else rules == "lvis":
        federation = _federation(gt, "" if rules else "; --rules coco scores the file by COCO's rules")
    else:
        _refuse_ignored(gt)
    names = _names(gt, results, report, every_class=by_lvis)
    category_ids = np.array(list(names), np.int64)
    return Columns(
        names=_unique(names),
        image_ids=image_ids,
        size_px=size_px,
        scenes=tuple(str(image.get("scene") or "") for image in images),
        groups=tuple(_group(image, key) for image, key in zip(images, image_ids.tolist(), strict=True)),
        ground_truth=_ground_truth_columns(gt, image_ids, category_ids, report),
        detections=_detection_columns(results, image_ids, category_ids),
        federation=federation,
    )


def _refuse_ignored(gt: GroundTruth) -> None:
    ignored = np.array([bool(entry.get("ignore")) for entry in gt.entries.rows], np.bool_)
    gt.entries.refuse_rows(
        ignored & ~gt.iscrowd,
        "has `ignore`, which COCO's rules overwrite by iscrowd; set iscrowd: 1 or remove `ignore`",
    )


def _federation(gt: GroundTruth, hint: str) -> FederationColumns:
    """LVIS's lists as columns; `hint` is appended to the remedy in messages."""
    remedy = f"remove the key or the annotation{hint}"
    gt.entries.refuse_rows(
        ["ignore" in entry for entry in gt.entries.rows],
        f"has `ignore`, which engines treat differently under LVIS rules; {remedy}",
    )
    gt.entries.refuse_rows(gt.iscrowd, f"is a crowd, which LVIS rules do not have; {remedy}")
    gt.categories.refuse(
        [category.get("frequency") not in FREQUENCIES for category in gt.categories.rows],
        "frequency",
        f"'r', 'c' or 'f' (LVIS){hint}",
    )
    order, place = np.argsort(gt.categories.ids), np.argsort(np.argsort(gt.images.ids))
    lists = []
    for key in FEDERATED_LISTS:
        pairs = gt.images.id_lists(key, gt.categories, f"a list of known category ids (LVIS){hint}")
        pairs = np.column_stack([place[pairs[:, 0]], np.searchsorted(gt.categories.ids[order], pairs[:, 1])])
        lists.append(pairs[np.argsort(pairs[:, 0], kind="stable")])
    frequency = tuple(category["frequency"] for category in gt.categories.take(order))
    return FederationColumns(frequency, *lists)


def _names(gt: GroundTruth, results: Results, report: Report, *, every_class: bool) -> dict[int, str]:
    """Category id -> name, ids ascending; a class without a name is called by its id.

    Unless `every_class`, a category that only names the others is left out: Roboflow writes one that has no boxes and
    no detections, and whose name is the name or the super category of another class.
    Raises DataError for a class in use whose name is not a text.
    """
    entries, used = gt.categories, {*gt.category_id.tolist(), *results.category_id.tolist()}
    times = Counter(word for entry in entries.rows for word in {_word(entry, "name"), _word(entry, "supercategory")})
    names = {}
    for row in np.argsort(entries.ids).tolist():
        entry, key = entries.rows[row], int(entries.ids[row])
        if key in used:
            names[key] = name_of(entry, entries.where(row)) if "name" in entry else str(key)
        elif every_class or not entry.get("name") or times[_word(entry, "name")] == 1:
            names[key] = str(entry.get("name") or key)
        else:
            report("category without boxes that only names the others, left out", entries.where(row))
    return names


def _word(entry: Entry, key: str) -> str:
    return str(entry.get(key, "")).strip().casefold()


def _unique(names: Mapping[int, str]) -> tuple[str, ...]:
    """The names; the category id is appended to a name that occurs twice."""
    times = Counter(names.values())
    return tuple(name if times[name] == 1 else f"{name} (id {key})" for key, name in names.items())


def _group(image: Entry, key: int) -> str:
    return f"image {key}" if image.get("group") is None else str(image["group"])


def _ground_truth_columns(
    gt: GroundTruth, image_ids: NDArray[np.int64], category_ids: NDArray[np.int64], report: Report
) -> BoxColumns:
    image = np.searchsorted(image_ids, gt.image_id)
    unknown = np.isnan(gt.area_px)
    for row in np.flatnonzero(unknown).tolist():
        report(AREA_FROM_BOX, gt.entries.where(row))
    boxes = BoxColumns(
        image=image,
        label=np.searchsorted(category_ids, gt.category_id),
        xywh=gt.xywh,
        score=np.zeros(len(image)),
        iscrowd=gt.iscrowd,
        area_px=np.where(unknown, gt.xywh[:, 2] * gt.xywh[:, 3], gt.area_px),
    )
    return boxes.take(np.argsort(image, kind="stable"))


def _detection_columns(results: Results, image_ids: NDArray[np.int64], category_ids: NDArray[np.int64]) -> BoxColumns:
    image = np.searchsorted(image_ids, results.image_id)
    boxes = BoxColumns(
        image=image,
        label=np.searchsorted(category_ids, results.category_id),
        xywh=results.xywh,
        score=results.score,
        iscrowd=np.zeros(len(image), np.bool_),
        area_px=results.xywh[:, 2] * results.xywh[:, 3],
    )
    return boxes.take(np.argsort(image, kind="stable"))
