"""`bench score RUN --cross-check`: the fast engine, the reference engine and ultralytics' own AP compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.core.formats import in_percent, percent, signed_points

if TYPE_CHECKING:
    from benchmark.harness.rescore import Stored

LIBRARIES = {"fast": "hotcoco", "reference": "pycocotools", "framework": "ultralytics"}
LVIS_LIBRARIES = {"fast": "hotcoco", "reference": "lvis"}


def cross_check(stored: Stored) -> dict[str, Any]:
    """Compute a run's metrics with both engines and with ultralytics, and return all with their differences for JSON.

    `framework` is `{"missing": reason}` where ultralytics is not installed or has no scoring rules for the data (LVIS).
    """
    from benchmark.core.paths import installed_versions
    from benchmark.evaluators.scoring.columns import columns_of
    from benchmark.evaluators.scoring.cross_check import compare_engines, compare_framework

    record, columns = stored.record, columns_of(stored.test)
    protocol = record.spec.protocol["evaluators"]
    libraries = LIBRARIES if columns.federation is None else LVIS_LIBRARIES
    versions = installed_versions(libraries.values())
    framework: dict[str, Any] = {"missing": "it has no rule for classes that are annotated in some images only (LVIS)"}
    if columns.federation is None:
        framework = {"missing": "ultralytics is not installed: pip install 'rtvp-bench[models]'"}
        if "ultralytics" in versions:
            framework = compare_framework(columns, _ultralytics())
    return {
        "run_id": record.run_id,
        "predictions_sha256": next(a.sha256 for a in record.artifacts if a.name == "predictions"),
        "libraries": {name: f"{library} {versions.get(library, '')}".strip() for name, library in libraries.items()},
        **compare_engines(tuple(protocol), columns, stored.val),
        "framework": framework,
    }


def store(facts: dict[str, Any], stored: Stored) -> Path:
    """Write the comparison beside the run's record, or into the results' `cross_checks/` for a committed record."""
    import json

    from benchmark.core.paths import Results, RunPaths
    from benchmark.records.store import write_atomic

    run = RunPaths(stored.path.parent)
    path = run.cross_check if stored.path == run.record else Results.find().cross_checks / f"{facts['run_id']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(facts, indent=1, sort_keys=True) + "\n")
    return path


def text(facts: dict[str, Any]) -> str:
    """The comparison as text: whether the engines agree, then ultralytics' AP beside ours."""
    fast, reference = facts["libraries"]["fast"], facts["libraries"]["reference"]
    lines = [f"fast       {fast}", f"reference  {reference}"]
    verdict = "equal to the last bit" if facts["equal"] else f"they differ by up to {facts['largest_difference']:.2e}"
    lines.append(f"{facts['compared']:,} values: {verdict}")
    for name, row in facts["metrics"].items():
        if row["difference"]:
            lines.append(f"  {name}: {row['fast']} and {row['reference']}")
    framework = facts["framework"]
    if "missing" in framework:
        return "\n".join([*lines, f"framework  not compared: {framework['missing']}"])
    lines.append(f"framework  {facts['libraries']['framework']}; ours: AP {_percent(facts, 'AP')}, "
                 f"AP50 {_percent(facts, 'AP50')}")  # fmt: skip
    for rule, title in (("own_matches", "its own matches"), ("coco_matches", "COCO's matches")):
        row = framework[rule]
        if row["AP"] is None:
            lines.append(f"  {title}: no ground truth")
            continue
        lines.append(
            f"  {title:<16} AP {percent(row['AP'], 3):>6} ({_signed(row['AP_minus_fast'])})  "
            f"AP50 {percent(row['AP50'], 3):>6} ({_signed(row['AP50_minus_fast'])})  "
            f"AP of a class differs by up to {percent(row['largest_of_a_class'], 2)}"
        )
    return "\n".join(lines)


def _percent(facts: dict[str, Any], name: str) -> str:
    value = facts["metrics"][name]["fast"]
    return "-" if value is None else percent(value, 3)


def _signed(fraction: float) -> str:
    return signed_points(in_percent(fraction), 3)


def _ultralytics() -> Any:
    """A function that returns ultralytics' AP, (classes, 10 thresholds), and the classes; ultralytics stays offline."""
    import os

    from benchmark.core.paths import Home

    folder = Home.find().ultralytics
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (("YOLO_CONFIG_DIR", str(folder)), ("YOLO_OFFLINE", "true"), ("YOLO_AUTOINSTALL", "false")):
        os.environ.setdefault(name, value)
    from ultralytics.utils.metrics import ap_per_class

    def per_class(true: Any, scores: Any, labels: Any, targets: Any) -> tuple[Any, Any]:
        answer = ap_per_class(true, scores, labels, targets)
        return answer[5], answer[6]

    return per_class
