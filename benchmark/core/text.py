"""The interface of frozen text encoders, which map texts to unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.core.weights import ReleasedWeights


@dataclass(frozen=True)
class TextEncoder:
    """A file in `benchmark/text/` exposes one as ENCODER; heavy imports happen inside the functions.

    missing() returns which weights or package are missing and what to do, or None.
    weights_sha256() returns the digest of the weights file that encode uses.
    encode(texts) returns (N, dimensions) float32, rows of length 1.
    released: files of the weights folder that it needs; empty if its weights come with a package.
    """

    name: str
    dimensions: int
    missing: Callable[[], str | None] = field(repr=False)
    weights_sha256: Callable[[], str] = field(repr=False)
    encode: Callable[[Sequence[str]], NDArray[np.float32]] = field(repr=False)
    released: tuple[ReleasedWeights, ...] = ()
