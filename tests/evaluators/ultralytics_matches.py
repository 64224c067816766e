"""The four arrays from which ultralytics computes its metrics, matched by its own validator."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.core.evaluation import ScoredSet


def ultralytics_matches(scored: ScoredSet) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The first arguments of its `ap_per_class`, one row per detection, in the last array per annotation.

    (N, 10) bool: true positive at each IoU threshold; (N,) score; (N,) label; (M,) label of the ground truth.
    """
    import torch
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.metrics import box_iou

    validator: Any = BaseValidator.__new__(BaseValidator)
    validator.iouv = torch.linspace(0.5, 0.95, 10)
    true, scores, labels, real_labels = [], [], [], []
    for sample in scored.samples:
        real = sample.annotations.select(~sample.annotations.iscrowd)
        detected = scored.detections[sample.image_id].best(10_000)
        iou = box_iou(torch.from_numpy(real.xyxy), torch.from_numpy(detected.xyxy))
        matched = validator.match_predictions(torch.from_numpy(detected.labels), torch.from_numpy(real.labels), iou)
        true.append(matched.numpy())
        scores.append(detected.scores)
        labels.append(detected.labels)
        real_labels.append(real.labels)
    return np.concatenate(true), np.concatenate(scores), np.concatenate(labels), np.concatenate(real_labels)
