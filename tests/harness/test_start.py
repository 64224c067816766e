"""A fit that starts from a finished pre-training on other data: checked, part of the spec, and used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import RefusedError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.record import Status
from benchmark.core.spec import FitSpec, RunRequest
from benchmark.harness.cell import resolve
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options
from tests.made_detector import _replace, mean_box

KEPT = "rows = {name: [[0.25, 0.25, 0.75, 0.75]] for name in vocabulary.names}"
GOES_ON = """known = json.loads(start.read_text()) if start else {}
        rows = {name: [known.get(name, [0.25, 0.25, 0.75, 0.75])] for name in vocabulary.names}"""


def pictures(folder: Path, count: int, corner: int) -> dict[str, object]:
    """COCO json of `count` pictures with one box each."""
    folder.mkdir(parents=True)
    images, boxes = [], []
    for i in range(1, count + 1):
        pixels = np.random.default_rng(i).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        images.append({"id": i, "file_name": f"{i}.png", "width": 64, "height": 64})
        boxes.append({"id": i, "image_id": i, "category_id": 1, "bbox": [corner, corner, 20, 20], "iscrowd": 0})
    return {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "hole"}]}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunRequest]:
    """The tiny detector on a set of ours; Objects365 has the same class at another place."""
    root = tmp_path / "objects365"
    content = pictures(root / "train", 4, 40)
    (root / "annotations").mkdir()
    (root / "annotations" / "objects365_train.json").write_text(json.dumps(content))
    monkeypatch.setenv("BENCH_OBJECTS365_ROOT", str(root))
    own = tmp_path / "own"
    content = pictures(own, 12, 4)
    (own / "own.json").write_text(json.dumps(content))
    with mean_box(tmp_path / "made", open_vocabulary=True):
        adapter = tmp_path / "made" / "rtvp-bench-mean-box" / "mean_box" / "adapter.py"
        _replace(adapter, KEPT, GOES_ON)
        _replace(adapter, "    info = INFO\n", "    info = INFO\n    continues = True\n")
        yield RunRequest("mean-box", "closed", str(own / "own.json"), "smoke")


def pretrained() -> FitSpec:
    cell = resolve(RunRequest("mean-box", "pretrain", "objects365", "smoke"))[0]
    execute(cell, Options())
    assert cell.spec.fit is not None
    return cell.spec.fit


def box_of(spec: FitSpec) -> list[float]:
    found: list[float] = json.loads((Home.find().fit(spec.fit_id).root / "checkpoint.json").read_text())["hole"]
    return found


def test_a_fit_starts_from_the_other_one(asked: RunRequest) -> None:
    first = pretrained()
    alone, cell = resolve(asked)[0], resolve(replace(asked, from_fit=first.fit_id))[0]
    assert cell.spec.fit is not None
    assert alone.spec.fit is not None
    assert cell.spec.fit.chain == (first, cell.spec.fit)
    assert cell.spec.fit.dataset != first.dataset
    assert len({cell.spec.run_id, alone.spec.run_id}) == 2
    assert replace(cell.spec.fit, start=None).fit_id == alone.spec.fit.fit_id
    for each in (alone, cell):
        assert execute(each, Options()).status is Status.OK
    assert box_of(cell.spec.fit) > box_of(alone.spec.fit)  # its first box is Objects365's, lower in the picture
    own, kept = (Home.find().fit(spec.fit_id).record for spec in (cell.spec.fit, first))
    own.touch()
    before = own.stat().st_mtime_ns, kept.stat().st_mtime_ns
    assert execute(cell, Options(refit=True)).status is Status.OK
    assert own.stat().st_mtime_ns > before[0]
    assert kept.stat().st_mtime_ns == before[1]


def test_the_ledger_names_what_the_start_had_met(asked: RunRequest) -> None:
    first = pretrained()
    assert asked.data is not None
    content = json.loads(Path(asked.data).read_text())
    content["categories"].append({"id": 2, "name": "dent"})
    for box in content["annotations"][6:]:
        box["category_id"] = 2
    Path(asked.data).write_text(json.dumps(content))
    asked = replace(asked, task="zeroshot", novel=("hole",))
    alone, cell = resolve(asked)[0], resolve(replace(asked, from_fit=first.fit_id))[0]
    assert execute(alone, Options()).facts["ledger"]["trained_on"] == ["this fit"]
    assert cell.spec.start_data == ("objects365",)
    assert execute(cell, Options()).facts["ledger"]["trained_on"] == ["objects365", "this fit"]


def test_what_is_no_start_is_refused(asked: RunRequest) -> None:
    first = pretrained()
    with pytest.raises(RefusedError, match=r"no finished fit 0{12} on this machine; 'bench run --task pretrain'"):
        resolve(replace(asked, from_fit="0" * 12))
    plain = resolve(asked)[0]
    execute(plain, Options())
    assert plain.spec.fit is not None
    with pytest.raises(RefusedError, match=r"is one on any-coco.* closed; give one of task 'pretrain'"):
        resolve(replace(asked, from_fit=plain.spec.fit.fit_id))
    with pytest.raises(RefusedError, match="another method: mean-box, and yolov8 is asked for"):
        resolve(replace(asked, method="yolov8", from_fit=first.fit_id))
    with pytest.raises(RefusedError, match="glip cannot start from an earlier fit of its own"):
        resolve(replace(asked, method="glip", from_fit=first.fit_id))
    with pytest.raises(RefusedError, match="nothing is fitted"):
        resolve(replace(asked, weights=WeightsOrigin.RANDOM, from_fit=first.fit_id))


def test_a_start_that_is_gone_is_not_trained_on_other_data(asked: RunRequest) -> None:
    first = pretrained()
    cell = resolve(replace(asked, from_fit=first.fit_id))[0]
    (Home.find().fit(first.fit_id).root / "fit.json").unlink()
    with pytest.raises(RefusedError, match=f"fit {first.fit_id} is a pre-training on objects365 that is not here"):
        execute(cell, Options())
