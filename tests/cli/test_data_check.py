"""`bench data check` and `bench data export` as a user types them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmark.cli.main import main
from tests.performance.made_files import COCO_VAL, LVIS_VAL, write_coco, write_lvis


@pytest.fixture
def roots(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody has named a folder; what a test names is forgotten after it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("MMIO_ROOT", "MMIO_TAXONOMY", "COCO_ROOT", "LVIS_ROOT"):
        monkeypatch.setenv(f"BENCH_{name}", "")
    return tmp_path


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, str]]:
    capsys.readouterr()
    status = main(["data", "check", *arguments, "--json"])
    checks = {each["what"]: (each["state"], each["here"]) for each in json.loads(capsys.readouterr().out)}
    assert status == int(any(state == "differs" for state, _ in checks.values()))
    return checks


def test_coco_counts_digests_and_pictures(roots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = roots / "coco"
    file = write_coco(root / "annotations" / "instances_val2017.json", COCO_VAL.scaled(0.002))
    (root / "val2017").mkdir()
    for number in range(2, 11):
        (root / "val2017" / f"{number:012d}.jpg").touch()
    checks = findings(capsys, "coco", "--root", str(root), "--pin")
    assert checks["val: images"] == ("differs", "10")
    assert checks["val: classes"] == ("ok", "80")
    assert checks["val: pictures"][0] == "differs"
    assert "9, first missing" in checks["val: pictures"][1]
    assert checks["train: annotations"][0] == "absent"
    assert checks[f"val: {file.name}"][0] == "ok"
    file.write_bytes(file.read_bytes() + b"\n")
    assert findings(capsys, "coco", "--root", str(root))[f"val: {file.name}"][0] == "differs"
    (root / "SHA256SUMS").write_text("what\n")
    assert main(["data", "check", "coco", "--root", str(root)]) == 2
    assert "SHA256SUMS:1: expected '<64 hex digits>  <path>'" in capsys.readouterr().err


def test_complete_annotations_of_lvis(roots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_lvis(roots / "lvis" / "lvis_v1_val.json", LVIS_VAL.scaled(0.001))
    checks = findings(capsys, "lvis", "--root", str(roots / "lvis"))
    assert checks["val: classes"] == ("ok", "1203")
    assert checks["minival: images of val in COCO val2017"] == ("differs", "5")


def test_what_was_exported_is_whole(roots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "export", "mmio-synth@n30", "--layout", "coco", "--out", str(roots / "out")]) == 0
    sizes = re.search(r"(\d+) train, (\d+) val, (\d+) test \(closed split\)", capsys.readouterr().out)
    assert sizes
    assert sum(map(int, sizes.groups())) == 30
    file = roots / "out" / "annotations" / "instances_train.json"
    assert findings(capsys, str(file)) == {"pictures": ("ok", sizes[1])}


@pytest.mark.data
def test_a_changed_picture_is_found(roots: Path, open_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--from", str(open_data), "--sources", "cr7-det", "--limit", "9"]
    assert main(["data", "build", "mmio-open", *source]) == 0
    name = "mmio-open@cr7-det-limit9"
    assert findings(capsys, name)["digests of pictures"] == ("ok", "9 as built")
    picture = next((roots / "home" / "data").rglob("pits*.jpg"))
    picture.write_bytes(picture.read_bytes() + b"x")
    state, here = findings(capsys, name)["digests of pictures"]
    assert (state, here.startswith("8 as built, 1 changed")) == ("differs", True)
    picture.unlink()
    assert findings(capsys, name)["pictures"][0] == "differs"


def test_mmio_from_export_to_show(roots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(roots / "out")
    assert main(["data", "export", "mmio-synth@n40", "--layout", "mmio", "--out", out, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["folder"], sum(facts["images"].values()), facts["split"]) == (out, 40, "zeroshot")
    checks = findings(capsys, "mmio", "--root", out)
    assert checks["text labels against json"] == ("ok", "the same boxes")
    assert checks["pictures"] == ("ok", "40")
    assert main(["data", "show", "mmio", "--root", out]) == 0
    shown = capsys.readouterr().out
    assert "differs  40 images, the paper says 21836" in shown
    assert "transfer:rolled steel" in shown
    assert main(["data", "export", "mmio", "--root", out, "--layout", "yolo", "--out", out + "2"]) == 2
    assert "pictures of mmio may not be passed on" in capsys.readouterr().err


def test_what_cannot_be_pinned(roots: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "mmio-synth", "--pin"]) == 2
    assert "--pin is for" in capsys.readouterr().err
    assert main(["data", "check", "coco", "--pin"]) == 2
    assert "name the folder of its owners' files" in capsys.readouterr().err
