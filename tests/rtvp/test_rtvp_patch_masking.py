"""Eq. 1 against a loop over cells written from the formula."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402  # after the skip

from rtvp.patch_masking import PatchMasking, random_patches, to_cells  # noqa: E402
from tests.rtvp.gradients import has_gradient  # noqa: E402

pytestmark = pytest.mark.models
CHANNELS = (2, 3, 4)


def pyramid(batch: int, height: int, width: int) -> list[Tensor]:
    """F3, F4, F5 of an image of height x width pixels."""
    return [torch.randn(batch, c, height // s, width // s) for c, s in zip(CHANNELS, (8, 16, 32), strict=True)]


@pytest.mark.parametrize(("height", "width"), [(128, 128), (160, 96)])
def test_masked_features_equal_the_formula(height: int, width: int) -> None:
    torch.manual_seed(0)
    features = pyramid(2, height, width)
    masked, masks = PatchMasking(CHANNELS, 32, 0.65, shared=True, token=False)(features)
    for feature, result, mask, patch in zip(features, masked, masks, (4, 2, 1), strict=True):
        batch, channels, rows, columns = feature.shape
        for b in range(batch):
            hidden = {
                (y // patch, x // patch) for y in range(rows) for x in range(columns) if mask[b, 0, y, x].item() == 0
            }
            count = math.ceil(rows / patch) * math.ceil(columns / patch)
            assert len(hidden) == math.floor(0.65 * count)
            for c in range(channels):
                for y in range(rows):
                    for x in range(columns):
                        keep = 0.0 if (y // patch, x // patch) in hidden else 1.0
                        assert result[b, c, y, x].item() == feature[b, c, y, x].item() * keep


def test_levels_share_a_draw_and_images_do_not() -> None:
    torch.manual_seed(0)
    _, masks = PatchMasking(CHANNELS, 32, 0.5, shared=True, token=False)(pyramid(2, 256, 256))
    finest, middle, coarsest = masks
    assert torch.equal(finest[:, :, ::4, ::4], coarsest)
    assert torch.equal(middle[:, :, ::2, ::2], coarsest)
    assert not torch.equal(coarsest[0], coarsest[1])


def test_levels_can_draw_by_themselves() -> None:
    torch.manual_seed(0)
    _, masks = PatchMasking(CHANNELS, 32, 0.5, shared=False, token=False)(pyramid(1, 256, 256))
    assert not torch.equal(masks[0][:, :, ::4, ::4], masks[2])


def test_every_patch_is_drawn_equally_often() -> None:
    torch.manual_seed(0)
    kept = random_patches(4000, 3, 3, 0.65, torch.device("cpu")).mean(dim=0).flatten()
    assert kept.sum().item() == pytest.approx(9 - 5)
    assert torch.allclose(kept, torch.full((9,), 4 / 9), atol=0.03)


def test_a_ragged_edge_patch_is_cut() -> None:
    patches = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    cells = to_cells(patches, 2, 3, 3)
    assert cells[0, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_a_learned_token_fills_the_masked_cells() -> None:
    torch.manual_seed(0)
    masking = PatchMasking(CHANNELS, 32, 0.5, shared=True, token=True)
    assert masking.tokens is not None
    torch.nn.init.constant_(masking.tokens[0], 7.0)
    masked, masks = masking(pyramid(1, 128, 128))
    hidden = (masks[0] == 0).expand_as(masked[0])
    assert (masked[0][hidden] == 7.0).all()
    masked[0].sum().backward()
    assert has_gradient(masking.tokens[0])
