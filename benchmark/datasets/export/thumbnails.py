"""Thumbnails of a data set: one sheet of labelled pictures a scene, only of sources that may be passed on."""

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

PICTURES_A_SCENE = 12
COLUMNS = 4
ATTRIBUTION = "ATTRIBUTION.txt"
PRIVATE = "PRIVATE - NOT TO BE PASSED ON\n\n"


def write_thumbnails(
    dataset: Dataset, folder: Path, sources: Sequence[str] | None = None, *, private: bool = False
) -> list[Path]:
    """Write `<scene>.jpg` for every scene, and who made the pictures, into a folder; the written paths.

    sources: only pictures of these. private: also of sources whose licence forbids passing them on; the attribution
    file then says so. Raises RefusedError without it, UnknownNameError for a source that the set does not have.
    """
    behind = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    here = {source.name: source for source in behind.values()}
    for name in sources or ():
        if name not in here:
            raise UnknownNameError(f"source of {dataset.info.name}", name, here)
    used = [here[name] for name in sorted(here if sources is None else set(sources))]
    refuse_unless_private(used, "thumbnails", private=private)
    chosen = choose_by_scene(sample for sample in dataset.samples.values() if behind[sample.source] in used)
    written = []
    for scene, image_ids in chosen.items():
        sheet = contact_sheet(dataset, image_ids, COLUMNS)
        path = folder / f"{''.join(letter if letter.isalnum() else '-' for letter in scene)}.jpg"
        with written_whole(path) as waiting:
            sheet.save(waiting, "JPEG", quality=85)
        written.append(path)
    with written_whole(folder / ATTRIBUTION) as waiting:
        closed = any(not source.redistributable for source in used)
        waiting.write_text((PRIVATE if closed else "") + attribution(used), encoding="utf-8")
    return [*written, folder / ATTRIBUTION]


def choose_by_scene(samples: Iterable[Sample]) -> Mapping[str, list[int]]:
    """Image ids by scene, a dozen each, its classes (and defect-free images) as even as can be, always the same."""
    scenes: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda s: hashlib.sha256(str(s.image_id).encode()).digest()):
        scenes.setdefault(sample.scene, []).append(sample)
    return {scene: _even(waiting) for scene, waiting in sorted(scenes.items())}


def _even(waiting: list[Sample]) -> list[int]:
    have: Counter[int] = Counter()
    taken: list[int] = []
    while waiting and len(taken) < PICTURES_A_SCENE:
        best = min(waiting, key=lambda sample: min(have[label] for label in _shown(sample)))
        waiting.remove(best)
        taken.append(best.image_id)
        have.update(_shown(best))
    return taken


def _shown(sample: Sample) -> set[int]:
    """Labels of an image; -1 for one without a defect."""
    return set(sample.annotations.labels.tolist()) or {-1}
