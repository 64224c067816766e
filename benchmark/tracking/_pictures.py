"""Images with boxes for W&B: small JPEGs, and boxes in the frame of what is uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.core.images import decode
from benchmark.tracking._tracker import Picture

LONGEST_SIDE_PX = 640
COLUMNS = ("image_id", "image", "n_gt", "n_pred", "max_score")


def drawn(wandb: Any, pictures: Sequence[Picture]) -> Any:
    """A W&B table with one row per picture."""
    table = wandb.Table(columns=list(COLUMNS))
    for picture in pictures:
        best = max((float(score) for score in picture.scores), default=None)
        found, there = len(picture.scores), len(picture.truth_xyxy)
        table.add_data(str(picture.image_id), _image(wandb, picture), there, found, best)
    return table


def _image(wandb: Any, picture: Picture) -> Any:
    pixels = decode(picture.path).convert("RGB")
    scale = min(1.0, LONGEST_SIDE_PX / max(pixels.size))
    pixels = pixels.resize((max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale))))
    names = sorted({*picture.found_names, *picture.truth_names})
    labels = {name: number for number, name in enumerate(names)}
    found = [
        _box(xyxy, scale, labels[name], name, float(score))
        for xyxy, score, name in zip(picture.found_xyxy, picture.scores, picture.found_names, strict=True)
    ]
    truth = [
        _box(xyxy, scale, labels[name], name, None)
        for xyxy, name in zip(picture.truth_xyxy, picture.truth_names, strict=True)
    ]
    classes = {number: name for name, number in labels.items()}
    boxes = {
        part: {"box_data": data, "class_labels": classes} for part, data in (("predictions", found), ("truth", truth))
    }
    # A PNG of noise-like metal is five times as large and takes thirty times as long.
    return wandb.Image(pixels, boxes=boxes, file_type="jpg")


def _box(xyxy: Any, scale: float, label: int, name: str, score: float | None) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(value) * scale for value in xyxy)
    facts: dict[str, Any] = {
        "position": {"minX": x1, "minY": y1, "maxX": x2, "maxY": y2},
        "domain": "pixel",
        "class_id": label,
        "box_caption": name if score is None else f"{name} {score:.2f}",
    }
    return facts if score is None else {**facts, "scores": {"score": score}}
