"""The prompt: masks as the library's own predictor makes them, pixels outside blurred, the detector left as it is."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.plugins import load_adapter
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary
from methods.fgvp.blur import blur_reverse, box_masks

NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))
LIMITS = Limits(0.0, 0.7, 50)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        patch.delenv("BENCH_WEIGHTS", raising=False)
        yield folder


def adapter_of(**settings: Any) -> Any:
    module = load_adapter("fgvp")
    chosen = {**module.PROFILES["smoke"], "init": "none", "image_side_px": 64, **settings}
    return module.Adapter(make_config(module.Config, chosen, "fgvp"), "cpu")


def ready(**settings: Any) -> Any:
    adapter = adapter_of(**settings)
    adapter.build_random(0)
    adapter.set_vocabulary(NAMES)
    return adapter


def noise(height: int = 60, width: int = 80) -> Any:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3)).astype(np.uint8)


def truth(*boxes: tuple[float, float, float, float]) -> Annotations:
    return Annotations.from_boxes(np.array(boxes, float).reshape(-1, 4), np.zeros(len(boxes), np.int64))


def test_only_what_is_outside_the_mask_is_blurred() -> None:
    image, mask = noise(), np.zeros((60, 80), bool)
    mask[10:30, 20:50] = True
    made = blur_reverse(image, mask, 100.0)
    np.testing.assert_array_equal(made[mask], image[mask])
    assert made[~mask].std(axis=0).max() < 0.1 * image[~mask].std(axis=0).min()
    np.testing.assert_array_equal(blur_reverse(image, np.ones_like(mask), 100.0), image)


def test_a_box_holds_the_pixels_whose_centres_lie_in_it() -> None:
    masks = box_masks(np.array([[1.0, 2.0, 4.0, 5.0], [0.6, 0.0, 2.4, 1.0]], np.float32), (6, 7))
    assert masks.shape == (2, 6, 7)
    assert masks[0].sum() == 9
    assert masks[0, 2:5, 1:4].all()
    assert masks[1].sum() == 1
    assert masks[1, 0, 1]


@pytest.mark.models
def test_without_a_candidate_it_is_yolo_world() -> None:
    never = ready(candidate_score=1.0)
    world = load_adapter("yolo-world")
    config = make_config(world.Config, dict(never.starting_fit(never.config).params), "yolo-world")
    plain = world.Adapter(config, "cpu")
    plain.build_random(0)
    plain.set_vocabulary(NAMES)
    left, right = never.predict([noise()], LIMITS)[0], plain.predict([noise()], LIMITS)[0]
    np.testing.assert_array_equal(left.xyxy, right.xyxy)
    np.testing.assert_array_equal(left.scores, right.scores)


@pytest.mark.models
def test_the_detector_sees_the_prompted_image() -> None:
    adapter = ready(candidate_score=0.0, candidates=1)
    seen: list[Any] = []
    inner = adapter.prompt

    def prompt(image: Any, boxes: Any) -> Any:
        seen.append((image, boxes))
        return inner(image, boxes)

    adapter.prompt = prompt
    found = adapter.predict([noise()], LIMITS)[0]
    ((image, boxes),) = seen
    assert boxes.shape == (1, 4)
    prompted = inner(image, boxes)
    adapter.prompt = lambda image, _: image
    np.testing.assert_array_equal(found.scores, adapter.predict([prompted], LIMITS)[0].scores)


@pytest.mark.models
def test_the_oracle_needs_the_truth_and_uses_it_once() -> None:
    oracle = ready(prompt="truth")
    with pytest.raises(ConfigError, match="show_ground_truth before each predict"):
        oracle.predict([noise()], LIMITS)
    oracle.show_ground_truth([truth((5, 5, 25, 25)), truth()])
    prompts = [oracle.prompt(noise(), np.array([[5, 5, 25, 25]], np.float32)),
               oracle.prompt(noise(), np.zeros((0, 4), np.float32))]  # fmt: skip
    np.testing.assert_array_equal(prompts[0][5:25, 5:25], noise()[5:25, 5:25])
    assert prompts[1].std(axis=(0, 1)).max() < 10
    assert len(oracle.predict([noise(), noise()], LIMITS)) == 2
    with pytest.raises(ConfigError, match="show_ground_truth"):
        oracle.predict([noise(), noise()], LIMITS)


@pytest.mark.models
def test_its_fit_is_yolo_worlds(tmp_path: Path) -> None:
    adapter = adapter_of()
    start = adapter.starting_fit(adapter.config)
    assert start.method == "yolo-world"
    assert "blur_px" not in start.params
    with pytest.raises(ConfigError, match="starts from a fit of yolo-world, and none was given"):
        adapter.fit([object()], [], NAMES, 0, tmp_path)
    with pytest.raises(ConfigError, match="there is no training image"):
        adapter.fit([], [], NAMES, 0, tmp_path)
    import torch

    torch.save({"state": {"a": torch.ones(2)}, "names": ["a"], "variant": "n"}, tmp_path / "start.pt")
    result = adapter.fit([object()], [], NAMES, 0, tmp_path / "run", tmp_path / "start.pt")
    stored = torch.load(result.checkpoint, weights_only=True)
    assert torch.equal(stored["state"]["a"], torch.ones(2))
    assert stored["variant"] == "fgvp-n"
    with pytest.raises(RecordError, match="not a checkpoint of fgvp-n"):
        adapter.load(tmp_path / "start.pt")


@pytest.mark.models
def test_released_weights_go_by_size_head_and_encoder() -> None:
    adapter: Any = load_adapter("fgvp").Adapter
    config = adapter_of(variant="s", text_encoder="clip-vit-b32").config
    assert adapter.released_weights(config).name == "yolov8s-world.pt"
    assert adapter.released_weights(dataclasses.replace(config, head="v2")).name == "yolov8s-worldv2.pt"
    assert adapter.released_weights(dataclasses.replace(config, text_encoder="minilm")) is None


@pytest.mark.models
def test_mobile_sam_by_digest_and_as_in_the_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file as released, made here from a small random model's tensors; masks of the library's predictor."""
    import torch

    from methods._ultralytics.library import prepare

    prepare()
    from ultralytics.models.sam.build import build_mobile_sam
    from ultralytics.models.sam.predict import Predictor
    from ultralytics.utils import ops

    from methods._torch.state import seed_everything
    from methods._ultralytics.sam_masks import load_mobile_sam, mask_logits, masks_of
    from methods._ultralytics.weights import MOBILE_SAM

    with pytest.raises(MissingWeightsError, match=r"bench weights fetch mobile_sam\.pt"):
        adapter_of(masks="mobile-sam").build_random(0)
    seed_everything(0, -1)
    theirs: Any = build_mobile_sam()
    (home / "weights").mkdir()
    path = home / "weights" / "mobile_sam.pt"
    torch.save(theirs.state_dict(), path)
    with pytest.raises(MissingWeightsError, match="is not taken"):
        load_mobile_sam(MOBILE_SAM, "cpu")
    made = dataclasses.replace(MOBILE_SAM, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    image = noise(64, 64)  # square: the library pads others with grey, the authors with zeros after normalising
    boxes = np.array([[10, 5, 50, 40], [0, 0, 64, 60]], np.float32)
    sam = load_mobile_sam(made, "cpu")
    predictor: Any = Predictor(overrides={"imgsz": 1024, "device": "cpu", "verbose": False, "save": False})
    predictor.setup_model(theirs, verbose=False)
    predictor.set_image(np.ascontiguousarray(image[..., ::-1]))
    predictor.batch = (["square"], [image], [""])
    low, _ = predictor.prompt_inference(torch.empty(1, 3, 1024, 1024), bboxes=boxes)  # its features are kept already
    wanted = ops.scale_masks(low[None].float(), (64, 64), padding=False)[0]
    assert wanted.std() > 0
    torch.testing.assert_close(mask_logits(sam, image, boxes), wanted, atol=1e-3, rtol=1e-3)
    np.testing.assert_array_equal(masks_of(sam, image, boxes), (mask_logits(sam, image, boxes) > 0).numpy())
    assert masks_of(sam, image, boxes[:0]).shape == (0, 64, 64)
    for wrong in ({"image_encoder.neck.0.weight": torch.zeros(1)}, {"other": torch.zeros(1)}):
        torch.save(wrong, path)
        bad = dataclasses.replace(made, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        with pytest.raises(RecordError, match="does not fit Mobile-SAM"):
            load_mobile_sam(bad, "cpu")
