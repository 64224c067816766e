"""`bench paper`: all tables and figures from records, and what stands between printed and measured."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmark.cli._paper import make_paper
from benchmark.cli.main import main
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic

Make = Callable[..., RunRecord]
NUMBERS = ("1", "2a", "2b", "3", "4", "5", "6", "generalized", "transfer")


@pytest.fixture(autouse=True)
def results(bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


def keep(*records: RunRecord) -> None:
    for record in records:
        write_atomic(Home.find().run(record.run_id).record, encode(record))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]


def test_everything_is_written_linked_and_repeated(make_record: Make, tmp_path: Path) -> None:
    keep(make_record(), make_record(method="yolo-world", ap=0.3), make_record(task="coco", dataset="coco"))
    first, second = (make_paper("mmio-open", tmp_path / name) for name in ("a", "b"))
    names = [path.relative_to(tmp_path / "a").as_posix() for path in first.files]
    for number in NUMBERS:
        assert {f"tables/table_{number}.{ending}" for ending in ("md", "tex", "html", "csv", "json")} <= set(names)
    assert {"figures/speed-accuracy.pdf", "figures/speed-accuracy.png"} <= set(names)
    assert [path.read_bytes() for path in first.files] == [path.read_bytes() for path in second.files]
    page = _Links()
    page.feed((tmp_path / "a" / "index.html").read_text(encoding="utf-8"))
    written = re.findall(r"\]\(([^)]+)\)", (tmp_path / "a" / "index.md").read_text(encoding="utf-8"))
    others = set(names) - {"index.md", "index.html"}
    assert set(page.links) == set(written) == others
    again = make_paper("mmio-open", tmp_path / "a")
    assert [path.read_bytes() for path in again.files] == [path.read_bytes() for path in second.files]


def test_every_printed_number_says_what_stands_in_its_way(make_record: Make, tmp_path: Path) -> None:
    plain = {"profile": "paper", "params": {"variant": "s"}, "dataset": "mmio"}
    keep(
        make_record(ap=0.266, ap50=0.9, ap75=0.1, **plain),
        make_record(ap=0.3, ap50=0.4, ap75=0.1, **{**plain, "method": "yolo-world"}),
    )
    made = make_paper("mmio", tmp_path)
    with (tmp_path / "reported_and_reproduced.csv").open(encoding="utf-8", newline="") as file:
        cells = {(cell["table"], cell["row"], cell["metric"]): cell for cell in csv.DictReader(file)}
    assert all(cell["way"] and cell["printed"] for cell in cells.values())
    rtvp = cells["2b", "RTVP", "AP"]
    assert rtvp["status"] in ("reproduced", "mismatch")
    assert float(rtvp["difference"]) == pytest.approx(26.6 - float(rtvp["reported"]), abs=1e-3)
    assert (float(rtvp["low"]), float(rtvp["high"])) == pytest.approx((21.6, 31.6))
    absent = cells["2a", "RTVP", "AP"]
    assert absent["way"] == "not run: bench run --method rtvp-s --task closed --data mmio --profile paper"
    assert cells["2b", "MDETR", "AP"]["flag"].startswith("AP 18.1 and AP75 20.3 above AP50 17.7")
    assert (
        cells["1", "MMIO-80K", "images"]["way"] == "its owners' files are not here: bench data check mmio --root FOLDER"
    )
    assert str(sum(1 for _ in cells)) in made.overview.summary


def test_what_cannot_be_drawn_says_which_command_would(
    make_record: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(make_record())
    old = tmp_path / "out" / "figures" / "wording.png"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"of other records")
    assert main(["paper", "--data", "mmio-open", "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert not old.exists()
    assert set(told["missing"]) >= {"figure-2", "figure-4", "figure-5a", "figure-5b", "wording", "precision-recall"}
    assert all("bench " in reason and "\n" not in reason for reason in told["missing"].values())
    assert "--data mmio-open --profile quick --vocabulary synonyms" in told["missing"]["wording"]
    index = (tmp_path / "out" / "index.md").read_text(encoding="utf-8")
    assert all(reason.replace("|", "\\|") in index for reason in told["missing"].values())


def test_a_cell_with_several_candidates_spoils_its_table_alone(
    make_record: Make, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(make_record(), make_record(split_digest="another"))
    assert main(["paper", "--data", "mmio-open"]) == 0
    output = capsys.readouterr().out
    assert str(results / "paper" / "mmio-open" / "index.html") in output
    assert "missing: Table 2b: table 2b, row 'RTVP', mmio-open 1, quick: records" in output
    assert not (results / "paper" / "mmio-open" / "tables" / "table_2b.md").exists()
    assert (results / "paper" / "mmio-open" / "tables" / "table_2a.md").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--data NAME writes tables and figures"),
        (["--wandb", "a/b", "--out", "x"], "--out needs --data NAME"),
        (["--data", "mmio-opem"], "unknown data set 'mmio-opem'"),
        (["--wandb", "nobody"], "expected ENTITY/PROJECT"),
        (["--wandb", "ada/board"], "no committed record to publish"),
    ],
)
def test_what_is_refused(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    make_record: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(make_record())
    (tmp_path / "in the way").write_text("")
    assert main(["paper", "--data", "mmio-open", "--out", str(tmp_path / "in the way")]) == 2
    assert "could not be written" in capsys.readouterr().err
    stuck = tmp_path / "out" / "figures" / "wording.png"
    stuck.mkdir(parents=True)
    assert main(["paper", "--data", "mmio-open", "--out", str(tmp_path / "out")]) == 2
    assert "wording.png: could not be removed" in capsys.readouterr().err
