"""A review: a CSV in which an expert accepts, renames or drops classes, images and boxes.

Columns: `kind`, `id`, `action`, `new_name`, and for information only `box`, `images`, `boxes`, `why`, `score`. An id is
a class name, `source/path` of an image, or `source/path#k` for box k of an image (from 0, in the order of the label
file); image ids are not used, because they differ between builds. An empty action means `accept`. The same review of
the same images always gives the same set.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.core.canonical import digest
from benchmark.core.loading import read_text
from benchmark.core.errors import DataError, UnknownNameError
from benchmark.core.sample import Dataset
from benchmark.datasets.build.manifest import Chosen
from benchmark.datasets.build.names import kinds_of, rename_classes
from benchmark.datasets.build.report import REPORT, Entry, read_report
from benchmark.datasets.sources.shared.source import Kind

STEP = "review"
COLUMNS = ("kind", "id", "action", "new_name", "box", "images", "boxes", "why", "score")
NEEDED = ("kind", "id", "action")
ACTIONS = {
    "class": ("accept", "rename", "drop"),
    "image": ("accept", "drop"),
    "box": ("accept", "rename", "drop"),
}
BOX_TOLERANCE = 0.01
"""largest difference between a box in the review and in the build, as a share of the image's sides"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a review. where: `file:line`. box: x1, y1, x2, y2 as shares of the image; empty where not given."""

    where: str
    kind: str
    item: str
    action: str
    new_name: str = ""
    box: tuple[float, ...] = ()


def read_review(path: Path) -> list[Decision]:
    """The decisions that rename or drop. Raises DataError that names file and line of anything invalid."""
    rows = csv.DictReader(io.StringIO(read_text(path, DataError)))
    header = rows.fieldnames or []
    lacking = [name for name in NEEDED if name not in header]
    if lacking:
        raise DataError(f"{path}: not a review, lacks the column '{lacking[0]}'; expected {', '.join(COLUMNS)}")
    decisions: dict[tuple[str, str], Decision] = {}
    for row in rows:
        decision = _decision(
            {key: (value or "").strip() for key, value in row.items() if key}, f"{path}:{rows.line_num}"
        )
        before = decisions.setdefault((decision.kind, decision.item), decision)
        if before is not decision:
            raise DataError(f"{decision.where}: '{decision.item}' has a decision already, at {before.where}; keep one line")
    return [decision for decision in decisions.values() if decision.action != "accept"]


def review_digest(decisions: Iterable[Decision]) -> str:
    """8 hex digits over the decisions, the same for any order of lines and any file name."""
    return digest(sorted((each.kind, each.item, each.action, each.new_name) for each in decisions))[:8]


def apply_review(chosen: Sequence[Chosen], decisions: Sequence[Decision]) -> tuple[list[Chosen], list[Entry]]:
    """The images after the review, and one report entry per decision.

    An image whose boxes were all dropped is removed: it is not defect-free. Raises DataError for an unknown class, image
    or box, for a box that differs from the reviewed one, and for a review that leaves no box.
    """
    kinds = kinds_of(chosen)
    for each in decisions:
        if each.kind == "class" and each.item not in kinds:
            raise DataError(f"{each.where}: {UnknownNameError('class', each.item, kinds)}")
    new = {each.item: _kind(each, kinds) for each in decisions if each.kind == "class" and each.action == "rename"}
    dropped = {each.item for each in decisions if each.kind == "class" and each.action == "drop"}
    single = _SingleDecisions(chosen, decisions, kinds)
    kept = [image for image in (single.reviewed(each, dropped) for each in chosen) if image is not None]
    if not any(len(each.image.boxes) for each in kept):
        raise DataError("the review leaves no box of any class; drop fewer")
    return rename_classes(kept, new), [_entry(each) for each in decisions]


def export_review(dataset: Dataset) -> list[dict[str, str]]:
    """The rows of a review to fill in, for a set made by `bench data build`. Raises DataError for any other set."""
    folder = dataset.folder
    if folder is None or not (folder / REPORT).is_file():
        raise DataError(
            f"{dataset.info.name} has no {REPORT}: only a set made by 'bench data build mmio-open' can be reviewed; "
            "build it again if an older version made it"
        )
    return review_rows(dataset, read_report(folder / REPORT))


def review_rows(dataset: Dataset, report: Iterable[Entry]) -> list[dict[str, str]]:
    """All classes, then boxes of doubtful class, then dropped copies whose boxes differ from the kept image's."""
    images: Counter[int] = Counter()
    boxes: Counter[int] = Counter()
    for sample in dataset.samples.values():
        labels = sample.annotations.labels.tolist()
        boxes.update(labels)
        images.update(set(labels))
    entries = list(report)
    suggestions = {entry.item: entry for entry in entries if entry.kind == "class" and entry.done == "suggested"}
    rows = []
    for label, category in enumerate(dataset.categories):
        entry = suggestions.get(category.name)
        why, score = (f"{entry.why} ({entry.other})", entry.score) if entry else ("", "")
        rows.append(_row("class", category.name, images=images[label], boxes=boxes[label], why=why, score=score))
    by_name = {f"{s.source}/{_path_of(s.path, s.source)}": s for s in dataset.samples.values()}
    for entry in entries:
        image, _, number = entry.item.rpartition("#")
        if entry.kind == "box" and image in by_name:
            sample = by_name[image]
            size = np.tile([sample.width_px, sample.height_px], 2)
            shares = " ".join(f"{value:.4f}" for value in sample.annotations.xyxy[int(number)] / size)
            rows.append(_row("box", entry.item, box=shares, why=entry.why, score=entry.score, new_name=entry.other))
        elif entry.kind == "image" and entry.done == "dropped" and "other boxes" in entry.why:
            rows.append(_row("image", entry.other, why=f"{entry.item} has {entry.why}"))
    return rows


def write_review(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """UTF-8 with a mark, which spreadsheets need to show names of any language."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class _SingleDecisions:
    """The decisions about single images and boxes, checked against the images of the build."""

    def __init__(self, chosen: Sequence[Chosen], decisions: Sequence[Decision], kinds: Mapping[str, Kind]) -> None:
        self._images = {each.item for each in decisions if each.kind == "image"}
        self._boxes: dict[str, dict[int, Kind | None]] = {}
        """image -> box number -> its new class, None for a dropped box"""
        self._sources = {each.row.source: each.source for each in chosen}
        by_name = {f"{each.row.source}/{each.row.path}": each for each in chosen}
        for each in decisions:
            if each.kind == "image" and each.item not in by_name:
                raise DataError(
                    f"{each.where}: this build has no image '{each.item}'; expected source/path as in its file names"
                )
            if each.kind == "box":
                self._keep_box(each, by_name, kinds)

    def _keep_box(self, decision: Decision, by_name: Mapping[str, Chosen], kinds: Mapping[str, Kind]) -> None:
        name, number = _box_of(decision, by_name)
        each = by_name[name]
        new = None
        if decision.action == "rename":
            new = _kind(decision, kinds, kinds[each.source.kinds[each.image.boxes.names[number]].name])
            source = self._sources[each.row.source]
            self._sources[source.name] = replace(source, kinds={**source.kinds, new.name: new})
        self._boxes.setdefault(name, {})[number] = new

    def reviewed(self, each: Chosen, dropped: set[str]) -> Chosen | None:
        """The image with the boxes that remain; None for a dropped image. dropped: names of dropped classes."""
        name = f"{each.row.source}/{each.row.path}"
        if name in self._images:
            return None
        boxes, decided = each.image.boxes, self._boxes.get(name, {})
        remaining = {
            number: new.name if (new := decided.get(number)) else own
            for number, own in enumerate(boxes.names)
            if (number not in decided and each.source.kinds[own].name not in dropped) or decided.get(number)
        }
        if boxes.names and not remaining:
            return None
        kept = replace(boxes, xyxy=boxes.xyxy[list(remaining)], names=tuple(remaining.values()))
        return replace(each, source=self._sources[each.row.source], image=replace(each.image, boxes=kept))


def _decision(row: Mapping[str, str], where: str) -> Decision:
    kind, item, action = row["kind"], row["id"], row["action"] or "accept"
    if kind not in ACTIONS:
        raise DataError(f"{where}: unknown kind '{kind}'; expected {', '.join(ACTIONS)}")
    if action not in ACTIONS[kind]:
        raise DataError(f"{where}: unknown action '{action}' for a {kind}; expected {', '.join(ACTIONS[kind])}")
    if not item:
        raise DataError(f"{where}: has no id; expected a class name, source/path, or source/path#box")
    new_name = row.get("new_name", "")
    if action == "rename" and not new_name:
        raise DataError(f"{where}: rename needs a new_name")
    try:
        box = tuple(float(value) for value in row.get("box", "").split())
    except ValueError as error:
        raise DataError(f"{where}: box is '{row['box']}'; expected four shares of the image: x1 y1 x2 y2") from error
    return Decision(where, kind, item, action, new_name if action == "rename" else "", box)


def _kind(decision: Decision, kinds: Mapping[str, Kind], old: Kind | None = None) -> Kind:
    """The new class of a renamed class or box: an existing class of that name, else a new one in the same scene."""
    old = old or kinds[decision.item]
    name = decision.new_name
    existing = kinds.get(name) or kinds.get(f"{name}, {old.scene}")
    if existing is not None:
        return existing
    defect = name.removesuffix(f", {old.scene}")
    if decision.kind == "box":
        return Kind(defect, old.scene, (), "", old.super_category)
    synonyms = tuple(dict.fromkeys(other for other in (old.defect, *old.synonyms) if other != defect))
    return Kind(defect, old.scene, synonyms, old.description, old.super_category)


def _box_of(decision: Decision, by_name: Mapping[str, Chosen]) -> tuple[str, int]:
    image, mark, number = decision.item.rpartition("#")
    each = by_name.get(image)
    if not mark or not number.isdigit() or each is None:
        raise DataError(f"{decision.where}: this build has no box '{decision.item}'; expected source/path#k")
    boxes = each.image.boxes
    if int(number) >= len(boxes):
        raise DataError(f"{decision.where}: '{image}' has {len(boxes)} boxes, #0 to #{len(boxes) - 1}")
    shares = boxes.xyxy[int(number)] / np.tile([each.image.width_px, each.image.height_px], 2)
    if decision.box and (len(decision.box) != 4 or np.abs(shares - np.array(decision.box)).max() > BOX_TOLERANCE):
        raise DataError(f"{decision.where}: box #{number} of '{image}' is not where it was in the review; export again")
    return image, int(number)


def _entry(decision: Decision) -> Entry:
    done = {"rename": "renamed", "drop": "dropped"}[decision.action]
    return Entry(STEP, decision.kind, decision.item, done, "expert", decision.new_name)


def _path_of(path: Path, source: str) -> str:
    """Path of an image of a built set below `images/<source>/`."""
    return path.as_posix().rpartition(f"/images/{source}/")[2]


def _row(kind: str, item: str, **more: object) -> dict[str, str]:
    filled = dict.fromkeys(COLUMNS, "") | {"kind": kind, "id": item}
    return filled | {key: str(value) for key, value in more.items()}
