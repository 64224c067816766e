"""Conversions for other tools, with the real libraries; a clear word where one is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark
from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.detections import Detections
from benchmark.core.errors import ConfigError, DataError, MissingExtraError
from benchmark.datasets.mmio_synth import MmioSynth, open_synth

FOUND = Detections(
    np.array([[1, 2, 30, 40], [0, 0, 5, 5]], np.float32), np.array([0.9, 0.25], np.float32), np.array([1, 0], np.int64)
)


@pytest.fixture
def synth(bench_home: Path) -> MmioSynth:
    return open_synth(images=8)


@pytest.mark.parametrize(
    ("library", "extra", "call"),
    [
        ("supervision", "interop", lambda data: benchmark.to_supervision(FOUND, ["a", "b"])),
        ("supervision", "interop", benchmark.to_supervision_dataset),
        ("datasets", "interop", benchmark.to_huggingface),
        ("datasets", "interop", benchmark.huggingface_features),
        ("fiftyone", "fiftyone", benchmark.to_fiftyone),
    ],
)
def test_a_missing_library_is_named(
    library: str, extra: str, call: Any, synth: MmioSynth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"{library} is not installed: pip install 'rtvp-bench\[{extra}\]'"):
        call(synth)


def test_a_folder_of_that_name_is_not_the_library(
    synth: MmioSynth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datasets").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for module in [name for name in sys.modules if name.split(".")[0] == "datasets"]:
        monkeypatch.delitem(sys.modules, module)
    try:
        with pytest.raises(MissingExtraError, match="datasets is not installed"):
            benchmark.to_huggingface(synth)
    finally:
        sys.modules.pop("datasets", None)


class TestSupervision:
    @pytest.fixture(autouse=True)
    def supervision(self) -> Any:
        return pytest.importorskip("supervision", reason="supervision comes with the extra interop")

    def test_detections(self, supervision: Any) -> None:
        converted = benchmark.to_supervision(FOUND, ["hole", "stain"])
        assert isinstance(converted, supervision.Detections)
        assert converted.xyxy.tolist() == FOUND.xyxy.tolist()
        assert converted.confidence is not None
        assert converted.confidence.tolist() == FOUND.scores.tolist()
        assert converted.data["class_name"].tolist() == ["stain", "hole"]
        assert len(converted[converted.confidence > 0.5]) == 1
        assert len(benchmark.to_supervision(Detections.empty(), [])) == 0

    def test_a_label_without_a_name(self) -> None:
        with pytest.raises(ConfigError, match="label 1 has no name: 1 names were given"):
            benchmark.to_supervision(FOUND, ["hole"])

    def test_data_set(self, supervision: Any, synth: MmioSynth) -> None:
        converted = benchmark.to_supervision_dataset(synth, [1, 2, 3])
        assert len(converted) == 3
        assert converted.classes == [category.name for category in synth.categories]
        for path, image, boxes in converted:
            sample = next(s for s in synth.samples.values() if str(s.path) == path)
            assert image.shape == (sample.height_px, sample.width_px, 3)
            assert np.allclose(boxes.xyxy, sample.annotations.xyxy)
            assert boxes.class_id is not None
            assert boxes.class_id.tolist() == sample.annotations.labels.tolist()

    def test_an_image_that_is_not_there(self, synth: MmioSynth) -> None:
        with pytest.raises(DataError, match="mmio-synth has no image 99"):
            benchmark.to_supervision_dataset(synth, [99])


class TestHuggingFace:
    @pytest.fixture(autouse=True)
    def library(self) -> Any:
        module = pytest.importorskip("datasets", reason="datasets comes with the extra interop")
        if module.__file__ is None:  # tests/datasets, where pytest put tests/ on the path
            pytest.skip("datasets comes with the extra interop")
        return module

    def test_data_set(self, library: Any, synth: MmioSynth) -> None:
        converted = benchmark.to_huggingface(synth)
        assert isinstance(converted, library.Dataset)
        assert converted.features == benchmark.huggingface_features(synth)
        assert converted["image_id"][:] == sorted(synth.samples)
        label = converted.features["objects"]["category"].feature
        for row in converted:
            sample = synth.samples[row["image_id"]]
            assert row["image"].size == (sample.width_px, sample.height_px)
            boxes = np.array(row["objects"]["bbox"], np.float64).reshape(-1, 4)
            assert np.allclose(xywh_to_xyxy(boxes), sample.annotations.xyxy)
            names = [synth.categories[each].name for each in sample.annotations.labels]
            assert [label.int2str(each) for each in row["objects"]["category"]] == names

    def test_its_licences_travel_with_it(self, synth: MmioSynth) -> None:
        converted = benchmark.to_huggingface(synth, [1])
        assert "AGPL-3.0-or-later" in converted.info.license
        assert converted.info.description == "MMIO, procedural"


@pytest.mark.slow
class TestFiftyOne:
    """Needs the package and no database: `pip install 'rtvp-bench[fiftyone]'`."""

    def test_samples(self, synth: MmioSynth) -> None:
        pytest.importorskip("fiftyone", reason="fiftyone is an extra of its own, which 'all' leaves out")
        made = benchmark.to_fiftyone(synth, [1, 2], {2: FOUND}, ["hole", "stain"])
        assert [sample["image_id"] for sample in made] == [1, 2]
        truth = made[0]["ground_truth"].detections
        own = synth.samples[1]
        assert [box.label for box in truth] == [synth.categories[each].name for each in own.annotations.labels]
        left, top, width, height = truth[0].bounding_box
        x1, y1, x2, y2 = own.annotations.xyxy[0] / 256
        assert (left, top, left + width, top + height) == pytest.approx((x1, y1, x2, y2))
        assert not made[0].has_field("predictions")
        assert [box.confidence for box in made[1]["predictions"].detections] == pytest.approx([0.9, 0.25])
