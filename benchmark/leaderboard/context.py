"""What the site shows beside records; the command line collects it: this package opens no method and no data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.core.method import MethodInfo
from benchmark.core.record import DatasetRecord
from benchmark.core.task import Task
from benchmark.records.comparisons import Comparisons


@dataclass(frozen=True)
class FailurePicture:
    """A test image with many errors of a detector, from a source whose licence allows showing it.

    path: a JPEG that is copied to the site as `name`. width_px, height_px: of the original image, whose pixels the
    boxes are in. boxes: (x1, y1, x2, y2, kind, class name, score or None); kind is `missed`, `false` or `found`.
    """

    path: Path
    name: str
    image_id: int
    width_px: int
    height_px: int
    scene: str
    source: str
    licence: str
    boxes: tuple[tuple[float, float, float, float, str, str, float | None], ...]


@dataclass(frozen=True)
class Context:
    """Everything that the site shows beside the records.

    methods, tasks: by name. tables: the paper's tables. cells: one mapping per cell of them (`Sheet.facts`).
    ledgers: run id -> the overlap of its test classes with training data (facts of `bench data ledger`).
    comparisons: the stored ones, from which ranks, ties and intervals of means come.
    pictures: run id -> the images with most errors. thresholds: run id -> score from which boxes are drawn.
    """

    methods: Mapping[str, MethodInfo] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    datasets: Sequence[DatasetRecord] = ()
    tables: Sequence[Mapping[str, Any]] = ()
    cells: Sequence[Mapping[str, Any]] = ()
    ledgers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    comparisons: Comparisons = field(default_factory=Comparisons)
    pictures: Mapping[str, Sequence[FailurePicture]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
