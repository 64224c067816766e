"""Match tables on disk: one Parquet file (zstd) per run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.core.errors import EvaluationError, RecordError
from benchmark.core.files import written_whole
from benchmark.core.loading import parse_json
from benchmark.core.matches import MatchTable

LIMIT_BYTES = 3 * 2**20
_KEY = b"rtvp_bench.match_table"
"""metadata key of everything but the detections"""
_COLUMNS = {"image": np.int32, "label": np.int32, "score": np.float32, "true": np.int64, "ignored": np.int64}


def write_matches(path: Path, table: MatchTable) -> None:
    """Write a match table whole or not at all. Raises RecordError, also for one of more than 3 MiB."""
    rest = {
        "names": table.names,
        "image_ids": table.image_ids.tolist(),
        "groups": _coded(table.groups),
        "scenes": _coded(table.scenes),
        "super_categories": _coded(table.super_categories),
        "box_image": table.box_image.tolist(),
        "box_label": table.box_label.tolist(),
        "boxes": table.boxes.ravel().tolist(),
        "bands": table.boxes.shape[1],
        "novel": table.novel,
    }
    columns = {name: pa.array(getattr(table, name).astype(dtype)) for name, dtype in _COLUMNS.items()}
    written = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(rest, separators=(",", ":")).encode()})
    with written_whole(path) as waiting:
        # no score is there twice, so a dictionary of them would be larger than they are
        coded = [name for name in _COLUMNS if name != "score"]
        pq.write_table(
            written,
            waiting,
            compression="zstd",
            compression_level=9,
            use_dictionary=coded,
            use_byte_stream_split=["score"],
        )
        if (size := waiting.stat().st_size) > LIMIT_BYTES:
            raise RecordError(f"{path}: {size / 2**20:.1f} MiB of matches, at most {LIMIT_BYTES >> 20} MiB are kept")


def read_matches(path: Path) -> MatchTable:
    """The match table in a file. Raises RecordError for a file of another kind."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:  # reading ahead in a thread is for files far away
            read = file.read(list(_COLUMNS), use_threads=False)
        rest = parse_json(read.schema.metadata[_KEY].decode(), str(path), RecordError)
        columns = {name: np.from_dlpack(read[name].combine_chunks()) for name in _COLUMNS}
        return MatchTable(
            names=tuple(rest["names"]),
            image_ids=np.array(rest["image_ids"], np.int64),
            groups=_decoded(rest["groups"]),
            scenes=_decoded(rest["scenes"]),
            super_categories=_decoded(rest["super_categories"]),
            image=columns["image"].astype(np.int64),
            label=columns["label"].astype(np.int64),
            score=columns["score"].astype(np.float32),
            true=columns["true"].astype(np.int64),
            ignored=columns["ignored"].astype(np.int64),
            box_image=np.array(rest["box_image"], np.int64),
            box_label=np.array(rest["box_label"], np.int64),
            boxes=np.array(rest["boxes"], np.int64).reshape(-1, rest["bands"]),
            novel=tuple(rest.get("novel", ())),
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError, IndexError, EvaluationError) as error:
        raise RecordError(f"{path}: not a match table: {error}") from error


def _coded(texts: tuple[str, ...]) -> dict[str, list[str] | list[int]]:
    """Each text once, and an index into them per image."""
    words = list(dict.fromkeys(texts))
    numbers = {word: number for number, word in enumerate(words)}
    return {"words": words, "codes": [numbers[text] for text in texts]}


def _decoded(coded: dict[str, list[str] | list[int]]) -> tuple[str, ...]:
    return tuple(str(coded["words"][int(code)]) for code in coded["codes"])
