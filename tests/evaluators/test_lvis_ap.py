"""AP by LVIS's rules: equal to lvis-api to the last bit, and fixed AP equal to a plain implementation."""

from __future__ import annotations

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.core import plugins
from benchmark.core.errors import EvaluationError, UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import lvis_ap, lvis_fixed_ap
from benchmark.evaluators._columns import Columns, Federation, columns_of
from benchmark.evaluators._engine import ENGINES, RECALLS, lvis_curves

MakeScored = Callable[..., ScoredSet]
needs_lvis = pytest.mark.models  # lvis-api needs opencv, which only the full installation has

HARD = {
    "plain": {},
    "ties": {"score_decimals": 1},
    "all scores equal": {"score_decimals": 0},
    "over the cap": {"found": 900, "classes": 3, "images": 5, "empty": 0.0},
    "ties at the cap": {"found": 900, "classes": 3, "images": 5, "empty": 0.0, "score_decimals": 2},
    "mostly empty images": {"empty": 0.8},
    "classes absent": {"classes": 60, "images": 8},
    "one image": {"images": 1, "empty": 0.0},
    "no ground truth": {"truths": 1, "empty": 1.0},
    "dense truth": {"truths": 40, "found": 120, "images": 6, "classes": 2},
}


def federate(scored: ScoredSet, seed: int = 0, *, negative: float = 0.3, not_exhaustive: float = 0.2) -> Columns:
    """The set with LVIS's lists: some absent classes verified, some present ones not exhaustively annotated."""
    columns, rng = columns_of(scored), np.random.default_rng(seed)
    present = np.zeros((len(columns.image_ids), len(columns.names)), bool)
    present[columns.truth.image, columns.truth.label] = True
    chance = rng.random(present.shape)
    lists = [np.argwhere(~present & (chance < negative)), np.argwhere(present & (chance < not_exhaustive))]
    frequency = tuple(rng.choice(["r", "c", "f"], len(columns.names)).tolist())
    return dataclasses.replace(columns, federation=Federation(frequency, *lists))


def assert_bit_equal(columns: Columns, max_detections: int) -> None:
    fast, reference = (lvis_curves(columns, engine, max_detections) for engine in ENGINES)
    assert fast.precision.tobytes() == reference.precision.tobytes()
    assert fast.recall.tobytes() == reference.recall.tobytes()


@needs_lvis
@pytest.mark.parametrize("case", HARD, ids=list(HARD))
def test_precision_is_bit_equal_to_the_reference(make_scored: MakeScored, case: str) -> None:
    for seed in range(3):
        columns = federate(make_scored(seed, crowd=0.0, **HARD[case]), seed)
        for limit in (300, -1, 7):
            assert_bit_equal(columns, limit)
        for evaluator in (lvis_ap, lvis_fixed_ap):
            assert evaluator.evaluate(columns) == evaluator.evaluate(columns, engine="reference")
