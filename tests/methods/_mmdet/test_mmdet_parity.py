"""Predictions of GLIP are those of mmdet's own documented call on the same random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.vocabulary import Vocabulary

pytestmark = pytest.mark.models
pytest.importorskip("mmdet", reason="needs the extra glip")

ALL = Limits(0.0, 0.6, 300)
"""no least score, the library's NMS IoU, detections kept"""


def assert_same(found: Any, theirs: Any, image: Any) -> None:
    """All scores to 1e-4; each of our boxes is one of theirs with its score and label, to 1e-4 of 100 pixels."""
    boxes, scores, labels = theirs
    order = np.argsort(-scores, kind="stable")[:300]
    np.testing.assert_allclose(found.scores, scores[order], atol=1e-4)
    height, width = image.shape[:2]
    inside = np.clip(boxes, 0, [width, height, width, height])
    near = (
        (np.abs(found.xyxy[:, None] - inside[None]).max(axis=2) <= 1e-2)
        & (np.abs(found.scores[:, None] - scores[None]) <= 1e-4)
        & (found.labels[:, None] == labels[None])
    )
    assert near.any(axis=1).mean() >= 0.99  # rounding decides which of equal scores is the last one kept


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("variant", ["test", "test-deep"])
def test_predict_equals_the_librarys_own_call(
    variant: str, batch: int, adapter_of: Callable[..., Any], library: Any, noise: Any
) -> None:
    names = ("dead knot, wood", "Scratch", "oil_stain on glass")
    adapter = adapter_of("glip", variant=variant)
    adapter.build_random(3)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    images = noise(3)
    ours = [d for i in range(0, 3, batch) for d in adapter.predict(images[i : i + batch], ALL)]
    for found, theirs, image in zip(ours, library(adapter)(images, names, batch), images, strict=True):
        assert len(found) >= 30
        assert_same(found, theirs, image)


@pytest.mark.parametrize(
    ("variant", "count", "chunk"), [("test", 1, -1), ("test-deep", 35, -1), ("test-deep", 100, 40), ("test", 1203, 40)]
)
def test_vocabularies_of_any_size_equal_the_librarys_chunks(
    variant: str, count: int, chunk: int, adapter_of: Callable[..., Any], library: Any, noise: Any
) -> None:
    names = tuple(f"defect kind {i}" for i in range(count))
    adapter = adapter_of("glip", variant=variant, max_names=chunk if chunk > 0 else None)
    adapter.build_random(3)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    assert len(adapter._asked.prompts) == (-(-count // chunk) if chunk > 0 else 1)
    (image,) = noise(1)
    (found,) = adapter.predict([image], ALL)
    (theirs,) = library(adapter, chunk)([image], names, 1)
    assert int(theirs[2].max()) < count
    assert_same(found, theirs, image)


def test_many_prompts_in_one_pass_equal_each_alone(adapter_of: Callable[..., Any], noise: Any) -> None:
    """Late fusion reads the image once for all prompts; the answer is that of one pass a prompt."""
    import torch

    from methods._mmdet.images import batch, prepare_image
    from methods._mmdet.predict import heads

    adapter = adapter_of("glip", max_names=10)
    adapter.build_random(0)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(f"defect kind {i}" for i in range(35))))
    prompts = adapter._asked.prompts
    assert len(prompts) == 4
    with torch.inference_mode():
        pixels, _ = batch(adapter._model, [prepare_image(image, 64, 96) for image in noise(2)], training=False)
        features = adapter._model.extract_feat(pixels)
        together = list(heads(adapter._model, features, prompts))
        for i, (prompt, (logits, deltas, centres)) in enumerate(together):
            ((_, alone),) = heads(adapter._model, features, prompts[i : i + 1])
            assert prompt is prompts[i][0]
            for left, right in zip([*logits, *deltas, *centres], [*alone[0], *alone[1], *alone[2]], strict=True):
                np.testing.assert_allclose(left.numpy(), right.numpy(), atol=1e-4)


def test_a_class_with_several_texts_scores_as_its_best(adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter = adapter_of("glip")
    adapter.build_random(1)
    adapter.set_vocabulary(Vocabulary(("hole", "stain"), (("hole", "deep pit"), ("stain",)), "synonyms"))
    (found,) = adapter.predict(noise(1), ALL)
    adapter.set_vocabulary(Vocabulary.from_names(("hole", "deep pit", "stain")))
    (each,) = adapter.predict(noise(1), ALL)
    assert set(found.labels.tolist()) == {0, 1}
    assert found.scores[found.labels == 0].max() == pytest.approx(each.scores[each.labels < 2].max(), abs=1e-6)
    assert (found.labels == 0).sum() < (each.labels < 2).sum()
    assert (found.labels == 1).sum() == (each.labels == 2).sum()


@pytest.mark.parametrize(
    "name", ["x" * 300, "two . parts", "line\nbreak", "裂纹", "(bracket)", "...", "a, b; c? d"], ids=range(7)
)
def test_odd_names_are_answered(name: str, adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter = adapter_of("glip")
    adapter.build_random(1)
    adapter.set_vocabulary(Vocabulary.from_names((name, "hole")))
    (found,) = adapter.predict(noise(1), ALL)
    assert set(found.labels.tolist()) == {0, 1}


@pytest.mark.slow
def test_five_thousand_classes(adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter = adapter_of("glip")
    adapter.build_random(1)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(f"kind {i}" for i in range(5000))))
    (found,) = adapter.predict(noise(1, 40, 40), ALL)
    assert len(found) == 300
    assert int(found.labels.max()) < 5000
