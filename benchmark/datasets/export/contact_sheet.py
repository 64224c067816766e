"""A contact sheet: images of any data set in a grid, with their boxes and class names."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from benchmark.core.errors import DataError
from benchmark.core.images import decode
from benchmark.core.sample import Dataset, Sample

_BOX, _TEXT, _TEXT_BACK, _PAPER = (255, 0, 220), (255, 255, 255), (0, 0, 0), (255, 255, 255)
_CAPTION_PX = 14


def contact_sheet(dataset: Dataset, image_ids: Sequence[int], columns: int, cell_px: int = 256) -> Image.Image:
    """One RGB sheet with `columns` images per row, each resized to fit cell_px x cell_px, with its scene and id above.

    Missing images are made by `dataset.ensure` where it can. Raises DataError without images or columns, for an unknown
    image id and for an image that cannot be read.
    """
    if not image_ids or columns < 1:
        raise DataError(f"contact sheet: {len(image_ids)} images and {columns} columns; expected at least one of each")
    unknown = [image_id for image_id in image_ids if image_id not in dataset.samples]
    if unknown:
        raise DataError(f"contact sheet: {dataset.info.name} has no image {unknown[0]}")
    dataset.ensure(image_ids)
    rows = math.ceil(len(image_ids) / columns)
    sheet = Image.new("RGB", (columns * cell_px, rows * (cell_px + _CAPTION_PX)), _PAPER)
    for place, image_id in enumerate(image_ids):
        row, column = divmod(place, columns)
        cell = _cell(dataset, dataset.samples[image_id], cell_px)
        sheet.paste(cell, (column * cell_px, row * (cell_px + _CAPTION_PX)))
    return sheet


def _cell(dataset: Dataset, sample: Sample, cell_px: int) -> Image.Image:
    """One image with its boxes and their defect names, and its caption above."""
    cell = Image.new("RGB", (cell_px, cell_px + _CAPTION_PX), _PAPER)
    draw = ImageDraw.Draw(cell)
    draw.text((2, 1), f"{sample.scene} · {sample.image_id}", fill=_TEXT_BACK)
    picture = decode(sample.path).convert("RGB")
    scale = cell_px / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    cell.paste(picture, (0, _CAPTION_PX))
    for xyxy, label in zip(sample.annotations.xyxy * scale, sample.annotations.labels, strict=True):
        x1, y1, x2, y2 = (float(v) for v in xyxy)
        draw.rectangle((x1 - 1, y1 + _CAPTION_PX - 1, x2, y2 + _CAPTION_PX), outline=_BOX)
        name = dataset.categories[int(label)].defect
        left, top, right, bottom = draw.textbbox((0, 0), name)
        at = (min(max(0.0, x1), cell_px - right), max(float(_CAPTION_PX), y1 + _CAPTION_PX - bottom - 2))
        draw.rectangle((at[0] + left, at[1] + top, at[0] + right, at[1] + bottom), fill=_TEXT_BACK)
        draw.text(at, name, fill=_TEXT)
    return cell
