"""Small settings and images for the engine's tests; a child process imports it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary

NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))


def make_samples(folder: Path, count: int = 16) -> list[Sample]:
    """Images of 64 px with one coloured square each."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        pixels = rng.integers(90, 130, (64, 64, 3)).astype(np.uint8)
        x, y = rng.integers(2, 38, 2)
        pixels[y : y + 24, x : x + 24] = ((220, 30, 30), (30, 220, 30), (30, 30, 220))[i % 3]
        Image.fromarray(pixels).save(folder / f"{i}.png")
        annotations = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([i % 3]))
        made.append(Sample(i + 1, folder / f"{i}.png", 64, 64, annotations, "plate", f"part {i}", "made here"))
    return made


def config_of(name: str, **settings: Any) -> Any:
    """The smoke profile without an expert."""
    module = load_adapter(name)
    own = {"init": "none"} if hasattr(module.Config, "init") else {}
    return make_config(module.Config, {**module.PROFILES["smoke"], **own, **settings}, name)


def adapter_of(name: str, **settings: Any) -> Any:
    return load_adapter(name).Adapter(config_of(name, **settings), device="cpu")


def push(model: Any) -> None:
    """Weights that an untrained detector lacks: spread batch norm and class scores, so that boxes exist."""
    import torch

    generator = torch.Generator().manual_seed(3)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.8, 1.6, generator=generator)
            module.bias.data.uniform_(-0.4, 0.4, generator=generator)
    for branch in [*model.model[-1].cv3, *getattr(model.model[-1], "one2one_cv3", [])]:
        last = branch[-1]
        if last.bias is not None and last.out_channels <= len(NAMES):
            last.weight.data.normal_(0, 0.4, generator=generator)
            last.bias.data.fill_(-2.0)
    for head in getattr(model.model[-1], "cv4", []):
        head.bias.data.fill_(-1.0)
        getattr(head, "logit_scale", torch.nn.Parameter(torch.zeros(1))).data.fill_(2.0)
