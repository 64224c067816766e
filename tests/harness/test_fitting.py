"""Which images a fit gets: whole groups, never more than asked for, labels in the order of the fit's classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations
from benchmark.core.sample import Category, DatasetInfo, Sample, SplitLists
from benchmark.core.vocabulary import Vocabulary
from benchmark.datasets.opening.opened import CocoDataset
from benchmark.datasets.readers.columns import Content
from benchmark.harness.cell import Scope
from benchmark.harness.fitting import chosen_samples


def grouped(*sizes: int) -> CocoDataset:
    """A data set of two classes whose groups have these sizes; each image shows both."""
    groups = [f"part {number}" for number, size in enumerate(sizes) for _ in range(size)]
    boxes = Annotations.from_boxes(np.array([[1.0, 1.0, 9.0, 9.0]] * 2), np.array([0, 1]))
    samples = {
        i: Sample(i, Path(f"{i}.png"), 10, 10, boxes, "steel", group, "made up") for i, group in enumerate(groups, 1)
    }
    categories = tuple(Category(name, name, "steel", "metal") for name in ("hole", "pit"))
    return CocoDataset(DatasetInfo("made", "made", 1, ()), Content(categories, samples), "0" * 64, lambda *_: ())


@pytest.mark.parametrize(
    ("sizes", "limit", "taken"),
    [
        ((2, 2, 2), 5, 4),  # a third group would be one image too many
        ((2, 2, 2), 4, 4),
        ((2, 2, 2), 6, 6),
        ((2, 2, 2), None, 6),
        ((3, 3, 1), 4, 4),  # a smaller group still fits where a larger one does not
        ((3, 3), 2, 0),
    ],
)
def test_a_fit_gets_whole_groups_and_never_more_images_than_asked_for(
    sizes: tuple[int, ...], limit: int | None, taken: int
) -> None:
    dataset = grouped(*sizes)
    for seed in range(8):
        samples = chosen_samples([*dataset.samples.values()], limit, seed)
        assert len(samples) == taken
        groups = {sample.group for sample in samples}
        assert taken == sum(sample.group in groups for sample in dataset.samples.values())
        assert [sample.image_id for sample in samples] == sorted(sample.image_id for sample in samples)


def test_the_draw_is_seeded() -> None:
    dataset = grouped(*[1] * 50)

    def drawn(seed: int) -> list[int]:
        return [sample.image_id for sample in chosen_samples([*dataset.samples.values()], 5, seed)]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


def test_labels_index_the_vocabulary_and_other_boxes_are_left_out() -> None:
    dataset = grouped(1)
    split = SplitLists("made", (1,), (), (), (0, 1))
    for names, labels in ((("pit",), [0]), (("hole", "pit"), [0, 1]), (("pit", "hole"), [1, 0])):
        (sample,) = Scope(dataset, split, Vocabulary.from_names(names)).samples(split.train)
        assert sample.annotations.labels.tolist() == labels
