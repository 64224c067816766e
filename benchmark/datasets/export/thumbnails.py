"""Thumbnails of a data set: one contact sheet per scene, only of sources that may be redistributed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmark.core.errors import UnknownNameError
from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset, Sample
from benchmark.datasets.export.contact_sheet import contact_sheet
from benchmark.datasets.opening.licence import attribution, refuse_unless_private, sources_of

IMAGES_PER_SCENE = 12
COLUMNS = 4
ATTRIBUTION = "ATTRIBUTION.txt"
PRIVATE = "PRIVATE - NOT TO BE PASSED ON\n\n"


def write_thumbnails(
    dataset: Dataset, folder: Path, sources: Sequence[str] | None = None, *, private: bool = False
) -> list[Path]:
    """Write `<scene>.jpg` per scene and an attribution file into a folder; returns the written paths.

    sources: names of the sources to show; None for all. private: also show sources that may not be redistributed, noted
    in the attribution file. Raises RefusedError for such a source without `private`, UnknownNameError for a source that
    the set does not have.
    """
    source_of = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    known = {source.name: source for source in source_of.values()}
    for name in sources or ():
        if name not in known:
            raise UnknownNameError(f"source of {dataset.info.name}", name, known)
    used = [known[name] for name in sorted(known if sources is None else set(sources))]
    refuse_unless_private(used, "thumbnails", private=private)
    chosen = choose_by_scene(sample for sample in dataset.samples.values() if source_of[sample.source] in used)
    written = []
    for scene, image_ids in chosen.items():
        sheet = contact_sheet(dataset, image_ids, COLUMNS)
        path = folder / f"{''.join(letter if letter.isalnum() else '-' for letter in scene)}.jpg"
        with written_whole(path) as temporary:
            sheet.save(temporary, "JPEG", quality=85)
        written.append(path)
    with written_whole(folder / ATTRIBUTION) as temporary:
        closed = any(not source.redistributable for source in used)
        temporary.write_text((PRIVATE if closed else "") + attribution(used), encoding="utf-8")
    return [*written, folder / ATTRIBUTION]


def choose_by_scene(samples: Iterable[Sample]) -> Mapping[str, list[int]]:
    """Scene -> at most 12 image ids, with classes (and defect-free images) balanced. The choice is deterministic."""
    scenes: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda s: hashlib.sha256(str(s.image_id).encode()).digest()):
        scenes.setdefault(sample.scene, []).append(sample)
    return {scene: _balanced(members) for scene, members in sorted(scenes.items())}


def _balanced(remaining: list[Sample]) -> list[int]:
    counts: Counter[int] = Counter()
    taken: list[int] = []
    while remaining and len(taken) < IMAGES_PER_SCENE:
        best = min(remaining, key=lambda sample: min(counts[label] for label in _labels(sample)))
        remaining.remove(best)
        taken.append(best.image_id)
        counts.update(_labels(best))
    return taken


def _labels(sample: Sample) -> set[int]:
    """Labels of an image; -1 for a defect-free one."""
    return set(sample.annotations.labels.tolist()) or {-1}
