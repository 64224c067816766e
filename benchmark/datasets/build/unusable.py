"""Images that cannot be decoded, and images without any content."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.datasets.build.dedupe import Fingerprint
from benchmark.datasets.build.report import Entry
from benchmark.datasets.sources.shared.source import SourceImage

BLANK_LEVELS = 8
"""grey values between darkest and brightest that noise of an encoder makes on an empty picture"""


def unusable(images: Sequence[SourceImage], prints: Sequence[Fingerprint]) -> dict[int, Entry]:
    """Index -> why the image cannot be part of a set: it cannot be decoded, or all its pixels are equal."""
    found: dict[int, Entry] = {}
    for index, (image, each) in enumerate(zip(images, prints, strict=True)):
        name = f"{image.source}/{image.key}"
        if each.error:
            found[index] = Entry("corrupt images", "image", name, "dropped", each.error)
        elif each.levels <= BLANK_LEVELS:
            why = f"no content: {each.levels} grey values between its darkest and its brightest pixel"
            found[index] = Entry("blank images", "image", name, "dropped", why)
    return found
