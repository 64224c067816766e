"""Eq. 3 against loops written from the formula; when the adapter stops, and that a resume stops there too."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402  # after the skip
from torch.nn import functional as F  # noqa: E402

from rtvp.config import PromptConfig  # noqa: E402
from rtvp.domain_adaptation import StopRule, domain_loss, normalise  # noqa: E402
from tests.rtvp.gradients import has_gradient  # noqa: E402

pytestmark = pytest.mark.models


def pyramids() -> tuple[list[Tensor], list[Tensor]]:
    """F^ and E of three levels."""
    torch.manual_seed(0)
    shapes = [(2, 3, 4, 4), (2, 4, 2, 2), (2, 5, 1, 2)]
    return [torch.randn(s) for s in shapes], [2 * torch.randn(s) + 1 for s in shapes]


def loop_mse(adapted: list[Tensor], expert: list[Tensor]) -> float:
    """Sum over levels of |F^ - E|^2 / (C H W), mean over the batch."""
    total = 0.0
    for ours, theirs in zip(adapted, expert, strict=True):
        batch, channels, height, width = ours.shape
        for b in range(batch):
            squares = 0.0
            for c in range(channels):
                for y in range(height):
                    for x in range(width):
                        squares += (ours[b, c, y, x].item() - theirs[b, c, y, x].item()) ** 2
            total += squares / (channels * height * width) / batch
    return total


def loop_normalise(x: Tensor) -> Tensor:
    """Per channel: minus the mean, over the standard deviation, both over batch and positions."""
    out = x.clone()
    for c in range(x.shape[1]):
        values = x[:, c].flatten().tolist()
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values) + 1e-5)
        out[:, c] = (x[:, c] - mean) / deviation
    return out


def test_the_plain_loss_equals_the_formula() -> None:
    adapted, expert = pyramids()
    got = domain_loss(adapted, expert, PromptConfig(da_normalise="none"))
    assert got.item() == pytest.approx(loop_mse(adapted, expert), rel=1e-5)


def test_the_default_normalises_both_sides_per_channel() -> None:
    adapted, expert = pyramids()
    got = domain_loss(adapted, expert, PromptConfig())
    want = loop_mse([loop_normalise(x) for x in adapted], [loop_normalise(x) for x in expert])
    assert got.item() == pytest.approx(want, rel=1e-4)


def test_scale_and_offset_of_the_expert_do_not_matter_when_normalised() -> None:
    adapted, expert = pyramids()
    for kind in ("channel", "instance"):
        scaled = normalise(expert[0] * 7 - 3, kind)
        assert torch.allclose(scaled, normalise(expert[0], kind), atol=1e-4)
    assert torch.equal(normalise(adapted[0], "none"), adapted[0])


def test_masked_only_averages_over_the_masked_cells() -> None:
    adapted, expert = pyramids()
    masks = [(torch.rand(2, 1, *x.shape[2:]) > 0.5).float() for x in adapted]
    want = 0.0
    for ours, theirs, mask in zip(adapted, expert, masks, strict=True):
        hidden = [tuple(i) for i in (mask[:, 0] == 0).nonzero().tolist()]
        per_cell = [((ours[b, :, y, x] - theirs[b, :, y, x]) ** 2).mean().item() for b, y, x in hidden]
        want += sum(per_cell) / max(1, len(per_cell))
    got = domain_loss(adapted, expert, PromptConfig(da_normalise="none", da_masked_only=True), masks)
    assert got.item() == pytest.approx(want, rel=1e-5)


def test_the_other_distances_equal_their_formulas() -> None:
    adapted, expert = pyramids()
    got = {
        kind: domain_loss(adapted, expert, PromptConfig(da_normalise="none", da_distance=kind)).item()
        for kind in ("smooth_l1", "cosine", "cwd")
    }
    smooth, cosine, cwd = 0.0, 0.0, 0.0
    for ours, theirs in zip(adapted, expert, strict=True):
        difference = (ours - theirs).abs()
        smooth += torch.where(difference < 1, difference**2 / 2, difference - 0.5).mean().item()
        norms = ours.pow(2).sum(1).sqrt() * theirs.pow(2).sum(1).sqrt()
        cosine += (1 - (ours * theirs).sum(1) / norms).mean().item()
        p, q = F.softmax(theirs.flatten(2), dim=2), F.softmax(ours.flatten(2), dim=2)
        cwd += (p * (p / q).log()).sum(dim=2).mean().item()
    assert got["smooth_l1"] == pytest.approx(smooth, rel=1e-4)
    assert got["cosine"] == pytest.approx(cosine, rel=1e-4)
    assert got["cwd"] == pytest.approx(cwd, rel=1e-4)


def test_no_gradient_reaches_the_expert() -> None:
    adapted, expert = pyramids()
    adapted = [x.requires_grad_() for x in adapted]
    expert = [x.requires_grad_() for x in expert]
    domain_loss(adapted, expert, PromptConfig()).backward()
    assert all(x.grad is None for x in expert)
    assert all(has_gradient(x) for x in adapted[:2])


def run(rule: StopRule, per_epoch: list[float], start: int = 0) -> int | None:
    """One step an epoch; the epoch that stops, or None."""
    for epoch, loss in enumerate(per_epoch, start):
        rule.update(torch.tensor(loss))
        if rule.end_epoch(epoch):
            return epoch
    return None


def test_the_smoothed_loss_is_the_bias_corrected_mean() -> None:
    rule = StopRule(PromptConfig(da_ema_decay=0.9))
    mean = 0.0
    for step, loss in enumerate([4.0, 2.0, 1.0], 1):
        mean = 0.9 * mean + 0.1 * loss
        rule.update(torch.tensor(loss))
        assert rule.value == pytest.approx(mean / (1 - 0.9**step), rel=1e-5)


def test_it_stops_when_the_loss_no_longer_falls() -> None:
    rule = StopRule(PromptConfig(da_ema_decay=0.0))
    assert run(rule, [8.0, 4.0, 2.0, 1.999, 1.998, 1.997, 1.0]) == 5
    assert rule.stopped
    assert int(rule.stop_epoch) == 5


def test_it_stops_when_the_loss_is_tiny() -> None:
    assert run(StopRule(PromptConfig(da_ema_decay=0.0)), [8.0, 1.0, 0.007, 0.001]) == 2


def test_it_goes_on_while_the_loss_falls_and_when_it_is_switched_off() -> None:
    assert run(StopRule(PromptConfig(da_ema_decay=0.0)), [0.9**i for i in range(30)]) is None
    assert run(StopRule(PromptConfig(da_ema_decay=0.0, da_stop=False)), [1.0] * 30) is None


def test_it_stops_once() -> None:
    rule = StopRule(PromptConfig(da_ema_decay=0.0))
    run(rule, [1.0] * 6)
    stop = int(rule.stop_epoch)
    assert not rule.end_epoch(99)
    assert int(rule.stop_epoch) == stop


def test_a_loss_that_is_not_finite_is_left_out() -> None:
    rule = StopRule(PromptConfig())
    rule.update(torch.tensor(2.0))
    rule.update(torch.tensor(float("inf")))
    assert rule.value == pytest.approx(2.0, rel=1e-3)


def test_a_resumed_rule_stops_at_the_same_epoch() -> None:
    losses = [8.0, 4.0, 2.0, *[1.9] * 12]
    undisturbed = run(StopRule(PromptConfig(da_ema_decay=0.5)), losses)
    first, second = StopRule(PromptConfig(da_ema_decay=0.5)), StopRule(PromptConfig(da_ema_decay=0.5))
    assert run(first, losses[:6]) is None
    second.load_state_dict(first.state_dict())
    assert run(second, losses[6:], start=6) == undisturbed
    assert undisturbed is not None
