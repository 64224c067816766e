"""Stored predictions: Parquet (zstd) with float32 values, as detectors return them, so that nothing is rounded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.errors import EvaluationError, RecordError
from benchmark.core.files import written_whole

_SIDES = ("x1", "y1", "x2", "y2")
_IMAGES_KEY = b"rtvp_bench.image_ids"
"""metadata key of the list of all images: one without a detection has no row"""


def write_predictions(path: Path, detections: Mapping[int, Detections]) -> None:
    """Write detections (image_id -> detections), atomically. Raises RecordError if the file cannot be written."""
    ids = sorted(detections)
    counts = [len(detections[i]) for i in ids]
    xyxy = np.concatenate([detections[i].xyxy for i in ids] or [np.zeros((0, 4), np.float32)])
    columns = {
        "image_id": pa.array(np.repeat(np.array(ids, np.int64), counts)),
        "label": pa.array(
            np.concatenate([detections[i].labels for i in ids] or [np.zeros(0, np.int64)]).astype(np.int32)
        ),
        "score": pa.array(np.concatenate([detections[i].scores for i in ids] or [np.zeros(0, np.float32)])),
        **{name: pa.array(np.ascontiguousarray(xyxy[:, k])) for k, name in enumerate(_SIDES)},
    }
    images = np.array(ids, np.int64).tobytes().hex().encode()
    table = pa.table(columns).replace_schema_metadata({_IMAGES_KEY: images})
    with written_whole(path) as waiting:
        pq.write_table(table, waiting, compression="zstd")


def read_predictions(path: Path) -> dict[int, Detections]:
    """image_id -> detections, also for images without any. Raises RecordError for a file of another kind."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:  # reading ahead in a thread is for files far away
            table = file.read(["image_id", "label", "score", *_SIDES], use_threads=False)
        images = np.frombuffer(bytes.fromhex(table.schema.metadata[_IMAGES_KEY].decode()), np.int64)
        owner, label = _column(table, "image_id", np.int64), _column(table, "label", np.int64)
        score, xyxy = _column(table, "score", np.float32), np.empty((len(owner), 4), np.float32)
        for k, name in enumerate(_SIDES):
            xyxy[:, k] = _column(table, name, np.float32)
        whole = Detections(xyxy, score, label)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, EvaluationError) as error:
        raise RecordError(f"{path}: not a file of stored predictions: {error}") from error
    if (np.diff(owner) < 0).any() or not np.isin(owner, images).all():
        raise RecordError(f"{path}: rows must be in ascending order of image_id, each in the file's list of images")
    starts, ends = np.searchsorted(owner, images, "left"), np.searchsorted(owner, images, "right")
    return {
        image: whole.rows(slice(a, b))
        for image, a, b in zip(images.tolist(), starts.tolist(), ends.tolist(), strict=True)
    }


def _column(table: pa.Table, name: str, dtype: type[np.generic]) -> NDArray[Any]:
    """A copy of one column. By DLPack, because pyarrow's to_numpy imports pandas: 0.3 s and 50 MB."""
    return np.from_dlpack(table[name].combine_chunks()).astype(dtype)
