"""A table of cells that leave one scene out: one row per method, with its mean, worst and best scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from benchmark.core.canonical import digest
from benchmark.core.formats import in_percent, points
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.records.query import HIDDEN_PROFILES, select
from benchmark.records.versions import one_version
from benchmark.tables.content.sheet import Sheet

HEADERS = (
    "method",
    "data",
    "profile",
    "AP",
    "AP50",
    "worst scene",
    "its AP",
    "best scene",
    "its AP",
    "scenes",
    "seeds",
)


@dataclass(frozen=True)
class TransferTable:
    """A table over the left-out scenes; task: one whose records name the left-out scene."""

    name: str
    title: str
    task: str


@dataclass(frozen=True)
class Scenes:
    """Records of one method under one setting. scenes: left-out scene -> metric -> mean over its seeds, in percent."""

    spec: RunSpec
    scenes: dict[str, dict[str, float]]
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]

    def mean(self, metric: str) -> float:
        """Mean over the scenes, each with equal weight."""
        return fmean(values[metric] for values in self.scenes.values())

    def extreme(self, pick: Any) -> tuple[str, float]:
        """The scene with the smallest (`min`) or largest (`max`) AP; of equal ones the first by name."""
        name = pick(sorted(self.scenes), key=lambda scene: self.scenes[scene]["AP"])
        return name, self.scenes[name]["AP"]


def fill_transfer(
    table: TransferTable,
    records: Sequence[RunRecord],
    dataset: str | None = None,
    profile: str | None = None,
    version: int | None = None,
) -> Sheet:
    """One row per method and setting that has records, the best mean first within a data set and profile.

    version: of the data set; None means the newest. Raises UnknownNameError for a version without records.
    """
    selected = select(records, task=table.task, dataset=dataset, profile=profile)
    good = [r for r in selected if r.status is Status.OK and r.spec.profile not in HIDDEN_PROFILES]
    selection = one_version(good, version)
    cells: dict[str, list[RunRecord]] = {}
    for record in selection.records:
        cells.setdefault(_but_scene(record.spec), []).append(record)
    read = sorted(
        (_scenes(cell) for cell in cells.values()),
        key=lambda each: (each.spec.dataset, each.spec.profile, -each.mean("AP"), each.spec.method),
    )
    notes = [
        "AP: mean over the scenes, each fitted on all others; no interval, because scenes are not a sample",
        *selection.notes,
    ]
    if len({(each.spec.dataset, each.spec.profile, tuple(sorted(each.scenes))) for each in read}) > len(
        {(each.spec.dataset, each.spec.profile) for each in read}
    ):
        notes.append(
            "methods of one data set and profile were measured on different scenes: do not compare their means"
        )
    if not read:
        notes.append("nothing was measured; bench run --method METHOD --task transfer measures every scene")
    return Sheet(
        f"Table {table.name}: {table.title}",
        (("", len(HEADERS)),),
        HEADERS,
        tuple(_row(each) for each in read),
        tuple(notes),
        tuple(_facts(table, each) for each in read),
    )


def _scenes(cell: Sequence[RunRecord]) -> Scenes:
    by_scene: dict[str, list[RunRecord]] = {}
    for record in cell:
        by_scene.setdefault(record.spec.held_out or "", []).append(record)
    values = {
        scene: {
            metric: in_percent(fmean(record.metrics[metric] or 0.0 for record in records)) for metric in ("AP", "AP50")
        }
        for scene, records in by_scene.items()
    }
    seeds = tuple(sorted({record.spec.seed for record in cell}))
    return Scenes(cell[0].spec, values, seeds, tuple(sorted(record.run_id for record in cell)))


def _row(each: Scenes) -> tuple[str, ...]:
    spec, (worst, low), (best, high) = each.spec, each.extreme(min), each.extreme(max)
    return (
        ", ".join([spec.model, *spec.variations]),
        spec.data,
        spec.profile,
        points(each.mean("AP")),
        points(each.mean("AP50")),
        worst,
        points(low),
        best,
        points(high),
        str(len(each.scenes)),
        str(len(each.seeds)),
    )


def _facts(table: TransferTable, each: Scenes) -> dict[str, Any]:
    return {
        "table": table.name,
        "task": table.task,
        "method": each.spec.method,
        "method_version": each.spec.method_version,
        "data": each.spec.dataset,
        "data_version": each.spec.dataset_version,
        "profile": each.spec.profile,
        "AP": each.mean("AP"),
        "AP50": each.mean("AP50"),
        "worst": each.extreme(min)[0],
        "best": each.extreme(max)[0],
        "scenes": {scene: values["AP"] for scene, values in sorted(each.scenes.items())},
        "seeds": list(each.seeds),
        "run_ids": list(each.run_ids),
    }


def _but_scene(spec: RunSpec) -> str:
    """A digest that is equal for cells that differ only in scene and seed."""
    fit = (
        replace(spec.fit, seed=0, split_rule="", split_digest="", vocabulary_digest="", start=None)
        if spec.fit
        else None
    )
    return digest(replace(spec, seed=0, held_out=None, split_digest="", vocabulary_digest="", fit=fit))
