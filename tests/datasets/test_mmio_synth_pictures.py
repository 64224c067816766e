"""What mmio-synth draws: tight boxes, visible defects, the same look for the same word; and contact sheets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.core.errors import DataError
from benchmark.datasets.export.contact_sheet import contact_sheet
from benchmark.datasets.mmio_synth import open_synth
from benchmark.datasets.synth.defects import COLOURS
from benchmark.datasets.synth.plan import PlannedDefect, PlannedImage, Recipe, plan_image
from benchmark.datasets.synth.render import render
from benchmark.datasets.synth.shapes import draw_shape
from benchmark.datasets.synth.surfaces import SURFACES
from benchmark.datasets.synth.taxonomy import SCENES, SHAPES, Defect, categories

RECIPE = Recipe()


def first_with(label: int) -> tuple[PlannedImage, int]:
    """The first picture that shows a class, and the defect's place in it."""
    for index in range(4000):
        planned = plan_image(RECIPE, index)
        for place, defect in enumerate(planned.defects):
            if defect.label == label:
                return planned, place
    raise AssertionError(f"class {label} is in none of 4,000 plans")


def alone(planned: PlannedImage, place: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], PlannedDefect]:
    """The picture with only that defect, the normal part, and the defect."""
    defect = planned.defects[place]
    return render(RECIPE, replace(planned, defects=(defect,))), render(RECIPE, replace(planned, defects=())), defect


@pytest.mark.parametrize("label", range(100), ids=[c.name for c in categories()])
def test_box_is_tight_and_the_defect_is_visible(label: int) -> None:
    with_it, without, defect = alone(*first_with(label))
    change = np.abs(with_it.astype(int) - without.astype(int)).max(axis=2)
    rows, columns = np.flatnonzero(change.any(axis=1)), np.flatnonzero(change.any(axis=0))
    assert defect.y_px <= rows[0] <= defect.y_px + 2
    assert defect.x_px <= columns[0] <= defect.x_px + 2
    assert 0 <= defect.y_px + defect.h_px - 1 - rows[-1] <= 2
    assert 0 <= defect.x_px + defect.w_px - 1 - columns[-1] <= 2
    assert change[change > 8].mean() > 45


def test_the_same_word_is_the_same_colour_in_every_scene() -> None:
    palette = {word: np.array(colour) for word, colour in COLOURS.items()}
    for label, category in enumerate(categories()):
        look = Defect.parse(category.defect)
        if look.appearance not in palette or look.shape == "dent":
            continue
        with_it, without, _ = alone(*first_with(label))
        change = np.abs(with_it.astype(int) - without.astype(int)).sum(axis=2)
        seen = np.median(with_it[change > 0.7 * change.max()], axis=0)
        nearest = min(palette, key=lambda word: float(np.linalg.norm(palette[word] - seen)))
        assert nearest == look.appearance, category.name


def test_same_recipe_same_pixels_and_seed_matters() -> None:
    for index in range(6):
        planned = plan_image(RECIPE, index)
        assert np.array_equal(render(RECIPE, planned), render(Recipe(images=9000), planned))
    other = Recipe(seed=1)
    assert not np.array_equal(render(other, plan_image(other, 0)), render(RECIPE, plan_image(RECIPE, 0)))


def test_defects_do_not_move_each_other() -> None:
    planned = next(p for p in (plan_image(RECIPE, i) for i in range(100)) if len(p.defects) >= 3)
    whole, fewer = render(RECIPE, planned), render(RECIPE, replace(planned, defects=planned.defects[:-1]))
    last = planned.defects[-1]
    fewer[last.y_px : last.y_px + last.h_px, last.x_px : last.x_px + last.w_px] = whole[
        last.y_px : last.y_px + last.h_px, last.x_px : last.x_px + last.w_px
    ]
    assert np.array_equal(whole, fewer)


@pytest.mark.parametrize("side", [64, 200])
@pytest.mark.parametrize("scene", [scene.name for scene in SCENES])
def test_surfaces_fill_any_side(scene: str, side: int) -> None:
    surface = SURFACES[scene](np.random.default_rng(0), side)
    assert surface.shape == (side, side, 3)
    assert surface.dtype == np.float32
    assert np.isfinite(surface).all()
    assert surface.mean() > 20
    assert (surface < -30).mean() < 0.01
    assert (surface > 255).mean() < 0.02
    assert surface.std() > 2


@pytest.mark.parametrize("shape", [word.word for word in SHAPES])
@pytest.mark.parametrize(("w_px", "h_px"), [(3, 3), (12, 40), (60, 21)])
def test_shapes_touch_all_four_sides(shape: str, w_px: int, h_px: int) -> None:
    for seed in range(5):
        mask = draw_shape(shape, w_px, h_px, 256, np.random.default_rng(seed))
        assert mask.shape == (h_px, w_px)
        assert mask.dtype == np.float32
        assert 0 <= mask.min() <= mask.max() <= 1
        assert min(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) > 0


def test_contact_sheet_shows_every_picture(bench_home: Path) -> None:
    opened = open_synth(images=5, side_px=64)
    sheet = np.asarray(contact_sheet(opened, [1, 2, 3, 4, 5], columns=2, cell_px=96))
    assert sheet.shape == (3 * 110, 2 * 96, 3)
    boxes = sum(len(s.annotations) for s in opened.samples.values())
    assert boxes
    assert (sheet == (255, 0, 220)).all(axis=2).sum() > 8 * boxes
    assert (sheet[2 * 110 :, 96:] == 255).all()  # five pictures leave one cell of paper


def test_contact_sheet_refuses_nothing_unknown_and_unreadable(bench_home: Path) -> None:
    opened = open_synth(images=2, side_px=64)
    with pytest.raises(DataError, match="0 images and 3 columns"):
        contact_sheet(opened, [], 3)
    with pytest.raises(DataError, match="mmio-synth has no image 7"):
        contact_sheet(opened, [1, 7], 3)
    opened.ensure([1])
    opened.samples[1].path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a readable image"):
        contact_sheet(opened, [1], 1)
