"""`bench data leaks` says what leaks, and `bench collect` takes nothing that was measured on a split that does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.cli.main import main
from benchmark.core.errors import RecordError
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.harness.data import open_dataset
from benchmark.records.codec import encode
from benchmark.records.leaks import leak_of, write_leaks
from benchmark.records.store import write_atomic

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def twins(tmp_path: Path, bench_home: Path) -> Path:
    """Twenty pictures, each twice, as parts of their own: no split can keep them together."""
    images, boxes = [], []
    for number in range(40):
        rng = np.random.default_rng(number // 2)
        coarse = Image.fromarray(rng.integers(0, 255, (6, 8), np.uint8))
        coarse.resize((64, 48), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.png")
        images.append({"id": number + 1, "file_name": f"{number}.png", "width": 64, "height": 48, "group": str(number)})
        boxes.append({"id": number + 1, "image_id": number + 1, "category_id": 1, "bbox": [2, 2, 20, 20]})
    content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "hole"}]}
    path = tmp_path / "twins.json"
    path.write_text(json.dumps(content))
    return path


def test_leaks_are_said_kept_and_refused(
    twins: Path, make_record: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(twins.parent / "results"))
    dataset = open_dataset(str(twins))
    record = make_record(dataset_digest=dataset.digest, split_digest=dataset.split("closed").digest)
    write_atomic(Home.find().run(record.run_id).record, encode(record))

    assert main(["data", "leaks", str(twins), "--split", "closed"]) == 1
    out = capsys.readouterr().out
    assert "LEAK     closed: " in out
    assert "x exact copy" in out
    assert "refused  records of these splits, by 'bench collect'" in out

    assert main(["collect"]) == 0
    out = capsys.readouterr().out
    assert "0 taken, 0 already there, 1 refused" in out
    assert f"refused {record.run_id}: its split leaks: " in out
    assert "in closed of any-coco@" in out


def test_json(twins: Path, capsys: Capture) -> None:
    assert main(["data", "leaks", str(twins), "--split", "closed", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {leak["kind"] for leak in told["leaks"]} == {"exact copy"}
    assert list(told["splits"]) == ["closed"]


def test_a_split_that_nobody_looked_at_is_said(
    make_record: Callable[..., RunRecord],
    bench_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    record = make_record()
    write_atomic(Home.find().run(record.run_id).record, encode(record))
    assert main(["collect"]) == 0
    assert (
        "not checked here: split of mmio-open zeroshot; check it with: bench data leaks mmio-open"
        in capsys.readouterr().out
    )


def test_what_was_found_is_kept_by_split(bench_home: Path, make_record: Callable[..., RunRecord]) -> None:
    home, spec = Home.find(), make_record().spec
    assert leak_of(home, spec) is None
    write_leaks(home, spec.dataset_digest, {spec.split_digest: ""})
    assert leak_of(home, spec) == ""
    write_leaks(home, spec.dataset_digest, {"another": "1 in closed"})
    assert leak_of(home, spec) == ""
    write_leaks(home, spec.dataset_digest, {spec.split_digest: "2 in zeroshot"})
    assert leak_of(home, spec) == "2 in zeroshot"
    write_leaks(home, spec.dataset_digest, {spec.split_digest: ""})  # a later look that finds nothing
    assert leak_of(home, spec) == ""
    write_leaks(home, spec.dataset_digest, {spec.split_digest: "2 in zeroshot"})
    home.leaks(spec.dataset_digest).write_text("[]")
    with pytest.raises(RecordError, match="not a list of leaks"):
        leak_of(home, spec)
