"""What `bench explain` stores per run for the figures: curves, confusion and features; images with saliency maps.

Numbers and pictures are two files, because numbers may be published and other people's images may not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import RecordError
from benchmark.core.files import written_whole
from benchmark.core.loading import parse_json
from benchmark.core.paths import Home, Results

SCHEMA = 1
RECALLS = np.linspace(0.0, 1.0, 101)
"""recalls at which a precision-recall curve is stored"""


class NamedBox(NamedTuple):
    """A box in pixels of the original image, and the name of its class."""

    x1: float
    y1: float
    x2: float
    y2: float
    name: str


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of one run, which may be published.

    names: the K classes of the vocabulary.
    precision: (3, 101) at RECALLS, mean over classes: at IoU 0.50, at IoU 0.75, and over IoU 0.50:0.95.
    confusion: (K + 1, K + 1) counts at IoU 0.5 and score `confidence`: ground truth in rows, detections in columns, the
    last row and column are the background. chosen: how `confidence` was chosen.
    features: (N, C), the features that the head reads within each of N ground-truth boxes; empty where the method does
    not offer them. labels, image_ids: (N,), of the same boxes.
    """

    run_id: str
    names: tuple[str, ...]
    precision: NDArray[np.float32]
    confusion: NDArray[np.int64]
    confidence: float
    chosen: str
    features: NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, 0), np.float16))
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    image_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Picture:
    """One test image, as a reduced JPEG, with its ground truth.

    width_px, height_px: of the original image. maps: name -> saliency (h, w) uint8 over the whole image, 255 strongest.
    ours: whether our own generator drew the image; others must stay on the machine that has their data set.
    """

    image_id: int
    scene: str
    source: str
    licence: str
    ours: bool
    width_px: int
    height_px: int
    boxes: tuple[NamedBox, ...]
    jpeg: bytes
    maps: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


def write_numbers(folder: Path, numbers: Numbers) -> Path:
    """Write `<run_id>.npz` in that folder, atomically; returns its path. Raises RecordError if that fails."""
    facts = {name: getattr(numbers, name) for name in ("run_id", "names", "confidence", "chosen")}
    arrays = {name: getattr(numbers, name) for name in ("precision", "confusion", "features", "labels", "image_ids")}
    return _write(folder / f"{numbers.run_id}.npz", facts, arrays)


def write_pictures(folder: Path, run_id: str, pictures: tuple[Picture, ...]) -> Path:
    """Write `<run_id>.pictures.npz` in that folder, atomically; returns its path. Raises RecordError if that fails."""
    arrays: dict[str, NDArray[Any]] = {}
    entries = []
    for i, picture in enumerate(pictures):
        plain = {name: getattr(picture, name) for name in Picture.__dataclass_fields__ if name not in ("jpeg", "maps")}
        entries.append({**plain, "maps": sorted(picture.maps)})
        arrays[f"jpeg_{i}"] = np.frombuffer(picture.jpeg, np.uint8)
        arrays |= {f"map_{i}_{name}": value for name, value in picture.maps.items()}
    return _write(folder / f"{run_id}.pictures.npz", {"run_id": run_id, "pictures": entries}, arrays)


def find_numbers(run_id: str) -> Numbers | None:
    """Numbers of a run in `$BENCH_HOME`, else in the results, else None. Raises RecordError that names a bad file."""
    stored = _find(f"{run_id}.npz")
    if stored is None:
        return None
    facts, arrays = stored
    values: dict[str, Any] = {**facts, "names": tuple(facts["names"]), **arrays}
    return Numbers(**values)


def find_pictures(run_id: str) -> tuple[Picture, ...]:
    """Pictures of a run in `$BENCH_HOME`, else in the results, else none. Raises RecordError that names a bad file."""
    stored = _find(f"{run_id}.pictures.npz")
    if stored is None:
        return ()
    facts, arrays = stored
    return tuple(_picture(entry, i, arrays) for i, entry in enumerate(facts["pictures"]))


def _picture(entry: Mapping[str, Any], number: int, arrays: Mapping[str, NDArray[Any]]) -> Picture:
    boxes = tuple(NamedBox(*box) for box in entry["boxes"])
    maps = {name: arrays[f"map_{number}_{name}"] for name in entry["maps"]}
    return Picture(**{**entry, "boxes": boxes, "maps": maps}, jpeg=arrays[f"jpeg_{number}"].tobytes())


def _write(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Path:
    text = np.frombuffer(json.dumps({"schema": SCHEMA, **facts}).encode(), np.uint8)
    everything: dict[str, Any] = {"facts": text, **arrays}
    with written_whole(path) as waiting, waiting.open("wb") as file:
        np.savez_compressed(file, **everything)
    return path


def _find(name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    results = Results.find()
    paths = (Home.find().explanations / name, results.readable(results.explanations / name))
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        facts = parse_json(arrays.pop("facts").tobytes(), str(path), RecordError)
        schema = facts.pop("schema")
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        raise RecordError(f"{path}: not a file that 'bench explain' wrote: {error}") from error
    if schema != SCHEMA:
        raise RecordError(
            f"{path}: schema is {schema}, this version reads {SCHEMA}; write it again with 'bench explain'"
        )
    return facts, arrays
