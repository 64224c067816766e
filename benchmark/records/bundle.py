"""An evidence bundle: one zip file with records and everything that is needed to compute their metrics again.

It contains `bundle.json` (schema, run ids, sha256 of every other file), `requirements.lock`, and per run
`<run_id>/record.json`, `split.json`, `vocabulary.json`, `test.json` (ground truth of the test part, without images) and
`predictions.parquet`; `val.json` and `predictions_val.parquet` too where thresholds were chosen on the validation part.
A run that keeps a match table instead has `record.json` and `matches.parquet` alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from benchmark.core.detections import Annotations
from benchmark.core.errors import ConfigError, DataError, RecordError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.files import written_whole
from benchmark.core.loading import parse_json
from benchmark.core.record import RunRecord
from benchmark.core.sample import Sample, Split, SplitLists
from benchmark.core.vocabulary import Vocabulary
from benchmark.records.codec import decode_run

SCHEMA = 1
INDEX = "bundle.json"
LARGEST_BYTES = 2 * 2**30
"""limit of the unpacked size of a bundle; a larger one is refused before any of its files is read"""


def ground_truth_to_json(scored: ScoredSet) -> str:
    """The ground truth of one part of a split as JSON; floats are read back exactly."""
    samples = [
        {
            "id": sample.image_id,
            "size_px": [sample.width_px, sample.height_px],
            "scene": sample.scene,
            "group": sample.group,
            "source": sample.source,
            "xyxy": sample.annotations.xyxy.tolist(),
            "labels": sample.annotations.labels.tolist(),
            "iscrowd": sample.annotations.iscrowd.tolist(),
            "area_px": sample.annotations.area_px.tolist(),
        }
        for sample in scored.samples
    ]
    lists = {
        "frequency": list(scored.frequency),
        "negative": {str(key): [int(v) for v in value] for key, value in scored.negative.items()},
        "not_exhaustive": {str(key): [int(v) for v in value] for key, value in scored.not_exhaustive.items()},
        "novel": list(scored.novel),
    }
    whole = {"names": list(scored.names), "super_categories": dict(scored.super_categories), **lists, "images": samples}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def ground_truth_from_json(text: str, where: str) -> ScoredSet:
    """Read what `ground_truth_to_json` wrote, without detections. Raises RecordError for any other text."""
    try:
        whole = parse_json(text, where, RecordError)
        samples = [_sample(row) for row in whole["images"]]
        return ScoredSet(
            tuple(whole["names"]),
            samples,
            {},
            dict(whole["super_categories"]),
            tuple(whole["frequency"]),
            {int(key): value for key, value in whole["negative"].items()},
            {int(key): value for key, value in whole["not_exhaustive"].items()},
            tuple(whole["novel"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{where}: not the ground truth of a bundle ({error!r})") from error


def write_bundle(path: Path, runs: Mapping[str, Mapping[str, bytes]], lock: bytes | None) -> None:
    """Write a bundle. Raises RecordError if the file cannot be written.

    Args:
        path: the zip file.
        runs: run id -> file name -> content.
        lock: content of requirements.lock, or None to leave it out.
    """
    files = {f"{run_id}/{name}": content for run_id, parts in runs.items() for name, content in parts.items()}
    if lock is not None:
        files["requirements.lock"] = lock
    index = {
        "schema": SCHEMA,
        "runs": sorted(runs),
        "files": {name: sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    with written_whole(path) as waiting, zipfile.ZipFile(waiting, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(INDEX, json.dumps(index, indent=1))
        for name, content in sorted(files.items()):
            archive.writestr(name, content)


class Bundle:
    """A bundle on disk; schema, names and total size are checked when it is opened, digests when a file is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
            self._check_names()
            self.index = self._read_index()
        except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"{path}: not a bundle ({error})") from error

    @property
    def runs(self) -> Sequence[str]:
        """Ids of the runs in the bundle."""
        return tuple(self.index["runs"])

    def read(self, name: str) -> bytes:
        """Content of a file. Raises RecordError if it is missing or its sha256 is not the one in the index."""
        expected = self.index["files"].get(name)
        if expected is None:
            raise RecordError(f"{self.path}: {name} is not in its index")
        try:
            content = self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, RuntimeError) as error:
            raise RecordError(f"{self.path}: {name} is missing or damaged ({error})") from error
        if sha256(content).hexdigest() != expected:
            raise RecordError(f"{self.path}: {name} is not the file that the index names (its sha256 differs)")
        return content

    def holds(self, name: str) -> bool:
        """Whether the index lists that file."""
        return name in self.index["files"]

    def record(self, run_id: str) -> RunRecord:
        """Record of a run. Raises RecordError if it belongs to another run."""
        where = f"{self.path}: {run_id}/record.json"
        record = decode_run(self._text(f"{run_id}/record.json"), where)
        if record.run_id != run_id:
            raise RecordError(f"{where}: is the record of {record.run_id}")
        return record

    def split(self, run_id: str) -> Split:
        """Split of a run. Raises RecordError if its digest differs from the one in the record."""
        where = f"{self.path}: {run_id}/split.json"
        try:
            facts = parse_json(self.read(f"{run_id}/split.json"), where, RecordError)
            split = SplitLists(facts["rule"], *(tuple(facts[k]) for k in ("train", "val", "test", "base", "novel")))
        except (TypeError, ValueError, KeyError, DataError) as error:
            raise RecordError(f"{where}: not the split of a bundle ({error})") from error
        if split.digest != self.record(run_id).spec.split_digest:
            raise RecordError(f"{where}: not the split that the record was measured on (its digest differs)")
        return split

    def vocabulary(self, run_id: str) -> Vocabulary:
        """Vocabulary of a run. Raises RecordError if its digest differs from the one in the record."""
        where = f"{self.path}: {run_id}/vocabulary.json"
        try:
            facts = parse_json(self.read(f"{run_id}/vocabulary.json"), where, RecordError)
            vocabulary = Vocabulary(tuple(facts["names"]), tuple(map(tuple, facts["prompts"])), facts["wording"])
        except (TypeError, ValueError, KeyError, ConfigError) as error:
            raise RecordError(f"{where}: not the vocabulary of a bundle ({error})") from error
        if vocabulary.digest != self.record(run_id).spec.vocabulary_digest:
            raise RecordError(f"{where}: not the vocabulary that the record was measured with (its digest differs)")
        return vocabulary

    def ground_truth(self, run_id: str, part: str) -> ScoredSet:
        """Ground truth of a run's part `test` or `val`, without detections.

        Raises RecordError if its images are not those of the split or its names not those of the vocabulary.
        """
        where = f"{self.path}: {run_id}/{part}.json"
        scored = ground_truth_from_json(self._text(f"{run_id}/{part}.json"), where)
        if scored.names != self.vocabulary(run_id).names:
            raise RecordError(f"{where}: its names are not those of the vocabulary")
        ids = self.split(run_id).test if part == "test" else self.split(run_id).val
        if sorted(sample.image_id for sample in scored.samples) != sorted(ids):
            raise RecordError(f"{where}: its images are not those of the split")
        return scored

    def _text(self, name: str) -> str:
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise RecordError(f"{self.path}: {name} is not UTF-8") from error

    def _check_names(self) -> None:
        size = 0
        for entry in self._archive.infolist():
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
                raise ValueError(f"it holds '{entry.filename}', which would be unpacked outside its folder")
            size += entry.file_size
        if size > LARGEST_BYTES:
            raise ValueError(f"it has {size / 2**30:.1f} GiB unpacked, at most {LARGEST_BYTES >> 30} GiB are read")

    def _read_index(self) -> dict[str, Any]:
        index: dict[str, Any] = parse_json(self._archive.read(INDEX), INDEX, RecordError)
        if index["schema"] != SCHEMA:
            raise ValueError(f"its schema is {index['schema']}, this program reads {SCHEMA}")
        if not isinstance(index["files"], dict) or not isinstance(index["runs"], list):
            raise TypeError("its index must hold 'files', an object, and 'runs', a list")
        return index


def _sample(row: Mapping[str, Any]) -> Sample:
    boxes = np.array(row["xyxy"], np.float64).reshape(-1, 4)
    annotations = Annotations(
        boxes,
        np.array(row["labels"], np.int64),
        np.array(row["iscrowd"], np.bool_),
        np.array(row["area_px"], np.float64),
    )
    width, height = row["size_px"]
    return Sample(
        row["id"], Path(str(row["id"])), width, height, annotations, row["scene"], row["group"], row["source"]
    )
