"""Input and output of evaluators, which get ground truth and stored detections, never a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.core.detections import Detections
from benchmark.core.matches import MatchTable
from benchmark.core.sample import Sample


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """Images with their ground truth, and their detections by image_id; the labels of both index `names`.

    Annotations hold boxes of the vocabulary's classes only.
    """

    names: tuple[str, ...]
    samples: Sequence[Sample]
    detections: Mapping[int, Detections]
    super_categories: Mapping[str, str] = field(default_factory=dict)
    """scene -> super category, for the breakdown; a scene that is not in it belongs to none"""
    frequency: tuple[str, ...] = ()
    """LVIS only: 'r', 'c' or 'f' per name"""
    negative: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """LVIS only: image_id -> labels verified to be absent; an image that is not in it has none"""
    not_exhaustive: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """LVIS only: image_id -> labels of which only some instances are annotated"""
    novel: tuple[int, ...] = ()
    """labels of the novel classes, where the vocabulary has base and novel ones"""


@dataclass(frozen=True)
class Scores:
    """Metrics as fractions; None if there is nothing to measure (-1 in pycocotools)."""

    metrics: Mapping[str, float | None]
    per_class: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_scene: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_super: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """95 % intervals of some metrics, (low, high)"""
    basis: Mapping[str, int] = field(default_factory=dict)
    """numbers of images that metrics rest on, for the record's facts"""


@dataclass(frozen=True)
class Evaluator:
    """A file in `benchmark/evaluators/` exposes one as EVALUATOR. `version` rises whenever results change.

    evaluate(test, val): val is the validation part if its vocabulary equals the test part's, else None. If there are
    `engines`, evaluate takes `engine=` one of them, by default the first; without any, our own code scores.
    from_matches: the same values, to the last bit, from a match table; None where boxes are needed.
    """

    name: str
    version: int
    evaluate: Callable[..., Scores]
    engines: tuple[str, ...] = ()
    from_matches: Callable[[MatchTable], Scores] | None = None
