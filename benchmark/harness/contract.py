"""Checks that run on any method: it is fitted on small images, and what it does then is compared with what it has to.

The repository's own tests ask more (`tests/contract`); these are the promises that the harness builds on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.detections import Annotations, Detections
from benchmark.core.detector import Detector, DetectorConfig, Limits
from benchmark.core.errors import BenchError, RecordError, RefusedError, UnknownNameError
from benchmark.core.images import read_image
from benchmark.core.method import Capability, MethodInfo
from benchmark.core.plugins import AdapterModule, load_adapter, load_adapter_of
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.spec import PROFILES
from benchmark.core.vocabulary import Vocabulary

NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))
_COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))
_SIDE_PX, _IMAGES = 64, 16
_ALL = Limits(0.0, 0.7, 300)


class BrokenPromiseError(BenchError):
    """A check that a method fails; the message says what it did and what would be right."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check on one method. failure: why it failed; empty where it passed."""

    name: str
    promise: str
    failure: str


class Subject:
    """A method under its smoke profile. It is fitted once, when a check first needs the fit."""

    def __init__(self, package: ModuleType, folder: Path) -> None:
        self.package, self.folder = package, folder
        self.info: MethodInfo = package.INFO

    @cached_property
    def module(self) -> AdapterModule:
        """The adapter module of the method: Adapter, Config, PROFILES."""
        return load_adapter_of(self.package)

    @cached_property
    def config(self) -> DetectorConfig:
        """The smoke profile as the method's Config."""
        return make_config(self.module.Config, self.module.PROFILES["smoke"], self.info.name)

    def fresh(self) -> Detector[Any]:
        """A new adapter without a model."""
        return self.module.Adapter(self.config, device="cpu")

    @cached_property
    def samples(self) -> list[Sample]:
        """Images with one coloured square each, whose colour is its class."""
        rng = np.random.default_rng(0)
        made = []
        for i in range(_IMAGES):
            pixels = rng.integers(90, 130, (_SIDE_PX, _SIDE_PX, 3)).astype(np.uint8)
            x, y = (int(v) for v in rng.integers(2, 38, 2))
            pixels[y : y + 24, x : x + 24] = _COLOURS[i % 3]
            path = self.folder / f"{i}.png"
            Image.fromarray(pixels).save(path)
            boxes = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([i % 3]))
            made.append(Sample(i + 1, path, _SIDE_PX, _SIDE_PX, boxes, "plate", f"part {i}", "made here"))
        return made

    @cached_property
    def checkpoint(self) -> Path:
        """Checkpoint of the smoke fit, trained after the fit that it starts from."""
        start = None
        wanted = self.module.Adapter.starting_fit(self.config)
        if wanted is not None:
            first = load_adapter(wanted.method)
            config = make_config(first.Config, dict(wanted.params), wanted.method)
            start = (
                first.Adapter(config, device="cpu").fit(self.samples, [], NAMES, 0, self.folder / "start").checkpoint
            )
        result = self.fresh().fit(self.samples, self.samples[:2], NAMES, 0, self.folder / "fit", start)
        _demand(Path(result.checkpoint).is_file(), f"fit names {result.checkpoint}, which is not there")
        return Path(result.checkpoint)

    @cached_property
    def ready(self) -> Detector[Any]:
        """Fitted and loaded, vocabulary set."""
        adapter = self.fresh()
        if Capability.TRAINABLE in self.info.capabilities:
            adapter.load(self.checkpoint)
        else:
            adapter.build_random(0)
        adapter.set_vocabulary(NAMES)
        return adapter

    def images(self, count: int = 4) -> list[NDArray[np.uint8]]:
        """Pixels of the first samples."""
        return [read_image(sample.path) for sample in self.samples[:count]]


def run_checks(package: ModuleType) -> Iterator[Outcome]:
    """Run all checks in turn; a check that raises any other error fails with that error as its reason."""
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        subject = Subject(package, Path(folder))
        for name, check in CHECKS.items():
            promise = (check.__doc__ or "").strip()
            try:
                check(subject)
            except BrokenPromiseError as broken:
                yield Outcome(name, promise, str(broken))
            except Exception as error:  # noqa: BLE001 - whatever a foreign method raises is its answer
                yield Outcome(name, promise, f"{type(error).__name__}: {error}".splitlines()[0][:300])
            else:
                yield Outcome(name, promise, "")


def _demand(holds: bool, failure: str) -> None:
    if not holds:
        raise BrokenPromiseError(failure)


def _facts(subject: Subject) -> None:
    """INFO names its sizes and where its weights come from, and the adapter carries the same INFO."""
    info = subject.info
    _demand(isinstance(info, MethodInfo), f"INFO is a {type(info).__name__}, expected a MethodInfo")
    missing = {info.default_variant, info.paper_variant} - set(info.variants)
    _demand(not missing, f"INFO.variants {info.variants} lacks {sorted(missing)}")
    _demand(bool(info.provenance.strip()), "INFO.provenance is empty: say where its weights come from")
    adapter, config = subject.module.Adapter, subject.module.Config
    _demand(issubclass(adapter, Detector), "Adapter does not inherit benchmark.core.detector.Detector")
    _demand(issubclass(config, DetectorConfig), "Config does not inherit benchmark.core.detector.DetectorConfig")
    _demand(adapter.info is info, "Adapter.info is not the INFO of its package")
    left = sorted(adapter.__abstractmethods__)
    _demand(not left, f"Adapter lacks {', '.join(left)}")
    explains = adapter.explain is not Detector.explain
    _demand(explains == (Capability.EXPLAIN in info.capabilities), "INFO and Adapter disagree on explain")


def _light(subject: Subject) -> None:
    """INFO and Config can be imported without torch or a detector library."""
    name = subject.package.__name__
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        f"import {name}, {name}.adapter\n"
        "print(sorted({'torch', 'ultralytics', 'transformers', 'tensorflow', 'mmdet'} & set(sys.modules)))"
    )
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    _demand(done.returncode == 0, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "does not import")
    heavy = done.stdout.strip()
    _demand(heavy == "[]", f"importing it loads {heavy}: import those inside the methods that need them")


def _settings(subject: Subject) -> None:
    """Every profile is a valid Config, and an unknown setting is refused by name."""
    for profile in PROFILES:
        _demand(profile in subject.module.PROFILES, f"PROFILES has no '{profile}', expected {', '.join(PROFILES)}")
        config = make_config(subject.module.Config, subject.module.PROFILES[profile], subject.info.name)
        known = config.variant in subject.info.variants
        _demand(known, f"profile {profile} has variant {config.variant!r}, not in INFO.variants")
    try:
        make_config(subject.module.Config, {"no_such_setting": 1}, subject.info.name)
    except UnknownNameError:
        return
    raise BrokenPromiseError("Config takes a setting that does not exist")


def _fit(subject: Subject) -> None:
    """A fit leaves a checkpoint that a new adapter loads."""
    if Capability.TRAINABLE in subject.info.capabilities:
        subject.fresh().load(subject.checkpoint)


def _legal(subject: Subject) -> None:
    """One Detections per image: boxes inside the image, best score first, labels within the vocabulary."""
    detections = subject.ready.predict(subject.images(), _ALL)
    _demand(len(detections) == 4, f"predict gave {len(detections)} answers for 4 images")
    for each in detections:
        _demand_legal(each, _SIDE_PX, _SIDE_PX, len(NAMES))


def _demand_legal(detections: Any, height_px: int, width_px: int, classes: int) -> None:
    _demand(isinstance(detections, Detections), f"predict gave a {type(detections).__name__}, expected Detections")
    _demand(
        len(detections) <= _ALL.max_detections,
        f"{len(detections)} detections in an image, at most {_ALL.max_detections} were asked for",
    )
    if len(detections) == 0:
        return
    _demand(
        int(detections.labels.max()) < classes, f"label {int(detections.labels.max())} in a vocabulary of {classes}"
    )
    low, high = detections.xyxy.min(), (detections.xyxy - np.array([width_px, height_px] * 2)).max()
    _demand(low >= 0 and high <= 0, f"a box leaves its image of {width_px}x{height_px} px")
    _demand(bool((np.diff(detections.scores) <= 0).all()), "detections are not sorted, best score first")


def _repeatable(subject: Subject) -> None:
    """The same images give the same detections."""
    first, again = (subject.ready.predict(subject.images(), _ALL) for _ in range(2))
    for left, right in zip(first, again, strict=True):
        _demand(np.array_equal(left.xyxy, right.xyxy) and np.array_equal(left.scores, right.scores),
                "two calls on the same images gave different detections")  # fmt: skip


def _limits(subject: Subject) -> None:
    """The score threshold and the number of detections kept are respected."""
    (every,) = subject.ready.predict(subject.images(1), _ALL)
    if len(every) < 2:
        return
    (few,) = subject.ready.predict(subject.images(1), replace(_ALL, max_detections=1))
    _demand(len(few) == 1, f"asked for 1 detection, got {len(few)}")
    threshold = float(every.scores[len(every) // 2])
    (high,) = subject.ready.predict(subject.images(1), replace(_ALL, score_threshold=threshold))
    worst = float(high.scores.min()) if len(high) else threshold
    _demand(worst >= threshold, f"asked for scores from {threshold:.3f}, got {worst:.3f}")


def _frames(subject: Subject) -> None:
    """Images of different sizes in one batch keep their order, and boxes are in pixels of their own image."""
    rng = np.random.default_rng(1)
    sizes = [(1, 1), (1, 300), (37, 113), (64, 64)]
    odd = [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]
    apart = replace(_ALL, nms_iou=1.0)
    together = subject.ready.predict(odd, apart)
    _demand(len(together) == len(odd), f"predict gave {len(together)} answers for {len(odd)} images")
    for detections, image, (height_px, width_px) in zip(together, odd, sizes, strict=True):
        _demand_legal(detections, height_px, width_px, len(NAMES))
        (alone,) = subject.ready.predict([image], apart)
        same = len(alone) == len(detections) and np.allclose(alone.scores, detections.scores, atol=1e-3)
        _demand(same, f"an image of {width_px}x{height_px} px has other detections in a batch than alone")
    _demand(subject.ready.predict([], _ALL) == [], "predict of no image should give an empty list")


def _vocabulary(subject: Subject) -> None:
    """An open vocabulary detects other names, a closed one refuses them; boxes never get a wrong name silently."""
    names = Vocabulary.from_names(tuple(f"defect number {i}" for i in range(35)))
    adapter = subject.fresh()
    if Capability.TRAINABLE in subject.info.capabilities:
        adapter.load(subject.checkpoint)
    else:
        adapter.build_random(0)
    if Capability.OPEN_VOCABULARY in subject.info.capabilities:
        adapter.set_vocabulary(names)
        _demand_legal(adapter.predict(subject.images(1), _ALL)[0], _SIDE_PX, _SIDE_PX, 35)
        return
    try:
        adapter.set_vocabulary(names)
    except RefusedError:
        return
    raise BrokenPromiseError("a closed vocabulary of 3 fitted names took 35 others: raise RefusedError")


def _files(subject: Subject) -> None:
    """A file that is not a checkpoint of the method is refused, and the error names the file."""
    if Capability.TRAINABLE not in subject.info.capabilities:
        return
    path = subject.folder / "broken.bin"
    path.write_bytes(subject.checkpoint.read_bytes()[:20])
    try:
        subject.fresh().load(path)
    except RecordError as error:
        _demand("broken.bin" in str(error), f"the refusal of a broken checkpoint does not name the file: {error}")
        return
    raise BrokenPromiseError("load took a checkpoint that is cut off: raise RecordError with the file's name")


def _untrained(subject: Subject) -> None:
    """Untrained weights can be scored: the control."""
    adapter = subject.fresh()
    adapter.build_random(0)
    adapter.set_vocabulary(NAMES)
    _demand_legal(adapter.predict(subject.images(1), _ALL)[0], _SIDE_PX, _SIDE_PX, len(NAMES))


def _size(subject: Subject) -> None:
    """The size of the model is known: parameters, and the image side at which FLOPs were counted."""
    size = subject.ready.size()
    _demand(size.parameters >= size.parameters_trained >= 0, f"size says {size}")
    _demand(size.image_side_px > 0, f"size says image_side_px {size.image_side_px}")


CHECKS: dict[str, Callable[[Subject], None]] = {
    "facts": _facts,
    "light": _light,
    "settings": _settings,
    "fit": _fit,
    "detections": _legal,
    "repeatable": _repeatable,
    "limits": _limits,
    "frames": _frames,
    "vocabulary": _vocabulary,
    "files": _files,
    "untrained": _untrained,
    "size": _size,
}
