"""PKU-Market-PCB: classes by the xml, boards as groups, turned copies left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.build.scan import scan
from benchmark.datasets.sources.shared.source import load_sources
from tests.datasets.official_layouts import photo, pku_market_pcb


def test_classes_boxes_and_groups(tmp_path: Path) -> None:
    images = scan([pku_market_pcb(tmp_path)], ["pku-market-pcb"]).images["pku-market-pcb"]
    names = Counter(name for image in images for name in image.boxes.names)
    assert names == dict.fromkeys(load_sources()["pku-market-pcb"].kinds, 4)
    assert {image.group for image in images} == {"pku-market-pcb/01", "pku-market-pcb/12"}
    image = next(image for image in images if image.path.stem == "12_mouse_bite_01")
    assert image.key == "images/Mouse_bite/12_mouse_bite_01.jpg"
    assert image.boxes.xyxy.tolist() == [[4, 3, 13, 12], [30, 3, 39, 12]]


def test_shares_classes_with_deeppcb() -> None:
    ours, theirs = (load_sources()[name].kinds for name in ("pku-market-pcb", "deeppcb"))
    assert ours["mouse_bite"] == theirs["mousebite"]
    assert ours["spurious_copper"] == theirs["copper"]


def test_names_in_any_letter_case(tmp_path: Path) -> None:
    pku_market_pcb(tmp_path)
    for path in tmp_path.rglob("*.xml"):
        path.write_text(path.read_text().replace("<name>spur<", "<name>Spur<"))
    images = scan([tmp_path], ["pku-market-pcb"]).images["pku-market-pcb"]
    assert sum(image.boxes.names.count("spur") for image in images) == 4


def test_lost_halves_are_counted_and_bad_xml_is_named(tmp_path: Path) -> None:
    root = pku_market_pcb(tmp_path) / "PCB_DATASET"
    (root / "images" / "Short" / "01_short_01.jpg").unlink()
    photo(root / "images" / "Short" / "01_short_09.jpg")
    counts = scan([tmp_path], ["pku-market-pcb"]).repairs["pku-market-pcb"]
    assert counts["image without a label file left out"]["count"] == 1
    assert counts["label file without an image left out"]["count"] == 1
    label = root / "Annotations" / "Spur" / "01_spur_01.xml"
    label.write_text(label.read_text()[:-30])
    with pytest.raises(DataError, match=r"01_spur_01\.xml: not XML"):
        scan([tmp_path], ["pku-market-pcb"])
