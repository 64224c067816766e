"""Predictions are those of the library's own calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_engine import NAMES, adapter_of

pytestmark = pytest.mark.models

LIMITS = (0.05, 0.6, 40)


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
