"""The encoder equals another implementation of Mobile-SAM's on the same weights, at every input shape."""

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402  # after the skip
from ultralytics.models.sam.modules.tiny_encoder import TinyViT  # noqa: E402

from rtvp.sam_encoder import PIXEL_MEAN, PIXEL_STD, SAMEncoder  # noqa: E402

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def reference() -> TinyViT:
    """The library's encoder with weights and statistics that are nowhere zero or one."""
    torch.manual_seed(0)
    model = TinyViT(
        img_size=640,
        embed_dims=(64, 128, 160, 320),
        num_heads=(2, 4, 5, 10),
        window_sizes=(7, 7, 14, 7),
        drop_path_rate=0.0,
    )
    for parameter in model.parameters():
        if parameter.ndim < 3:
            nn.init.normal_(parameter, std=0.1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.get_buffer("running_mean"), std=0.1)
            nn.init.uniform_(module.get_buffer("running_var"), 0.5, 1.5)
    return model.eval()


def released(reference: TinyViT) -> dict[str, Tensor]:
    """As `mobile_sam.pt` is laid out: the encoder behind a prefix, other parts beside it."""
    encoder = {f"image_encoder.{name}": tensor for name, tensor in reference.state_dict().items()}
    return {**encoder, "mask_decoder.iou_token.weight": torch.zeros(1, 256)}


@pytest.mark.parametrize("size", [(640, 640), (640, 352), (320, 320), (256, 256), (128, 128)])
def test_any_input_shape_equals_the_reference(reference: TinyViT, size: tuple[int, int]) -> None:
    torch.manual_seed(1)
    ours = SAMEncoder()
    ours.load_released(released(reference))
    ours.eval()
    image = torch.rand(1, 3, *size)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (PIXEL_MEAN, PIXEL_STD))
    reference.set_imgsz(list(size))
    with torch.no_grad():
        got, want = ours(image), reference((image * 255 - mean) / std)
    assert got.shape == (1, 256, size[0] // 16, size[1] // 16)
    assert torch.allclose(got, want, atol=5e-5)


def test_loading_in_eval_mode_leaves_no_stale_attention_bias(reference: TinyViT) -> None:
    image = torch.rand(1, 3, 64, 64)
    before, after = SAMEncoder().eval(), SAMEncoder()
    before.load_released(released(reference))  # no .eval() after loading: the trap of the reference
    after.load_released(released(reference))
    after.eval()
    with torch.no_grad():
        assert torch.equal(before(image), after(image))


def test_another_side_is_seen_and_the_grid_stays(reference: TinyViT) -> None:
    full, half = SAMEncoder(), SAMEncoder(side_px=128)
    for encoder in (full, half):
        encoder.load_released(released(reference))
        encoder.eval()
    ramp = torch.linspace(0, 1, 256).expand(1, 3, 160, 256).contiguous()
    seen = []
    half.patch_embed.register_forward_pre_hook(lambda _module, inputs: seen.append(tuple(inputs[0].shape)))
    with torch.no_grad():
        coarse, fine = half(ramp), full(ramp)
    assert seen == [(1, 3, 80, 128)]
    assert coarse.shape == fine.shape == (1, 256, 10, 16)
    assert not torch.allclose(coarse, fine, atol=1e-3)


def test_frozen_means_no_gradient_and_running_statistics() -> None:
    encoder = SAMEncoder()
    encoder.freeze()
    encoder.train()
    assert not any(module.training for module in encoder.modules())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not encoder(torch.rand(1, 3, 32, 32)).requires_grad


def test_unfrozen_trains_every_parameter() -> None:
    encoder = SAMEncoder()
    encoder(torch.rand(2, 3, 64, 64)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_weights_without_a_tensor_are_refused(reference: TinyViT) -> None:
    state = released(reference)
    del state["image_encoder.neck.0.weight"]
    with pytest.raises(ValueError, match=r"neck.0.weight is missing"):
        SAMEncoder().load_released(state)


def test_weights_of_another_shape_are_refused(reference: TinyViT) -> None:
    state = released(reference)
    state["image_encoder.neck.0.weight"] = torch.zeros(256, 320, 3, 3)
    with pytest.raises(ValueError, match=r"neck.0.weight is \(256, 320, 3, 3\), expected \(256, 320, 1, 1\)"):
        SAMEncoder().load_released(state)
