"""The record of a data set: all that tables and figures read, so that they never open the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.core.errors import RefusedError
from benchmark.core.record import DatasetRecord
from benchmark.core.sample import Category, Dataset, Sample, Split
from benchmark.datasets.build.novel import defect_names
from benchmark.datasets.opening.licence import sources_of

SIDE_EDGES_PX = (0, 4, 8, 16, 32, 64, 96, 128, 256, 512, 1024, 4096)
SHARE_EDGES = (0.0, 0.001, 0.01, 0.1, 1.0)
"""bins of box area, as a share of the image area"""
FINE_SIDE_EDGES_PX = tuple(round(2 ** (k / 2), 2) for k in range(2, 25))
"""bins of half an octave, 2 to 4096 px, for curves"""
PERCENTILES = (5, 25, 50, 75, 95)
Facts = dict[str, Any]


def make_record(dataset: Dataset, facts: Mapping[str, Any]) -> DatasetRecord:
    """Counts, splits and sizes of an opened data set. facts: entries of the build to add to the record's facts."""
    samples = [dataset.samples[image_id] for image_id in sorted(dataset.samples)]
    categories = dataset.categories
    supers = {category.scene: category.super_category for category in categories}
    return DatasetRecord(
        name=dataset.info.name,
        version=dataset.info.version,
        variant=dataset.info.variant,
        digest=dataset.digest,
        counts={
            "images": len(samples),
            "boxes": sum(len(sample.annotations) for sample in samples),
            "classes": len(categories),
            "scenes": len({sample.scene for sample in samples}),
            "super_categories": len({category.super_category for category in categories}),
            "defect_free_images": sum(not len(sample.annotations) for sample in samples),
            "groups": len({sample.group for sample in samples}),
        },
        scenes={
            scene: {"super_category": supers.get(scene, "none"), **_counts([s for s in samples if s.scene == scene])}
            for scene in sorted({sample.scene for sample in samples})
        },
        classes=_classes(samples, categories),
        splits=_splits(dataset),
        sources=_sources(dataset, samples),
        facts={
            "title": dataset.info.title,
            "citation": dataset.info.citation,
            "image_sides_px": _image_sides(samples),
            "texts": {
                "described_classes": sum(bool(category.description) for category in categories),
                "classes_with_synonyms": sum(bool(category.synonyms) for category in categories),
            },
            "super_categories": _super_categories(samples, categories),
            "super_category_sides_px": _super_category_sides(samples, categories),
            "box_sides_px": _box_sides(samples),
            "box_shares": _box_shares(samples),
            **facts,
        },
    )


def novel_losses(samples: Mapping[int, Sample], split: Split) -> dict[str, dict[str, int]]:
    """Images and boxes of base classes, per source, that zero-shot training cannot use.

    base_images: images that show a base class; test_images: those of them in the test part, as they also show a novel
    class; left_out_images: those in no part, because an image of their group is in the test part; lost_boxes: boxes of
    base classes on test_images and left_out_images.
    """
    fit = {*split.train, *split.val}
    test = set(split.test)
    losses: dict[str, Counter[str]] = {}
    for sample in samples.values():
        base = int(np.isin(sample.annotations.labels, split.base).sum())
        if not base:
            continue
        counts = losses.setdefault(sample.source, Counter())
        counts["base_images"] += 1
        if sample.image_id not in fit:
            counts["test_images" if sample.image_id in test else "left_out_images"] += 1
            counts["lost_boxes"] += base
    keys = ("base_images", "test_images", "left_out_images", "lost_boxes")
    return {source: {key: losses[source][key] for key in keys} for source in sorted(losses)}


def _counts(samples: Sequence[Sample]) -> dict[str, int]:
    return {"images": len(samples), "boxes": sum(len(sample.annotations) for sample in samples)}


def _classes(samples: Sequence[Sample], categories: Sequence[Category]) -> dict[str, dict[str, Any]]:
    boxes: Counter[int] = Counter()
    images: Counter[int] = Counter()
    for sample in samples:
        labels = sample.annotations.labels.tolist()
        boxes.update(labels)
        images.update(set(labels))
    return {
        category.name: {
            "scene": category.scene,
            "super_category": category.super_category,
            "defect": category.defect,
            "synonyms": list(category.synonyms),
            "description": category.description,
            "boxes": boxes[label],
            "images": images[label],
        }
        for label, category in enumerate(categories)
    }


def _super_categories(samples: Sequence[Sample], categories: Sequence[Category]) -> dict[str, Facts]:
    """Counts per super category: images by their scene, boxes by their class."""
    super_of = {category.scene: category.super_category for category in categories}
    images = Counter(super_of.get(sample.scene) for sample in samples)
    boxes: Counter[str] = Counter()
    for sample in samples:
        boxes.update(categories[label].super_category for label in sample.annotations.labels.tolist())
    return {
        name: {
            "images": images[name],
            "boxes": boxes[name],
            "classes": sum(category.super_category == name for category in categories),
            "scenes": sorted({category.scene for category in categories if category.super_category == name}),
        }
        for name in sorted({category.super_category for category in categories})
    }


def _super_category_sides(samples: Sequence[Sample], categories: Sequence[Category]) -> Facts:
    """Box sides (square root of the area) per super category: counts per bin, and percentiles."""
    names = sorted({category.super_category for category in categories})
    place = np.array([names.index(category.super_category) for category in categories], np.int64)
    labels = np.concatenate([sample.annotations.labels for sample in samples])
    sides_px = np.sqrt(np.concatenate([sample.annotations.area_px for sample in samples]))
    by_name = {name: sides_px[place[labels] == index] for index, name in enumerate(names)}
    return {
        "edges": list(FINE_SIDE_EDGES_PX),
        "percents": list(PERCENTILES),
        "counts": {name: np.histogram(sides, FINE_SIDE_EDGES_PX)[0].tolist() for name, sides in by_name.items()},
        "percentiles": {
            name: [round(float(value), 1) for value in np.percentile(sides, PERCENTILES)]
            for name, sides in by_name.items()
            if len(sides)
        },
    }


def _image_sides(samples: Sequence[Sample]) -> dict[str, list[int]]:
    """Smallest, median and largest width and height."""
    sides = {"width": [s.width_px for s in samples], "height": [s.height_px for s in samples]}
    return {name: [min(values), int(np.median(values)), max(values)] for name, values in sides.items() if values}


def _splits(dataset: Dataset) -> dict[str, dict[str, Any]]:
    scenes = sorted({sample.scene for sample in dataset.samples.values()})
    rules = [rule for rule in dataset.info.split_rules if rule != "transfer"]
    rules += [f"transfer:{scene}" for scene in scenes] if "transfer" in dataset.info.split_rules else []
    return {rule: _split(dataset, rule) for rule in rules}


def _split(dataset: Dataset, rule: str) -> dict[str, Any]:
    try:
        split = dataset.split(rule)
    except RefusedError as error:
        return {"refused": str(error)}
    names = dataset.categories
    facts: dict[str, Any] = {
        "digest": split.digest,
        **{part: len(getattr(split, part)) for part in ("train", "val", "test")},
        "base": [names[label].name for label in split.base],
        "novel": [names[label].name for label in split.novel],
    }
    if rule == "zeroshot":
        facts["losses"] = novel_losses(dataset.samples, split)
        facts |= _novelty(names, split)
    return facts


def _novelty(categories: Sequence[Category], split: Split) -> dict[str, list[str]]:
    """Limits of the zero-shot split.

    reworded: novel classes that share a name or synonym with a base class. without_novel: super categories that have
    no novel class.
    """
    base = {name for label in split.base for name in defect_names(categories[label])}
    reworded = [categories[n].name for n in split.novel if base & defect_names(categories[n])]
    without_novel = {category.super_category for category in categories}
    without_novel -= {categories[label].super_category for label in split.novel}
    return {"reworded": reworded, "without_novel": sorted(without_novel)}


def _sources(dataset: Dataset, samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    source_of = sources_of(dataset.info, (sample.source for sample in samples))
    images = Counter(source_of[sample.source].name for sample in samples)
    boxes: Counter[str] = Counter()
    for sample in samples:
        boxes[source_of[sample.source].name] += len(sample.annotations)
    return {
        source.name: {
            "licence": source.licence,
            "redistributable": source.redistributable,
            "images": images[source.name],
            "boxes": boxes[source.name],
            "url": source.url,
            "citation": source.citation,
        }
        for source in dict.fromkeys(source_of.values())
    }


def _box_sides(samples: Sequence[Sample]) -> dict[str, Any]:
    areas = np.concatenate([sample.annotations.area_px for sample in samples])
    counts, _ = np.histogram(np.sqrt(areas), SIDE_EDGES_PX)
    quartiles = [round(float(q), 1) for q in np.percentile(np.sqrt(areas), (25, 50, 75))] if len(areas) else []
    return {"edges": list(SIDE_EDGES_PX), "counts": counts.tolist(), "quartiles": quartiles}


def _box_shares(samples: Sequence[Sample]) -> dict[str, Any]:
    shares = [s.annotations.area_px / (s.width_px * s.height_px) for s in samples]
    counts, _ = np.histogram(np.concatenate(shares), SHARE_EDGES)
    return {"edges": list(SHARE_EDGES), "counts": counts.tolist()}
