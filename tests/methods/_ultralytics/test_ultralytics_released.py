"""Released files are read in the library's allow-list mode and detect as the library's own model does."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.errors import MissingWeightsError, RecordError, RefusedError
from benchmark.core.plugins import load_adapter
from benchmark.core.weights import Form, ReleasedWeights
from tests.methods._ultralytics.small_engine import NAMES, adapter_of, push

pytestmark = pytest.mark.models

CASES = {
    "yolov8": ("yolov8n.pt", {}, "yolov8n.yaml"),
    "yolov10": ("yolov10n.pt", {}, "yolov10n.yaml"),
    "yolo-world": ("yolov8n-world.pt", {"text_encoder": "clip-vit-b32"}, "yolov8n-world.yaml"),
    "yolo-world-v2": ("yolov8n-worldv2.pt", {"text_encoder": "clip-vit-b32", "head": "v2"}, "yolov8n-worldv2.yaml"),
}


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def declare(method: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file at `path` as the method's only released weights."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    weights = ReleasedWeights(path.name, "https://example.org", "AGPL-3.0", ("coco",), Form.ULTRALYTICS, "n", sha256)
    adapter = load_adapter(method).Adapter
    monkeypatch.setattr(adapter, "info", dataclasses.replace(adapter.info, weights=(weights,)))


def published(table: str, path: Path) -> Any:
    """A checkpoint as the library writes it, with weights that find boxes; the library's model."""
    from ultralytics import YOLO, YOLOWorld

    from methods._torch.state import seed_everything
    from methods._ultralytics.library import prepare

    prepare()
    seed_everything(0, -1)
    facade: Any = (YOLOWorld if "world" in table else YOLO)(table)
    push(facade.model)
    facade.model.names = {i: f"kind {i}" for i in range(80)}
    facade.save(str(path))
    return facade


@pytest.mark.parametrize("case", CASES)
def test_released_weights_detect_as_in_the_library(
    case: str, weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from ultralytics import YOLO, YOLOWorld

    file, settings, table = CASES[case]
    method = case.removesuffix("-v2")
    published(table, weights_folder / file)
    declare(method, weights_folder / file, monkeypatch)
    adapter = adapter_of(method, image_side_px=96, **settings)
    texts = torch.nn.functional.normalize(torch.randn(3, 512, generator=torch.Generator().manual_seed(1)), dim=-1)
    monkeypatch.setattr("methods._ultralytics.open_vocabulary.embeddings", lambda *_: texts)
    adapter.load_released()
    theirs: Any = (YOLOWorld if settings else YOLO)(str(weights_folder / file))
    if settings:
        theirs.model.txt_feats, theirs.model.model[-1].nc = texts[None], 3
        theirs.model.names = dict(enumerate(NAMES.names))
        adapter.set_vocabulary(NAMES)
    else:
        adapter.set_vocabulary(dataclasses.replace(NAMES, names=tuple(f"kind {i}" for i in range(80)),
                                                   prompts=tuple((f"kind {i}",) for i in range(80))))  # fmt: skip
    if method == "yolov10":
        theirs.model.model[-1].end2end = True  # what the library documents as `nms=False`
    batch = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():  # in float64: how float32 rounds a box at 500 px differs from processor to processor
        expected = theirs.model.eval().fuse(verbose=False).double()(batch.double())
        found = adapter._model.double()(batch.double())
    expected, found = (answer[0] if isinstance(answer, tuple) else answer for answer in (expected, found))
    assert expected.std() > 0
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    adapter._model.float()
    assert len(adapter.predict([np.zeros((40, 60, 3), np.uint8)], Limits(0.0, 0.7, 10))[0]) == 10


def test_a_file_that_is_none_of_the_librarys_is_refused(
    weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    path = weights_folder / "yolov8n.pt"
    torch.save({"model": Malicious(tmp_path / "ran")}, path)
    declare("yolov8", path, monkeypatch)
    with pytest.raises(RecordError, match=r"yolov8n\.pt: not a checkpoint of ultralytics"):
        adapter_of("yolov8").load_released()
    assert not (tmp_path / "ran").exists()
    published("yolov8n.yaml", path)
    path.write_bytes(path.read_bytes()[:-5000])
    declare("yolov8", path, monkeypatch)
    with pytest.raises(RecordError, match="not a checkpoint of ultralytics"):
        adapter_of("yolov8").load_released()
    published("yolov9t.yaml", path)
    declare("yolov8", path, monkeypatch)
    with pytest.raises(RecordError, match="does not fit yolov8-n"):
        adapter_of("yolov8").load_released()


def test_without_the_allow_list_mode_nothing_is_read(weights_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ultralytics.nn import tasks

    published("yolov8n.yaml", weights_folder / "yolov8n.pt")
    declare("yolov8", weights_folder / "yolov8n.pt", monkeypatch)
    monkeypatch.setattr(tasks._SafeLoad, "SUPPORTED", False)
    with pytest.raises(RefusedError, match=r"needs torch 2\.6 or newer"):
        adapter_of("yolov8").load_released()


def test_what_was_not_released_or_is_not_here_is_missing(weights_folder: Path) -> None:
    with pytest.raises(MissingWeightsError, match="no weights of lf-yolo"):
        adapter_of("lf-yolo").load_released()
    with pytest.raises(MissingWeightsError, match=r"bench weights fetch yolov8n\.pt"):
        adapter_of("yolov8").load_released()
    adapter: Any = load_adapter("yolo-world").Adapter
    config = adapter_of("yolo-world", variant="s", text_encoder="minilm").config
    assert adapter.released_weights(config) is None
    for head, name in (("v1", "yolov8s-world.pt"), ("v2", "yolov8s-worldv2.pt")):
        taken = adapter.released_weights(dataclasses.replace(config, text_encoder="clip-vit-b32", head=head))
        assert taken.name == name
    assert adapter.starting_weights(config) is None
