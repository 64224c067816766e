"""From samples to detections, and what one prediction costs."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.core.detections import Detections
from benchmark.core.detector import Detector
from benchmark.core.errors import BenchError
from benchmark.core.images import read_image
from benchmark.core.record import Cost
from benchmark.core.sample import Progress, Sample
from benchmark.harness.cell import Cell
from benchmark.harness.images import batches
from benchmark.harness.provenance import device_name

_BATCH = 16
_TIMED_IMAGES = 20
_WARM_UP_IMAGES = 2
_MOST_REPEATS = 6
_AGREE = 0.05
"""largest relative difference of two medians that agree"""
_SLOWER_ALONE = 1.9
"""on a CPU one image alone takes up to 1.7 times its share of a batch (RTVP-n at 256 px); a latency above is noisy"""
_FORGET, _FORGET_PEAK = Path("/proc/self/clear_refs"), "5"
"""Linux: writing this sets the peak of the resident set to what it is now"""
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Prediction:
    """Detections by image_id, and what they took: images per second with decoding overlapped, peak memory."""

    detections: Mapping[int, Detections]
    images_per_s: float
    peak_memory_bytes: int | None


def predict(method: Detector[Any], cell: Cell, samples: Sequence[Sample], progress: Progress | None) -> Prediction:
    """Ask the method for every image, in batches.

    Raises BenchError where the method breaks its contract: as many answers as images, labels of the vocabulary.
    """
    detections: dict[int, Detections] = {}
    name, classes = cell.info.name, len(cell.tested.vocabulary)
    steps: Iterable[Any] = batches(samples, _BATCH)
    if progress:
        steps = progress("predict", steps, -(-len(samples) // _BATCH))
    forget_peak_memory()
    started = time.perf_counter()
    for chunk, images in steps:
        answers = _ask(method, cell, chunk, images)
        if len(answers) != len(chunk):
            raise BenchError(f"{name}: predict gave {len(answers)} answers for {len(chunk)} images")
        for sample, answer in zip(chunk, answers, strict=True):
            if len(answer) and int(answer.labels.max()) >= classes:
                raise BenchError(f"{name}: label {int(answer.labels.max())} of a vocabulary of {classes}")
            detections[sample.image_id] = answer.best(cell.task.max_detections)
    images_per_s = len(samples) / max(time.perf_counter() - started, 1e-9)
    return Prediction(detections, images_per_s, peak_memory_bytes())


def measure_cost(
    method: Detector[Any], cell: Cell, samples: Sequence[Sample], predicted: Prediction, train_hours: float | None
) -> Cost:
    """Size, latency of one image at a time (decoded before, warmed up), and what the prediction of all images took."""
    timed = [(sample, read_image(sample.path)) for sample in samples[:_TIMED_IMAGES]]
    latency = settled_latency(lambda pair: _ask(method, cell, [pair[0]], [pair[1]]), timed) if timed else None
    noisy = None if latency is None else latency.noisy or slower_alone(latency.p50_s, predicted.images_per_s)
    size = method.size()
    return Cost(
        parameters=size.parameters,
        parameters_trained=size.parameters_trained,
        gflops=size.gflops,
        image_side_px=size.image_side_px,
        latency_p50_s=round(latency.p50_s, 6) if latency else None,
        latency_p95_s=round(latency.p95_s, 6) if latency else None,
        latency_noisy=noisy,
        images_per_s=round(predicted.images_per_s, 3),
        peak_memory_bytes=predicted.peak_memory_bytes,
        train_hours=None if train_hours is None else round(train_hours, 4),
        device=device_name(),
        precision=method.precision(),
    )


@dataclass(frozen=True)
class Latency:
    """Seconds per image: median and 95th percentile of the rounds that agree; of all rounds where none do."""

    p50_s: float
    p95_s: float
    noisy: bool


def settled_latency(predict_one: Callable[[Any], Any], images: Sequence[Any]) -> Latency:
    """Time the images round after round, at most six times, until the medians of two rounds in a row agree within 5 %.

    The first images are predicted once before without being timed. At least one image.
    """
    for image in images[:_WARM_UP_IMAGES]:
        predict_one(image)
    rounds = [_times_s(predict_one, images)]
    while len(rounds) < _MOST_REPEATS:
        rounds.append(_times_s(predict_one, images))
        a, b = (statistics.median(times) for times in rounds[-2:])
        if abs(a - b) <= _AGREE * min(a, b):
            return _latency(rounds[-2:], noisy=False)
    return _latency(rounds, noisy=True)


def slower_alone(p50_s: float, images_per_s: float) -> bool:
    """Whether one image alone took much longer than one of a batch, without a GPU a sign of a disturbed measurement."""
    return _cuda() is None and p50_s * images_per_s > _SLOWER_ALONE


def _times_s(predict_one: Callable[[Any], Any], images: Sequence[Any]) -> list[float]:
    times_s = []
    for image in images:
        started = time.perf_counter()
        predict_one(image)
        times_s.append(time.perf_counter() - started)
    return times_s


def _latency(rounds: Sequence[Sequence[float]], *, noisy: bool) -> Latency:
    times_s = [time_s for each in rounds for time_s in each]
    return Latency(statistics.median(times_s), float(np.quantile(times_s, 0.95)), noisy)


def _ask(method: Detector[Any], cell: Cell, samples: Sequence[Sample], images: Sequence[Any]) -> list[Detections]:
    method.show_ground_truth([sample.annotations for sample in samples])
    return method.predict(images, cell.task.limits)


def forget_peak_memory() -> None:
    """Begin to measure anew: what was used before, such as by a training in this process, no longer counts."""
    if cuda := _cuda():
        for device in range(cuda.device_count()):
            cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):
        _FORGET.write_text(_FORGET_PEAK)


def peak_memory_bytes() -> int | None:
    """Most memory in use at once since `forget_peak_memory`: the GPUs' where they are used, else this process's.

    The process's is its resident set, what it held before still included where it was not given back. None where the
    system cannot tell it from the peak of the whole process (anything but Linux).
    """
    cuda = _cuda()
    on_gpu = sum(int(cuda.max_memory_allocated(device)) for device in range(cuda.device_count())) if cuda else 0
    if on_gpu or not os.access(_FORGET, os.W_OK):
        return on_gpu or None
    peak = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


def _cuda() -> Any:
    """torch.cuda where it is in use, else None."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
