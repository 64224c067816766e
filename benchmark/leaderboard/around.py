"""What the site shows beside records: collected by the command line, because this room opens no method and no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.core.method import MethodInfo
from benchmark.core.record import DatasetRecord
from benchmark.core.task import Task


@dataclass(frozen=True)
class Picture:
    """A test image on which a detector did badly, of a source whose licence allows showing it.

    path: a JPEG to copy, `name` its name in the site. width_px, height_px: of the original image, whose pixels the
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
class Around:
    """Everything but the records.

    cells: facts of the paper's tables, one mapping a cell (`tables._sheet.Sheet.facts`).
    ledgers: run id -> what its test classes have in common with training data (the facts of `bench data ledger`).
    above: run id of a cell's first record -> ids of those that are better by paired resamples; a cell that is not in it
    is ranked by the cells' own intervals.
    pictures: run id -> its worst images. threshold: run id -> score from which boxes are drawn.
    """

    methods: Mapping[str, MethodInfo] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    datasets: Sequence[DatasetRecord] = ()
    tables: Sequence[Mapping[str, Any]] = ()
    cells: Sequence[Mapping[str, Any]] = ()
    ledgers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    above: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pictures: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
