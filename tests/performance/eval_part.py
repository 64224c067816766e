"""One part of the measurement `eval`: `python -m tests.performance.eval_part PART FOLDER ...`.

A process each, because a peak of memory cannot be taken back. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .made_set import SHAPES, read_set, write_set

RESAMPLES = 1000
CELLS = 20


def make(folder: Path, name: str, scale: float, detectors: int) -> dict[str, Any]:
    """Write the set NAME at that scale."""
    shape = SHAPES[name].scaled(scale)
    write_set(shape, folder, detectors)
    return {
        "images": shape.images,
        "classes": shape.classes,
        "boxes": shape.boxes,
        "detections": shape.images * shape.detections_per_image,
    }


def evaluate(folder: Path, evaluator: str, engine: str) -> dict[str, Any]:
    """From stored detections to all metrics; libraries are imported beforehand, by scoring the first image."""
    from benchmark.evaluators.scoring.columns import columns_of
    from benchmark.evaluators.scoring.score import score

    columns = columns_of(read_set(folder))
    score((evaluator,), columns.of_images(columns.image_ids == 1), engine=engine)
    del columns
    started = time.process_time()
    scores = score((evaluator,), read_set(folder), engine=engine)
    return {"cpu_s": time.process_time() - started, "metrics": dict(scores.metrics)}


def read(folder: Path) -> dict[str, Any]:
    """Stored detections from disk, checked; the second reading, so that only ours is measured and not the imports."""
    from benchmark.records.predictions import read_predictions

    path = folder / "predictions_0.parquet"
    read_predictions(path)
    started = time.process_time()
    detections = read_predictions(path)
    return {"cpu_s": time.process_time() - started, "rows": sum(map(len, detections.values()))}


def bootstrap(folder: Path) -> dict[str, Any]:
    """Matching of two detectors, then the paired resamples, then verdicts about 20 cells; compiled beforehand."""
    from benchmark.evaluators.scoring.columns import columns_of
    from benchmark.evaluators.scoring.matching import match_coco
    from benchmark.evaluators.statistics.bootstrap import DIFFERENCE_RANGE, summary
    from benchmark.evaluators.statistics.resampling import class_mean, resample_weights, resampled_ap
    from benchmark.evaluators.statistics.verdict import TrainingNoise, Trainings, judge_all

    sets = [columns_of(read_set(folder, number)) for number in range(2)]
    few = resample_weights(sets[0], 1, 0)
    first = match_coco(sets[0].ground_truth, sets[0].detections)
    resampled_ap(sets[0], first, few)
    started = time.process_time()
    matches = [match_coco(one.ground_truth, one.detections) for one in sets]
    matched = time.process_time()
    weights = resample_weights(sets[0], RESAMPLES, 0)
    values = [resampled_ap(one, own, weights) for one, own in zip(sets, matches, strict=True)]
    difference = summary(values[0] - values[1], sets[0], DIFFERENCE_RANGE)
    done = time.process_time()
    for number in range(CELLS - 2):  # more cells of the same size
        values.append(resampled_ap(sets[number % 2], matches[number % 2], weights))
    noise = TrainingNoise(1e-4, 6)
    cells = [Trainings(str(n), (0,), class_mean(ap)[None], noise, 100) for n, ap in enumerate(values)]
    verdicts = judge_all(cells)
    return {
        "matching_cpu_s": matched - started,
        "cpu_s": done - matched,
        "bounds": difference.bounds["AP"],
        "pairs": len(verdicts),
        "pairs_cpu_s": time.process_time() - matched,
    }


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "make": lambda folder, name, scale, detectors: make(folder, name, float(scale), int(detectors)),
    "evaluate": evaluate,
    "read": read,
    "bootstrap": bootstrap,
}


def peak_mb() -> float:
    """Largest resident memory of this process, in MB (10^6 bytes)."""
    try:  # getrusage would also count what the parent held when it started this process
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main(part: str, folder: str, *arguments: str) -> None:
    """Run PART on the set in FOLDER and print what it measured and the process's peak memory."""
    facts = PARTS[part](Path(folder), *arguments)
    print(json.dumps({**facts, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
