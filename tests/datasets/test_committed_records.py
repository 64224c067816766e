"""The committed records describe the sets as they are made today."""

from __future__ import annotations

from pathlib import Path

from benchmark.core.canonical import to_plain
from benchmark.datasets.build.record import make_record
from benchmark.datasets.mmio_synth import open_synth
from benchmark.records.codec import decode_dataset

COMMITTED = Path(__file__).parents[2] / "results" / "datasets"


def test_mmio_synth(bench_home: Path) -> None:
    committed = decode_dataset((COMMITTED / "mmio-synth.json").read_text(encoding="utf-8"))
    examples = {"examples": committed.facts["examples"]}
    assert to_plain(make_record(open_synth(), examples)) == to_plain(committed)


def test_every_record_lies_under_its_own_name() -> None:
    for path in COMMITTED.glob("*.json"):
        record = decode_dataset(path.read_text(encoding="utf-8"), str(path))
        assert path.stem == record.name + (f"-{record.variant}" if record.variant else "")
        drawn_here = record.name == "mmio-synth"
        assert (COMMITTED / record.facts["examples"]["file"]).is_file() is drawn_here, "no pictures of others"
