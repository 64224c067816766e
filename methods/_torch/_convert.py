"""A script, `python -I _convert.py FILE TARGET`: writes the tensors of a torch pickle as safetensors.

Only torch's way of storing tensors and plain containers are rebuilt. Any other class or function that the pickle
names is replaced by an inert object, so nothing of it is imported or called.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import save_file

_REBUILT = {
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "Size"),
    ("torch", "device"),
    ("collections", "OrderedDict"),
}


class Inert:
    """Replaces any class that a pickle names: takes any arguments and state, and does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.__dict__["state"] = state

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Ignore an item of a list-like class."""

    def extend(self, values: Any) -> None:
        """Ignore the items of a list-like class."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _REBUILT or (module == "torch" and name.endswith("Storage")):
            return super().find_class(module, name)
        return OrderedDict if name == "defaultdict" else Inert


def _tensors(value: Any, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in nested dictionaries with its path as name; tensors inside inert objects are left out."""
    if isinstance(value, torch.Tensor):
        yield prefix, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _tensors(inner, f"{prefix}.{key}" if prefix else str(key))


def main(source: str, target: str) -> None:
    """Write the tensors of `source` to `target`, complete or not at all."""
    inert: Any = ModuleType("inert_pickle")
    inert.Unpickler, inert.load = _Unpickler, lambda file, **options: _Unpickler(file, **options).load()
    stored = torch.load(source, map_location="cpu", weights_only=False, pickle_module=inert)
    whole = stored if isinstance(stored, dict) else {}
    inner = next((whole[key] for key in ("state_dict", "model", "ema") if isinstance(whole.get(key), dict)), whole)
    tensors = {name: tensor.contiguous().clone() for name, tensor in _tensors(inner)}
    if not tensors:
        sys.exit("it contains no named tensors")
    waiting = f"{target}.{os.getpid()}"
    save_file(tensors, waiting)
    os.replace(waiting, target)  # noqa: PTH105 - the script stands alone


if __name__ == "__main__":
    main(*sys.argv[1:])
