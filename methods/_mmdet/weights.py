"""Declarations of the GLIP-T files that mmdet publishes, for the INFO of methods on this engine."""

from __future__ import annotations

from benchmark.core.weights import Form, ReleasedWeights
from methods._torch.weights import START

_ZOO = "https://download.openmmlab.com/mmdetection/v3.0/glip/"
_DIGITS = {"a": "b3654169", "b": "6dfbd102", "c": "2fc427dd"}
"""first digits of each file's digest, which the zoo puts into the file's name and publishes nowhere in full"""


def glip_t(letter: str, variant: str, *, start: bool = False) -> ReleasedWeights:
    """The declaration of GLIP-T of that letter, BERT included, for size `variant`: a, b saw Objects365, c also GoldG.

    start: the method's fit starts from these weights, which are of another method.
    """
    name = f"glip_tiny_{letter}_mmdet-{_DIGITS[letter]}.pth"
    saw = ("objects365", "goldg") if letter == "c" else ("objects365",)
    part = START if start else ""
    return ReleasedWeights(
        name, _ZOO + name, "MIT", saw, Form.TENSORS, variant, sha256_starts=_DIGITS[letter], part=part
    )
