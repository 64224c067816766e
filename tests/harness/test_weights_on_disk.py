"""`bench weights` and what it stands on: files fetched from a server of the test, checked, pinned."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import DataError, UnknownNameError
from benchmark.core.plugins import load
from benchmark.core.weights import Form, ReleasedWeights, pin
from benchmark.harness import weights as module
from benchmark.harness.weights import State, declared_weights, fetch, find_declared, state_of

BYTES = b"tensors" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("published")
    (folder / "model.bin").write_bytes(BYTES)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def small(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleasedWeights:
    """The only declared file, published by the server."""
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    weights = ReleasedWeights(
        "small/model.bin", f"{server}/model.bin", "MIT", ("coco",), Form.TENSORS, "s", SHA256, beside=("config.json",)
    )
    declare(monkeypatch, weights)
    return weights


def declare(monkeypatch: pytest.MonkeyPatch, weights: ReleasedWeights) -> None:
    monkeypatch.setattr(module, "_declarations", lambda: iter([("small-method", weights)]))


def test_a_file_is_fetched_with_those_beside_it_and_only_once(small: ReleasedWeights) -> None:
    blocks: list[int] = []
    assert fetch(small, blocks.append) == SHA256
    assert sum(blocks) == len(BYTES)
    assert small.find().read_bytes() == BYTES
    assert small.path.with_name("config.json").is_file()
    blocks.clear()
    assert fetch(small, blocks.append) == SHA256
    assert blocks == []


def test_another_file_than_the_declared_one_is_not_kept(small: ReleasedWeights) -> None:
    with pytest.raises(DataError, match=r"not the declared file: its sha256 is .*; nothing was kept"):
        fetch(dataclasses.replace(small, sha256="0" * 64))
    with pytest.raises(DataError, match="the publisher's with ffffffff"):
        fetch(dataclasses.replace(small, sha256=None, sha256_starts="ffffffff"))
    assert not small.path.exists()


def test_without_a_network_the_other_way_is_said(small: ReleasedWeights) -> None:
    gone = dataclasses.replace(small, url=f"{small.url}-not-there")
    with pytest.raises(DataError, match=r"could not be fetched .*curl -L -o model\.bin .* copy the file to"):
        fetch(gone)
    nobody = dataclasses.replace(small, url="http://127.0.0.1:9/model.bin")
    with pytest.raises(DataError, match="could not be fetched"):
        fetch(nobody)
    assert not small.path.exists()


def test_an_unpublished_digest_is_fetched_and_waits_for_its_pin(
    small: ReleasedWeights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = dataclasses.replace(small, sha256=None)
    declare(monkeypatch, unknown)
    assert main(["weights", "fetch", "small/model.bin"]) == 0
    assert "not usable yet: its digest is not published" in capsys.readouterr().out
    assert main(["weights", "check"]) == 1
    assert "small/model.bin: refused" in capsys.readouterr().out
    assert main(["weights", "check", "small/model.bin", "--pin"]) == 0
    assert SHA256 in capsys.readouterr().out
    assert main(["weights", "check"]) == 0
    (facts,) = json.loads(_output(capsys, ["weights", "check", "--json"]))
    assert (facts["state"], facts["pinned"], facts["sha256_here"]) == ("here", True, SHA256)


def _output(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    capsys.readouterr()
    assert main(words) == 0
    return capsys.readouterr().out


def test_list_and_check_say_where_a_file_stands(small: ReleasedWeights, capsys: pytest.CaptureFixture[str]) -> None:
    assert "missing" in _output(capsys, ["weights", "list"])
    assert "none of the 1 declared files is on this machine" in _output(capsys, ["weights", "check"])
    assert "missing; run: bench weights fetch small/model.bin" in _output(capsys, ["weights", "check", small.name])
    fetch(small)
    assert "small/model.bin: here" in _output(capsys, ["weights", "check"])
    small.path.write_bytes(b"truncated")
    assert main(["weights", "check"]) == 1
    (row,) = json.loads(_output(capsys, ["weights", "list", "--json"]))["files"]
    assert row["state"] == "refused"
    assert row["reason"].startswith("its sha256 is")


def test_words_that_name_no_file_are_refused(small: ReleasedWeights, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_declared("/somewhere/small/model.bin") == small
    with pytest.raises(UnknownNameError, match=r"did you mean small/model\.bin"):
        find_declared("small/modle.bin")
    assert main(["weights", "fetch"]) == 2
    assert "nothing to fetch" in capsys.readouterr().err
    assert main(["weights", "check", "--pin"]) == 2
    assert "--pin takes exactly one file" in capsys.readouterr().err
    assert main(["weights", "fetch", "--method", "no-such-method"]) == 2


def test_the_state_of_a_method_counts_whole_detectors(small: ReleasedWeights) -> None:
    info = dataclasses.replace(load("method", "yolov8"), weights=(small, dataclasses.replace(small, part="encoder")))
    assert state_of(info) == "0 of 1 here"
    fetch(small)
    assert state_of(info) == "1 of 1 here"
    small.path.write_bytes(b"truncated")
    assert state_of(info) == "0 of 1 here, 1 refused"
    assert state_of(dataclasses.replace(info, weights=())) == "none released"


def test_everything_declared_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    listed = {each.weights.name: each for each in declared_weights()}
    assert listed["clip-vit-b32/pytorch_model.bin"].methods == ("text encoder clip-vit-b32",)
    assert {each.state for each in listed.values()} == {State.MISSING}


def test_pins_outlive_the_process_and_the_folder(small: ReleasedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = dataclasses.replace(small, sha256=None)
    fetch(unknown)
    pin(unknown)
    assert unknown.refuse(SHA256) is None
    small.path.unlink()
    with pytest.raises(DataError, match="pinned here is"):
        fetch(dataclasses.replace(unknown, url=small.url.replace("model.bin", "config.json")))
