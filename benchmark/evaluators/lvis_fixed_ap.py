"""Fixed AP: LVIS's rules with a budget of detections a class instead of an image.

The best 10,000 detections of each class over the whole set, any number an image, so that classes do not compete for
places in an image (Dave, Dollar, Ramanan, Kirillov, Girshick, "Evaluating Large-Vocabulary Object Detectors: The Devil
is in the Details", 2021). It needs detections stored without the cut at 300 an image: with it the number is too low.
"""

from __future__ import annotations

import dataclasses

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.lvis_ap import ap_metrics, federated
from benchmark.evaluators.scoring.columns import Columns
from benchmark.evaluators.scoring.engine import AREAS_PX, ENGINES, best_of_each, lvis_curves
from benchmark.evaluators.scoring.values import mean

PER_CLASS = 10_000
_NO_LIMIT = -1
_ALL = list(AREAS_PX).index("all")


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP chooses no threshold, so it is not looked at
    *,
    engine: str = "fast",
) -> Scores:
    """AP_fixed, AP50_fixed, AP75_fixed, APr_fixed, APc_fixed, APf_fixed, APs_fixed, APm_fixed, APl_fixed, or None.

    Fractions; per_class: AP_fixed. engine and raises as in `lvis_ap`.
    """
    columns = federated(test)
    found = columns.found
    kept = dataclasses.replace(columns, found=found.take(best_of_each(found.label, found.score, PER_CLASS)))
    counted = lvis_curves(kept, engine, _NO_LIMIT)
    names = columns.names
    per_class = (mean(counted.precision[:, :, k, _ALL]) for k in range(len(names)))
    return Scores(
        {f"{name}_fixed": value for name, value in ap_metrics(kept, counted).items()},
        per_class={name: {"AP_fixed": value} for name, value in zip(names, per_class, strict=True)},
    )


EVALUATOR = Evaluator(name="lvis_fixed_ap", version=1, evaluate=evaluate, engines=ENGINES)
