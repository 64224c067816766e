"""Images that cannot be decoded, and images without any content."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.datasets.build.dedupe import Fingerprint
from benchmark.datasets.build.report import Entry
from benchmark.datasets.sources.shared.source import SourceImage

BLANK_LEVELS = 8
"""largest difference between the darkest and the brightest grey value of an image without content (JPEG noise)"""


def unusable(images: Sequence[SourceImage], prints: Sequence[Fingerprint]) -> dict[int, Entry]:
    """Index -> report entry of each image that cannot be decoded or has no content."""
    dropped: dict[int, Entry] = {}
    for index, (image, each) in enumerate(zip(images, prints, strict=True)):
        name = f"{image.source}/{image.key}"
        if each.error:
            dropped[index] = Entry("corrupt images", "image", name, "dropped", each.error)
        elif each.levels <= BLANK_LEVELS:
            why = f"no content: {each.levels} grey values between its darkest and its brightest pixel"
            dropped[index] = Entry("blank images", "image", name, "dropped", why)
    return dropped
