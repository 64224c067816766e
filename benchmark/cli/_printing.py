"""Plans and records of cells as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.canonical import to_plain
from benchmark.core.formats import count, metric, metric_kind, number, seconds
from benchmark.core.record import RunRecord, not_judged
from benchmark.core.spec import RunSpec
from benchmark.harness.plan import PlannedCell
from benchmark.records.codec import encode


def print_plan(planned: Sequence[PlannedCell], *, as_json: bool, file: Any = None) -> None:
    """Print what would run: one line per cell, or a JSON list."""
    if not as_json:
        for cell in planned:
            print(_plan_line(cell), file=file)
        return
    rows = [
        {
            "run_id": cell.job.spec.run_id,
            "finished": cell.finished,
            "fits": [{"method": m, "fit_id": i, "state": s} for m, i, s in cell.fits],
            "hours": cell.hours,
            "memory_bytes": cell.memory_bytes,
            "job": to_plain(cell.job),
        }
        for cell in planned
    ]
    print(json.dumps(rows, indent=2), file=file)


def print_records(records: Sequence[RunRecord], *, as_json: bool) -> None:
    """Print records: status, error, metrics, repairs and cost of each, or a JSON list."""
    if as_json:
        print("[" + ",\n".join(encode(record).strip() for record in records) + "]")
        return
    for record in records:
        print(f"{cell_name(record.spec)}: {record.status}")
        if record.error:
            print(f"  {record.error}")
        hidden = {name: reason for name in record.metrics if (reason := not_judged(record, name))}
        print_metrics({name: v for name, v in record.metrics.items() if name not in hidden}, record.intervals)
        for reason, names in _by_reason(hidden).items():
            print(f"  {', '.join(names)}: {reason}")
        if basis := record.facts.get("basis"):
            print("  " + ", ".join(f"{images} {name.replace('_', ' ')}" for name, images in basis.items()))
        for kind, times in record.facts.get("repairs", {}).items():
            print(f"  repaired while reading: {times} x {kind}")
        cost = record.cost
        if cost.latency_p50_s is not None:
            noisy = {True: " (noisy)", None: " (measured once)"}.get(cost.latency_noisy, "")
            print(
                f"  {count(cost.parameters or 0)} parameters, {seconds(cost.latency_p50_s)} per image{noisy}, "
                f"{number(cost.images_per_s or 0.0)} images/s, "
                f"{cost.device}"
            )


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return names


GROUPS = (
    (("dAP50_",), "AP50 lost to errors of"),
    (("tide_",), "share of all errors, %"),
    (("AP_rel_", "AP_elongated"), "AP by a box's share of the image, and of long boxes"),
)
"""prefixes of the metrics that share a line, and the title of that line"""


def print_metrics(metrics: Mapping[str, float | None], intervals: Mapping[str, tuple[float, float]]) -> None:
    """Print `metric_lines`, indented."""
    for line in metric_lines(metrics, intervals):
        print(f"  {line}")


def metric_lines(metrics: Mapping[str, float | None], intervals: Mapping[str, tuple[float, float]]) -> list[str]:
    """Lines of text: AP and the like with 95 % intervals, then metrics at one confidence, then one line per group.

    Metrics of a group that have no value are left out.
    """
    remaining = dict(metrics)
    lines = []
    for starts, title in GROUPS:
        group = {name: remaining.pop(name) for name in list(remaining) if name.startswith(starts)}
        counts = {name: remaining.pop(f"boxes_{name.removeprefix('AP_')}", None) for name in group}
        values = [
            f"{name.rpartition('_')[2]} {metric_text(name, value)}"
            + ("" if counts[name] is None else f" ({metric_text(f'boxes_{name}', counts[name])} boxes)")
            for name, value in group.items()
            if value is not None
        ]
        if values:
            lines.append(f"{title}: " + "  ".join(values))
    plain = {
        name: f"{name} {metric_text(name, value)}{_interval(intervals, name)}" for name, value in remaining.items()
    }
    at = "  ".join(text for name, text in plain.items() if "@" in name)
    threshold_free = "  ".join(text for name, text in plain.items() if "@" not in name)
    return [line for line in (threshold_free, at and f"at one confidence: {at}", *lines) if line]


def _interval(intervals: Mapping[str, tuple[float, float]], name: str) -> str:
    if name not in intervals:
        return ""
    low, high = intervals[name]
    return f" [{metric_text(name, low)}, {metric_text(name, high)}]"


def cell_name(spec: RunSpec) -> str:
    """A cell in one line: id, method, task, data, profile, seed, and what differs from the defaults."""
    what = f"{spec.run_id}  {spec.model} · {spec.task_asked} · {spec.dataset} · {spec.profile} · seed {spec.seed}"
    return " · ".join([what, *spec.variations])


def _plan_line(cell: PlannedCell) -> str:
    fits = ", ".join(f"{state} fit {name} {fit_id}" for name, fit_id, state in cell.fits)
    if cell.finished:
        time = "finished"
    elif all(state == "found" for _, _, state in cell.fits):
        time = ""
    elif cell.hours is None:
        time = "training time unknown: no fit like it was measured here"
    else:
        time = f"about {cell.hours * 60:.0f} min of training"
    memory = f"{cell.memory_bytes / 2**30:.1f} GiB" if cell.memory_bytes else ""
    return " · ".join(filter(None, [cell_name(cell.job.spec), fits, time, memory]))


def metric_text(name: str, value: float | None) -> str:
    """The value of a metric as text; lengths with their unit."""
    if value is None:
        return "-"
    return metric(name, value) + (" px" if metric_kind(name) == "pixels" else "")
