"""MDETR: its parts against plain computations, names one at a time, losses that fall, checkpoints by digest."""

from __future__ import annotations

import itertools
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.errors import BenchError, ConfigError, InterruptedFitError, MissingWeightsError, RecordError
from benchmark.core.plugins import load, load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary

pytestmark = pytest.mark.models

NAMES = Vocabulary.from_names(("red square", "green square"))
ALL = Limits(0.0, 0.7, 300)


def adapter_of(**settings: Any) -> Any:
    module = load_adapter("mdetr")
    return module.Adapter(make_config(module.Config, {**module.PROFILES["smoke"], **settings}, "mdetr"), "cpu")


def ready(names: tuple[str, ...], **settings: Any) -> Any:
    adapter = adapter_of(**settings)
    adapter.build_random(3)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    return adapter


def noise(count: int, height: int = 70, width: int = 90) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]


def test_encoder_equals_torchs_layer_and_a_loop_over_heads() -> None:
    """Without positions ours is torch's own layer; with them, attention is written out head by head."""
    import torch

    from methods.mdetr.network import Attended, EncoderLayer
    from methods.mdetr.released import own_name

    theirs = torch.nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True)
    ours = EncoderLayer(16, 4, 32, 0.0)
    state = {own_name(f"encoder.0.{k}").removeprefix("encoder.0."): v for k, v in theirs.state_dict().items()}
    ours.load_state_dict(state)
    x, at = torch.randn(2, 7, 16), torch.randn(1, 7, 16)
    torch.testing.assert_close(ours(x, torch.zeros_like(at)), theirs(x))
    part: Attended = ours.itself
    weight, bias = part.attention.in_proj_weight.split(16), part.attention.in_proj_bias.split(16)
    q, k, v = ((y @ w.T + b) for y, w, b in zip((x + at, x + at, x), weight, bias, strict=True))
    heads = []
    for h in range(4):
        cut = slice(4 * h, 4 * h + 4)
        heads.append((q[..., cut] @ k[..., cut].transpose(1, 2) / 2).softmax(-1) @ v[..., cut])
    read = torch.cat(heads, -1) @ part.attention.out_proj.weight.T + part.attention.out_proj.bias
    torch.testing.assert_close(part(x, at, x, at), part.norm(x + read))


def test_backbone_equals_torchvisions_own_forward() -> None:
    import torch
    from torchvision.models import resnet18
    from torchvision.ops.misc import FrozenBatchNorm2d

    model = ready(("hole",))._model
    whole = resnet18(weights=None, norm_layer=FrozenBatchNorm2d).eval()
    whole.load_state_dict(model.backbone.state_dict(), strict=False)
    kept: list[Any] = []
    whole.layer4.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    pixels = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        whole(pixels)
        torch.testing.assert_close(model.encode_image(pixels), model.input_proj(kept[0]))


def test_positions_are_the_formula() -> None:
    import torch

    from methods.mdetr.network import sine_positions

    found = sine_positions(torch.zeros(1, 8, 2, 3))[0].reshape(2, 3, 8)
    for row, column, k in itertools.product(range(2), range(3), range(2)):
        for share, offset in (((row + 1) / 2, 0), ((column + 1) / 3, 4)):
            angle = share * 2 * np.pi / 10000 ** (2 * k / 4)
            assert float(found[row, column, offset + 2 * k]) == pytest.approx(np.sin(angle), abs=1e-4)
            assert float(found[row, column, offset + 2 * k + 1]) == pytest.approx(np.cos(angle), abs=1e-4)


def test_matching_is_the_cheapest_of_all_assignments() -> None:
    import torch
    from torchvision.ops import box_convert, generalized_box_iou

    from methods.mdetr.loss import match

    torch.manual_seed(0)
    logits, cxcywh, boxes = torch.randn(4, 256), torch.rand(4, 4) * 0.5, torch.rand(2, 4) * 0.5
    target = torch.zeros(256)
    target[1:3] = 0.5
    overlap = generalized_box_iou(box_convert(cxcywh, "cxcywh", "xyxy"), box_convert(boxes, "cxcywh", "xyxy"))

    def cost(query: int, box: int) -> float:
        named = float((logits[query].softmax(-1) * target).sum())
        return -named + 5 * float((cxcywh[query] - boxes[box]).abs().sum()) - 2 * float(overlap[query, box])

    best = min(itertools.permutations(range(4), 2), key=lambda pair: cost(pair[0], 0) + cost(pair[1], 1))
    query, which = match(logits, cxcywh, boxes, target)
    assert {(int(q), int(b)) for q, b in zip(query, which, strict=True)} == {(best[0], 0), (best[1], 1)}


def test_losses_by_hand() -> None:
    """One query chosen out of two: soft tokens with a tenth for the other, alignment both ways."""
    import torch

    from methods.mdetr.loss import alignment, soft_tokens

    torch.manual_seed(1)
    logits, target, chosen = torch.randn(2, 256), torch.zeros(256), torch.tensor([1])
    target[1:3] = 0.5
    shares = -logits.log_softmax(-1)
    expected = 0.5 * (shares[1, 1] + shares[1, 2]) + 0.1 * shares[0, 255]
    torch.testing.assert_close(soft_tokens(logits, chosen, target), expected)
    queries, tokens = torch.randn(2, 8), torch.randn(4, 8)
    table = queries @ tokens.T / 0.07
    there = table[1].exp().sum().log() - (table[1, 1] + table[1, 2]) / 2
    back = sum(table[:, t].exp().sum().log() - table[1, t] for t in (1, 2))
    torch.testing.assert_close(alignment(queries, tokens, chosen, (1, 3)), (there + back) / 2)
    assert float(alignment(queries, tokens, chosen[:0], (1, 3))) == 0


def test_batches_chunks_and_orders_change_nothing() -> None:
    names, images = ("dead knot", "scratch", "oil stain on glass"), noise(3)
    adapter = ready(names)
    together = adapter.predict(images, ALL)
    for found, image in zip(together, images, strict=True):
        (alone,) = adapter.predict([image], ALL)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-4)
        np.testing.assert_allclose(found.xyxy, alone.xyxy, atol=1e-2)
    (one,) = ready(names, max_names=1).predict(images[:1], ALL)
    (turned,) = ready(names[::-1]).predict(images[:1], ALL)
    for k in range(3):
        expected = np.sort(together[0].scores[together[0].labels == k])
        np.testing.assert_allclose(np.sort(one.scores[one.labels == k]), expected, atol=1e-5)
        np.testing.assert_allclose(np.sort(turned.scores[turned.labels == 2 - k]), expected, atol=1e-5)


@pytest.mark.parametrize("count", [1, 35, 100, 1203])
def test_vocabularies_of_any_size(count: int) -> None:
    adapter = ready(tuple(f"defect kind {i}" for i in range(count)), max_names=128)
    (found,) = adapter.predict(noise(1), ALL)
    assert len(found) == min(300, 20 * count)
    assert int(found.labels.max()) < count


def test_strange_names_and_images_and_several_texts() -> None:
    adapter = ready(("hole . hole", "a\nb", "缺陷", "word " * 300))
    images = [np.zeros((1, 1, 3), np.uint8), np.full((1, 8000, 3), 255, np.uint8), noise(1)[0]]
    for image, found in zip(images, adapter.predict(images, ALL), strict=True):
        assert len(found) == 80
        assert (found.xyxy <= np.array([image.shape[1], image.shape[0]] * 2)).all()
    assert adapter.predict([], ALL) == []
    single = ready(("hole", "dent")).predict(noise(1), ALL)[0]
    adapter.set_vocabulary(Vocabulary(("damage",), (("hole", "dent"),)))
    (both,) = adapter.predict(noise(1), ALL)
    assert len(both) == 20
    assert both.scores[0] == pytest.approx(single.scores[0], abs=1e-5)


def test_steps_lower_the_loss(squares: list[Sample], tmp_path: Path) -> None:
    events: list[Any] = []
    adapter_of(epochs=10, lr0=1e-3, batch=4).fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert len(totals) == 10  # two steps each
    assert totals[-1] < 0.9 * totals[0]


def test_stopped_and_continued_equals_undisturbed(squares: list[Sample], tmp_path: Path) -> None:
    import torch

    def stop(event: Any) -> None:
        if event["epoch"] == 2:
            raise KeyboardInterrupt

    def fit(run: str, report: Any = None) -> Any:
        return adapter_of(epochs=3).fit(squares[:4], [], NAMES, 0, tmp_path / run, report=report)

    whole = fit("whole")
    with pytest.raises(InterruptedFitError):
        fit("parts", stop)
    one, two = (torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, fit("parts")))
    assert [key for key in one if not torch.equal(one[key], two[key])] == []


def test_boxes_that_give_no_number_stop_the_training(squares: list[Sample], tmp_path: Path) -> None:
    adapter = adapter_of()
    model = adapter.build_model(1)
    model.token_head.bias.data.fill_(float("nan"))
    adapter.build_model = lambda _: model
    with pytest.raises(BenchError, match="the loss is not finite"):
        adapter.fit(squares[:4], [], NAMES, 0, tmp_path)


def test_official_names_fit_and_nothing_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model written in the layout of the authors' checkpoint, training options and all, comes back whole."""
    import torch

    from benchmark.core.weights import pin
    from methods.mdetr import released

    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    weights = load("method", "mdetr").weights[0]
    with pytest.raises(MissingWeightsError, match="bench weights fetch"):
        adapter_of(variant="r101").load_released()
    with pytest.raises(MissingWeightsError, match="bench weights fetch roberta-base"):
        adapter_of(variant="r101").token_ids(["hole"])
    model = ready(("hole",))._model
    official = {official_name(name): value for name, value in model.state_dict().items()}
    official["transformer.text_encoder.pooler.dense.bias"] = torch.zeros(32)
    weights.path.parent.mkdir()
    live = {name: torch.zeros_like(value) for name, value in official.items()}
    options = Namespace(lr=1e-4, name="mdetr")
    torch.save({"model": live, "model_ema": official, "args": options}, weights.path)
    with pytest.raises(MissingWeightsError, match="none is pinned here"):
        released.read_checkpoint(weights)
    pin(weights)
    other = adapter_of().build_model(1)
    released.take(other, released.read_checkpoint(weights), weights.name)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in model.state_dict().items())
    torch.save({"model": live, "model_ema": None, "args": options}, weights.path)
    pin(weights)
    assert not any(value.any() for value in released.read_checkpoint(weights).values())
    with pytest.raises(RecordError, match="not MDETR's checkpoint"):
        released.take(other, {"class_embed.weight": torch.zeros(1)}, weights.name)


def official_name(ours: str) -> str:
    """The way back, written out anew."""
    heads = {"token_head": "class_embed", "query_projection": "contrastive_align_projection_image",
             "token_projection": "contrastive_align_projection_text", "decoder_norm": "transformer.decoder.norm",
             "resizer.0": "transformer.resizer.fc", "resizer.1": "transformer.resizer.layer_norm",
             "box_head.0": "bbox_embed.layers.0", "box_head.2": "bbox_embed.layers.1",
             "box_head.4": "bbox_embed.layers.2"}  # fmt: skip
    for own, theirs in heads.items():
        if ours.startswith(own + "."):
            return theirs + ours.removeprefix(own)
    kind, _, rest = ours.partition(".")
    if kind == "backbone":
        return "backbone.0.body." + rest
    if kind == "text_encoder":
        return "transformer.text_encoder." + rest
    if kind not in ("encoder", "decoder"):
        return ours
    last = "norm2" if kind == "encoder" else "norm4"
    for own, theirs in (("itself.attention", "self_attn"), ("image.attention", "cross_attn_image"),
                        ("itself.norm", "norm1"), ("image.norm", "norm3"), ("feed.norm", last),
                        ("feed.inner", "linear1"), ("feed.outer", "linear2")):  # fmt: skip
        rest = rest.replace(own, theirs)
    return f"transformer.{kind}.layers.{rest}"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="comes before set_vocabulary"):
        adapter_of().set_vocabulary(NAMES)
    with pytest.raises(ConfigError, match="set_vocabulary comes before predict"):
        adapter_of().predict(noise(1), ALL)
