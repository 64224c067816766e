"""COCO and LVIS files of any origin as `Columns`: their doubles are scored as they are, never through float32."""

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
    """A ground truth and detections in COCO's results format, as read from json files.

    rules: None means LVIS's for a file with LVIS's keys, COCO's for any other; columns have a federation under LVIS's.
    The file names only stand in messages. report: called with what was put right (see core.coco), and where.
    Labels follow ascending category ids. An image may carry `scene` and `group`; else its scene is '' (no breakdown)
    and its id is its group. A category's name that is used twice gets its id behind it. An image without a size is
    0 x 0 pixels.
    Raises DataError for what cannot be read, and for what an engine would misread.
    """
    truth = read_ground_truth(ground_truth, ground_truth_file, report)
    results = read_results(detections, truth, detections_file, report)
    order = np.argsort(truth.images.ids)
    images, image_ids, size_px = truth.images.take(order), truth.images.ids[order], truth.size_px[order]
    for boxes in (truth, results):
        refuse_other_frames(boxes.entries, boxes.xywh, size_px[np.searchsorted(image_ids, boxes.image_id)])
    federation = None
    if by_lvis := truth.is_federated if rules is None else rules == "lvis":
        federation = _federation(truth, "" if rules else "; --rules coco scores the file by COCO's rules")
    else:
        _refuse_ignored(truth)
    names = _names(truth, results, report, every_class=by_lvis)
    category_ids = np.array(list(names), np.int64)
    return Columns(
        names=_unique(names),
        image_ids=image_ids,
        size_px=size_px,
        scenes=tuple(str(image.get("scene") or "") for image in images),
        groups=tuple(_group(image, key) for image, key in zip(images, image_ids.tolist(), strict=True)),
        truth=_truth(truth, image_ids, category_ids, report),
        found=_found(results, image_ids, category_ids),
        federation=federation,
    )


def _refuse_ignored(truth: GroundTruth) -> None:
    ignored = np.array([bool(entry.get("ignore")) for entry in truth.entries.rows], np.bool_)
    truth.entries.refuse_rows(
        ignored & ~truth.iscrowd,
        "has `ignore`, which COCO's rules overwrite by iscrowd; set iscrowd: 1 or remove `ignore`",
    )


def _federation(truth: GroundTruth, hint: str) -> FederationColumns:
    """hint: said behind a remedy where nobody asked for these rules."""
    remedy = f"remove the key or the annotation{hint}"
    truth.entries.refuse_rows(
        ["ignore" in entry for entry in truth.entries.rows],
        f"has `ignore`, which engines treat differently under LVIS rules; {remedy}",
    )
    truth.entries.refuse_rows(truth.iscrowd, f"is a crowd, which LVIS rules do not know; {remedy}")
    truth.categories.refuse(
        [category.get("frequency") not in FREQUENCIES for category in truth.categories.rows],
        "frequency",
        f"'r', 'c' or 'f' (LVIS){hint}",
    )
    order, place = np.argsort(truth.categories.ids), np.argsort(np.argsort(truth.images.ids))
    lists = []
    for key in FEDERATED_LISTS:
        pairs = truth.images.id_lists(key, truth.categories, f"a list of known category ids (LVIS){hint}")
        pairs = np.column_stack([place[pairs[:, 0]], np.searchsorted(truth.categories.ids[order], pairs[:, 1])])
        lists.append(pairs[np.argsort(pairs[:, 0], kind="stable")])
    frequency = tuple(category["frequency"] for category in truth.categories.take(order))
    return FederationColumns(frequency, *lists)


def _names(truth: GroundTruth, results: Results, report: Report, *, every_class: bool) -> dict[int, str]:
    """Id -> name, ids ascending; a class without a name is called by its id.

    Unless it is to be every class: not one that only names the others, as Roboflow writes it. It is in no box and no
    detection, and has the name or the super category of another class.
    Raises DataError for a class in use whose name is none.
    """
    entries, used = truth.categories, {*truth.category_id.tolist(), *results.category_id.tolist()}
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
    """A name that is used twice gets its id behind it."""
    times = Counter(names.values())
    return tuple(name if times[name] == 1 else f"{name} (id {key})" for key, name in names.items())


def _group(image: Entry, key: int) -> str:
    return f"image {key}" if image.get("group") is None else str(image["group"])


def _truth(
    truth: GroundTruth, image_ids: NDArray[np.int64], category_ids: NDArray[np.int64], report: Report
) -> BoxColumns:
    image = np.searchsorted(image_ids, truth.image_id)
    unknown = np.isnan(truth.area_px)
    for row in np.flatnonzero(unknown).tolist():
        report(AREA_FROM_BOX, truth.entries.where(row))
    boxes = BoxColumns(
        image=image,
        label=np.searchsorted(category_ids, truth.category_id),
        xywh=truth.xywh,
        score=np.zeros(len(image)),
        iscrowd=truth.iscrowd,
        area_px=np.where(unknown, truth.xywh[:, 2] * truth.xywh[:, 3], truth.area_px),
    )
    return boxes.take(np.argsort(image, kind="stable"))


def _found(results: Results, image_ids: NDArray[np.int64], category_ids: NDArray[np.int64]) -> BoxColumns:
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
