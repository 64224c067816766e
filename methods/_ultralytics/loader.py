"""Samples as the library's training set, without label files and without cache files beside the images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ultralytics.data.dataset import YOLODataset

from benchmark.core.errors import DataError
from benchmark.core.sample import Sample

_RAM_LIMIT_BYTES = 4 * 2**30


class SampleDataset(YOLODataset):
    """The library's dataset and augmentations over samples whose labels index the fit's vocabulary.

    If all images at training size fit into memory, they are kept there and mosaic draws from all of them. Otherwise
    mosaic draws from those read last: call `forget` before each epoch, so that the epoch depends on its seed alone.
    """

    def __init__(self, samples: Sequence[Sample], image_side_px: int, batch: int, names: dict[int, str], hyp: Any,
                 augment: bool) -> None:  # fmt: skip
        self._samples = list(samples)
        fits = len(samples) * image_side_px**2 * 3 < _RAM_LIMIT_BYTES
        super().__init__(
            img_path="",
            imgsz=image_side_px,
            batch_size=batch,
            augment=augment,
            hyp=hyp,
            rect=False,
            cache="ram" if augment and fits else None,
            stride=32,
            pad=0.0,
            data={"names": names, "nc": len(names), "channels": 3},
            task="detect",
        )

    def get_img_files(self, img_path: Any) -> list[str]:  # noqa: ARG002  # the library's signature
        """The images' paths in the order of the samples."""
        return [str(sample.path) for sample in self._samples]

    def get_labels(self) -> list[dict[str, Any]]:
        """One label dictionary per sample, as the library's augmentations take it."""
        return [_label(sample) for sample in self._samples]

    @property
    def npy_files(self) -> list[Path]:
        """Paths that cannot exist: the library would read, overwrite or delete a user's `part.npy` by `part.png`."""
        return [Path(os.devnull) / "none"] * len(self._samples)

    @npy_files.setter
    def npy_files(self, _paths: list[Path]) -> None:
        """Ignore the paths of cache files that the library sets."""

    def forget(self) -> None:
        """Drop the images that the library keeps because they were read last."""
        for i in self.buffer:
            self.ims[i] = self.im_hw0[i] = self.im_hw[i] = None
        self.buffer.clear()

    def load_image(self, i: int, rect_mode: bool = True, resize_short: bool = False) -> Any:
        """See the library. Raises DataError for a file that cannot be read or is not of its sample's size."""
        try:
            image, read_hw, resized_hw = super().load_image(i, rect_mode, resize_short)
        except (FileNotFoundError, OSError) as error:
            raise DataError(f"{self.im_files[i]}: missing or not a readable image; build the data set again") from error
        sample = self._samples[i]
        if tuple(read_hw) != (sample.height_px, sample.width_px):
            size = f"{read_hw[1]}x{read_hw[0]}"
            raise DataError(f"{sample.path}: is {size} px, the annotations say {sample.width_px}x{sample.height_px}")
        return image, read_hw, resized_hw


def _label(sample: Sample) -> dict[str, Any]:
    annotations = sample.annotations.select(~sample.annotations.iscrowd)
    size = np.array([sample.width_px, sample.height_px] * 2, np.float64)
    corners = np.clip(annotations.xyxy / size, 0, 1)
    centre, extent = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
    return {
        "im_file": str(sample.path),
        "shape": (sample.height_px, sample.width_px),
        "cls": annotations.labels.astype(np.float32)[:, None],
        "bboxes": np.concatenate([centre, extent], axis=1).astype(np.float32),
        "segments": [],
        "keypoints": None,
        "normalized": True,
        "bbox_format": "xywh",
    }
