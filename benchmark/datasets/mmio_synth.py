"""mmio-synth: the built-in procedural data set, with the structure of the paper's; made in seconds, no download.

6 super categories, 18 scenes, 65 base and 35 novel classes, a long tail, mostly small defects, 9 % defect-free images.
Class names describe what is visible, and names of novel classes consist of words of base classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.core.detections import Annotations
from benchmark.core.errors import ConfigError, DataError
from benchmark.core.paths import Home
from benchmark.core.sample import Category, Dataset, DatasetEntry, DatasetInfo, Progress, Sample, Source
from benchmark.datasets.opening.grouped import GroupedDataset
from benchmark.datasets.synth.plan import (
    DEFAULT_IMAGES,
    DEFAULT_SEED,
    DEFAULT_SIDE_PX,
    GENERATOR_VERSION,
    PlannedImage,
    Recipe,
    plan_image,
)
from benchmark.datasets.synth.store import ensure_images, image_path
from benchmark.datasets.synth.taxonomy import categories, novel_labels

INFO = DatasetInfo(
    name="mmio-synth",
    title="MMIO, procedural",
    version=GENERATOR_VERSION,
    sources=(Source("procedural generator of rtvp-bench", "AGPL-3.0-or-later", redistributable=True),),
    composed_names=True,
)


class MmioSynth(GroupedDataset):
    """The opened set. Classes and boxes are known without images, which `ensure` draws."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.info = replace(INFO, variant=recipe.variant)
        self.categories: Sequence[Category] = categories()
        self.folder: Path = Home.find().data(INFO.name) / recipe.folder
        planned = (plan_image(recipe, index) for index in range(recipe.images))
        self.samples: Mapping[int, Sample] = {p.index + 1: _sample(p, recipe.side_px, self.folder) for p in planned}
        self.digest = recipe.digest

    def novel_labels(self) -> Sequence[int]:
        """Labels of the 35 novel classes of the taxonomy."""
        return novel_labels()

    def ensure(self, image_ids: Sequence[int], progress: Progress | None = None) -> None:
        """Draw those images that are not on disk. Raises DataError for an unknown id or a full disk."""
        unknown = [image_id for image_id in image_ids if image_id not in self.samples]
        if unknown:
            raise DataError(f"mmio-synth has no image {unknown[0]}: ids are 1 to {self.recipe.images}")
        ensure_images(self.recipe, self.folder, [image_id - 1 for image_id in image_ids], progress)


def open_synth(images: int = DEFAULT_IMAGES, side_px: int = DEFAULT_SIDE_PX, seed: int = DEFAULT_SEED) -> MmioSynth:
    """Open a copy of any size. Image i does not depend on `images`. Raises ConfigError for values out of range."""
    return MmioSynth(Recipe(images, side_px, seed))


def open_variant(variant: str) -> Dataset:
    """Open a variant: `n<images>-px<side>-seed<seed>`, each part optional. Raises ConfigError for any other text."""
    match = re.fullmatch(r"(?:n(\d+))?-?(?:px(\d+))?-?(?:seed(\d+))?", variant)
    if not match:
        raise ConfigError(f"mmio-synth@{variant}: expected n<images>-px<side>-seed<seed>, for example n8000-px640")
    images, side_px, seed = (int(text) if text else None for text in match.groups())
    return open_synth(
        DEFAULT_IMAGES if images is None else images,
        DEFAULT_SIDE_PX if side_px is None else side_px,
        DEFAULT_SEED if seed is None else seed,
    )


def _sample(planned: PlannedImage, side_px: int, folder: Path) -> Sample:
    boxes = [(d.x_px, d.y_px, d.x_px + d.w_px, d.y_px + d.h_px) for d in planned.defects]
    labels = np.array([d.label for d in planned.defects], np.int64)
    return Sample(
        image_id=planned.index + 1,
        path=image_path(folder, planned.index),
        width_px=side_px,
        height_px=side_px,
        annotations=Annotations.from_boxes(np.array(boxes, np.float64), labels),
        scene=planned.scene,
        group=f"part-{planned.index + 1}",
        source=INFO.sources[0].name,
    )


DATASET = DatasetEntry(INFO, missing=lambda: None, open=open_synth, open_variant=open_variant)
