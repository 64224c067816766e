"""Files of released weights: which ones a method can load, and whether a file on this machine is one of them.

A file is recognised by its digest, never by its name. If no digest is published, the file is refused until the user
pins it (`bench weights check FILE --pin`): from then on this machine accepts that file only. Records hold the digest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.files import written_whole
from benchmark.core.loading import read_json
from benchmark.core.paths import Home


class Form(StrEnum):
    """File format, from the safest to the one that needs most trust."""

    SAFETENSORS = "safetensors"
    TENSORS = "tensors"
    """torch.save of tensors and plain values, read with weights_only"""
    PADDLE = "paddle"
    """paddle.save of arrays, read by an unpickler that allows arrays and plain containers only"""
    ULTRALYTICS = "ultralytics"
    """a pickled model, read in the library's allow-list mode"""
    PICKLE = "pickle"
    """any other pickle: accepted by published digest only, and converted once in a separate process"""


@dataclass(frozen=True)
class ReleasedWeights:
    """One file of released weights, as MethodInfo.weights lists it.

    name: path in the weights folder (`yolov8s-world.pt`, `grounding-dino-tiny/model.safetensors`).
    part: the part of the method that it holds, if not the whole detector (`image encoder`).
    sha256: 64 hex digits, or None if not published. sha256_starts: its first digits, if only those are published, in
    the file name. variant: the size it is for. trained_on: as MethodInfo.trained_on.
    beside: small text files (settings, word lists) of the same folder and origin.
    """

    name: str
    url: str
    licence: str
    trained_on: tuple[str, ...]
    form: Form
    variant: str
    sha256: str | None = None
    sha256_starts: str = ""
    size_bytes: int | None = None
    beside: tuple[str, ...] = ()
    part: str = ""

    def __post_init__(self) -> None:
        digits = self.sha256 if self.sha256 is not None else self.sha256_starts
        if (self.sha256 is not None and len(digits) != 64) or set(digits) - set("0123456789abcdef"):
            raise ConfigError(f"weights {self.name}: '{digits}' is no sha256 in lower-case hex digits")
        if Path(self.name).is_absolute() or ".." in Path(self.name).parts:
            raise ConfigError(f"weights {self.name}: the name must lie below the weights folder")

    @property
    def path(self) -> Path:
        """Path of the file in the weights folder of this machine."""
        return Home.find().weights / self.name

    @property
    def expected_sha256(self) -> str | None:
        """The published digest, else the one pinned on this machine, else None."""
        return self.sha256 or read_pins().get(self.name)

    def refuse(self, sha256: str) -> str | None:
        """The reason why a file with that digest is not accepted, or None."""
        expected = self.expected_sha256
        if expected is None:
            if not sha256.startswith(self.sha256_starts):
                return f"its sha256 starts with {sha256[:8]}, the publisher's with {self.sha256_starts}"
            if self.form is Form.PICKLE:
                return "it is a pickle, which can run code, and its digest is not published"
            return (
                f"its digest is not published and none is pinned here; if you got it from {self.url}, "
                f"'bench weights check {self.name} --pin' takes it from now on"
            )
        if sha256 == expected:
            return None
        return f"its sha256 is {sha256[:12]}..., {'published' if self.sha256 else 'pinned here'} is {expected[:12]}..."

    def find(self) -> Path:
        """Path of the file, after checking its digest. Raises MissingWeightsError with the command that fetches it."""
        if not self.path.is_file():
            raise MissingWeightsError(
                f"{self.name} is not in {Home.find().weights}; run: bench weights fetch {self.name}"
            )
        reason = self.refuse(sha256_of(self.path))
        if reason:
            raise MissingWeightsError(f"{self.path} is not taken: {reason}")
        absent = [name for name in self.beside if not (self.path.parent / name).is_file()]
        if absent:
            raise MissingWeightsError(
                f"{', '.join(absent)} is not beside {self.path}; run: bench weights fetch {self.name}"
            )
        return self.path


def sha256_of(path: Path) -> str:
    """sha256 of a file; cached until its size or time of change differs."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


def read_pins() -> dict[str, str]:
    """Name -> sha256 of the pinned files. Raises RecordError if the list cannot be read."""
    path = Home.find().pinned_weights
    if not path.exists():
        return {}
    pins = read_json(path, RecordError)
    if not isinstance(pins, dict) or not all(isinstance(sha256, str) for sha256 in pins.values()):
        raise RecordError(f"{path}: expected names and digests; delete it and pin the files again")
    return pins


def pin(weights: ReleasedWeights) -> str:
    """Pin the file that is in the weights folder, and return its digest.

    Raises ConfigError if it may not be pinned, MissingWeightsError if there is no file.
    """
    if weights.sha256 is not None:
        raise ConfigError(f"{weights.name}: its digest is published, so there is nothing to pin")
    if weights.form is Form.PICKLE:
        raise ConfigError(f"{weights.name}: a pickle can run code, so it is read only where its digest is published")
    if not weights.path.is_file():
        raise MissingWeightsError(
            f"{weights.name} is not in {Home.find().weights}; put the file there before pinning it"
        )
    sha256 = sha256_of(weights.path)
    if not sha256.startswith(weights.sha256_starts):
        raise ConfigError(f"{weights.path} is not taken: {weights.refuse(sha256)}")
    with written_whole(Home.find().pinned_weights) as waiting:
        waiting.write_text(json.dumps({**read_pins(), weights.name: sha256}, indent=1) + "\n", encoding="utf-8")
    return sha256


@lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _changed: int) -> str:
    return file_sha256(path)
