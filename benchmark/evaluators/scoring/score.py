"""Several evaluators on one set of stored detections, or on its match table, their metrics in one mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmark.core.errors import ConfigError
from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.matches import MatchTable
from benchmark.core.plugins import load
from benchmark.evaluators.scoring.columns import Columns, columns_of

Table = dict[str, dict[str, float | None]]


def score(
    names: Sequence[str],
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,
    *,
    engine: str = "fast",
) -> Scores:
    """The values of all named evaluators; `engine` is `fast` or `reference`, for those that have engines.

    Raises UnknownNameError for an unknown evaluator or engine, EvaluationError for bad input, and ConfigError where two
    evaluators give one metric different values.
    """
    columns, val_columns = columns_of(test), None if val is None else columns_of(val)
    evaluators: list[Evaluator] = [load("evaluator", name) for name in names]
    return _together(
        (each.name, each.evaluate(columns, val_columns, **({"engine": engine} if each.engines else {})))
        for each in evaluators
    )


def score_matches(names: Sequence[str], table: MatchTable) -> Scores:
    """The values of those of the named evaluators that need no boxes (`Evaluator.from_matches`).

    Raises UnknownNameError for an unknown evaluator.
    """
    evaluators: list[Evaluator] = [load("evaluator", name) for name in names]
    return _together((each.name, each.from_matches(table)) for each in evaluators if each.from_matches)


def _together(scored: Iterable[tuple[str, Scores]]) -> Scores:
    metrics: dict[str, float | None] = {}
    per_class: Table = {}
    per_scene: Table = {}
    per_super: Table = {}
    intervals: dict[str, tuple[float, float]] = {}
    basis: dict[str, int] = {}
    for name, scores in scored:
        _add(metrics, scores.metrics, name)
        intervals |= scores.intervals
        basis |= scores.basis
        for table, rows in (
            (per_class, scores.per_class),
            (per_scene, scores.per_scene),
            (per_super, scores.per_super),
        ):
            for key, values in rows.items():
                _add(table.setdefault(key, {}), values, name)
    return Scores(metrics, per_class, per_scene, per_super, intervals, basis)


def _add(table: dict[str, float | None], values: Mapping[str, float | None], evaluator: str) -> None:
    for name in values.keys() & table.keys():
        if values[name] != table[name]:
            raise ConfigError(f"evaluator {evaluator} and another one both write {name}; run one of them at a time")
    table.update(values)
