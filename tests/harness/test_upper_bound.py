"""The upper bound of zero-shot: trained on half of the novel groups, tested beside zero-shot on the other half."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.method import WeightsOrigin
from benchmark.core.record import Status
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import Cell, cell_of, resolve
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options, find_fit

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("bench_home")]

ASKED = RunRequest("yolo-world", "zeroshot", "mmio-synth@n300", "smoke", {"init": "none"})


def cell(task: str) -> Cell:
    return resolve(replace(ASKED, task=task))[0]


def test_the_bound_is_trained_on_novel_boxes_and_tested_on_other_groups() -> None:
    bound, half, whole = cell("upper-bound"), cell("zeroshot-half"), cell("zeroshot")
    assert bound.fit is not None
    assert bound.fit.scope is not None
    split, samples = bound.tested.split, bound.dataset.samples
    assert len(bound.fit.scope.vocabulary) == len(bound.dataset.categories)
    assert bound.tested.vocabulary == half.tested.vocabulary == whole.tested.vocabulary
    assert set(split.test) < set(whole.tested.split.test)
    assert split.test == half.tested.split.test
    trained = {samples[i].group for i in (*split.train, *split.val)}
    assert not trained & {samples[i].group for i in split.test}
    novel = set(split.novel)
    shown = [sum(bool(novel & set(samples[i].annotations.labels.tolist())) for i in part)
             for part in ((*split.train, *split.val), split.test)]  # fmt: skip
    assert min(shown) > 0.35 * sum(shown)


def test_zero_shot_on_the_half_shares_the_fit_of_zero_shot() -> None:
    bound, half, whole = cell("upper-bound"), cell("zeroshot-half"), cell("zeroshot")
    assert half.spec.fit == whole.spec.fit
    assert bound.spec.fit is not None
    assert whole.spec.fit is not None
    assert bound.spec.fit.fit_id != whole.spec.fit.fit_id
    for each in (bound, half, whole):
        again = cell_of(each.job)
        assert again.spec == each.spec
        assert [fit.spec for fit in again.fits] == [fit.spec for fit in each.fits]


def test_both_are_measured_on_the_same_boxes(bench_home: Path) -> None:
    bound, half = cell("upper-bound"), cell("zeroshot-half")
    records = [execute(each, Options()) for each in (bound, half)]
    assert [record.status for record in records] == [Status.OK, Status.OK], [record.error for record in records]
    for fact in ("test_images", "test_boxes"):
        assert records[0].facts[fact] == records[1].facts[fact] > 0
    assert records[0].per_class.keys() == records[1].per_class.keys()
    for each, names in ((bound, len(bound.dataset.categories)), (half, len(half.tested.split.base))):
        fit = find_fit(each.fits[-1].spec)
        assert fit is not None
        assert len(stored_names(fit.checkpoint)) == names  # what `fit_on` says, not the base classes in any case
    ledgers = [record.facts["ledger"] for record in records]
    assert ledgers[0] != ledgers[1]
    control = execute(resolve(replace(ASKED, task="upper-bound", weights=WeightsOrigin.RANDOM))[0], Options())
    assert control.status is Status.OK


def stored_names(checkpoint: Path) -> list[str]:
    """Class names that a fit was trained with."""
    from methods._torch.state import read_tensors

    names: list[str] = read_tensors(checkpoint)["names"]
    return names
