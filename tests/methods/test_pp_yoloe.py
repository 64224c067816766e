"""PP-YOLOE: sizes as published, its loss and its first assigner against plain loops."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import ConfigError
from benchmark.core.plugins import load_adapter
from benchmark.core.settings import make_config

pytestmark = pytest.mark.models


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(tmp_path_factory.mktemp("home")))
        from methods._ultralytics.library import prepare

        prepare()
        yield


def build(variant: str = "s", classes: int = 3, **settings: Any) -> Any:
    module: Any = load_adapter("pp-yoloe")
    config = make_config(module.Config, {"variant": variant, **settings}, "pp-yoloe")
    return module.Adapter(config, device="cpu").build_model(classes)


@pytest.mark.parametrize(("variant", "millions"), [("s", 7.93), ("m", 23.43)])
def test_deployed_sizes_are_the_published_ones(variant: str, millions: float) -> None:
    from ultralytics.nn.modules.conv import RepConv

    model = build(variant, 80)
    training = sum(p.numel() for p in model.parameters())
    merged = sum(sum(p.numel() for p in m.conv2.parameters()) for m in model.modules() if isinstance(m, RepConv))
    assert (training - merged) / 1e6 == pytest.approx(millions, abs=0.006)


def test_a_share_of_epochs_lies_between_none_and_all() -> None:
    with pytest.raises(ConfigError, match=r"static_share: got 1\.5, expected float: at least 0, at most 1"):
        build(static_share=1.5)


def test_untrained_boxes_are_centred_and_as_wide_as_published() -> None:
    """Equal logits for the 17 bins: every side is 8 cells away, so a box is 16 cells wide; scores are 0.01."""
    import torch

    model = build().eval()
    found, _ = model(torch.zeros(1, 3, 64, 64))
    assert found.shape == (1, 7, 64 + 16 + 4)
    order = [(32, 4), (16, 16), (8, 64)]
    start = 0
    for stride, count in order:
        part = found[0, :, start : start + count]
        torch.testing.assert_close(part[2:4], torch.full((2, count), 16.0 * stride))
        torch.testing.assert_close(part[:2, 0], torch.full((2,), stride / 2))
        start += count
    torch.testing.assert_close(found[0, 4:], torch.full((3, 84), 0.01))


def grid(side_px: int = 64) -> tuple[Any, Any, list[int]]:
    import torch

    points, strides, counts = [], [], []
    for stride in (32, 16, 8):
        n = side_px // stride
        points += [[(c + 0.5) * stride, (r + 0.5) * stride] for r in range(n) for c in range(n)]
        strides += [[float(stride)]] * (n * n)
        counts.append(n * n)
    return torch.tensor(points), torch.tensor(strides), counts


def iou(a: list[float], b: list[float]) -> float:
    w = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    h = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def atss_by_loop(points: list[list[float]], strides: list[list[float]], counts: list[int], boxes: Any) -> list[int]:
    """Algorithm 1 of the ATSS paper."""
    best = [(-1.0, -1)] * len(points)
    for g, box in enumerate(boxes.tolist()):
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        candidates: list[int] = []
        start = 0
        for count in counts:
            cells = sorted(range(start, start + count), key=lambda i: math.dist(points[i], centre))
            candidates += cells[:9]
            start += count
        overlaps = {}
        for i in candidates:
            (x, y), half = points[i], strides[i][0] * 2.5
            overlaps[i] = iou(box, [x - half, y - half, x + half, y + half])
        threshold = float(np.mean(list(overlaps.values())) + np.std(list(overlaps.values()), ddof=1))
        for i, overlap in overlaps.items():
            x, y = points[i]
            inside = box[0] < x < box[2] and box[1] < y < box[3]
            if inside and overlap >= threshold and overlap > best[i][0]:
                best[i] = (overlap, g)
    return [g for _, g in best]


@pytest.mark.parametrize("seed", range(6))
def test_atss(seed: int) -> None:
    import torch

    from methods.pp_yoloe.loss import atss

    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 40, (5, 2))
    boxes = torch.tensor(np.concatenate([corner, corner + rng.uniform(6, 30, (5, 2))], axis=1)).float()
    points, strides, counts = grid()
    wanted = atss_by_loop(points.tolist(), strides.tolist(), counts, boxes)
    assert atss(points, strides, counts, boxes).tolist() == wanted
    assert max(wanted) >= 0
    assert atss(points, strides, counts, boxes[:0]).tolist() == [-1] * len(points)


def test_distribution_focal_loss() -> None:
    import torch

    from methods.pp_yoloe.loss import distribution_focal

    torch.manual_seed(0)
    logits, target = torch.randn(4, 17), torch.tensor([0.0, 3.25, 7.5, 15.9])
    wanted = []
    for row, value in zip(logits.double().tolist(), target.double().tolist(), strict=True):
        total = math.log(sum(math.exp(v) for v in row))
        left = int(value)
        wanted.append((left + 1 - value) * (total - row[left]) + (value - left) * (total - row[left + 1]))
    np.testing.assert_allclose(distribution_focal(logits, target), wanted, rtol=1e-5)


def test_varifocal_loss() -> None:
    import torch

    from methods.pp_yoloe.loss import _varifocal

    torch.manual_seed(0)
    logits, scores = torch.randn(5, 3), torch.rand(5, 3) * (torch.rand(5, 3) > 0.6)
    wanted = 0.0
    for x, q in zip(logits.flatten().tolist(), scores.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        cross = -(q * math.log(p) + (1 - q) * math.log(1 - p))
        wanted += cross * (q if q > 0 else 0.75 * p**2)
    assert float(_varifocal(logits, scores)) == pytest.approx(wanted, rel=1e-5)


def batch_of(boxes: int) -> dict[str, Any]:
    import torch

    torch.manual_seed(3)
    xywh = torch.rand(boxes, 4) * 0.3 + 0.3
    return {
        "img": torch.rand(2, 3, 64, 64),
        "batch_idx": torch.zeros(boxes),
        "cls": torch.arange(boxes)[:, None] % 3,
        "bboxes": xywh,
    }


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("boxes", [0, 4])
def test_the_loss_has_a_gradient_with_either_assigner(static: bool, boxes: int) -> None:
    import torch

    from methods.pp_yoloe.loss import AlignedLoss

    model = build()
    criterion = AlignedLoss(model.model[-1], static_epochs=3.0)
    for _ in range(0 if static else 3):
        assert criterion.static
        criterion.update()
    assert criterion.static is static
    batch = batch_of(boxes)
    total, items = criterion(model.train()(batch["img"]), batch)
    assert tuple(items) == criterion.loss_names
    assert bool(torch.isfinite(total).all())
    assert (float(items["iou_loss"]) > 0) is (boxes > 0)
    total.sum().backward()
    assert float(model.model[-1].pred_cls[0].weight.grad.abs().sum()) > 0


def test_steps_lower_the_loss(tmp_path: Path) -> None:
    from PIL import Image

    from benchmark.core.detections import Annotations
    from benchmark.core.sample import Sample
    from benchmark.core.vocabulary import Vocabulary

    module: Any = load_adapter("pp-yoloe")
    settings = {**module.PROFILES["smoke"], "epochs": 14, "mosaic": 0.0, "scale": 0.0, "warmup_epochs": 0.0}
    rng = np.random.default_rng(0)
    samples = []
    for i in range(16):
        pixels = rng.integers(90, 130, (64, 64, 3)).astype(np.uint8)
        x, y = (int(v) for v in rng.integers(2, 38, 2))
        pixels[y : y + 24, x : x + 24] = (220, 30, 30)
        path = tmp_path / f"{i}.png"
        Image.fromarray(pixels).save(path)
        boxes = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([0]))
        samples.append(Sample(i + 1, path, 64, 64, boxes, "plate", f"part {i}", "made here"))
    events: list[Any] = []
    adapter = module.Adapter(make_config(module.Config, settings, "pp-yoloe"), device="cpu")
    adapter.fit(samples, [], Vocabulary.from_names(("red square",)), 0, tmp_path / "run", report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert totals[-1] < 0.9 * totals[0]


def paddle_file(model: Any, path: Path, protocol: int = 4, **more: Any) -> None:
    """The model's weights as `paddle.save` writes them: the authors' names, numpy arrays, a table of inner names."""
    import pickle

    parts = {"model.0": "backbone", "model.1": "neck", "model.2": "yolo_head"}
    last = {"running_mean": "_mean", "running_var": "_variance"}
    stored: dict[str, Any] = {"yolo_head.proj_conv.weight": np.arange(17, dtype=np.float32).reshape(1, 17, 1, 1)}
    for name, tensor in model.state_dict().items():
        layer, _, kind = name.rpartition(".")
        if kind != "num_batches_tracked":
            stored[f"{parts[layer[:7]]}{layer[7:]}.{last.get(kind, kind)}"] = tensor.numpy()
    stored["StructuredToParameterName@@"] = {name: f"p_{i}" for i, name in enumerate(stored)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps({**stored, **more}, protocol=protocol))


def off_the_shelf(folder: Path, write: Any) -> Any:
    """An adapter that was given the file that `write` makes, its digest pinned."""
    from benchmark.core.weights import pin

    module: Any = load_adapter("pp-yoloe")
    config = make_config(module.Config, {"variant": "s", "image_side_px": 64}, "pp-yoloe")
    weights = module.Adapter.released_weights(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        patch.delenv("BENCH_WEIGHTS", raising=False)
        write(weights.path)
        pin(weights)
        adapter = module.Adapter(config, "cpu")
        adapter.load_released()
    return adapter


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_authors_weights_give_their_network(tmp_path: Path, protocol: int) -> None:
    """Their names, their statistics of pixels, COCO's names; `model` is told the pixels as they normalise them."""
    import torch

    torch.manual_seed(0)
    model = build(classes=80).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.get_buffer("running_mean"), std=0.1)
            torch.nn.init.uniform_(module.get_buffer("running_var"), 0.5, 1.5)
        elif isinstance(module, torch.nn.Conv2d):  # as strong as trained ones: pixels still show at the other end
            torch.nn.init.kaiming_normal_(module.weight)
    for layer in (*model.model[2].pred_cls, *model.model[2].pred_reg):
        torch.nn.init.normal_(layer.weight, std=0.05)
    adapter = off_the_shelf(tmp_path, lambda path: paddle_file(model, path, protocol))
    pixels = torch.rand(2, 3, 64, 96)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        expected = model((pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1))[0]
        found = adapter._model(pixels)[0]
        raw = model(pixels)[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    assert (found - raw).abs().max() > 0.01
    assert (len(adapter._names), adapter._names[0], adapter._names[-1]) == (80, "person", "toothbrush")


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    from benchmark.core.errors import RecordError

    model = build(classes=80)
    for number, (more, message) in enumerate(
        (
            ({"neck.extra": np.zeros(2, np.float32)}, "does not fit pp-yoloe-s"),
            (
                {"bbox_head.weight": np.zeros(2, np.float32)},
                r"not PP-YOLOE's weights \(it contains bbox_head\.weight\)",
            ),
            ({"yolo_head.proj_conv.weight": np.ones((1, 17, 1, 1), np.float32)}, "distance bins are not one cell wide"),
        )
    ):
        with pytest.raises(RecordError, match=message):
            off_the_shelf(tmp_path / str(number), lambda path, more=more: paddle_file(model, path, **more))
