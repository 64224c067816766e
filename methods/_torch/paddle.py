"""Reads files of `paddle.save`, pickled dictionaries of numpy arrays, without Paddle and without running their code."""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy._core.multiarray import _reconstruct  # what numpy's own pickles name; it makes an empty array

from benchmark.core.errors import RecordError

if TYPE_CHECKING:
    from torch import Tensor

_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
"""modules of numpy's array constructor before and after numpy 2"""


def read_paddle(path: Path) -> dict[str, Tensor]:
    """Name -> tensor of every array in the file. Raises RecordError where it is damaged or contains anything else.

    Safe for any file: only arrays, their types and plain containers are rebuilt; anything else is refused.
    """
    import torch

    try:
        with path.open("rb") as file:
            stored = _Unpickler(file, encoding="latin1").load()
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise RecordError(f"{path}: not a readable file of paddle.save ({reason}); fetch it again") from error
    items = stored.items() if isinstance(stored, dict) else ()
    arrays = {str(name): value for name, value in items if isinstance(value, np.ndarray) and value.dtype != object}
    if not arrays:
        raise RecordError(f"{path}: contains no named arrays; fetch it again")
    return {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY and name == "_reconstruct":
            return _array
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("_codecs", "encode"):
            return _bytes
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")


def _array(kind: type, shape: tuple[int, ...], dtype: Any) -> Any:
    if kind is not np.ndarray:
        raise pickle.UnpicklingError("it names an array of a class of its own")
    return _reconstruct(kind, shape, dtype)


def _bytes(text: str, encoding: str) -> bytes:
    """Bytes as pickle protocol 2 writes them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it names the encoding {encoding}")
    return codecs.encode(text, "latin1")
