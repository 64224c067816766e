"""Converts the authors' weights for Paddle to the names of our layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.core.errors import DataError, RecordError
from benchmark.core.loading import read_yaml
from methods.pp_yoloe.network import REG_MAX

PIXEL_MEAN, PIXEL_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's statistics of RGB in 0..1, which the authors' training subtracts and divides by"""
_PARTS = {"backbone": "model.0", "neck": "model.1", "yolo_head": "model.2"}
_STATISTICS = {"_mean": "running_mean", "_variance": "running_var"}
_BINS = "yolo_head.proj_conv.weight"
"""name of the bins 0..16, a constant that the file stores like a parameter"""


def renamed(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Name in `layers` -> tensor. Raises RecordError for a file of another network."""
    state = {}
    for name, tensor in tensors.items():
        if name == _BINS:
            if not torch.equal(tensor.flatten(), torch.arange(REG_MAX + 1.0)):
                raise RecordError(f"{path}: its distance bins are not one cell wide, as PP-YOLOE's are")
            continue
        part, _, rest = name.partition(".")
        if part not in _PARTS:
            raise RecordError(f"{path}: not PP-YOLOE's weights (it contains {name})")
        layer, _, last = rest.rpartition(".")
        state[f"{_PARTS[part]}.{layer}.{_STATISTICS.get(last, last)}"] = tensor
        if last == "_mean":  # Paddle does not count batches; torch does, but does not use the count here
            state[f"{_PARTS[part]}.{layer}.num_batches_tracked"] = torch.tensor(0)
    return state


def coco_names() -> tuple[str, ...]:
    """COCO's 80 classes in the order of their ids, from the library's own list."""
    from ultralytics.utils import ROOT

    names: dict[int, Any] = read_yaml(ROOT / "cfg" / "datasets" / "coco.yaml", DataError)["names"]
    return tuple(str(names[i]) for i in sorted(names))
