"""What every method promises, whichever it is: the same tests for all, with the smoke profile."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Detections
from benchmark.core.detector import Detector, Limits
from benchmark.core.errors import ConfigError, RecordError, RefusedError, UnknownNameError
from benchmark.core.method import Capability
from benchmark.core.plugins import list_names, load, load_adapter
from benchmark.core.settings import make_config
from benchmark.core.spec import PROFILES
from benchmark.core.vocabulary import Vocabulary
from methods._ultralytics.adapter import UltralyticsAdapter

METHODS = list_names("method")
NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))
ALL = Limits(0.0, 0.7, 300)
EXECUTED = "a pickle was executed"


@pytest.fixture(scope="module")
def ready(fitted: Any) -> Any:
    """Fitted, loaded into a new adapter, vocabulary set."""
    adapter = fitted.fresh()
    adapter.load(fitted.result.checkpoint)
    adapter.set_vocabulary(NAMES)
    return adapter


@pytest.fixture(scope="module")
def images(samples: Any) -> list[Any]:
    return [np.asarray(Image.open(sample.path)) for sample in samples[:5]]


def assert_legal(found: Detections, height_px: int, width_px: int, classes: int) -> None:
    """Types and order are checked where a Detections is made; the rest is the method's promise."""
    assert isinstance(found, Detections)
    assert len(found) <= 300
    assert (found.labels < classes).all()
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= np.array([width_px, height_px] * 2)).all()
    assert (np.diff(found.scores) <= 0).all()


def assert_close(left: Detections, right: Detections) -> None:
    """The same detections; where scores tie to rounding, their order may differ."""
    assert len(left) == len(right)
    np.testing.assert_allclose(left.scores, right.scores, atol=1e-4)
    boxes = np.abs(left.xyxy[:, None] - right.xyxy[None]).max(axis=2) <= 1e-2
    scores = np.abs(left.scores[:, None] - right.scores[None]) <= 1e-4
    same = boxes & scores & (left.labels[:, None] == right.labels[None])
    assert same.any(axis=0).all()
    assert same.any(axis=1).all()


# --- without torch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_unknown_settings_are_refused_with_the_nearest_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match="did you mean epochs"):
        make_config(load_adapter(name).Config, {"epoch": 3}, name)


@pytest.mark.parametrize("name", METHODS)
def test_importing_a_method_and_its_adapter_is_light(name: str) -> None:
    package = name.replace("-", "_")
    code = (
        "import sys\n"
        "def heavy(): return sorted({'torch', 'ultralytics', 'transformers'} & set(sys.modules))\n"
        f"import methods.{package}\n"
        "assert not heavy(), heavy()\n"
        f"from methods.{package}.adapter import Adapter, Config, PROFILES\n"
        "from benchmark.core.settings import make_config\n"
        "for profile in PROFILES.values():\n"
        f"    config = make_config(Config, profile, '{name}'); Adapter(config); Adapter.starting_fit(config)\n"
        "assert not heavy(), heavy()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", METHODS)
def test_light_facts_agree_with_the_adapter(name: str) -> None:
    info, module = load("method", name), load_adapter(name)
    assert info.name == name
    assert module.Adapter.info is info
    assert {info.default_variant, info.paper_variant} <= set(info.variants)
    assert set(PROFILES) <= set(module.PROFILES)
    paper = make_config(module.Config, module.PROFILES["paper"], name)
    assert paper.variant == info.paper_variant
    assert (module.Adapter.explain is not Detector.explain) == (Capability.EXPLAIN in info.capabilities)
    on_the_engine = issubclass(module.Adapter, UltralyticsAdapter)
    assert on_the_engine == (Capability.SEVERAL_DEVICES in info.capabilities)
    if not on_the_engine:
        with pytest.raises(ConfigError, match=f"{name} runs on one device, and --device is cpu:0,1: name one"):
            module.Adapter(paper, "cpu:0,1")


# --- a fitted adapter -------------------------------------------------------------------------------------------------


@pytest.mark.models
def test_fit_leaves_facts(fitted: Any) -> None:
    result = fitted.result
    assert result.checkpoint.is_file()
    assert result.train_hours > 0
    assert result.facts["epochs"] == 1
    assert all(np.isfinite(value) for value in result.facts["losses"].values())


@pytest.mark.models
def test_detections_are_legal_and_repeatable(ready: Any, images: list[Any]) -> None:
    first, again = ready.predict(images, ALL), ready.predict(images, ALL)
    assert len(first) == len(images)
    for left, right in zip(first, again, strict=True):
        assert_legal(left, 64, 64, len(NAMES))
        assert len(left) > 0
        np.testing.assert_array_equal(left.xyxy, right.xyxy)
        np.testing.assert_array_equal(left.scores, right.scores)
        np.testing.assert_array_equal(left.labels, right.labels)


@pytest.mark.models
def test_limits_are_kept(ready: Any, images: list[Any]) -> None:
    (every,) = ready.predict(images[:1], ALL)
    (few,) = ready.predict(images[:1], Limits(0.0, 0.7, 4))
    np.testing.assert_array_equal(few.scores, every.scores[:4])
    threshold = float(every.scores[len(every) // 2])
    (high,) = ready.predict(images[:1], Limits(threshold, 0.7, 300))
    assert 0 < len(high) < len(every)
    assert (high.scores >= threshold).all()


@pytest.mark.models
def test_no_image_gives_no_answer(ready: Any) -> None:
    assert ready.predict([], ALL) == []


@pytest.mark.models
def test_odd_sizes_in_one_batch_keep_their_order_and_frame(ready: Any) -> None:
    rng = np.random.default_rng(1)
    sizes = [(1, 1), (1, 800), (800, 1), (64, 64), (37, 113), (200, 90)]
    odd = [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]
    # Nothing is suppressed at IoU 1: which of two boxes with equal scores wins is rounding's choice.
    limits = Limits(0.0, 1.0, 300)
    together = ready.predict(odd, limits)
    alone = [ready.predict([image], limits)[0] for image in odd]
    backwards = ready.predict(odd[::-1], limits)[::-1]
    for found, single, turned, (height_px, width_px) in zip(together, alone, backwards, sizes, strict=True):
        assert_legal(found, height_px, width_px, len(NAMES))
        assert_close(found, single)
        assert_close(found, turned)


@pytest.mark.models
@pytest.mark.parametrize("count", [1, 35, 100])
def test_any_vocabulary_or_only_its_own(fitted: Any, images: list[Any], count: int) -> None:
    adapter = fitted.fresh()
    adapter.load(fitted.result.checkpoint)
    names = Vocabulary.from_names(tuple(f"defect number {i}" for i in range(count)))
    if Capability.OPEN_VOCABULARY not in fitted.info.capabilities:
        with pytest.raises(RefusedError, match="detects only the 3 classes it was fitted on"):
            adapter.set_vocabulary(names)
        return
    adapter.set_vocabulary(names)
    (found,) = adapter.predict(images[:1], ALL)
    assert_legal(found, 64, 64, count)
    assert len(found) > 0
    if count > 1:
        # In every box of a model that has learnt nothing, one name may score above all others: those come after it.
        (found,) = adapter.predict(images[:1], replace(ALL, max_detections=ALL.max_detections * count))
        assert len(set(found.labels)) > 1


@pytest.mark.models
def test_calls_in_the_wrong_order_say_so(fitted: Any, images: list[Any]) -> None:
    adapter = fitted.fresh()
    with pytest.raises(ConfigError, match="load or build_random comes before set_vocabulary"):
        adapter.set_vocabulary(NAMES)
    with pytest.raises(ConfigError, match="load or build_random comes before size"):
        adapter.size()
    adapter.load(fitted.result.checkpoint)
    with pytest.raises(ConfigError, match="set_vocabulary comes before predict"):
        adapter.predict(images, ALL)


@pytest.mark.models
def test_untrained_weights_follow_the_seed(fitted: Any, images: list[Any]) -> None:
    def scores(seed: int) -> Any:
        adapter = fitted.fresh()
        adapter.build_random(seed)
        adapter.set_vocabulary(NAMES)
        return adapter.predict(images[:1], ALL)[0].scores

    first = scores(0)
    np.testing.assert_array_equal(first, scores(0))
    if Capability.OPEN_VOCABULARY in fitted.info.capabilities:
        # An untrained YOLOv8's scores are its biases: its features die out on the way.
        assert not np.array_equal(first, scores(1))


@pytest.mark.models
def test_no_training_image_is_refused(fitted: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no training image"):
        fitted.fresh().fit([], [], NAMES, 0, tmp_path / "fit")


@pytest.mark.models
def test_size_is_sane(ready: Any) -> None:
    size = ready.size()
    assert 1e6 < size.parameters < 2e8
    assert 0 < size.parameters_trained <= size.parameters
    assert size.gflops is None or 0.01 < size.gflops < 1000
    assert size.image_side_px == ready.config.image_side_px


# --- files that are no checkpoint -------------------------------------------------------------------------------------


@pytest.mark.models
def test_a_truncated_file_is_refused(fitted: Any, tmp_path: Path) -> None:
    whole = fitted.result.checkpoint.read_bytes()
    for size in (0, 100, len(whole) // 2):
        (tmp_path / "cut.pt").write_bytes(whole[:size])
        with pytest.raises(RecordError, match=r"cut\.pt: not a readable state dict"):
            fitted.fresh().load(tmp_path / "cut.pt")
    with pytest.raises(RecordError, match=r"absent\.pt"):
        fitted.fresh().load(tmp_path / "absent.pt")


@pytest.mark.models
def test_tensors_of_something_else_are_refused(fitted: Any, tmp_path: Path) -> None:
    import torch

    whole = torch.load(fitted.result.checkpoint, weights_only=True)
    path = tmp_path / "other.pt"
    first = next(iter(whole["state"]))
    for other, said in (
        ([torch.zeros(2)], "holds a list, expected a state dict"),
        ({"weight": torch.zeros(2), 1: 2}, "not a checkpoint"),
        ({**whole, "variant": "x"}, "not a checkpoint"),
        ({**whole, "state": {}}, "does not fit"),
        ({**whole, "state": {**whole["state"], "more": torch.zeros(2)}}, "does not fit"),
        ({**whole, "state": {**whole["state"], first: torch.zeros(2)}}, "does not fit"),
    ):
        torch.save(other, path)
        with pytest.raises(RecordError, match=rf"other\.pt: {said}"):
            fitted.fresh().load(path)


@pytest.mark.models
def test_another_methods_checkpoint_is_refused(fitted: Any, all_fits: Any) -> None:
    others = [result for name, result in all_fits.items() if name != fitted.info.name]
    assert others
    for result in others:
        with pytest.raises(RecordError, match=r"does not fit|not a checkpoint of"):
            fitted.fresh().load(result.checkpoint)


class _Bomb:
    """Unpickling it writes to the path in the environment of this test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.write_text, (self.path, EXECUTED)


@pytest.mark.models
def test_code_in_a_file_is_refused_and_not_executed(fitted: Any, tmp_path: Path) -> None:
    import torch

    trace, path = tmp_path / "trace", tmp_path / "bomb.pt"
    for write in (
        lambda: path.write_bytes(pickle.dumps(_Bomb(trace))),
        lambda: torch.save({"state": _Bomb(trace)}, path),
    ):
        write()
        with pytest.raises(RecordError, match=r"bomb\.pt: not a readable state dict"):
            fitted.fresh().load(path)
        assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.read_text() == EXECUTED  # the file would have run code


@pytest.mark.parametrize("name", METHODS)
def test_the_library_is_the_engine_that_the_adapter_inherits(name: str) -> None:
    modules = (base.__module__.split(".") for base in load_adapter(name).Adapter.__mro__)
    engines = [parts[1].removeprefix("_") for parts in modules if parts[0] == "methods" and parts[1].startswith("_")]
    assert load("method", name).library == engines[0]
