"""Every form of released file, whole, truncated and malicious: tensors come out, or words that say why not."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pickle
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.weights import Form, ReleasedWeights

pytestmark = pytest.mark.models


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def declared(path: Path, form: Form) -> ReleasedWeights:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return ReleasedWeights(path.name, f"https://example.org/{path.name}", "MIT", ("coco",), form, "s", sha256)


def tensors() -> dict[str, Any]:
    import torch

    return {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.steps": torch.tensor(7)}


def same(found: dict[str, Any]) -> bool:
    import torch

    return found.keys() == tensors().keys() and all(torch.equal(found[k], v) for k, v in tensors().items())


def test_safetensors(folder: Path) -> None:
    from safetensors.torch import save_file

    from methods._torch.released import read_released

    save_file(tensors(), folder / "a.safetensors")
    assert same(read_released(declared(folder / "a.safetensors", Form.SAFETENSORS)))
    whole = (folder / "a.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordError, match=r"cut\.safetensors: not a readable safetensors file"):
        read_released(declared(folder / "cut.safetensors", Form.SAFETENSORS))


@pytest.mark.parametrize("key", [None, "state_dict", "model"])
def test_plain_state_dicts(folder: Path, key: str | None) -> None:
    import torch

    from methods._torch.released import read_released

    torch.save({key: tensors(), "epoch": 3} if key else tensors(), folder / "a.pth")
    assert same(read_released(declared(folder / "a.pth", Form.TENSORS)))


def test_a_plain_state_dict_that_is_none(folder: Path, tmp_path: Path) -> None:
    import torch

    from methods._torch.released import read_released

    torch.save({"epoch": 3}, folder / "empty.pth")
    with pytest.raises(RecordError, match="contains no named tensors"):
        read_released(declared(folder / "empty.pth", Form.TENSORS))
    torch.save({"model": Malicious(tmp_path / "ran")}, folder / "bad.pth")
    with pytest.raises(RecordError, match="not a readable state dict"):
        read_released(declared(folder / "bad.pth", Form.TENSORS))
    assert not (tmp_path / "ran").exists()


def test_a_pickle_in_the_list_is_converted_once(folder: Path, tmp_path: Path) -> None:
    """Its other objects become inert: not even a listed file runs code."""
    import torch

    from methods._torch.released import converted, read_released

    args = Namespace(lr=0.1, malicious=Malicious(tmp_path / "ran"))
    torch.save({"model": tensors(), "args": args, "bad": Malicious(tmp_path / "ran")}, folder / "a.pth")
    weights = declared(folder / "a.pth", Form.PICKLE)
    assert same(read_released(weights))
    assert not (tmp_path / "ran").exists()
    made = converted(folder / "a.pth")
    before = made.stat().st_mtime_ns
    assert same(read_released(weights))
    assert converted(folder / "a.pth").stat().st_mtime_ns == before


def test_a_pickle_outside_the_list_is_refused(folder: Path, tmp_path: Path) -> None:
    from methods._torch.released import read_released

    (folder / "a.pth").write_bytes(pickle.dumps(Malicious(tmp_path / "ran")))
    weights = declared(folder / "a.pth", Form.PICKLE)
    for unknown in (dataclasses.replace(weights, sha256=None), dataclasses.replace(weights, sha256="0" * 64)):
        with pytest.raises(MissingWeightsError, match="is not taken"):
            read_released(unknown)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_that_is_broken_says_so(folder: Path) -> None:
    import torch

    from methods._torch.released import read_released

    torch.save({"model": tensors()}, folder / "a.pth")
    whole = (folder / "a.pth").read_bytes()
    (folder / "cut.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordError, match=r"cut\.pth: could not be converted"):
        read_released(declared(folder / "cut.pth", Form.PICKLE))
    torch.save({"model": {}}, folder / "empty.pth")
    with pytest.raises(RecordError, match="it contains no named tensors"):
        read_released(declared(folder / "empty.pth", Form.PICKLE))


@pytest.mark.parametrize("protocol", [2, 3, 4])  # paddle.save takes these
def test_arrays_that_paddle_saved(folder: Path, protocol: int) -> None:
    from methods._torch.released import read_released

    arrays = {name: tensor.numpy() for name, tensor in tensors().items()}
    stored = {**arrays, "StructuredToParameterName@@": {"layer.weight": "w_0"}, "epoch": 3}
    (folder / "a.pdparams").write_bytes(pickle.dumps(stored, protocol=protocol))
    assert same(read_released(declared(folder / "a.pdparams", Form.PADDLE)))


class Own(np.ndarray[Any, Any]):
    """A class of arrays that a file could bring along."""


def test_a_paddle_file_with_anything_but_arrays_is_refused(folder: Path, tmp_path: Path) -> None:
    from methods._torch.released import read_released

    array = np.arange(3.0)
    objects = np.array([Malicious(tmp_path / "ran")], dtype=object)
    for name, stored, message in (
        ("runs", {"w": array, "bad": Malicious(tmp_path / "ran")}, "which is no array"),
        ("objects", {"w": array, "bad": objects}, "which is no array"),
        ("class", {"w": array.view(Own)}, "which is no array"),
        ("none", {"epoch": 3}, "contains no named arrays"),
        ("list", [array], "contains no named arrays"),
        ("boxed", {"w": np.array([1, "a"], dtype=object)}, "contains no named arrays"),
    ):
        (folder / name).write_bytes(pickle.dumps(stored))
        with pytest.raises(RecordError, match=message):
            read_released(declared(folder / name, Form.PADDLE))
    assert not (tmp_path / "ran").exists()
    whole = pickle.dumps({"w": np.arange(1000.0)})
    for size in (0, 10, len(whole) // 2):
        (folder / "cut").write_bytes(whole[:size])
        with pytest.raises(RecordError, match=r"not a readable file of paddle\.save"):
            read_released(declared(folder / "cut", Form.PADDLE))
    (folder / "codec").write_bytes(b"c_codecs\nencode\n(Vabc\nVrot13\ntR.")
    with pytest.raises(RecordError, match="names the encoding rot13"):
        read_released(declared(folder / "codec", Form.PADDLE))


def test_a_converter_that_never_ends_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from methods._torch import released

    torch.save({"model": tensors()}, folder / "a.pth")
    monkeypatch.setattr(released, "_LIMIT_S", 0.01)
    with pytest.raises(RecordError, match="was not converted within"):
        released.read_released(declared(folder / "a.pth", Form.PICKLE))


def test_files_of_a_librarys_own_form_need_their_engine(folder: Path) -> None:
    from methods._torch.released import read_released

    (folder / "a.pt").write_bytes(b"any")
    with pytest.raises(ConfigError, match="read by their library's engine"):
        read_released(declared(folder / "a.pt", Form.ULTRALYTICS))
