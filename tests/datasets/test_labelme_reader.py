"""labelme json: boxes around any shape, labels that mean no defect, files that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.labelme import read_labelme
from benchmark.datasets.readers.reading import Repairs
from tests.datasets.official_layouts import dump, text


def test_any_shape_counts_by_the_box_around_it(tmp_path: Path) -> None:
    shapes = [
        {"label": " 桔皮 ", "points": [[10, 5], [30.5, 8], [20, 25]]},
        {"label": "pit", "points": [[30, 20], [12, 4]], "shape_type": "rectangle"},
    ]
    boxes = read_labelme(dump(tmp_path / "a.json", {"shapes": shapes}), 64, 48, Repairs())
    assert boxes.names == ("桔皮", "pit")
    assert boxes.xyxy.tolist() == [[10, 5, 30.5, 25], [12, 4, 30, 20]]


def test_labels_that_mean_no_defect_are_counted_and_not_read(tmp_path: Path) -> None:
    repairs = Repairs()
    path = dump(tmp_path / "a.json", {"shapes": [{"label": "正常", "points": [[0, 0], [9, 9]]}]})
    boxes = read_labelme(path, 64, 48, repairs, ignored=("正常",))
    assert (len(boxes), boxes.written) == (0, 0)
    assert repairs.counts == {"box of 正常, which is no defect, not read": 1}


def test_a_shape_over_the_border_is_clipped(tmp_path: Path) -> None:
    repairs = Repairs()
    path = dump(tmp_path / "a.json", {"shapes": [{"label": "pit", "points": [[-5, 40], [20, 60]]}]})
    assert read_labelme(path, 64, 48, repairs).xyxy.tolist() == [[0, 40, 20, 48]]
    assert repairs.counts == {"box clipped at the image border": 1}


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"shapes": 3}'])
def test_what_is_no_labelme_file_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"a\.json: not (JSON|labelme json with 'shapes')"):
        read_labelme(text(tmp_path / "a.json", content), 64, 48, Repairs())


@pytest.mark.parametrize(
    "shape",
    [
        {"points": [[0, 0], [9, 9]]},
        {"label": "pit"},
        {"label": "pit", "points": []},
        {"label": "pit", "points": [[1, 2, 3]]},
        {"label": "pit", "points": [["a", 2]]},
        "pit",
    ],
)
def test_bad_shapes_are_named(tmp_path: Path, shape: Any) -> None:
    path = dump(tmp_path / "a.json", {"shapes": [{"label": "pit", "points": [[0, 0], [9, 9]]}, shape]})
    with pytest.raises(DataError, match=r"a\.json: shape 2: needs a label and points"):
        read_labelme(path, 64, 48, Repairs())
