"""Reads released weights as named tensors, each form of file in the safest way that it allows."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.core.errors import ConfigError, RecordError
from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.weights import Form, ReleasedWeights, sha256_of
from methods._torch.paddle import read_paddle
from methods._torch.state import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

_CONVERTER = Path(__file__).with_name("_convert.py")
_LIMIT_S = 600
_PASSED = ("PATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
"""variables that the converter may need to start; it gets no others"""
_NESTED = ("state_dict", "model", "ema")
"""keys under which a checkpoint may hold its tensors, instead of at its top"""


def read_released(weights: ReleasedWeights) -> dict[str, Tensor]:
    """Name -> tensor of a file whose digest was checked.

    Raises MissingWeightsError where it is missing or not the declared one, RecordError where it cannot be read.
    """
    path = weights.find()
    if weights.form is Form.SAFETENSORS:
        return _read_safetensors(path)
    if weights.form is Form.TENSORS:
        return only_tensors(read_tensors(path), path)
    if weights.form is Form.PADDLE:
        return read_paddle(path)
    if weights.form is Form.PICKLE:
        return _read_safetensors(converted(path))
    raise ConfigError(f"{weights.name}: files of {weights.form} are read by their library's engine")


def only_tensors(stored: dict[str, object], path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, at its top or under a usual key. Raises RecordError where there are none."""
    import torch

    for key in _NESTED:
        inner = stored.get(key)
        if isinstance(inner, dict):
            stored = inner
            break
    tensors = {name: value for name, value in stored.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise RecordError(f"{path}: contains no named tensors; fetch it again")
    return tensors


def converted(path: Path) -> Path:
    """The path of a pickle's tensors as safetensors, converted once, in a process of its own.

    That process replaces every class but torch's own containers by an inert one, so no code of the file runs. Raises
    RecordError with the reason that the process printed.
    """
    target = Home.find().converted / f"{sha256_of(path)}.safetensors"
    with held(target.with_suffix(".lock"), f"converts {path.name}"):
        if target.is_file():
            return target
        with tempfile.TemporaryDirectory() as empty:
            environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
            command = [sys.executable, "-I", str(_CONVERTER), str(path.resolve()), str(target)]
            try:
                done = subprocess.run(  # noqa: S603 - our own interpreter and file
                    command, capture_output=True, text=True, check=False, timeout=_LIMIT_S, cwd=empty, env=environment
                )
            except subprocess.TimeoutExpired as error:
                raise RecordError(f"{path}: was not converted within {_LIMIT_S} s") from error
    if done.returncode or not target.is_file():
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RecordError(f"{path}: could not be converted to safetensors ({reason}); fetch it again")
    return target


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise RecordError(f"{path}: not a readable safetensors file ({error}); fetch it again") from error
