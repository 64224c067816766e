"""Figure 2 shows a data set's record: its classes in order, its sizes, and only pictures that may be passed on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import RecordError
from benchmark.core.paths import Results
from benchmark.core.record import DatasetRecord
from benchmark.figures.figure_2 import FIGURE, bars, draw
from benchmark.records.codec import decode_dataset, encode
from benchmark.records.store import write_atomic

COMMITTED = Path(__file__).parents[2] / "results" / "datasets"


@pytest.fixture(params=["mmio-open", "mmio-synth"])
def record(request: pytest.FixtureRequest, bench_home: Path) -> DatasetRecord:
    path = COMMITTED / f"{request.param}.json"
    return decode_dataset(path.read_text(encoding="utf-8"), str(path))


def test_long_tail_falls_and_holds_every_class(record: DatasetRecord) -> None:
    shown = bars(record)
    assert len(shown) == record.counts["classes"]
    assert [bar.boxes for bar in shown] == sorted((facts["boxes"] for facts in record.classes.values()), reverse=True)
    assert sum(bar.novel for bar in shown) == len(record.splits["zeroshot"]["novel"])


def test_panels_show_the_record(record: DatasetRecord) -> None:
    figure = draw(record)
    *tiles, tail, ridges = figure.axes
    assert len(tail.patches) == record.counts["classes"]
    assert [tick.get_text().replace("\n", " ") for tick in ridges.get_yticklabels()][::-1] == sorted(
        record.facts["super_categories"]
    )
    examples = record.facts["examples"]
    here = (COMMITTED / examples["file"]).is_file()  # pictures of others are shown where their set was built
    assert len([axes for axes in tiles if axes.images]) == (len(examples["tiles"]) if here else 0)


def test_no_letter_leaves_the_page_or_covers_another(record: DatasetRecord) -> None:
    figure = draw(record)
    figure.draw_without_rendering()
    page = figure.bbox
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, *axes.texts) if text.get_text()]
    for axes in figure.axes:
        low, high = sorted(axes.get_ylim())
        marks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        texts += [text for place, text in marks if low <= place <= high and text.get_text()]
    frames = [text.get_window_extent() for text in texts]
    for text, frame in zip(texts, frames, strict=True):
        assert page.x0 <= frame.x0 <= frame.x1 <= page.x1, text.get_text()
        assert page.y0 <= frame.y0 <= frame.y1 <= page.y1, text.get_text()
    for i, frame in enumerate(frames):
        for j in range(i):
            assert not frame.overlaps(frames[j].shrunk(0.98, 0.8)), (texts[i].get_text(), texts[j].get_text())


def test_pictures_are_of_sources_that_may_be_passed_on(record: DatasetRecord) -> None:
    for tile in record.facts["examples"]["tiles"]:
        assert record.sources[tile["source"]]["redistributable"]


def test_without_pictures_there_are_two_panels(record: DatasetRecord) -> None:
    facts = {name: value for name, value in record.facts.items() if name != "examples"}
    assert len(draw(replace(record, facts=facts)).axes) == 2


def test_a_record_of_an_older_version_is_refused(record: DatasetRecord) -> None:
    facts = {name: value for name, value in record.facts.items() if name != "super_category_sides_px"}
    with pytest.raises(RecordError, match="no sizes per super category; make it again with 'bench data build'"):
        draw(replace(record, facts=facts))


@pytest.mark.usefixtures("bench_home")
class TestCommand:
    @pytest.fixture(autouse=True)
    def results(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
        return Results.find().datasets

    @pytest.fixture
    def committed(self, results: Path) -> Path:
        results.mkdir(parents=True)
        for name in ("mmio-synth.json", "mmio-synth.examples.jpg"):
            (results / name).write_bytes((COMMITTED / name).read_bytes())
        return results

    @pytest.mark.parametrize("name", ["2", "figure_2"])
    def test_by_its_number(self, name: str, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["figure", name, "--json"]) == 0
        files = [Path(path) for path in json.loads(capsys.readouterr().out)["files"]]
        assert [path.name for path in files] == ["figure-2.pdf", "figure-2.png"]
        assert files[0].read_bytes()[:5] == b"%PDF-"
        assert all(path.stat().st_size > 20_000 for path in files)

    def test_a_sheet_that_is_another_one_is_refused(self, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (committed / "mmio-synth.examples.jpg").write_bytes(b"x")
        assert main(["figure", "2"]) == 2
        assert "mmio-synth.examples.jpg: not the example pictures that the record names" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "no data set has a record yet"),
            (["--data", "mmio-sinth"], "unknown data set with a record 'mmio-sinth'"),
            (["--task", "zeroshot"], "it takes --data, no --task, no --profile and no --version"),
        ],
    )
    def test_what_cannot_be_drawn(self, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["figure", "2", *arguments]) == 2
        assert words in capsys.readouterr().err

    def test_the_papers_own_set_comes_first(self, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert FIGURE.data[0] == "mmio"
        path = committed / "mmio-synth.json"
        record = decode_dataset(path.read_text(encoding="utf-8"))
        plain = {name: value for name, value in record.facts.items() if name != "examples"}
        write_atomic(committed / "mmio.json", encode(replace(record, name="mmio", facts=plain)))
        (committed / "mmio-synth.examples.jpg").write_bytes(b"x")
        assert main(["figure", "2"]) == 0  # mmio-synth with another sheet would be refused
        assert main(["figure", "2", "--data", "mmio-synth"]) == 2

    def test_without_its_pictures_it_has_two_panels(self, committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A set with pictures of others, not built on this machine."""
        (committed / "mmio-synth.examples.jpg").unlink()
        assert main(["figure", "2"]) == 0
        record = decode_dataset((committed / "mmio-synth.json").read_text(encoding="utf-8"))
        assert len(draw(record).get_axes()) == 2
