"""Arrays beside a record that figures draw: curves, confusions, features; and pictures with boxes and saliency maps.

Numbers and pictures are two files, because numbers may be passed on and pictures of others may not.
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
"""where curves are read"""


class NamedBox(NamedTuple):
    """A box with the name of its class: pixels of the original image."""

    x1: float
    y1: float
    x2: float
    y2: float
    name: str


@dataclass(frozen=True, eq=False)
class Numbers:
    """What may be passed on.

    names: the K classes asked for. precision: (3, 101) at RECALLS, mean over classes, at IoU 0.50, 0.75 and over
    0.50:0.95. confusion: (K + 1, K + 1) counts, truth down, answers across, the last of both is background; at score
    `confidence` (how it was chosen: `chosen`) and IoU 0.5. features: (N, C) of N boxes of the ground truth, what the
    head reads within each, empty where the method cannot say; labels: (N,) their classes; image_ids: (N,) their images.
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
    """One image of the test part, reduced to `jpeg`, with its ground truth.

    maps: name -> uint8 (h, w) over the whole image, 255 the strongest. ours: drawn by our own generator; pictures of
    others stay on the machine that has their data set.
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
    """`<run_id>.npz` in that folder, atomically. Raises RecordError where it cannot be written."""
    facts = {name: getattr(numbers, name) for name in ("run_id", "names", "confidence", "chosen")}
    arrays = {name: getattr(numbers, name) for name in ("precision", "confusion", "features", "labels", "image_ids")}
    return _write(folder / f"{numbers.run_id}.npz", facts, arrays)


def write_pictures(folder: Path, run_id: str, pictures: tuple[Picture, ...]) -> Path:
    """`<run_id>.pictures.npz` in that folder, atomically. Raises RecordError where it cannot be written."""
    arrays: dict[str, NDArray[Any]] = {}
    entries = []
    for i, picture in enumerate(pictures):
        plain = {name: getattr(picture, name) for name in Picture.__dataclass_fields__ if name not in ("jpeg", "maps")}
        entries.append({**plain, "maps": sorted(picture.maps)})
        arrays[f"jpeg_{i}"] = np.frombuffer(picture.jpeg, np.uint8)
        arrays |= {f"map_{i}_{name}": value for name, value in picture.maps.items()}
    return _write(folder / f"{run_id}.pictures.npz", {"run_id": run_id, "pictures": entries}, arrays)


def find_numbers(run_id: str) -> Numbers | None:
    """Of this machine, else of the results, else None. Raises RecordError that names a file which is none."""
    found = _find(f"{run_id}.npz")
    if found is None:
        return None
    facts, arrays = found
    values: dict[str, Any] = {**facts, "names": tuple(facts["names"]), **arrays}
    return Numbers(**values)


def find_pictures(run_id: str) -> tuple[Picture, ...]:
    """Of this machine, else of the results; empty where there are none. Raises RecordError that names a bad file."""
    found = _find(f"{run_id}.pictures.npz")
    if found is None:
        return ()
    facts, arrays = found
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
    places = (Home.find().explanations / name, results.readable(results.explanations / name))
    path = next((place for place in places if place.is_file()), None)
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
        raise RecordError(f"{path}: of form {schema}, this version reads {SCHEMA}; make it again with 'bench explain'")
    return facts, arrays
