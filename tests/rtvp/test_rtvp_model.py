"""The detector as a whole: equal to YOLO-World at gamma 0, gradients, switches, the stop rule, texts."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402  # after the skip
from ultralytics.nn.tasks import WorldModel  # noqa: E402

from rtvp.config import PromptConfig  # noqa: E402
from rtvp.model import RTVP, layer_table  # noqa: E402
from tests.rtvp.gradients import has_gradient  # noqa: E402

pytestmark = pytest.mark.models
CLASSES, DIMENSIONS = 5, 16
GAINS = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)


def build(size: str = "n", **settings: Any) -> RTVP:
    """A detector for five names whose text encoder has 16 dimensions."""
    torch.manual_seed(0)
    model = RTVP(size, CLASSES, nn.Linear(DIMENSIONS, 512), PromptConfig(sam_side_px=32, **settings))
    model.args = GAINS
    return model


def calibrated(model: RTVP) -> RTVP:
    """The same model with batch-norm statistics of random images, so that features are neither tiny nor huge."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train().predict(torch.rand(2, 3, 128, 128), txt_feats=torch.randn(1, CLASSES, 512))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    return model.eval()


def batch_of(count: int = 2, side: int = 64) -> dict[str, Tensor]:
    """Images with two boxes each."""
    torch.manual_seed(1)
    return {
        "img": torch.rand(count, 3, side, side),
        "batch_idx": torch.arange(count).repeat_interleave(2).float(),
        "cls": torch.arange(2 * count).remainder(CLASSES).float().view(-1, 1),
        "bboxes": torch.tensor([[0.4, 0.4, 0.5, 0.4], [0.7, 0.6, 0.3, 0.5]]).repeat(count, 1),
        "txt_feats": torch.randn(1, CLASSES, DIMENSIONS).expand(count, -1, -1),
    }


def gradients(module: nn.Module | None) -> list[bool]:
    """Whether each parameter of a module got a gradient."""
    assert module is not None
    return [has_gradient(parameter) for parameter in module.parameters()]


def gammas(model: RTVP) -> list[Tensor]:
    """One per level."""
    return [parameter for name, parameter in model.fusions.named_parameters() if name.endswith("gamma")]


@pytest.mark.parametrize(("size", "head"), [("s", "v1"), ("n", "v2")])
def test_at_gamma_zero_it_equals_yolo_world_on_the_same_weights(size: str, head: str) -> None:
    model = calibrated(build(size, head=head))
    world = WorldModel({**layer_table(size, model.config), "nc": CLASSES}, nc=CLASSES, verbose=False)
    world.load_state_dict({k: v for k, v in model.state_dict().items() if k in world.state_dict()}, strict=True)
    texts, image = nn.functional.normalize(torch.randn(1, CLASSES, 512), dim=-1), torch.rand(1, 3, 320, 192)
    with torch.no_grad():
        got, want = (m.eval().predict(image, txt_feats=texts)[0] for m in (model, world))
        assert torch.allclose(got, want, atol=1e-5)
        for gamma in gammas(model):
            gamma.fill_(0.5)
        assert not torch.allclose(model.predict(image, txt_feats=texts)[0], want, atol=1e-3)


def test_one_step_reaches_every_part() -> None:
    model = build(aux_assign="center")  # the main head's assignment leaves levels out in a first step
    total, items = model.train().loss(batch_of())
    assert model.loss_names == ("box_loss", "cls_loss", "dfl_loss", "da_loss", "aux_loss")
    assert tuple(items) == model.loss_names
    assert total.shape == (5,)
    total.sum().backward()
    prompter = model.prompter
    for part in (prompter.sam, prompter.sampling, prompter.decoders, model.text_projection):
        assert any(gradients(part))
    assert prompter.scorers is not None
    for scorer in prompter.scorers:
        assert all(gradients(scorer))
    assert all(has_gradient(gamma) for gamma in gammas(model))
    assert any(gradients(model.activation))


def test_once_gamma_left_zero_the_detection_loss_trains_the_prompt() -> None:
    model = build(gamma_init=0.5, adapter=False, aux_weight=0.0).train()
    model.loss(batch_of())[0].sum().backward()
    assert model.prompter.scorers is not None
    for part in (model.prompter.sam, model.prompter.sampling, *model.prompter.scorers, model.fusions):
        assert any(gradients(part))


def test_weights_of_the_loss_terms() -> None:
    light, heavy = build(), build(da_weight=3.0, aux_weight=0.5)
    heavy.load_state_dict(light.state_dict())
    totals = []
    items: dict[str, Tensor] = {}
    for model in (light, heavy):
        torch.manual_seed(2)
        total, items = model.train().loss(batch_of())
        totals.append(total.detach())
    assert totals[0][3].item() == pytest.approx(items["da_loss"].item(), rel=1e-4)
    assert totals[1][3].item() == pytest.approx(3 * items["da_loss"].item(), rel=1e-4)
    assert totals[0][4].item() == pytest.approx(0.25 * 2 * items["aux_loss"].item(), rel=1e-4)
    assert totals[1][4].item() == pytest.approx(0.5 * 2 * items["aux_loss"].item(), rel=1e-4)


def test_released_sam_weights_are_frozen_and_get_no_gradient() -> None:
    model = build()
    model.load_sam({f"image_encoder.{k}": v for k, v in model.prompter.sam.state_dict().items()})
    model.train().loss(batch_of())[0].sum().backward()
    assert not any(p.requires_grad or p.grad is not None for p in model.prompter.sam.parameters())
    assert not model.prompter.sam.training
    assert any(gradients(model.prompter.sampling))


@pytest.mark.parametrize(("choice", "loaded", "frozen"), [("trained", True, False), ("frozen", False, True)])
def test_freezing_can_be_chosen(choice: str, loaded: bool, frozen: bool) -> None:
    model = build(sam_train=choice)
    if loaded:
        model.load_sam(model.prompter.sam.state_dict())
    model.train()
    assert model.prompter.sam.training is not frozen
    assert all(p.requires_grad is not frozen for p in model.prompter.sam.parameters())


def stopped(model: RTVP, epochs: int = 6) -> dict[str, Any]:
    """The facts after epochs whose domain loss no longer falls."""
    facts: dict[str, Any] = {}
    assert model.stop_rule is not None
    for epoch in range(epochs):
        model.stop_rule.update(torch.tensor(1.0))
        facts = model.on_epoch_end(epoch)
    return facts


def test_the_stop_rule_freezes_the_adapter_for_good() -> None:
    model = build(gamma_init=0.5).train()
    assert model.on_epoch_end(0) == {"domain_loss": 0.0, "domain_stop_epoch": None}
    assert stopped(model)["domain_stop_epoch"] == 3
    model.requires_grad_(True)  # as a trainer that unfreezes everything
    model.train()
    assert model.prompter.decoders is not None
    before = copy.deepcopy(model.prompter.decoders.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    total, items = model.loss(batch_of())
    assert total[3].item() == 0
    assert items["da_loss"].item() > 0
    total.sum().backward()
    optimizer.step()
    for part in model.prompter.adapter_parts():
        assert not any(p.requires_grad or p.grad is not None for p in part.parameters())
    assert all(torch.equal(v, before[k]) for k, v in model.prompter.decoders.state_dict().items())
    assert model.prompter.scorers is not None
    assert any(gradients(model.prompter.scorers[0]))


def test_a_stopped_adapter_is_stopped_after_loading() -> None:
    model = build()
    stopped(model)
    resumed = build().train()
    assert resumed.adapting
    resumed.load_state_dict(model.state_dict())
    assert not resumed.adapting
    assert not any(p.requires_grad for p in resumed.prompter.sampling.parameters())
    assert not resumed.prompter.decoders.training
    assert resumed.on_epoch_end(9)["domain_stop_epoch"] == 3


def test_patches_are_masked_while_adapting_only() -> None:
    model = build(da_ema_decay=0.0)
    kept: list[Tensor | None] = []
    model.prompter.register_forward_hook(lambda _m, _i, prompts: kept.append(prompts[0].kept))
    batch = batch_of()
    model.train().loss(batch)
    stopped(model)
    model.loss(batch)
    model.eval().predict(batch["img"], txt_feats=torch.randn(1, CLASSES, 512))
    assert kept[0] is not None
    assert kept[0].min() == 0
    assert kept[1] is None
    assert kept[2] is None


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"adapter": False}, ("aux_loss",)),
        ({"visual_prompt": False}, ("da_loss",)),
        ({"interaction": False}, ("da_loss", "aux_loss")),
        ({"expert": "separate"}, ("da_loss", "aux_loss", "expert_loss")),
        ({"scorer": "simam", "fusion": "multiply", "aux_assign": "center"}, ("da_loss", "aux_loss")),
        ({"patch_size": 8, "straight_through": True, "decoder": "hourglass"}, ("da_loss", "aux_loss")),
    ],
)
def test_every_switch_trains_and_predicts(settings: dict[str, Any], names: tuple[str, ...]) -> None:
    model = build(**settings).train()
    total, _ = model.loss(batch_of())
    assert model.loss_names[3:] == names
    assert total.shape == (3 + len(names),)
    total.sum().backward()
    assert all(has_gradient(gamma) for gamma in gammas(model))
    model.eval().set_text(torch.randn(3, DIMENSIONS))
    with torch.no_grad():
        assert model.predict(torch.rand(1, 3, 64, 96))[0].shape == (1, 4 + 3, 8 * 12 + 4 * 6 + 2 * 3)


def test_without_interaction_texts_move_scores_and_no_box() -> None:
    image = torch.rand(1, 3, 64, 64)
    moved = {}
    for interaction in (True, False):
        model = calibrated(build(interaction=interaction))
        with torch.no_grad():
            a, b = (model.predict(image, txt_feats=torch.randn(1, CLASSES, 512))[1] for _ in range(2))
        assert not torch.equal(a["scores"], b["scores"])
        moved[interaction] = not torch.equal(a["boxes"], b["boxes"])
    assert moved == {True: True, False: False}


def test_a_separate_expert_learns_from_its_own_loss_only() -> None:
    model = build(expert="separate").train()
    total, items = model.loss(batch_of())
    assert items["expert_loss"].item() > 0
    total[:5].sum().backward(retain_graph=True)
    assert not any(gradients(model.expert))
    total[5].backward()
    assert model.expert is not None
    assert any(gradients(model.expert.get_submodule("model.0")))


def test_a_separate_experts_loss_counts_per_image_and_is_scaled_by_the_batch() -> None:
    """As the library's own detection loss: its sum is over the batch, what is reported is per image."""
    model = build(expert="separate", expert_weight=0.5).train()
    batch = batch_of(count=3)
    total, items = model.loss(batch)
    assert model.expert is not None
    of_batch = model.expert.loss(batch)[0].sum().item()
    assert items["expert_loss"].item() == pytest.approx(of_batch / 3, rel=1e-5)
    assert total[5].item() == pytest.approx(0.5 * of_batch, rel=1e-5)


def test_validation_with_given_predictions_counts_detection_only() -> None:
    model = build().eval()
    batch = batch_of()
    with torch.no_grad():
        model.set_text(batch["txt_feats"][0])
        total, items = model.loss(batch, model.predict(batch["img"]))
    assert tuple(items) == model.loss_names
    assert total[:3].min() > 0
    assert total[3:].tolist() == [0, 0]


def test_set_text_projects_once_and_the_head_follows() -> None:
    model = build().eval()
    embeddings = torch.randn(7, DIMENSIONS)
    model.set_text(embeddings)
    image = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        predictions = model.predict(image)[0]
        given = model.predict(image, txt_feats=model.text_projection(embeddings[None]))[0]
    assert predictions.shape == (2, 4 + 7, 84)
    assert torch.equal(predictions, given)


def test_explain_shows_what_predict_used() -> None:
    model = build(gamma_init=0.5).eval()
    model.set_text(torch.randn(4, DIMENSIONS))
    image = torch.rand(1, 3, 64, 96)
    shown = model.explain(image)
    with torch.no_grad():
        assert torch.equal(shown.predictions, model.predict(image)[0])
    for level, prompt in enumerate(shown.prompts):
        assert prompt.scores.shape == prompt.selected.shape == (1, 1, 8 >> level, 12 >> level)
        assert torch.equal(prompt.refined, prompt.selected * prompt.scores * prompt.coarse)
    assert [tuple(f.shape[1:]) for f in shown.fused] == [(64, 8, 12), (128, 4, 6), (256, 2, 3)]
    assert [tuple(f.shape[1:]) for f in shown.features] == [(64, 8, 12), (128, 4, 6), (256, 2, 3)]


def test_the_original_bias_is_an_option() -> None:
    biases = [c.bias.item() for c in build(bias_init="level").model[-1].cv4]
    want = [torch.log(torch.tensor(5 / CLASSES / (640 / s) ** 2)).item() for s in (8, 16, 32)]
    assert biases == pytest.approx(want)
    assert [c.bias.item() for c in build().model[-1].cv4] == [-10.0] * 3


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError, match="size 't'"):
        layer_table("t", PromptConfig())


def test_it_can_be_copied_after_a_step() -> None:
    model = build().train()
    model.loss(batch_of())[0].sum().backward()
    twin = copy.deepcopy(model).eval()
    assert twin.stop_rule is not None
    assert model.stop_rule is not None
    assert torch.equal(twin.stop_rule.smoothed, model.stop_rule.smoothed)
    assert twin.stop_rule is not model.stop_rule


@pytest.mark.parametrize(("size", "millions"), [("n", 15.9), ("s", 40.6)])
def test_parameters_are_those_of_the_budget(size: str, millions: float) -> None:
    model = RTVP(size, 65, nn.Identity())
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)
