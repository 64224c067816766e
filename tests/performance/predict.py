"""A method's predict beside the bare loop of the library it is built on: seconds of both and their ratio."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.core.detector import Limits
from benchmark.core.errors import UnknownNameError
from benchmark.core.plugins import load_adapter
from benchmark.core.spec import PROFILES
from benchmark.core.vocabulary import Vocabulary
from benchmark.harness.request import profile_config, split_variant

from .arguments import count

CLASSES = 35
IMAGE_SIZES_HW = ((480, 640), (640, 480), (512, 512), (200, 200))
LIMITS = Limits(1e-4, 0.7, 300)
"""the tasks', but for the score threshold, which untrained weights hardly reach"""

Loop = Callable[..., Any]
"""predicts a batch of images within LIMITS"""


@dataclass(frozen=True)
class Timing:
    """Wall seconds of one pass over all images, over the rounds: median and quartiles."""

    median_s: float
    quartiles_s: tuple[float, float]
    images_per_s: float


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--method", default="yolo-world", metavar="NAME[-VARIANT]", help="default yolo-world")
    parser.add_argument("--profile", default="quick", metavar="NAME", help="image side and size (default quick)")
    parser.add_argument("--images", type=count, default=32, metavar="N", help="images per round (default 32)")
    parser.add_argument("--batch", type=count, default=8, metavar="B", help="images per call (default 8)")
    parser.add_argument("--rounds", type=count, default=9, metavar="R", help="rounds after one to warm up (default 9)")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Times of both loops, of the method with random weights; "bare" and "ratio" are None without a bare loop."""
    adapter, bare = untrained(options.method, options.profile, options.device)
    images = make_images(options.images)
    loops = [adapter.predict] if bare is None else [adapter.predict, bare]
    times_s = alternate(loops, images, options.batch, options.rounds)
    return {
        "method": options.method,
        "profile": options.profile,
        "image_side_px": adapter.size().image_side_px,
        "images": options.images,
        "batch": options.batch,
        "rounds": options.rounds,
        "detections_per_image": sum(map(len, adapter.predict(images, LIMITS))) / len(images),
        "predict": timing(times_s[0], options.images),
        "bare": timing(times_s[1], options.images) if bare else None,
        **ratio(*times_s),
    }


def untrained(method: str, profile: str = "quick", device: str = "auto") -> tuple[Any, Loop | None]:
    """The adapter, asked for CLASSES names, and the library's loop on the same network where the library has one."""
    if profile not in PROFILES:
        raise UnknownNameError("profile", profile, PROFILES)
    name, variant = split_variant(method)
    config = profile_config(name, variant, profile, {})
    adapter: Any = load_adapter(name).Adapter(config, device=device)
    adapter.build_random(0)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(f"defect {i}" for i in range(CLASSES))))
    from methods._ultralytics.library import prepare

    prepare()
    from .bare import bare_loop

    return adapter, bare_loop(adapter._model, config.image_side_px)  # the contract does not show the network


def make_images(number: int) -> list[Any]:
    """Noise of several sizes, uint8 (H, W, 3)."""
    rng = np.random.default_rng(0)
    sizes = [IMAGE_SIZES_HW[i % len(IMAGE_SIZES_HW)] for i in range(number)]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def alternate(loops: Sequence[Loop], images: Sequence[Any], batch: int, rounds: int) -> list[list[float]]:
    """Wall seconds per round of each loop, in alternation; a first round of each warms up and is not counted."""
    times_s: list[list[float]] = [[] for _ in loops]
    for number in range(rounds + 1):
        order = range(len(loops)) if number % 2 else reversed(range(len(loops)))
        for which in order:
            started = time.perf_counter()
            for start in range(0, len(images), batch):
                loops[which](images[start : start + batch], LIMITS)
            if number:
                times_s[which].append(time.perf_counter() - started)
    return times_s


def timing(times_s: Sequence[float], images: int) -> Timing:
    """Of so many rounds, each over all images."""
    low, median, high = (float(value) for value in np.percentile(times_s, (25, 50, 75)))
    return Timing(median, (low, high), images / median)


def ratio(ours: Sequence[float], bare: Sequence[float] | None = None) -> dict[str, Any]:
    """Median and quartiles of the rounds' ratios: neighbours in time share what else the machine does."""
    if not bare:
        return {"ratio": None, "ratio_quartiles": None}
    low, median, high = (float(value) for value in np.percentile(np.divide(ours, bare), (25, 50, 75)))
    return {"ratio": median, "ratio_quartiles": (low, high)}


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """What was run, and one line per loop."""
    work = f"{facts['images']} images, batch {facts['batch']}, {facts['detections_per_image']:.0f} detections per image"
    yield f"{facts['method']} untrained, profile {facts['profile']}, {facts['image_side_px']} px: {work}"
    yield f"rounds   {facts['rounds']:8} in alternation"
    for name in ("predict", "bare"):
        loop: Timing | None = facts[name]
        if loop is not None:
            low, high = (1000 * seconds / facts["images"] for seconds in loop.quartiles_s)
            median = 1000 * loop.median_s / facts["images"]
            yield (f"{name:8} {median:8.2f} ms per image (quartiles {low:.2f} to {high:.2f}), "
                   f"{loop.images_per_s:.2f} images per second")  # fmt: skip
    if facts["ratio"] is None:
        yield "ratio    none: this method is not built on a library with a loop of its own"
    else:
        low, high = facts["ratio_quartiles"]
        yield f"ratio    {facts['ratio']:8.3f} (quartiles of the rounds {low:.3f} to {high:.3f})"
