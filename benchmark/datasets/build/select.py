"""Limit the number of images per source."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from benchmark.datasets.build.manifest import Chosen


def limit_images(chosen: Sequence[Chosen], limit: int) -> list[Chosen]:
    """At most `limit` images per source, with classes (and defect-free images) as balanced as possible.

    The choice is deterministic: images are ranked by a hash of their path.
    """
    kept: list[Chosen] = []
    for source in sorted({each.row.source for each in chosen}):
        kept += _limit_one([each for each in chosen if each.row.source == source], limit)
    return sorted(kept, key=lambda each: each.image_id)


def _limit_one(images: Iterable[Chosen], limit: int) -> list[Chosen]:
    remaining = sorted(images, key=lambda each: hashlib.sha256(each.row.path.encode()).digest())
    taken: list[Chosen] = []
    counts: Counter[str] = Counter()
    while remaining and len(taken) < limit:
        available = {name for each in remaining for name in _classes(each)}
        rarest = min(available, key=lambda name: (counts[name], name))
        image = next(each for each in remaining if rarest in _classes(each))
        remaining.remove(image)
        taken.append(image)
        counts.update(_classes(image))
    return taken


def _classes(each: Chosen) -> set[str]:
    """Class names of an image; "" for a defect-free one."""
    return set(each.image.boxes.names) or {""}
