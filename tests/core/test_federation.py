"""What LVIS says about absence, in the order of a vocabulary."""

from __future__ import annotations

from benchmark.core.sample import Federation
from benchmark.datasets.mmio_synth import open_synth
from benchmark.harness.data import federation_of

WHOLE = Federation(("r", "c", "f", "f"), {1: (0, 3), 2: (1,)}, {1: (2,), 3: ()})


def test_labels_become_positions_in_the_vocabulary() -> None:
    asked = WHOLE.asked((3, 0))
    assert asked.frequency == ("f", "r")
    assert asked.negative == {1: (1, 0), 2: ()}
    assert asked.not_exhaustive == {1: (), 3: ()}


def test_a_set_without_it_has_an_empty_one() -> None:
    dataset = open_synth(images=2)
    assert federation_of(dataset, (0, 1)).frequency == ()
    dataset.federation = WHOLE
    assert federation_of(dataset, (1,)).frequency == ("c",)
