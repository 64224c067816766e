"""The record of a run: its spec, what was measured, cost, artifacts, provenance or error, and a schema version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmark.core.spec import FitSpec, RunSpec

SCHEMA = 2
"""raised when a record's form changes; `records/migrations.py` then learns the step"""


class Status(StrEnum):
    """How a run ended."""

    OK = "ok"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Artifact:
    """A file that belongs to a record. uri is relative to the folder the record lies in, or absolute http(s)."""

    name: str
    uri: str
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """Who, when, with what: never part of an id."""

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
    """What a cell costs. Times in seconds at the evaluated image size, post-processing included."""

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


@dataclass(frozen=True)
class RunRecord:
    """One cell. Metric values are fractions, or None where the data has nothing to measure.

    per_class: class name -> {"AP", "AP50", "boxes", "images"}; per_scene: scene -> {"AP", "AP50", "images"};
    per_super: the same by super category, empty in records from before it was counted.
    intervals: metric -> (low, high).
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
    """counted repairs, the fit's own facts (stop epoch of the domain loss, expert mode, selection rule)"""
    error: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True)
class FitRecord:
    """A finished training, kept beside its checkpoint under its fit_id and reused by every cell that needs it."""

    fit_id: str
    spec: FitSpec
    checkpoint: Artifact
    train_hours: float
    facts: Mapping[str, Any]
    provenance: Provenance
    schema: int = SCHEMA


@dataclass(frozen=True)
class DatasetRecord:
    """A data set as it was built: tables and figures about data read this and never the images.

    counts: {"images", "boxes", "classes", "scenes", "super_categories", "defect_free_images"}.
    scenes: scene -> {"super_category", "images", "boxes"}; classes: name -> {"scene", "boxes", "images"}.
    splits: rule -> {"digest", "train", "val", "test", "base", "novel", ...}.
    sources: source -> {"licence", "redistributable", "images", "url"}.
    box_sides_px: histogram of sqrt(box area), bin edges beside it.
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
