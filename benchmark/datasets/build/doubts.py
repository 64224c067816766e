"""Probability that a box has the right class, from CLIP, so that an expert can review the most doubtful boxes first.

The cosine between the crop of a box and a class name is not a probability (0.2 to 0.35 for right and wrong pairs
alike). So the mean of each name over all crops is subtracted, and a softmax over the names of the scene is calibrated
with the temperature that makes the labels, most of which are right, most probable (temperature scaling: Guo et al.,
ICML 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.cache import Cache, computed
from benchmark.datasets.build.manifest import Chosen, boxes_digest
from benchmark.datasets.build.names import kinds_of
from benchmark.datasets.build.report import Entry
from benchmark.core.images import decode

STEP = "image and name"
CONTEXT = 1.5
"""side of a crop, as a multiple of the long side of its box"""
MIN_CROP_PX = 32
TEMPERATURES = np.geomspace(0.002, 1.0, 60)
LISTED = 500
"""largest number of boxes in the report"""
EmbedImages = Callable[[Sequence[Image.Image]], NDArray[np.float32]]
"""RGB images -> (N, D) float32 rows of length 1, in the embedding space of the text encoder"""


def probabilities(
    cosines: NDArray[np.float32], labels: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Calibrated probability of each name for each crop: (N, K), rows sum to 1.

    cosines: (N, K), between crops and names. labels: (N,), name of each crop. allowed: (N, K), whether the name is one of
    the crop's scene.
    """
    centred = cosines.astype(np.float64)
    counts = np.maximum(allowed.sum(axis=0), 1)
    centred = centred - np.where(allowed, centred, 0).sum(axis=0) / counts
    losses = [_loss(centred / t, labels, allowed) for t in TEMPERATURES]
    return np.exp(_log_softmax(centred / TEMPERATURES[int(np.argmin(losses))], allowed))


def doubtful(
    chosen: Sequence[Chosen],
    embed_names: Callable[[Sequence[str]], NDArray[np.float32]],
    embed_images: EmbedImages,
    kind: str,
    cache: Cache,
    progress: Progress | None = None,
) -> list[Entry]:
    """Report entries of boxes for which another class of their scene is more probable, lowest probability first.

    At most LISTED entries.

    Args:
        chosen: the images.
        embed_names: class names to unit vectors.
        embed_images: crops to unit vectors in the same space.
        kind: name of the weights, for the cache.
        cache: of the vectors of crops.
        progress: makes progress bars.
    """
    kinds = kinds_of(chosen)
    names = list(kinds)
    with_boxes = [each for each in chosen if len(each.image.boxes)]
    vectors = np.concatenate(list(bar(progress, "match crops", _vectors(with_boxes, embed_images, kind, cache), len(with_boxes))))
    own = [each.source.kinds[name].name for each in with_boxes for name in each.image.boxes.names]
    labels = np.array([names.index(name) for name in own], np.int64)
    scenes = np.array([kinds[name].scene for name in names])
    allowed = scenes[None, :] == scenes[labels][:, None]
    probability = probabilities(vectors @ embed_names([kinds[name].defect for name in names]).T, labels, allowed)
    items = [f"{each.row.source}/{each.row.path}#{k}" for each in with_boxes for k in range(len(each.image.boxes))]
    entries = []
    for row in np.argsort(probability[np.arange(len(labels)), labels], kind="stable")[:LISTED]:
        best = int(np.argmax(probability[row]))
        if best != labels[row]:
            why = f"its picture fits '{names[best]}' better than '{own[row]}'"
            score = f"{probability[row, labels[row]]:.3f}"
            entries.append(Entry(STEP, "box", items[row], "doubted", why, names[best], score))
    return entries


def _vectors(with_boxes: Sequence[Chosen], embed: EmbedImages, kind: str, cache: Cache) -> Iterator[NDArray[np.float32]]:
    """Vectors (boxes, D) of the crops of each image."""
    for each in with_boxes:
        boxes = each.image.boxes.xyxy

        def compute(path: Path, boxes: NDArray[np.float64] = boxes) -> bytes:
            return embed(crops(decode(path), boxes)).astype(np.float32).tobytes()

        (value,) = computed(cache, f"{kind}-{boxes_digest(each.image)}", [each.image.path], compute, 1)
        yield np.frombuffer(value, np.float32).reshape(len(boxes), -1)


def crops(picture: Image.Image, xyxy: NDArray[np.float64]) -> list[Image.Image]:
    """The square crop around each box (N, 4), with context, as RGB."""
    parts = []
    for x1, y1, x2, y2 in xyxy.tolist():
        half = max(MIN_CROP_PX, CONTEXT * max(x2 - x1, y2 - y1)) / 2
        cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
        corners = (max(0, cx - half), max(0, cy - half), min(picture.width, cx + half), min(picture.height, cy + half))
        parts.append(picture.crop(tuple(round(value) for value in corners)).convert("RGB"))
    return parts


def _loss(logits: NDArray[np.float64], labels: NDArray[np.int64], allowed: NDArray[np.bool_]) -> float:
    return -float(_log_softmax(logits, allowed)[np.arange(len(labels)), labels].mean())


def _log_softmax(logits: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    masked = np.where(allowed, logits, -np.inf)
    shifted = masked - masked.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
