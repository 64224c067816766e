"""A released file counts by its digest alone; one that nobody could know is refused until it is pinned."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import ConfigError, MissingWeightsError, RecordError
from benchmark.core.plugins import list_names, load
from benchmark.core.weights import Form, ReleasedWeights, pin, read_pins

BYTES = b"tensors"
SHA256 = hashlib.sha256(BYTES).hexdigest()
PUBLISHED = ReleasedWeights(
    "small.safetensors", "https://example.org/small.safetensors", "MIT", ("coco",), Form.SAFETENSORS, "s", SHA256
)
UNKNOWN = dataclasses.replace(PUBLISHED, sha256=None)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def test_a_published_digest_is_found_and_another_one_refused(folder: Path) -> None:
    (folder / PUBLISHED.name).write_bytes(BYTES)
    assert PUBLISHED.find() == folder / PUBLISHED.name
    (folder / PUBLISHED.name).write_bytes(b"truncat")
    with pytest.raises(MissingWeightsError, match=rf"not taken: its sha256 is .* published is {SHA256[:12]}"):
        PUBLISHED.find()


def test_a_missing_file_names_the_command() -> None:
    with pytest.raises(MissingWeightsError, match=r"small\.safetensors is not in .*: bench weights fetch small"):
        PUBLISHED.find()


def test_files_beside_it_belong_to_it(folder: Path) -> None:
    whole = dataclasses.replace(PUBLISHED, beside=("config.json",))
    (folder / PUBLISHED.name).write_bytes(BYTES)
    with pytest.raises(MissingWeightsError, match=r"config\.json is not beside"):
        whole.find()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert whole.find() == folder / PUBLISHED.name


def test_an_unknown_digest_is_refused_until_it_is_pinned(folder: Path) -> None:
    (folder / UNKNOWN.name).write_bytes(BYTES)
    with pytest.raises(MissingWeightsError, match=r"not published and none is pinned here.* --pin"):
        UNKNOWN.find()
    assert pin(UNKNOWN) == SHA256
    assert UNKNOWN.find() == folder / UNKNOWN.name
    assert UNKNOWN.expected_sha256 == SHA256
    (folder / UNKNOWN.name).write_bytes(b"another")
    with pytest.raises(MissingWeightsError, match=f"pinned here is {SHA256[:12]}"):
        UNKNOWN.find()


def test_what_is_published_of_a_digest_holds_for_pins_too(folder: Path) -> None:
    other = dataclasses.replace(UNKNOWN, sha256_starts="00000000")
    (folder / other.name).write_bytes(BYTES)
    with pytest.raises(MissingWeightsError, match="the publisher's with 00000000"):
        other.find()
    with pytest.raises(ConfigError, match="the publisher's with 00000000"):
        pin(other)
    assert pin(dataclasses.replace(UNKNOWN, sha256_starts=SHA256[:8])) == SHA256


def test_a_pickle_is_never_pinned(folder: Path) -> None:
    """Who vouches for a file may still not have looked inside; only a digest in our list opens a pickle."""
    unsafe = dataclasses.replace(UNKNOWN, form=Form.PICKLE)
    (folder / unsafe.name).write_bytes(BYTES)
    with pytest.raises(ConfigError, match="a pickle can run code"):
        pin(unsafe)
    with pytest.raises(MissingWeightsError, match="its digest is not published"):
        unsafe.find()


def test_there_is_nothing_to_pin_where_a_digest_is_published_or_no_file_lies() -> None:
    with pytest.raises(ConfigError, match="its digest is published"):
        pin(PUBLISHED)
    with pytest.raises(MissingWeightsError, match="put the file there before pinning it"):
        pin(UNKNOWN)


@pytest.mark.parametrize(
    ("text", "words"), [("{", "not JSON"), ("[]", "delete it and pin"), ('{"a": 1}', "delete it and pin")]
)
def test_unreadable_pins_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "home" / "weights-pinned.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=rf"weights-pinned\.json: .*{words}"):
        read_pins()


@pytest.mark.parametrize("wrong", [{"sha256": "abc"}, {"sha256": "Z" * 64}, {"name": "../up"}, {"name": "/abs"}])
def test_a_declaration_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"no sha256|below the weights folder"):
        dataclasses.replace(PUBLISHED, **wrong)


def test_declarations_of_all_methods_agree() -> None:
    """One name, one file; every weight is for a size that the method has and says where it comes from."""
    seen: dict[str, ReleasedWeights] = {}
    for name in list_names("method"):
        info = load("method", name)
        for weights in info.weights:
            file = dataclasses.replace(
                weights, variant="", part=""
            )  # methods may share a file, each for a use of its own
            assert seen.setdefault(weights.name, file) == file
            assert weights.variant in info.variants
            assert weights.url.startswith("https://")
            assert weights.part or set(weights.trained_on) <= set(info.trained_on)
            assert weights.licence
