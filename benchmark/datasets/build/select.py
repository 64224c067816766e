"""Make a small set out of a large one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from benchmark.datasets.build.manifest import Chosen


def limit_images(chosen: Sequence[Chosen], limit: int) -> list[Chosen]:
    """At most `limit` images of each source, its classes (and defect-free images) as even as they can be.

    Always the same images: each is ranked by a hash of its name.
    """
    kept: list[Chosen] = []
    for source in sorted({each.row.source for each in chosen}):
        kept += _limit_one([each for each in chosen if each.row.source == source], limit)
    return sorted(kept, key=lambda each: each.image_id)


def _limit_one(images: Iterable[Chosen], limit: int) -> list[Chosen]:
    waiting = sorted(images, key=lambda each: hashlib.sha256(each.row.path.encode()).digest())
    taken: list[Chosen] = []
    have: Counter[str] = Counter()
    while waiting and len(taken) < limit:
        available = {name for each in waiting for name in _shown(each)}
        rarest = min(available, key=lambda name: (have[name], name))
        image = next(each for each in waiting if rarest in _shown(each))
        waiting.remove(image)
        taken.append(image)
        have.update(_shown(image))
    return taken


def _shown(each: Chosen) -> set[str]:
    return set(each.image.boxes.names) or {""}
