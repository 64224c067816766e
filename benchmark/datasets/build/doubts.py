"""How well a box's picture fits its class name, as a probability, so that an expert looks at the worst labels first.

A CLIP cosine between text and image means nothing as such (0.2 to 0.35 for right and wrong pairs alike): each name's
own mean over all crops is taken off, and a softmax over the scene's names gets the temperature under which the labels,
most of which are right, are most probable (temperature scaling: Guo et al., ICML 2017).
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
from benchmark.datasets.opening.pixels import decode

STEP = "image and name"
CONTEXT = 1.5
"""side of a crop, in long sides of its box"""
MIN_CROP_PX = 32
TEMPERATURES = np.geomspace(0.002, 1.0, 60)
LISTED = 500
"""doubtful boxes that the report lists, the least probable first"""
EmbedImages = Callable[[Sequence[Image.Image]], NDArray[np.float32]]
"""RGB pictures -> (N, D) float32 rows of length 1, in the space of the text encoder"""


def probabilities(
    cosines: NDArray[np.float32], labels: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Calibrated probability of every name for every crop: (N, K), rows sum to 1.

    cosines: (N, K) between crops and names. labels: (N,). allowed: (N, K), the names that a crop may have.
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
    """Boxes for which another name of their scene is more probable than their own, the least probable first.

    kind: names the weights, for the cache. At most LISTED.
    """
    kinds = kinds_of(chosen)
    names = list(kinds)
    shown = [each for each in chosen if len(each.image.boxes)]
    vectors = np.concatenate(list(bar(progress, "match crops", _vectors(shown, embed_images, kind, cache), len(shown))))
    own = [each.source.kinds[name].name for each in shown for name in each.image.boxes.names]
    labels = np.array([names.index(name) for name in own], np.int64)
    scenes = np.array([kinds[name].scene for name in names])
    allowed = scenes[None, :] == scenes[labels][:, None]
    sure = probabilities(vectors @ embed_names([kinds[name].defect for name in names]).T, labels, allowed)
    items = [f"{each.row.source}/{each.row.path}#{k}" for each in shown for k in range(len(each.image.boxes))]
    found = []
    for row in np.argsort(sure[np.arange(len(labels)), labels], kind="stable")[:LISTED]:
        best = int(np.argmax(sure[row]))
        if best != labels[row]:
            why = f"its picture fits '{names[best]}' better than '{own[row]}'"
            score = f"{sure[row, labels[row]]:.3f}"
            found.append(Entry(STEP, "box", items[row], "doubted", why, names[best], score))
    return found


def _vectors(shown: Sequence[Chosen], embed: EmbedImages, kind: str, cache: Cache) -> Iterator[NDArray[np.float32]]:
    """(boxes, D) of each image."""
    for each in shown:
        boxes = each.image.boxes.xyxy

        def compute(path: Path, boxes: NDArray[np.float64] = boxes) -> bytes:
            return embed(crops(decode(path), boxes)).astype(np.float32).tobytes()

        (value,) = computed(cache, f"{kind}-{boxes_digest(each.image)}", [each.image.path], compute, 1)
        yield np.frombuffer(value, np.float32).reshape(len(boxes), -1)


def crops(picture: Image.Image, xyxy: NDArray[np.float64]) -> list[Image.Image]:
    """A square RGB part around each box (N, 4), with some of what is about it."""
    found = []
    for x1, y1, x2, y2 in xyxy.tolist():
        half = max(MIN_CROP_PX, CONTEXT * max(x2 - x1, y2 - y1)) / 2
        cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
        corners = (max(0, cx - half), max(0, cy - half), min(picture.width, cx + half), min(picture.height, cy + half))
        found.append(picture.crop(tuple(round(value) for value in corners)).convert("RGB"))
    return found


def _loss(logits: NDArray[np.float64], labels: NDArray[np.int64], allowed: NDArray[np.bool_]) -> float:
    return -float(_log_softmax(logits, allowed)[np.arange(len(labels)), labels].mean())


def _log_softmax(logits: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    masked = np.where(allowed, logits, -np.inf)
    shifted = masked - masked.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
