"""Which test classes of a zero-shot cell its weights had already seen in training; part of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import load
from benchmark.datasets.ledger.ledger import make_ledger
from benchmark.harness.cell import Cell, overlapping_names
from benchmark.harness.weights import needed_weights

ENCODER = "minilm"
"""for near neighbours; without its weights only names and synonyms are compared, and the ledger says so"""


def ledger_facts(cell: Cell, per_class: Mapping[str, Mapping[str, float | None]]) -> dict[str, Any]:
    """`{"ledger": ...}` for an open-vocabulary task, else nothing.

    A fit from scratch has met its base classes alone; one that starts from released weights, or from a pre-training
    on other data, also what these had met. Untrained weights have met nothing, so they need no ledger.
    """
    spec = cell.spec
    if not cell.task.open_vocabulary or spec.weights is WeightsOrigin.RANDOM:
        return {}
    categories = cell.dataset.categories
    released = list(needed_weights(cell))
    before = [data for weights in released for data in weights.trained_on or cell.info.trained_on]
    ledger = make_ledger(
        tuple(dict.fromkeys([*before, *spec.start_data])),
        [categories[label] for label in cell.tested.labels],
        [categories[label] for label in cell.fit.scope.labels] if cell.fit and cell.fit.scope else (),
        load("text encoder", ENCODER),
        cell.info.trained_classes if released else (),
    )
    overlap = {"novel_overlap": overlapping_names(cell.tested)} if spec.novel_overlap else {}
    return {"ledger": ledger.facts(per_class) | overlap}
