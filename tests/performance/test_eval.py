"""The measurement `eval` on sets small enough for a test: it agrees with the reference and says what it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.core.errors import BenchError
from tests.performance.__main__ import main
from tests.performance.eval import measure_apart


def test_coco_beside_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--part", "coco", "--scale", "0.002"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "coco: 10 images, 80 classes, 1,000 detections"
    assert [line.split()[0] for line in lines[1:4]] == ["fast", "reference", "ratio"]
    assert lines[3].endswith("metrics equal")
    assert lines[4].startswith("At 0.002 of the full size")


def test_the_others_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["eval", "--part", "lvis", "bootstrap", "read", "--scale", "0.002", "--no-reference", "--json"]
    assert main(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert set(facts) == {"scale", "lvis", "bootstrap", "read"}
    assert 0 < facts["lvis"]["fast"]["metrics"]["APr"] < 1
    assert "reference" not in facts["lvis"]
    low, high = facts["bootstrap"]["bounds"]
    assert low < high
    assert facts["read"]["rows"] == facts["read"]["detections"] == 10 * 300
    assert facts["bootstrap"]["peak_mb"] > 20
    assert facts["bootstrap"]["pairs"] == 190


@pytest.mark.parametrize("scale", ["0", "1.5"])
def test_bad_scales_are_refused(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["eval", "--scale", scale])
    assert f"--scale: {scale}: it must be above 0 and at most 1" in capsys.readouterr().err


def test_a_part_that_breaks_says_which(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"eval, read: .*predictions_0\.parquet"):
        measure_apart("read", tmp_path)
