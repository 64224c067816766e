"""ViLD: the classifier and the distillation by hand, the library's own call, fits that learn, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.detector import Limits
from benchmark.core.errors import BenchError, ConfigError, InterruptedFitError, MissingWeightsError, RecordError
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary

pytestmark = pytest.mark.models

NAMES = Vocabulary.from_names(("red square", "green square"))
ALL = Limits(0.0, 0.7, 300)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        patch.setenv("HF_HUB_CACHE", str(folder / "hub"))
        yield folder


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    made = []
    for i in range(4):
        pixels = rng.integers(90, 130, (64, 64 + 16 * (i % 2), 3)).astype(np.uint8)
        x, y = (int(v) for v in rng.integers(2, 38, 2))
        pixels[y : y + 24, x : x + 24] = ((220, 30, 30), (30, 220, 30))[i % 2]
        Image.fromarray(pixels).save(folder / f"{i}.png")
        # The second box has no area, which the library would not take.
        boxes = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24], [5, 5, 5, 9]], float), np.array([i % 2] * 2))
        made.append(Sample(i + 1, folder / f"{i}.png", pixels.shape[1], 64, boxes, "plate", f"part {i}", "made here"))
    return made


def adapter_of(**settings: Any) -> Any:
    module = load_adapter("vild")
    return module.Adapter(make_config(module.Config, {**module.PROFILES["smoke"], **settings}, "vild"), "cpu")


def ready(names: tuple[str, ...] = NAMES.names, seed: int = 3) -> Any:
    adapter = adapter_of()
    adapter.build_random(seed)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    return adapter


def noise(count: int, height: int = 70, width: int = 90) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]


def test_names_are_cosines_over_the_temperature() -> None:
    import torch

    from methods.vild.network import TextPredictor

    torch.manual_seed(0)
    part, features = TextPredictor(6, 4), torch.randn(3, 6)
    part.texts = torch.nn.functional.normalize(torch.randn(2, 4), dim=-1)
    logits, deltas = part(features)
    own = features @ part.projection.weight.T + part.projection.bias
    for name, vector in enumerate((part.background, *part.texts)):
        cosine = (own @ vector) / (own.norm(dim=1) * vector.norm())
        torch.testing.assert_close(logits[:, name], cosine / 0.01)
        torch.testing.assert_close(deltas[:, 4 * name : 4 * name + 4], part.box(features))


def test_distance_by_hand() -> None:
    import torch

    from methods.vild.trainer import distance

    own, taught = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[0.0, 1.0], [0.6, 0.0]])
    assert float(distance(own, taught)) == pytest.approx((2 + 0.8) / 2)
    assert float(distance(own[:0], taught[:0])) == 0


def test_boxes_grow_about_their_centre_and_stay_in_the_image() -> None:
    from methods.vild.trainer import around

    assert around(np.array([10.0, 20, 30, 40]), 1.0, (100, 50)) == (10, 20, 30, 40)
    assert around(np.array([10.0, 20, 30, 40]), 1.5, (100, 50)) == (5, 15, 35, 45)
    assert around(np.array([0.0, 0, 100, 50]), 1.5, (100, 50)) == (0, 0, 100, 50)
    assert around(np.array([100.0, 50, 100, 50]), 1.0, (100, 50)) == (99, 49, 100, 50)


def test_detections_are_the_librarys_own() -> None:
    """Same weights, same images, the documented call: a list of float images to a list of boxes."""
    import torch

    adapter, images = ready(), noise(3)
    found = adapter.predict(images, ALL)
    with torch.no_grad():
        theirs = adapter._model([torch.from_numpy(image).permute(2, 0, 1) / 255 for image in images])
    for ours, answer in zip(found, theirs, strict=True):
        assert len(ours) > 0
        np.testing.assert_allclose(ours.xyxy, answer["boxes"].numpy(), atol=1e-4)
        np.testing.assert_allclose(ours.scores, answer["scores"].numpy(), atol=1e-4)
        np.testing.assert_array_equal(ours.labels + 1, answer["labels"].numpy())


@pytest.mark.parametrize("count", [1, 35, 100, 1203])
def test_vocabularies_of_any_size_in_any_order(count: int) -> None:
    names, images = tuple(f"defect kind {i}" for i in range(count)), noise(1)
    (found,) = ready(names).predict(images, Limits(1e-3, 0.7, 300))
    (turned,) = ready(names[::-1]).predict(images, Limits(1e-3, 0.7, 300))
    assert len(found) == len(turned) > 0
    np.testing.assert_allclose(found.scores, turned.scores, atol=1e-5)
    kept = found.scores > found.scores[-1] + 1e-5  # of equal scores at the end, either may be kept
    pairs = np.abs(found.xyxy[kept][:, None] - turned.xyxy[None]).max(axis=2) < 1e-2
    assert (pairs & (found.labels[kept][:, None] == count - 1 - turned.labels[None])).any(axis=1).all()


def test_a_name_with_several_texts_is_their_mean() -> None:
    adapter = ready(("hole", "dent"))
    texts = adapter._model.roi_heads.box_predictor.texts.clone()
    adapter.set_vocabulary(Vocabulary(("damage",), (("hole", "dent"),)))
    (mean,) = adapter._model.roi_heads.box_predictor.texts
    expected = texts.mean(dim=0) / texts.mean(dim=0).norm()
    np.testing.assert_allclose(mean.numpy(), expected.numpy(), atol=1e-6)


def test_strange_names_and_images() -> None:
    adapter = ready(("hole . hole", "a\nb", "缺陷", "word " * 300))
    images = [np.zeros((1, 1, 3), np.uint8), np.full((1, 8000, 3), 255, np.uint8), noise(1)[0]]
    for image, found in zip(images, adapter.predict(images, ALL), strict=True):
        assert (found.xyxy <= np.array([image.shape[1], image.shape[0]] * 2)).all()
    assert adapter.predict([], ALL) == []


def test_steps_lower_the_loss_and_the_facts_say_that_nothing_was_distilled(
    squares: list[Sample], tmp_path: Path
) -> None:
    events: list[Any] = []
    adapter = adapter_of(epochs=6, lr0=1e-3)
    result = adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert totals[-1] < 0.7 * totals[0]
    assert result.facts["distilled"].startswith("no: minilm reads texts only")
    assert "distillation" not in result.facts["losses"]
    again = adapter_of(regions=0, text_encoder="clip-vit-b32")
    assert again._distilled() == "no: regions is 0"


def test_stopped_and_continued_equals_undisturbed(squares: list[Sample], tmp_path: Path) -> None:
    import torch

    def stop(event: Any) -> None:
        if event["epoch"] == 1:
            raise KeyboardInterrupt

    def fit(run: str, report: Any = None) -> Any:
        return adapter_of(epochs=2).fit(squares, [], NAMES, 0, tmp_path / run, report=report)

    whole = fit("whole")
    with pytest.raises(InterruptedFitError):
        fit("parts", stop)
    one, two = (torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, fit("parts")))
    assert [key for key in one if not torch.equal(one[key], two[key])] == []


def test_with_clip_regions_are_distilled(squares: list[Sample], home: Path, tmp_path: Path) -> None:
    """A CLIP of the real shape with random weights; repeating an epoch brings regions nearer to its pictures."""
    small_clip(home / "weights" / "clip-vit-b32")
    events: list[Any] = []
    adapter = adapter_of(text_encoder="clip-vit-b32", regions=3, epochs=6, lr0=1e-3)
    result = adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    assert result.facts["distilled"] == "3 proposals per training image, clip-vit-b32"
    assert events[-1]["loss/distillation"] < 0.9 * events[0]["loss/distillation"]
    (found,) = (adapter.load(result.checkpoint), adapter.set_vocabulary(NAMES), adapter.predict(noise(1), ALL))[2]
    assert len(found) > 0


def test_clips_picture_of_a_box_is_the_sum_of_two_cuts(home: Path) -> None:
    from benchmark.text.vectors.clip_images import encode_images
    from methods.vild.trainer import teach

    small_clip(home / "weights" / "clip-vit-b32")
    (picture,) = noise(1)
    (taught,) = teach(picture, np.array([[10.0, 20, 30, 40]]))
    cuts = [Image.fromarray(picture).crop(box) for box in ((10, 20, 30, 40), (5, 15, 35, 45))]
    both = encode_images(cuts).sum(axis=0)
    np.testing.assert_allclose(taught, both / np.linalg.norm(both), atol=1e-6)
    assert teach(picture, np.zeros((0, 4))).shape == (0, 512)


def small_clip(folder: Path) -> None:
    """Both towers, one layer deep, and a tokenizer of single letters."""
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.utils.logging import disable_progress_bar

    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    torch.manual_seed(0)
    layers = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    ends = {"vocab_size": len(tokens), "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    config = CLIPConfig(text_config={**layers, **ends}, vision_config=layers, projection_dim=512)
    disable_progress_bar()
    CLIPModel(config).save_pretrained(str(folder))


def test_a_backbone_starts_from_a_classifier_and_nothing_else() -> None:
    """The layout of torchvision's file, written by torchvision's own model."""
    import torch
    from torchvision.models import resnet18

    from methods.vild.network import take_backbone

    model = adapter_of().build_model(1)
    whole = resnet18(weights=None).state_dict()
    classifier = {name: value for name, value in whole.items() if not name.startswith(("layer3", "layer4"))}
    take_backbone(model, classifier, "resnet")
    own = model.backbone.body.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in classifier.items() if not name.startswith("fc."))
    with pytest.raises(RecordError, match=r"resnet: not a ResNet-50's weights \(\d+ absent, 1 left over\)"):
        take_backbone(model, {"weight": torch.zeros(1)}, "resnet")
    with pytest.raises(RecordError, match="resnet: not a ResNet-50's weights: size mismatch"):
        take_backbone(model, {**classifier, "conv1.weight": torch.zeros(1)}, "resnet")


def test_statistics_of_a_released_backbone_are_kept(squares: list[Sample], tmp_path: Path) -> None:
    import torch
    from torch import nn

    from methods._torch.adapter import TrainingJob
    from methods._torch.texts import embeddings
    from methods.vild.trainer import Trainer

    adapter = adapter_of(init="released")
    model = adapter_of().build_model(1)
    model.roi_heads.box_predictor.texts = embeddings(adapter.config.text_encoder, NAMES)
    before = {key: value.clone() for key, value in model.backbone.body.state_dict().items() if "running" in key}
    trainer = Trainer(model, adapter.config, 0, TrainingJob(squares, NAMES, 0, tmp_path), "cpu")
    trainer.model.train()
    trainer.learn(squares[:2], np.random.default_rng(0))
    assert all(torch.equal(value, model.backbone.body.state_dict()[key]) for key, value in before.items())
    assert not any(part.training for part in model.backbone.body.modules() if isinstance(part, nn.BatchNorm2d))


def test_boxes_that_give_no_number_stop_the_training(squares: list[Sample], tmp_path: Path) -> None:
    adapter = adapter_of()
    model = adapter.build_model(1)
    model.roi_heads.box_predictor.projection.bias.data.fill_(float("nan"))
    adapter.build_model = lambda _: model
    with pytest.raises(BenchError, match="the loss is not finite"):
        adapter.fit(squares, [], NAMES, 0, tmp_path)


def test_what_is_not_here_or_cannot_be_is_refused(squares: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"resnet50-0676ba61\.pth is not in .*; run: bench weights fetch"):
        adapter_of(variant="r50", init="released").fit(squares, [], NAMES, 0, tmp_path)
    with pytest.raises(MissingWeightsError, match="no weights of vild-r50 were released"):
        adapter_of(variant="r50").load_released()
    with pytest.raises(ConfigError, match="shorter_side_px is 128, above image_side_px 96"):
        adapter_of(shorter_side_px=128)
    with pytest.raises(ConfigError, match="comes before set_vocabulary"):
        adapter_of().set_vocabulary(NAMES)
    with pytest.raises(ConfigError, match="set_vocabulary comes before predict"):
        adapter_of().predict(noise(1), ALL)
