"""What is asked for becomes cells, or is refused with the reason before anything runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.canonical import canonical_json
from benchmark.core.errors import ConfigError, DataError, RefusedError, UnknownNameError
from benchmark.core.method import WeightsOrigin
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import resolve
from benchmark.harness.data import make_vocabulary, open_dataset
from benchmark.harness.request import resolve_defaults, split_variant
from benchmark.records.codec import decode_job, encode

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("bench_home")]

ASKED = RunRequest("yolo-world", "zeroshot", "mmio-synth", "smoke")


def test_one_cell_per_seed_and_ids_that_hold_no_path() -> None:
    cells = resolve(replace(ASKED, seeds=(0, 1)))
    assert [cell.spec.seed for cell in cells] == [0, 1]
    assert len({cell.spec.run_id for cell in cells}) == 2
    assert len({cell.spec.fit.fit_id for cell in cells if cell.spec.fit}) == 2
    assert cells[0].spec.run_id == resolve(ASKED)[0].spec.run_id
    text = canonical_json(cells[0].spec)
    assert str(Path.home()) not in text
    assert "/" not in text
    assert decode_job(encode(cells[0].job)).spec.run_id == cells[0].spec.run_id


def test_expert_is_a_fit_of_its_own_shared_over_seeds() -> None:
    first, second = resolve(replace(ASKED, method="rtvp", seeds=(0, 1)))
    baseline = resolve(ASKED)[0]
    assert first.spec.fit is not None
    assert second.spec.fit is not None
    assert baseline.spec.fit is not None
    assert first.spec.fit.start is not None
    assert first.spec.fit.start == second.spec.fit.start == baseline.spec.fit.start
    assert first.spec.fit.start.method == "yolov8"
    without = resolve(replace(ASKED, params={"init": "none"}))[0].spec
    assert without.fit is not None
    assert without.fit.start is None
    assert without.overrides == {"init": "none"}


def test_a_changed_setting_is_another_cell() -> None:
    plain, changed = resolve(ASKED)[0].spec, resolve(replace(ASKED, params={"epochs": "2"}))[0].spec
    assert changed.overrides == {"epochs": 2}
    assert plain.overrides == {}
    assert plain.run_id != changed.run_id
    codes = resolve(replace(ASKED, wording="codes"))[0].spec
    assert codes.vocabulary_digest != plain.vocabulary_digest
    assert codes.fit == plain.fit
    untrained = resolve(replace(ASKED, weights=WeightsOrigin.RANDOM))[0].spec
    assert untrained.fit is None


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (replace(ASKED, method="yolov8"), RefusedError, "yolov8 has a closed vocabulary"),
        (replace(ASKED, method="yolov8", task="closed", wording="codes"), RefusedError, "reads no class names"),
        (replace(ASKED, method="yolo-wrld"), UnknownNameError, "did you mean yolo-world"),
        (replace(ASKED, method="yolo-world-xxl"), UnknownNameError, "unknown variant of yolo-world 'xxl'"),
        (replace(ASKED, task="zero"), UnknownNameError, "unknown task 'zero'"),
        (replace(ASKED, data="mmio-sinth"), UnknownNameError, "did you mean mmio-synth"),
        (replace(ASKED, profile="fast"), UnknownNameError, "unknown profile 'fast'"),
        (replace(ASKED, params={"epoch": "2"}), UnknownNameError, "did you mean epochs"),
        (replace(ASKED, novel=("crack",)), ConfigError, "--novel is for a data set given by its path"),
        (replace(ASKED, data="no/such/file.json"), DataError, "file.json"),
    ],
)
def test_refusals(request_: RunRequest, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        resolve(request_)
    assert words in str(caught.value)


def test_defaults_without_data_and_profile() -> None:
    assert resolve_defaults(RunRequest("rtvp", "zeroshot")) == ("mmio-synth", "demo")
    assert resolve_defaults(RunRequest("rtvp", "zeroshot", "mmio-synth"))[1] in ("quick", "paper")
    assert split_variant("yolo_world-s") == ("yolo-world", "s")
    assert split_variant("glip-t-b") == ("glip", "t-b")
    assert split_variant("mm-grounding-dino-t") == ("mm-grounding-dino", "t")


def test_wordings(tmp_path: Path) -> None:
    dataset = open_dataset("mmio-synth")
    canonical = make_vocabulary(dataset, (0, 1), "canonical")
    codes = make_vocabulary(dataset, (0, 1), "codes")
    assert codes.names == canonical.names
    assert all(len(prompts[0]) == 6 for prompts in codes.prompts)
    own = tmp_path / "words.json"
    own.write_text(json.dumps({canonical.names[0]: "a crack", canonical.names[1]: ["a hole", "an opening"]}))
    mine = make_vocabulary(dataset, (0, 1), str(own))
    assert mine.prompts == (("a crack",), ("a hole", "an opening"))
    with pytest.raises(ConfigError, match="has no text for 1 classes"):
        make_vocabulary(dataset, (0, 2), str(own))
    own.write_text("[]")
    with pytest.raises(ConfigError, match="holds list"):
        make_vocabulary(dataset, (0,), str(own))
    own.write_text("{")
    with pytest.raises(ConfigError, match=r"words\.json: not JSON"):
        make_vocabulary(dataset, (0,), str(own))
    with pytest.raises(ConfigError, match="neither canonical"):
        make_vocabulary(dataset, (0,), "klingon")
