"""What figures read of a model: features within boxes, saliency over the image alone, and the same pictures for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations
from benchmark.core.detector import Explanation
from benchmark.core.sample import Sample
from benchmark.harness.explain import BOXES_A_CLASS, drawn_boxes, pictured_samples, pooled, saliency


def answer(
    *levels: np.ndarray, frame: tuple[float, float, float, float], maps: tuple[np.ndarray, ...] = ()
) -> Explanation:
    return Explanation(tuple(level.astype(np.float32) for level in levels), {"features": maps}, frame)


def sample(
    image_id: int, scene: str = "wood", source: str = "a", labels: tuple[int, ...] = (0,), crowd: bool = False
) -> Sample:
    boxes = np.tile([[0.0, 0.0, 9.0, 9.0]], (len(labels), 1))
    flags = np.full(len(labels), crowd)
    truth = Annotations(boxes, np.array(labels, np.int64), flags, np.full(len(labels), 81.0))
    return Sample(image_id, Path(f"{image_id}.png"), 10, 10, truth, scene, "g", source)


def cells(low: float, high: float, centres: list[float]) -> list[int]:
    """Along one axis: those whose centre lies within, or the one nearest to the middle."""
    within = [k for k, centre in enumerate(centres) if low <= centre < high]
    return within or [int(np.argmin([abs(centre - (low + high) / 2) for centre in centres]))]


@pytest.mark.parametrize(
    "xyxy",
    [[8, 8, 24, 24], [0, 0, 64, 32], [9, 9, 11, 11], [40, 3, 41, 31], [62.5, 30.5, 64, 32], [60, 28, 90, 60]],
)
def test_features_are_the_mean_of_the_cells_whose_centres_lie_in_the_box(xyxy: list[float]) -> None:
    rng = np.random.default_rng(0)
    frame = (-8.0, -4.0, 72.0, 36.0)  # grey padding around an image of 64 x 32 px
    levels = [rng.normal(size=(3, 10, 20)), rng.normal(size=(5, 5, 10))]
    box = np.array(xyxy, np.float64)
    expected = []
    for level in levels:
        down, across = level.shape[1:]
        side_x, side_y = (frame[2] - frame[0]) / across, (frame[3] - frame[1]) / down
        columns = cells(box[0], box[2], [frame[0] + (k + 0.5) * side_x for k in range(across)])
        rows = cells(box[1], box[3], [frame[1] + (k + 0.5) * side_y for k in range(down)])
        mean = np.mean([level[:, row, column] for row in rows for column in columns], axis=0)
        expected.append(mean / np.linalg.norm(mean))
    got = pooled(answer(*levels, frame=frame), box)
    assert got.shape == (8,)
    assert got == pytest.approx(np.concatenate(expected), abs=1e-5)


def test_features_of_nothing_stay_finite() -> None:
    assert pooled(answer(np.zeros((4, 2, 2)), frame=(0, 0, 8, 8)), np.array([0.0, 0, 8, 8])).tolist() == [0.0] * 4


def test_saliency_covers_the_image_without_its_padding() -> None:
    level = np.zeros((8, 8), np.float32)
    level[:2] = 9.0  # above the image
    level[5, 6] = 1.0
    (drawn,) = saliency(answer(frame=(0, -16, 64, 48), maps=(level,)), 64, 32).values()
    assert drawn.shape == (32, 64)
    assert drawn.dtype == np.uint8
    row, column = np.unravel_index(drawn.argmax(), drawn.shape)
    assert (drawn.max(), drawn.min()) == (255, 0)
    assert 24 <= row < 32  # cell (5, 6)
    assert 48 <= column < 56
    assert not drawn[:12].any()


def test_levels_count_the_same_whatever_their_scale() -> None:
    strong, weak = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    strong[0, 0], weak[3, 3] = 1000.0, 0.001
    (drawn,) = saliency(answer(frame=(0, 0, 40, 40), maps=(strong, weak)), 40, 40).values()
    assert drawn[0, 0] == drawn[-1, -1] == 255
    (flat,) = saliency(answer(frame=(0, 0, 40, 40), maps=(np.ones((4, 4), np.float32),)), 40, 40).values()
    assert not flat.any()


def test_pictures_are_of_many_scenes_and_free_ones_first() -> None:
    samples = [sample(i, scene=("wood", "steel", "glass")[i % 3]) for i in range(1, 31)]
    shown = pictured_samples(samples, {"a"})
    assert [s.scene for s in shown[:3]] != [shown[0].scene] * 3
    assert sorted(s.scene for s in shown) == ["glass", "glass", "steel", "steel", "wood", "wood"]
    assert pictured_samples(samples[::-1], {"a"}) == shown
    assert pictured_samples([sample(1, labels=()), sample(2)], {"a"})[0].image_id == 2
    mixed = [sample(i, source="b") for i in range(1, 20)] + [sample(50, source="a")]
    assert pictured_samples(mixed, {"a"}, 1)[0].image_id == 50


def test_boxes_are_of_the_four_commonest_classes_and_no_crowds() -> None:
    samples = [sample(i, labels=(0, 1, 2, 3)) for i in range(1, 101)]
    samples += [sample(200, labels=(4,)), sample(201, labels=(4,) * 300, crowd=True)]
    drawn = drawn_boxes(samples)
    labels = [int(s.annotations.labels[row]) for s, row in drawn]
    assert labels == sorted(labels)
    assert {label: labels.count(label) for label in set(labels)} == dict.fromkeys(range(4), BOXES_A_CLASS)
    assert [(s.image_id, row) for s, row in drawn_boxes(samples[::-1])] == [(s.image_id, row) for s, row in drawn]
