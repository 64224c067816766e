"""Names of records and fits in W&B: mmdet's names for COCO's numbers, `/` as the only separator."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from benchmark.core.canonical import digest, to_plain
from benchmark.core.errors import BenchError
from benchmark.core.plugins import load, load_adapter
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.settings import make_config
from benchmark.core.spec import FitSpec, RunSpec
from benchmark.tracking._tracker import TrackedRun

EPOCH = "train/epoch"
_COCO = {"AP": "bbox_mAP", "AP50": "bbox_mAP_50", "AP75": "bbox_mAP_75", "APs": "bbox_mAP_s", "APm": "bbox_mAP_m",
         "APl": "bbox_mAP_l", "AR1": "AR@1", "AR10": "AR@10", "AR100": "AR@100"}  # fmt: skip
_ALIASES = ("AP", "AP50", "AP75")
_MOST_CLASSES = 200
"""beyond that (LVIS) the table per_class alone has them: each would be a column of every chart's menu"""


def tracked_cell(record: RunRecord) -> TrackedRun:
    """A record as a W&B run, whose config holds the whole spec."""
    spec = record.spec
    name = f"{spec.method} {spec.task} {spec.dataset} {spec.profile} seed {spec.seed}"
    tags = (spec.task, spec.dataset, spec.profile, str(record.status))
    return TrackedRun(record.run_id, name, "cell", f"{spec.method}/{spec.task}", tags, config_of(record))


def tracked_fit(spec: FitSpec) -> TrackedRun:
    """A training as a W&B run."""
    config = {
        "method": spec.method,
        "method_version": spec.method_version,
        "dataset": _dataset(spec),
        "split_rule": spec.split_rule,
        "split_digest": spec.split_digest,
        "seed": spec.seed,
        **_settings(spec.method, spec.method_version, spec.params),
    }
    name = f"fit {spec.method} {spec.split_rule} {spec.dataset} seed {spec.seed}"
    tags = (spec.split_rule, spec.dataset)
    return TrackedRun(spec.fit_id, name, "fit", f"{spec.method}/{spec.split_rule}", tags, config, axis=EPOCH)


def config_of(record: RunRecord) -> dict[str, Any]:
    """Names and digests of what was measured, and the record's own digest."""
    spec = record.spec
    return {
        "method": spec.method,
        "method_version": spec.method_version,
        "task": spec.task,
        "task_version": spec.task_version,
        "dataset": _dataset(spec),
        "split_digest": spec.split_digest,
        "vocabulary": {"wording": spec.wording, "digest": spec.vocabulary_digest},
        "profile": spec.profile,
        "seed": spec.seed,
        "weights": str(spec.weights),
        "text_encoder": spec.text_encoder,
        "protocol": to_plain(spec.protocol),
        "fit_id": spec.fit.fit_id if spec.fit else None,
        "setting": ", ".join(spec.variations) or "plain",
        "commit": record.provenance.commit if record.provenance else None,
        "record_sha256": digest(record),
        **_settings(spec.method, spec.method_version, spec.params),
    }


def summary_of(record: RunRecord) -> dict[str, float | int | str]:
    """Every number of a record, as fractions; what was not measured is left out."""
    values: dict[str, Any] = {"status": str(record.status), "error": record.error}
    coco = "coco_ap" in record.spec.protocol.get("evaluators", {})
    for name, value in record.metrics.items():
        values[f"coco/{_COCO[name]}" if coco and name in _COCO else f"metrics/{_one_part(name)}"] = value
    values |= {name: record.metrics.get(name) for name in _ALIASES}
    for name, (low, high) in record.intervals.items():
        values |= {f"interval/{_one_part(name)}_low": low, f"interval/{_one_part(name)}_high": high}
    if len(record.per_class) <= _MOST_CLASSES:
        values |= {f"coco/{_one_part(name)}_precision": row.get("AP") for name, row in record.per_class.items()}
    return _measured({**values, **_cost(record)})


def leaderboard_row(record: RunRecord) -> dict[str, Any]:
    """The row of this record in boards that are made by W&B's query panels."""
    spec = record.spec
    low, high = record.intervals.get("AP", (None, None))
    cost = _cost(record)
    return {
        "run_id": record.run_id,
        "method": spec.method,
        "task": spec.task,
        "dataset": spec.dataset,
        "profile": spec.profile,
        "setting": config_of(record)["setting"],
        "seed": spec.seed,
        "weights": str(spec.weights),
        **{name: record.metrics.get(name) for name in ("AP", "AP50", "AP75", "APs", "APm", "APl")},
        "AP_low": low,
        "AP_high": high,
        "parameters_m": cost["cost/parameters_m"],
        "gflops": cost["cost/gflops"],
        "latency_ms": cost["speed/latency_ms"],
        "images_per_s": cost["speed/images_per_s"],
        "device": record.cost.device,
    }


def class_rows(record: RunRecord) -> list[dict[str, Any]]:
    """One row per class, in the record's order."""
    return [
        {
            "category": name,
            "mAP": row.get("AP"),
            "mAP_50": row.get("AP50"),
            "n_gt": row.get("boxes"),
            "n_images": row.get("images"),
        }
        for name, row in record.per_class.items()
    ]


def fit_summary(record: FitRecord) -> dict[str, Any]:
    """Facts of a finished training without the nested ones."""
    plain = {f"fit/{_one_part(name)}": value for name, value in record.facts.items() if not isinstance(value, Mapping)}
    return _measured({"cost/train_hours": record.train_hours, "checkpoint_sha256": record.checkpoint.sha256, **plain})


def epoch_row(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row of a finished epoch, None for any other event.

    What an epoch reports on its way stays in events.jsonl: an epoch that a requeue repeats would have it twice.
    """
    if "epoch" not in event or event.get("step", 0) != event.get("steps", 0):
        return None
    named = {EPOCH: event["epoch"], "speed/train_images_per_s": event.get("images_per_s")}
    others = {name: value for name, value in event.items()
              if name not in ("epoch", "epochs", "step", "steps", "images_per_s", "fit", "time_s")}  # fmt: skip
    numbers = {name if "/" in name else f"train/{name}": value for name, value in others.items()
               if isinstance(value, (int, float))}  # fmt: skip
    return _measured({**named, **numbers})


def _cost(record: RunRecord) -> dict[str, float | None]:
    cost = record.cost
    return {
        "speed/latency_ms": _divided(cost.latency_p50_s, 1e-3),
        "speed/latency_p95_ms": _divided(cost.latency_p95_s, 1e-3),
        "speed/images_per_s": cost.images_per_s,
        "sys/peak_memory_gb": _divided(cost.peak_memory_bytes, 1e9),
        "cost/parameters_m": _divided(cost.parameters, 1e6),
        "cost/parameters_trained_m": _divided(cost.parameters_trained, 1e6),
        "cost/gflops": cost.gflops,
        "cost/image_side_px": cost.image_side_px,
        "cost/train_hours": cost.train_hours,
    }


def _dataset(spec: RunSpec | FitSpec) -> dict[str, Any]:
    return {"name": spec.dataset, "version": spec.dataset_version, "digest": spec.dataset_digest}


def _settings(method: str, version: int, params: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, where this code still is the version that was measured; a spec holds only what is no default.

    The two that sweeps and ablations vary most stand at the top, where charts find them.
    """
    values = dict(to_plain(params))
    try:
        if load("method", method).version == version:
            values = to_plain(dataclasses.asdict(make_config(load_adapter(method).Config, params, method)))
    except BenchError:
        pass  # a method that is not installed here: the settings of its spec are all there is
    return {"params": values, **{name: values[name] for name in ("variant", "patch_size") if name in values}}


def _one_part(name: str) -> str:
    """A name without W&B's own separators: `/` makes sections, `.` nests."""
    return name.replace("/", "_").replace(".", "_")


def _divided(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def _measured(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }
