"""The measurement `annotations` on files small enough for a test."""

from __future__ import annotations

import json

import pytest

from tests.performance.__main__ import main


def test_both_sets_are_opened_and_timed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotations", "--scale", "0.01", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["coco"]["images"], facts["coco"]["boxes"]) == (50, 368)
    assert facts["lvis"]["images"] == 48
    assert 0 < facts["lvis"]["boxes"] < 2447
    assert all(each["file_bytes"] > 100_000 and each["wall_s"] > 0 for each in facts.values())


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotations", "--scale", "0.002"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["coco", "lvis"]
    assert "10 images, 74 boxes of a file of 0 MB, opened in" in lines[0]


@pytest.mark.parametrize("scale", ["0", "1.5"])
def test_a_share_of_the_full_size(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["annotations", "--scale", scale])
    assert "it must be above 0 and at most 1" in capsys.readouterr().err
