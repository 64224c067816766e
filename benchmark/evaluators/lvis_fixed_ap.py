"""Fixed AP: LVIS's rules with a limit of detections per class instead of per image.

The best 10,000 detections of each class over the whole set count, any number per image, so that classes do not compete
within an image (Dave, Dollar, Ramanan, Kirillov, Girshick, "Evaluating Large-Vocabulary Object Detectors: The Devil is
in the Details", 2021). The detections must be stored without the limit of 300 per image; with it the AP is too low.
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
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP needs no threshold, so the validation part is unused
    *,
    engine: str = "fast",
) -> Scores:
    """AP_fixed, AP50_fixed, AP75_fixed, APr_fixed, APc_fixed, APf_fixed, APs_fixed, APm_fixed, APl_fixed, or None.

    Fractions; per_class: AP_fixed. `engine` and errors as in `lvis_ap`.
    """
    columns = federated(test)
    detections = columns.detections
    kept = dataclasses.replace(
        columns, detections=detections.take(best_of_each(detections.label, detections.score, PER_CLASS))
    )
    counted = lvis_curves(kept, engine, _NO_LIMIT)
    names = columns.names
    per_class = (mean(counted.precision[:, :, k, _ALL]) for k in range(len(names)))
    return Scores(
        {f"{name}_fixed": value for name, value in ap_metrics(kept, counted).items()},
        per_class={name: {"AP_fixed": value} for name, value in zip(names, per_class, strict=True)},
    )


EVALUATOR = Evaluator(name="lvis_fixed_ap", version=1, evaluate=evaluate, engines=ENGINES)
