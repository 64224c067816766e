"""Predictions are those of the library's own calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.vocabulary import Vocabulary
from methods._torch.texts import embeddings
from tests.methods._ultralytics.small_engine import NAMES, adapter_of, push

pytestmark = pytest.mark.models

LIMITS = Limits(0.05, 0.6, 40)
SHAPES = ("hole", "scratch", "dead knot", "stain", "crack", "dent", "missing part")


def photos() -> list[Any]:
    rng = np.random.default_rng(4)
    sizes = [(96, 96), (96, 96), (60, 128), (150, 70), (33, 47)]
    return [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]


def limits_of(name: str) -> Limits:
    """Untrained YOLOv9 piles hundreds of like boxes up: which of them falls below 0.6 is decided by the last bit."""
    return {"yolov9": Limits(0.05, 1.0, 300), "yolov10": Limits(0.05, 0.6, 300)}.get(name, LIMITS)


def library_says(
    name: str,
    model: Any,
    texts: Any,
    images: list[Any],
    batch: int,
    names: Vocabulary = NAMES,
    limits: Limits | None = None,
) -> list[Any]:
    """YOLO(...).predict or YOLOWorld(...).predict as documented, BGR in; validation's multi-label NMS switched on.

    YOLOv10 is asked for its NMS-free answer as the library documents it, with `nms=False`.
    """
    import torch
    from ultralytics import YOLO, YOLOWorld
    from ultralytics.models.yolo.detect import DetectionPredictor
    from ultralytics.utils.nms import non_max_suppression

    class MultiLabel(DetectionPredictor):
        def postprocess(self, preds: Any, img: Any, orig_imgs: Any, **kwargs: Any) -> Any:
            args = self.args
            # It gives up after a time limit and returns fewer boxes without a word; a score may not depend on speed.
            kept = non_max_suppression(
                preds, args.conf, args.iou, multi_label=True, max_det=args.max_det, max_time_img=3600
            )
            return self.construct_results(kept, img, orig_imgs)

    table = {"yolov8": "yolov8n.yaml", "yolov9": "yolov9t.yaml", "yolov10": "yolov10n.yaml"}.get(name)
    facade: Any = YOLO(table) if table else YOLOWorld("yolov8n-world.yaml")
    more = {"nms": False} if name == "yolov10" else {"predictor": MultiLabel}
    facade.model = model
    if texts is not None:
        facade.model.txt_feats = texts
        facade.model.model[-1].nc = len(names)
    facade.model.names = dict(enumerate(names.names))
    facade.predictor = None
    limits = limits or limits_of(name)
    found: list[Any] = []
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            part = [np.ascontiguousarray(image[..., ::-1]) for image in images[start : start + batch]]
            found += facade.predict(
                part,
                **more,
                imgsz=96,
                rect=False,
                conf=limits.score_threshold,
                iou=limits.nms_iou,
                max_det=limits.max_detections,
                device="cpu",
                batch=batch,
                verbose=False,
                save=False,
            )
    return found


def assert_same(mine: Any, boxes: Any) -> None:
    """The same detections; like scores may change places, and at the limit one like score may stand for another."""
    assert len(mine) == len(boxes)
    scores, xyxy, labels = boxes.conf.numpy(), boxes.xyxy.numpy(), boxes.cls.numpy()
    np.testing.assert_allclose(mine.scores, scores, atol=1e-4)
    free = np.ones(len(boxes), bool)
    for score, box, label in zip(mine.scores, mine.xyxy, mine.labels, strict=True):
        near = free & (labels == label) & (np.abs(scores - score) < 1e-4) & (np.abs(xyxy - box).max(axis=1) < 1e-3)
        assert near.any() or score < mine.scores.min() + 1e-4, f"{score} {box} {label} is not among the library's"
        free[np.flatnonzero(near)[:1]] = False


def pushed(name: str, folder: Path) -> tuple[Any, Any]:
    """An adapter with weights that find boxes, and the model behind it, not fused."""
    import torch

    from methods._torch.state import seed_everything

    adapter = adapter_of(name, image_side_px=96)
    adapter.build_random(0)
    seed_everything(0, -1)
    model = adapter.build_model(len(NAMES))
    push(model)
    stored = {"state": model.state_dict(), "names": list(NAMES.names), "variant": adapter.config.variant}
    torch.save(stored, folder / "c.pt")
    adapter.load(folder / "c.pt")
    return adapter, model.eval()


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("name", ["yolov8", "yolov9", "yolov10", "yolo-world"])
def test_predict_equals_the_librarys_own_call(name: str, batch: int, tmp_path: Path) -> None:
    adapter, model = pushed(name, tmp_path)
    adapter.set_vocabulary(NAMES)
    texts = None
    if name == "yolo-world":
        texts = model.text_projection(embeddings(adapter.config.text_encoder, NAMES)[None]).detach()
    images = photos()
    ours = [d for i in range(0, len(images), batch) for d in adapter.predict(images[i : i + batch], limits_of(name))]
    theirs = library_says(name, model, texts, images, batch)
    assert min(len(d) for d in ours) > 5
    assert len({label for d in ours for label in d.labels}) > 1
    for mine, reference in zip(ours, theirs, strict=True):
        assert_same(mine, reference.boxes)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("count", [1, 35, 100, 1203])
def test_a_vocabulary_of_any_length_is_asked_as_the_library_asks_it(count: int, batch: int, tmp_path: Path) -> None:
    adapter, model = pushed("yolo-world", tmp_path)
    names = Vocabulary.from_names(tuple(f"{SHAPES[i % 7]} number {i // 7}" for i in range(count)))
    adapter.set_vocabulary(names)
    texts = model.text_projection(embeddings(adapter.config.text_encoder, names)[None]).detach()
    images, limits = photos(), Limits({1: 0.05, 35: 0.4, 100: 0.45, 1203: 0.5}[count], 1.0, 300)
    ours = [d for i in range(0, 5, batch) for d in adapter.predict(images[i : i + batch], limits)]
    theirs = library_says("yolo-world", model, texts, images, batch, names, limits)
    assert min(len(d) for d in ours) > 5
    for mine, reference in zip(ours, theirs, strict=True):
        assert_same(mine, reference.boxes)


@pytest.mark.parametrize("name", ["yolo-world", "rtvp"])
def test_the_order_of_names_changes_no_classs_boxes(name: str, tmp_path: Path) -> None:
    """Each text meets the image alone, and the neck takes a maximum over all of them."""
    adapter, _ = pushed(name, tmp_path)
    limits = Limits(0.05, 0.6, 2000)
    turned = np.random.default_rng(1).permutation(len(SHAPES))
    adapter.set_vocabulary(Vocabulary.from_names(SHAPES))
    plain = adapter.predict(photos(), limits)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(SHAPES[i] for i in turned)))
    for one, other in zip(plain, adapter.predict(photos(), limits), strict=True):
        assert 5 < len(one) == len(other)
        for label in range(len(SHAPES)):
            mine, theirs = one.labels == label, turned[other.labels] == label
            np.testing.assert_allclose(one.scores[mine], other.scores[theirs], atol=1e-5)
            np.testing.assert_allclose(one.xyxy[mine], other.xyxy[theirs], atol=1e-3)


@pytest.mark.parametrize(("classes", "cells"), [(1, 900), (3, 400), (60, 1000), (1203, 100)])
def test_suppression_is_the_librarys_to_the_bit(classes: int, cells: int) -> None:
    """Few candidates and more than the library takes, like scores, boxes that reach over the edge."""
    import torch
    from ultralytics.utils.nms import non_max_suppression

    from methods._ultralytics.predict import suppress

    generator = torch.Generator().manual_seed(classes)
    centres = torch.rand(2, 2, cells, generator=generator) * 300 - 20
    sides = torch.rand(2, 2, cells, generator=generator) * 120 + 1
    scores = (torch.rand(2, classes, cells, generator=generator) * 50).round() / 50
    raw = torch.cat([centres, sides, scores], dim=1)
    for each in ((0.001, 0.7, 300), (0.5, 0.3, 20), (0.0, 1.0, 100_000), (0.999999, 0.5, 300)):
        limits = Limits(*each)
        # The library keeps what scores more than its threshold; ours, of which 0.5 is among the scores, is enough.
        below = float(np.nextafter(np.float32(each[0]), np.float32(0)))
        theirs = non_max_suppression(
            raw.clone(), below, each[1], multi_label=True, max_det=each[2], nc=classes, max_time_img=3600
        )
        for mine, reference in zip(suppress(raw, classes, limits), theirs, strict=True):
            assert torch.equal(mine, reference)


def test_yolov10_answers_without_suppression() -> None:
    """Two boxes of one class on one object would both stay; the one-to-many head and NMS would give other boxes."""
    import torch

    adapter = adapter_of("yolov10", image_side_px=96)
    adapter.build_random(0)
    adapter.set_vocabulary(NAMES)
    head = adapter._model.model[-1]
    assert head.end2end
    assert head.cv2 is None
    assert adapter.size().parameters == sum(p.numel() for p in adapter.build_model(len(NAMES)).parameters()) - sum(
        p.numel() for name, p in adapter.build_model(len(NAMES)).model[-1].named_parameters() if "one2one" in name
    )
    images = photos()
    strict, loose = (adapter.predict(images, Limits(0.0, iou, 7)) for iou in (0.01, 1.0))
    for one, two in zip(strict, loose, strict=True):
        assert len(one) == 7
        np.testing.assert_array_equal(one.xyxy, two.xyxy)
    assert [len(d) for d in adapter.predict(images[:1], Limits(0.0, 0.7, 189))] == [189]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("name", "variant", "millions"),
    [("yolov9", "s", 7.318368), ("yolov9", "m", 20.216160), ("yolov9", "c", 25.590912), ("yolov10", "s", 8.128272)],
)
def test_parameters_are_the_librarys(name: str, variant: str, millions: float) -> None:
    model = adapter_of(name, variant=variant).build_model(80)
    assert sum(p.numel() for p in model.parameters()) == round(millions * 1e6)
