"""The engine against the library's own calls: predictions, training facts, resume, text projection."""

from __future__ import annotations

import dataclasses
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.errors import BenchError, ConfigError, DataError, RecordError
from benchmark.core.method import make_config
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary

pytestmark = pytest.mark.models

NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))
LIMITS = (0.05, 0.6, 40)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        yield folder


def make_samples(folder: Path, count: int = 16) -> list[Sample]:
    """Images of 64 px with one coloured square each."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        pixels = rng.integers(90, 130, (64, 64, 3)).astype(np.uint8)
        x, y = rng.integers(2, 38, 2)
        pixels[y : y + 24, x : x + 24] = ((220, 30, 30), (30, 220, 30), (30, 30, 220))[i % 3]
        Image.fromarray(pixels).save(folder / f"{i}.png")
        annotations = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([i % 3]))
        made.append(Sample(i + 1, folder / f"{i}.png", 64, 64, annotations, "plate", f"part {i}", "made here"))
    return made


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return make_samples(tmp_path_factory.mktemp("images"))


def config_of(name: str, **settings: Any) -> Any:
    """The smoke profile without an expert."""
    module = load_adapter(name)
    own = {} if name == "yolov8" else {"init": "none"}
    return make_config(module.Config, {**module.PROFILES["smoke"], **own, **settings}, name)


def adapter_of(name: str, **settings: Any) -> Any:
    return load_adapter(name).Adapter(config_of(name, **settings), device="cpu")


# --- (a) predictions are the library's --------------------------------------------------------------------------------


def push(model: Any) -> None:
    """Weights that an untrained detector lacks: spread batch norm and class scores, so that boxes exist."""
    import torch

    generator = torch.Generator().manual_seed(3)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.8, 1.6, generator=generator)
            module.bias.data.uniform_(-0.4, 0.4, generator=generator)
    for branch in model.model[-1].cv3:
        last = branch[-1]
        if last.bias is not None and last.out_channels <= len(NAMES):
            last.weight.data.normal_(0, 0.4, generator=generator)
            last.bias.data.fill_(-2.0)
    for head in getattr(model.model[-1], "cv4", []):
        head.bias.data.fill_(-1.0)
        getattr(head, "logit_scale", torch.nn.Parameter(torch.zeros(1))).data.fill_(2.0)


def photos() -> list[Any]:
    rng = np.random.default_rng(4)
    sizes = [(96, 96), (96, 96), (60, 128), (150, 70), (33, 47)]
    return [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]


def library_says(name: str, model: Any, texts: Any, images: list[Any], batch: int) -> list[Any]:
    """YOLO(...).predict or YOLOWorld(...).predict as documented, BGR in; validation's multi-label NMS switched on."""
    import torch
    from ultralytics import YOLO, YOLOWorld
    from ultralytics.models.yolo.detect import DetectionPredictor
    from ultralytics.utils.nms import non_max_suppression

    class MultiLabel(DetectionPredictor):
        def postprocess(self, preds: Any, img: Any, orig_imgs: Any, **kwargs: Any) -> Any:
            args = self.args
            kept = non_max_suppression(preds, args.conf, args.iou, multi_label=True, max_det=args.max_det)
            return self.construct_results(kept, img, orig_imgs)

    facade = YOLO("yolov8n.yaml") if name == "yolov8" else YOLOWorld("yolov8n-world.yaml")
    facade.model = model
    if texts is not None:
        facade.model.txt_feats = texts
        facade.model.model[-1].nc = len(NAMES)
    facade.model.names = dict(enumerate(NAMES.names))
    facade.predictor = None
    found: list[Any] = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            part = [np.ascontiguousarray(image[..., ::-1]) for image in images[start : start + batch]]
            found += facade.predict(
                part,
                predictor=MultiLabel,
                imgsz=96,
                rect=False,
                conf=LIMITS[0],
                iou=LIMITS[1],
                max_det=LIMITS[2],
                device="cpu",
                batch=batch,
                verbose=False,
                save=False,
            )
    return found


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("name", ["yolov8", "yolo-world"])
def test_predict_equals_the_librarys_own_call(name: str, batch: int, tmp_path: Path) -> None:
    import torch

    from methods._ultralytics.resume import seed_everything

    adapter = adapter_of(name, image_side_px=96)
    adapter.build_random(0)
    seed_everything(0, -1)
    model = adapter.build_model(len(NAMES))
    push(model)
    torch.save({"state": model.state_dict(), "names": list(NAMES.names), "variant": "n"}, tmp_path / "c.pt")
    adapter.load(tmp_path / "c.pt")
    adapter.set_vocabulary(NAMES)
    texts = None
    if name == "yolo-world":
        texts = model.text_projection(adapter._embed(NAMES)[None]).detach()
    images = photos()
    ours = [d for i in range(0, len(images), batch) for d in adapter.predict(images[i : i + batch], *LIMITS)]
    theirs = library_says(name, model.eval(), texts, images, batch)
    assert min(len(d) for d in ours) > 5
    assert len({label for d in ours for label in d.labels}) > 1
    for mine, reference in zip(ours, theirs, strict=True):
        boxes = reference.boxes
        assert len(mine) == len(boxes)
        np.testing.assert_allclose(mine.scores, boxes.conf.numpy(), atol=1e-4)
        np.testing.assert_allclose(mine.xyxy, boxes.xyxy.numpy(), atol=1e-3)
        np.testing.assert_array_equal(mine.labels, boxes.cls.numpy())


# --- (b) killed and resumed equals undisturbed ------------------------------------------------------------------------

_CHILD = """
import sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from test_ultralytics_engine import NAMES, adapter_of, make_samples
from benchmark.core.errors import InterruptedFitError
folder = Path({images!r})
folder.mkdir(exist_ok=True)
import time
slow = (lambda event: time.sleep({pause})) if {pause} else None
try:
    adapter_of("yolov8", epochs=4, close_mosaic=1, warmup_epochs=2.0).fit(
        make_samples(folder), [], NAMES, 0, Path({run!r}), report=slow)
except InterruptedFitError as error:
    print(error)
    sys.exit(3)
"""


def start_fit(images: Path, run: Path, pause: float = 0.0) -> subprocess.Popen[str]:
    """A training of four epochs in its own process; `pause` seconds after each epoch's state is written."""
    code = _CHILD.format(tests=str(Path(__file__).parent), images=str(images), run=str(run), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.is_file():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_same_checkpoint(left: Path, right: Path) -> None:
    import torch

    one, two = (torch.load(path / "checkpoint.pt", weights_only=True)["state"] for path in (left, right))
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_killed_or_stopped_and_continued_equals_undisturbed(tmp_path: Path) -> None:
    whole = start_fit(tmp_path / "a", tmp_path / "whole")
    _, said = whole.communicate(timeout=120)
    assert whole.returncode == 0, said
    for number, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 3)):
        run = tmp_path / number.name
        first = start_fit(tmp_path / "a", run, pause=30.0)
        wait_for(run / "state.pt", first)
        first.send_signal(number)
        out, _ = first.communicate(timeout=60)
        assert first.returncode == status
        assert not (run / "checkpoint.pt").exists()
        if number is signal.SIGTERM:
            assert "training stopped by SIGTERM; the last finished epoch is kept" in out
        second = start_fit(tmp_path / "a", run)
        _, said = second.communicate(timeout=120)
        assert second.returncode == 0, said
        assert not (run / "state.pt").exists()
        assert_same_checkpoint(tmp_path / "whole", run)


def test_a_state_of_another_training_is_refused(samples: list[Sample], tmp_path: Path) -> None:
    import torch

    torch.save({"next_epoch": 1, "model": {}}, tmp_path / "state.pt")
    with pytest.raises(RecordError, match=r"state\.pt: not a state of this training"):
        adapter_of("yolov8").fit(samples, [], NAMES, 0, tmp_path)


def test_a_signal_before_the_first_epoch_says_so(samples: list[Sample], tmp_path: Path) -> None:
    from benchmark.core.errors import InterruptedFitError

    def stop(event: Any) -> None:
        (tmp_path / "state.pt").unlink()
        raise KeyboardInterrupt

    with pytest.raises(InterruptedFitError, match="stopped by Ctrl-C; no epoch was finished"):
        adapter_of("yolov8").fit(samples, [], NAMES, 0, tmp_path, report=stop)


# --- (c) facts about a training ---------------------------------------------------------------------------------------


def training_of(name: str, samples: list[Sample], run_dir: Path, **settings: Any) -> Any:
    """The trainer that `fit` would make, not started."""
    from methods._ultralytics.library import prepare

    prepare()
    from methods._ultralytics.resume import seed_everything
    from methods._ultralytics.trainer import SampleTrainer, Training

    adapter = adapter_of(name, **settings)
    seed_everything(0, -1)
    model, texts = adapter.build_model(len(NAMES)), adapter._embed(NAMES)
    training = Training(model, adapter.config, samples, [], NAMES.names, texts, 0, run_dir, "cpu", None)
    return SampleTrainer(training)


@pytest.mark.parametrize("name", ["yolov8", "yolo-world"])
def test_the_loss_falls(name: str, samples: list[Sample], tmp_path: Path) -> None:
    settings = {"epochs": 20, "batch": 16, "mosaic": 0.0, "scale": 0.0, "translate": 0.0, "warmup_epochs": 0.0}
    losses: list[float] = []
    adapter_of(name, **settings).fit(
        samples, [], NAMES, 0, tmp_path, report=lambda event: losses.append(event["loss/box"] + event["loss/cls"])
    )
    assert len(losses) == 20
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


def test_without_ema_the_live_weights_are_kept(samples: list[Sample], tmp_path: Path) -> None:
    import torch

    def fitted(ema: bool, keep: Path) -> Any:
        state: dict[str, Any] = {}

        def look(event: Any) -> None:
            state.update(torch.load(keep / "state.pt", weights_only=True))

        result = adapter_of("yolov8", ema=ema).fit(samples, [], NAMES, 0, keep, report=look)
        return torch.load(result.checkpoint, weights_only=True)["state"], state

    for ema, kept, other in ((False, "model", "ema"), (True, "ema", "model")):
        final, state = fitted(ema, tmp_path / kept)
        weight = "model.0.conv.weight"
        assert torch.equal(final[weight], state[kept][weight])
        assert not torch.equal(final[weight], state[other][weight])


def test_gates_get_no_weight_decay(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("rtvp", samples, tmp_path)
    trainer._setup_train()
    gates = {id(p): n for n, p in trainer.model.named_parameters() if n.endswith("gamma")}
    assert gates
    decayed = {id(p) for group in trainer.optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    held = [id(p) for group in trainer.optimizer.param_groups for p in group["params"]]
    assert not decayed & gates.keys()
    assert gates.keys() <= set(held)
    assert len(held) == len(set(held)) == sum(1 for _ in trainer.model.parameters())


def test_frozen_parameters_stay_frozen(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("yolov8", samples, tmp_path)
    assert trainer._frozen == ["model.22.dfl.conv.weight"]
    trainer._setup_train()
    assert [n for n, p in trainer.model.named_parameters() if not p.requires_grad] == trainer._frozen


def test_a_loss_that_is_not_finite_ends_the_fit(samples: list[Sample], tmp_path: Path) -> None:
    trainer = training_of("yolov8", samples, tmp_path)
    trainer.model.model[0].conv.weight.data.fill_(float("nan"))
    with pytest.raises(BenchError, match="the loss is not finite in epoch 1; lower lr0"):
        trainer.train()
    assert not (tmp_path / "state.pt").exists()


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("damage", ["missing", "half", "head", "empty"])
def test_a_damaged_training_image_is_named(damage: str, suffix: str, tmp_path: Path) -> None:
    own = make_samples(tmp_path)
    broken = tmp_path / f"broken.{suffix}"
    Image.open(own[3].path).save(broken)
    own[3] = dataclasses.replace(own[3], path=broken)
    if damage == "missing":
        broken.unlink()
    else:
        whole = broken.read_bytes()
        broken.write_bytes(whole[: {"half": len(whole) // 2, "head": 60, "empty": 0}[damage]])
    with pytest.raises(DataError, match=rf"broken\.{suffix}: missing or not a readable image"):
        adapter_of("yolov8").fit(own, [], NAMES, 0, tmp_path / "fit")


def test_no_training_image_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="yolov8: there is no training image; check the split and train_images"):
        adapter_of("yolov8").fit([], [], NAMES, 0, tmp_path)


# --- (d) the expert's backbone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["n", "s"])
def test_both_detectors_have_the_same_backbone(variant: str) -> None:
    import torch

    from methods._ultralytics.backbone import copy_backbone

    expert = adapter_of("yolov8", variant=variant).build_model(3)
    with torch.no_grad():
        for value in expert.parameters():
            value.normal_()
    model = adapter_of("yolo-world", variant=variant).build_model(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count = copy_backbone(model, expert.state_dict())
    after, given = model.state_dict(), expert.state_dict()
    backbone = {n for n in given if n.split(".")[1].isdigit() and int(n.split(".")[1]) < 10}
    assert {n: given[n].shape for n in backbone} == {n: v.shape for n, v in after.items() if n in backbone}
    assert count == sum(not n.endswith("num_batches_tracked") for n in backbone)
    assert all(torch.equal(after[n], given[n]) for n in backbone)
    assert all(torch.equal(after[n], before[n]) for n in after.keys() - backbone)


def test_a_backbone_of_another_size_is_refused() -> None:
    from methods._ultralytics.backbone import copy_backbone

    model = adapter_of("yolo-world").build_model(3)
    with pytest.raises(
        ConfigError, match=r"expert backbone: model\.0\.conv\.weight is \(32, 3, 3, 3\), expected \(16,"
    ):
        copy_backbone(model, adapter_of("yolov8", variant="s").build_model(3).state_dict())
    with pytest.raises(ConfigError, match="is nothing, expected"):
        copy_backbone(model, {})


# --- (e) texts into the detector's space ------------------------------------------------------------------------------


def test_text_projection() -> None:
    import torch

    from methods._ultralytics.text_projection import TextProjection

    torch.manual_seed(0)
    unit = torch.nn.functional.normalize(torch.randn(1, 7, 512), dim=-1)
    torch.testing.assert_close(TextProjection(512)(unit), unit)
    assert not list(TextProjection(512).parameters())
    texts = torch.nn.functional.normalize(torch.randn(2, 7, 384), dim=-1)
    projected = TextProjection(384)(texts)
    assert projected.shape == (2, 7, 512)
    torch.testing.assert_close(projected.norm(dim=-1), torch.ones(2, 7))
    torch.testing.assert_close(projected @ projected.mT, texts @ texts.mT, atol=1e-5, rtol=0)
    torch.testing.assert_close(TextProjection(384)(3 * texts).norm(dim=-1), torch.ones(2, 7))


def test_a_state_of_one_encoder_does_not_load_into_another(tmp_path: Path) -> None:
    import torch

    minilm, clip = adapter_of("yolo-world"), adapter_of("yolo-world", text_encoder="clip-vit-b32")
    for source, target in ((minilm, clip), (clip, minilm)):
        state = source.build_model(3).state_dict()
        torch.save({"state": state, "names": list(NAMES.names), "variant": "n"}, tmp_path / "c.pt")
        with pytest.raises(RecordError, match=r"does not fit yolo-world-n: .*text_projection"):
            target.load(tmp_path / "c.pt")


# --- (f) files --------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    import torch

    from methods._ultralytics.resume import read_tensors, write_tensors

    path = tmp_path / "state.pt"
    write_tensors({"a": torch.ones(3)}, path)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(RecordError, match=r"state\.pt: could not be written"):
            write_tensors({"a": torch.ones(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert torch.equal(read_tensors(path)["a"], torch.ones(3))
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


def test_code_is_refused(tmp_path: Path) -> None:
    from methods._ultralytics.resume import read_tensors

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "executed"),)

    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RecordError, match=r"bomb\.pt: not a readable state dict"):
        read_tensors(tmp_path / "bomb.pt")
    assert not (tmp_path / "executed").exists()
    pickle.loads((tmp_path / "bomb.pt").read_bytes())
    assert (tmp_path / "executed").exists()


def test_recipes_that_cannot_be_are_refused() -> None:
    for settings, said in (
        ({"image_side_px": 100}, "a multiple of 32"),
        ({"epochs": 0}, "epochs is 0: at least 1"),
        ({"batch": 0}, "batch is 0: at least 1"),
        ({"train_images": 0}, "train_images is 0: at least 1, or none"),
    ):
        with pytest.raises(ConfigError, match=said):
            dataclasses.replace(config_of("yolov8"), **settings)
