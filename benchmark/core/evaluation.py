"""What an evaluator gets and gives. Evaluators see ground truth and stored detections, never a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.core.detections import Detections
from benchmark.core.sample import Sample


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """Images with ground truth whose labels index `names`, and the detections of each (by image_id).

    The samples' annotations hold only boxes of the classes asked for, relabelled to vocabulary order.
    """

    names: tuple[str, ...]
    samples: Sequence[Sample]
    detections: Mapping[int, Detections]
    super_categories: Mapping[str, str] = field(default_factory=dict)
    """scene -> super category, for the breakdown; a scene that is not in it belongs to none"""
    frequency: tuple[str, ...] = ()
    """LVIS alone: 'r', 'c' or 'f' a name"""
    negative: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """LVIS alone: image_id -> labels verified to be absent there; an image that is not in it has none"""
    not_exhaustive: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """LVIS alone: image_id -> labels of which only some instances are annotated there"""
    novel: tuple[int, ...] = ()
    """labels of the novel classes where base and novel ones are asked for together"""


@dataclass(frozen=True)
class Scores:
    """Values are fractions; None where there is nothing to measure (pycocotools' -1)."""

    metrics: Mapping[str, float | None]
    per_class: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_scene: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    per_super: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluator:
    """A file in `benchmark/evaluators/` exposes one as EVALUATOR. `version` rises whenever results change.

    evaluate(test, val): val holds the validation part where the vocabulary there equals the test's, else None. Where
    there are `engines`, evaluate takes `engine=` one of them, the first by default; else our own code is the only one.
    """

    name: str
    version: int
    evaluate: Callable[..., Scores]
    engines: tuple[str, ...] = ()
