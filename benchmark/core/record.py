"""Records of runs, fits and data sets: spec, results, cost, artifacts, provenance, error, and schema version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmark.core.spec import FitSpec, RunSpec

SCHEMA = 2
"""raised when the fields of a record change, with a migration in `records/migrations.py`"""

AT_FALSE_ALARM_RATE = "@5%FA"
"""end of the names of metrics at the threshold where 5 % of the defect-free validation images raise an alarm"""
FEWEST_GOOD_IMAGES = 20
"""defect-free validation images from which on such a threshold can be chosen"""


class Status(StrEnum):
    """How a run ended."""

    OK = "ok"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Artifact:
    """A file that belongs to a record. uri: relative to the folder of the record, or http(s), or empty if not kept."""

    name: str
    uri: str
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """When, on what device and with which code, packages and weights a record was made; never part of an id."""

    utc: str
    commit: str | None
    dirty: bool | None
    packages: Mapping[str, str]
    device: str
    weights: str
    weights_sha256: str | None = None
    command: str | None = None
    slurm_job: str | None = None


@dataclass(frozen=True)
class Cost:
    """Cost of a cell. Times are at the evaluated image size and include post-processing.

    latency_noisy: whether repeated measurements of the latency disagreed; None if it was measured only once.
    """

    parameters: int | None = None
    parameters_trained: int | None = None
    gflops: float | None = None
    image_side_px: int | None = None
    latency_p50_s: float | None = None
    latency_p95_s: float | None = None
    images_per_s: float | None = None
    peak_memory_bytes: int | None = None
    train_hours: float | None = None
    device: str | None = None
    precision: str | None = None
    latency_noisy: bool | None = None

    @property
    def settled_latency_s(self) -> float | None:
        """Median latency that repeated measurements agree on; None where they do not, or were not made."""
        return self.latency_p50_s if self.latency_noisy is False else None


@dataclass(frozen=True)
class RunRecord:
    """Result of one run. Metrics are fractions, or None if the data has nothing to measure.

    per_class: class name -> {"AP", "AP50", "boxes", "images"}; per_scene: scene -> {"AP", "AP50", "images"};
    per_super: super category -> the same, empty in older records. intervals: metric -> (low, high), 95 %.
    """

    run_id: str
    spec: RunSpec
    status: Status
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    per_class: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_scene: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_super: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    artifacts: tuple[Artifact, ...] = ()
    provenance: Provenance | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """counted repairs, and facts of the fit (stop epoch of the domain loss, expert mode, selection rule)"""
    error: str | None = None
    schema: int = SCHEMA


def not_judged(record: RunRecord, metric: str) -> str:
    """Why a metric at a rate of false alarms may not be shown: too few images to choose its threshold on; else empty.

    At 5 % false alarms at least 20 defect-free validation images are needed for one of them to be allowed an alarm.
    """
    if not metric.endswith(AT_FALSE_ALARM_RATE) or record.metrics.get(metric) is None:
        return ""
    good = record.facts.get("basis", {}).get("good_val_images")
    if good is None:
        return "not judged: the number of good validation images was not recorded"
    enough = good >= FEWEST_GOOD_IMAGES
    return "" if enough else f"not judged: {good} good validation images, {FEWEST_GOOD_IMAGES} needed"


@dataclass(frozen=True)
class FitRecord:
    """A finished training, stored with its checkpoint under its fit_id and used by every cell that needs it."""

    fit_id: str
    spec: FitSpec
    checkpoint: Artifact
    train_hours: float
    facts: Mapping[str, Any]
    provenance: Provenance
    schema: int = SCHEMA


@dataclass(frozen=True)
class DatasetRecord:
    """Facts about a built data set; tables and figures about data need only these, never the images.

    counts: {"images", "boxes", "classes", "scenes", "super_categories", "defect_free_images"}.
    scenes: scene -> {"super_category", "images", "boxes"}; classes: name -> {"scene", "boxes", "images"}.
    splits: rule -> {"digest", "train", "val", "test", "base", "novel", ...}.
    sources: source -> {"licence", "redistributable", "images", "url"}.
    facts["box_sides_px"]: histogram of sqrt(box area), with its bin edges.
    """

    name: str
    version: int
    variant: str
    digest: str
    counts: Mapping[str, int]
    scenes: Mapping[str, Mapping[str, Any]]
    classes: Mapping[str, Mapping[str, Any]]
    splits: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA
