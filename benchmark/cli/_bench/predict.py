"""`bench bench predict`: what a method's predict costs beside the bare loop of the library it is built on."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLASSES = 35
IMAGE_SIZES_HW = ((480, 640), (640, 480), (512, 512), (200, 200))
LIMITS = (1e-4, 0.7, 300)
"""least score, NMS IoU and detections kept: the tasks', but for the score, which untrained weights hardly reach"""


@dataclass(frozen=True)
class Timing:
    """Wall seconds of one pass over all images, over the rounds: median and quartiles."""

    median_s: float
    quartiles_s: tuple[float, float]
    images_per_s: float


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench predict`."""
    parser.add_argument("--method", required=True, metavar="NAME[-VARIANT]", help="see 'bench list methods'")
    parser.add_argument("--profile", default="quick", metavar="NAME", help="image side and size (default quick)")
    parser.add_argument("--images", type=int, default=32, metavar="N", help="images a round (default 32)")
    parser.add_argument("--batch", type=int, default=8, metavar="B", help="images a call (default 8)")
    parser.add_argument("--rounds", type=int, default=9, metavar="R", help="rounds after one to warm up (default 9)")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--json", action="store_true", help="print the times as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    from benchmark.core.errors import ConfigError

    for name in ("images", "batch", "rounds"):
        if getattr(options, name) < 1:
            raise ConfigError(f"--{name} {getattr(options, name)}: at least 1 is needed")
    adapter = _untrained(options)
    images = _images(options.images)
    ours, bare = _rounds(adapter, images, options.batch, options.rounds)
    facts = {
        "method": options.method,
        "profile": options.profile,
        "image_side_px": adapter.size().image_side_px,
        "images": options.images,
        "batch": options.batch,
        "rounds": options.rounds,
        "detections_an_image": sum(map(len, adapter.predict(images, *LIMITS))) / len(images),
        "predict": _timing(ours, options.images),
        "bare": _timing(bare, options.images) if bare else None,
        **_ratio(ours, bare),
    }
    if options.json:
        _print_json(facts)
    else:
        _print_lines(facts)
    return 0


def _untrained(options: argparse.Namespace) -> Any:
    """The method with random weights, asked for CLASSES names."""
    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import load_adapter
    from benchmark.core.vocabulary import Vocabulary
    from benchmark.harness.expand import PROFILES, profile_config, split_variant

    if options.profile not in PROFILES:
        raise UnknownNameError("profile", options.profile, PROFILES)
    name, variant = split_variant(options.method)
    config = profile_config(name, variant, options.profile, {})
    adapter = load_adapter(name).Adapter(config, device=options.device)
    adapter.build_random(0)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(f"defect {i}" for i in range(CLASSES))))
    return adapter


def _images(count: int) -> list[Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    sizes = [IMAGE_SIZES_HW[i % len(IMAGE_SIZES_HW)] for i in range(count)]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def _rounds(adapter: Any, images: Sequence[Any], batch: int, rounds: int) -> tuple[list[float], list[float]]:
    """Wall seconds a round of predict and of the bare loop, in alternation; the first round of each warms up."""
    loops: list[Callable[..., Any]] = [adapter.predict]
    if hasattr(adapter, "bare_predict"):
        loops.append(adapter.bare_predict)
    times_s: list[list[float]] = [[] for _ in loops]
    for number in range(rounds + 1):
        order = range(len(loops)) if number % 2 else reversed(range(len(loops)))
        for which in order:
            seconds = _one_round(loops[which], images, batch)
            if number:
                times_s[which].append(seconds)
    return times_s[0], times_s[1] if len(loops) > 1 else []


def _one_round(loop: Callable[..., Any], images: Sequence[Any], batch: int) -> float:
    started = time.perf_counter()
    for start in range(0, len(images), batch):
        loop(images[start : start + batch], *LIMITS)
    return time.perf_counter() - started


def _timing(times_s: Sequence[float], images: int) -> Timing:
    import numpy as np

    low, median, high = (float(value) for value in np.percentile(times_s, (25, 50, 75)))
    return Timing(median, (low, high), images / median)


def _ratio(ours: Sequence[float], bare: Sequence[float]) -> dict[str, Any]:
    """Median and quartiles of the rounds' ratios: neighbours in time share what else the machine does."""
    import numpy as np

    if not bare:
        return {"ratio": None, "ratio_quartiles": None}
    low, median, high = (float(v) for v in np.percentile(np.divide(ours, bare), (25, 50, 75)))
    return {"ratio": median, "ratio_quartiles": (low, high)}


def _print_json(facts: dict[str, Any]) -> None:
    import json

    from benchmark.core.canonical import to_plain

    print(json.dumps(to_plain(facts), indent=2))


def _print_lines(facts: dict[str, Any]) -> None:
    work = f"{facts['images']} images, batch {facts['batch']}, {facts['detections_an_image']:.0f} detections an image"
    print(f"{facts['method']} untrained, profile {facts['profile']}, {facts['image_side_px']} px: {work}")
    print(f"rounds   {facts['rounds']:8} in alternation")
    for name in ("predict", "bare"):
        timing: Timing | None = facts[name]
        if timing is not None:
            low, high = (1000 * seconds / facts["images"] for seconds in timing.quartiles_s)
            median = 1000 * timing.median_s / facts["images"]
            print(f"{name:8} {median:8.2f} ms an image (quartiles {low:.2f} to {high:.2f}), "
                  f"{timing.images_per_s:.2f} images a second")  # fmt: skip
    if facts["ratio"] is None:
        print("ratio    none: this method is not built on a library with a loop of its own")
    else:
        low, high = facts["ratio_quartiles"]
        print(f"ratio    {facts['ratio']:8.3f} (quartiles of the rounds {low:.3f} to {high:.3f})")


COMMAND = Command("predict", "time a method's predict beside the bare library's", configure, run)
