"""GoldG, for pre-training (Table 4): captions of Flickr30k and GQA with boxes of their phrases, from MDETR.

    flickr/annotations/final_flickr_separateGT_train.json         flickr/images/...
    mixed_grounding/annotations/final_mixed_train_no_coco.json    mixed_grounding/images/...

An entry of `images` has a `caption`; a box has the character ranges of its phrase (`tokens_positive`). Each phrase, in
lower case, is a class. An image file has one entry per caption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmark.core.canonical import digest, file_sha256
from benchmark.core.coco import Entry
from benchmark.core.detections import Annotations
from benchmark.core.errors import DataError
from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Sample, Source
from benchmark.datasets.opening.check import Finding, check_files
from benchmark.datasets.opening.layout import (
    AnnotationFile,
    AnnotationFiles,
    Layout,
    Part,
    make_samples,
    plain_category,
)
from benchmark.datasets.opening.official import OfficialDataset, trained_on_whole
from benchmark.datasets.opening.roots import missing_root, rooted
from benchmark.datasets.readers.coco_columns import CocoColumns, read_coco_columns, text_of
from benchmark.datasets.readers.reading import Repairs

SOURCE = Source(
    "goldg",
    "captions and boxes of Flickr30k Entities (non-commercial research) and GQA (CC BY 4.0); photos of their owners",
    redistributable=False,
    url="https://github.com/ashkamath/mdetr",
    citation="Kamath et al., MDETR: Modulated Detection for End-to-End Multi-Modal Understanding, ICCV 2021",
)
INFO = DatasetInfo(
    name="goldg",
    title="GoldG: Flickr30k and GQA captions with boxes (to pre-train on)",
    version=1,
    sources=(SOURCE,),
    citation=SOURCE.citation,
    split_rules=("pretrain",),
)
FILES = AnnotationFiles(
    {
        "flickr": AnnotationFile("flickr/annotations/final_flickr_separateGT_train.json"),
        "mixed_grounding": AnnotationFile("mixed_grounding/annotations/final_mixed_train_no_coco.json"),
    },
    source=f"it is among the pre-training annotations of {SOURCE.url}",
    folders=("",),
)


def open_goldg() -> OfficialDataset:
    """Open both parts, or the existing one. Raises DataError where both are missing, and for invalid phrases."""
    own = _layout()
    files = FILES.present(own.root) or [own.file("flickr")]
    phrases: dict[str, int] = {}
    samples: dict[int, Sample] = {}
    repairs = Repairs()
    for file in files:
        part = file.relative_to(own.root).parts[0]
        columns = read_coco_columns(file, count_from_zero=True)
        repairs.counts.update(columns.repairs.counts)
        repairs.examples |= columns.repairs.examples
        labelled = _labelled(columns, phrases, file, repairs)
        made = make_samples(labelled, own.pictures(part), f"{INFO.name}: {part}", partial(_group, part))
        first = max(samples, default=0) + 1
        for number, sample in enumerate(made.values(), start=first):
            samples[number] = replace(sample, image_id=number, source=INFO.name)
    categories = tuple(plain_category(phrase) for phrase in phrases)
    return trained_on_whole(INFO, categories, Part(samples, digest([file_sha256(file) for file in files])), repairs)


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Check counts, digests and images of both parts. Raises DataError without a root folder."""
    yield from check_files(_layout(), progress)


def phrase_of(caption: str, spans: object, where: str) -> str:
    """The phrase of a box: characters of the caption, in lower case. Raises DataError for spans outside the caption.

    spans: list of character ranges [start, end), joined by spaces.
    """
    if not isinstance(spans, list) or not spans or not all(_is_span(span, len(caption)) for span in spans):
        raise DataError(
            f"{where}: tokens_positive is {spans!r}; expected ranges [start, end] within the "
            f"{len(caption)} characters of the caption"
        )
    return " ".join(" ".join(caption[first:end] for first, end in spans).casefold().split())


def _is_span(span: object, length: int) -> bool:
    return (
        isinstance(span, list)
        and len(span) == 2
        and all(type(value) is int for value in span)
        and 0 <= span[0] < span[1] <= length
    )


def _labelled(columns: CocoColumns, phrases: dict[str, int], file: Path, repairs: Repairs) -> CocoColumns:
    """The boxes labelled by phrase, instead of by the file's only category; new phrases are added to `phrases`."""
    boxes = []
    for entry, own, extras in zip(columns.images, columns.boxes, columns.extras, strict=True):
        caption = text_of(entry, "caption", f"{file}: image")
        labels = [_label(caption, extra, phrases, file, repairs) for extra in extras]
        boxes.append(replace(own, labels=np.array(labels, np.int64)).select(np.array(labels, np.int64) >= 0))
    made: tuple[Annotations, ...] = tuple(boxes)
    return replace(columns, boxes=made)


def _label(caption: str, extra: Mapping[str, object], phrases: dict[str, int], file: Path, repairs: Repairs) -> int:
    """Label of a box; -1 where its phrase is empty."""
    where = f"{file}: annotation {extra.get('id')}"
    phrase = phrase_of(caption, extra.get("tokens_positive"), where)
    if not phrase:
        repairs.add("box with an empty phrase dropped", where)
        return -1
    return phrases.setdefault(phrase, len(phrases))


def _group(part: str, entry: Entry) -> str:
    """Group of an entry: all entries of one image file, one per caption."""
    return f"{part}/{entry['file_name']}"


def _layout() -> Layout:
    root = rooted(INFO.name)
    return Layout(INFO.name, root, FILES, partial(_pictures, root))


def _pictures(root: Path, part: str) -> Callable[[Entry], Path]:
    return lambda entry: root / part / "images" / text_of(entry, "file_name", f"{INFO.name}: image")


DATASET = DatasetEntry(
    INFO, missing=partial(missing_root, INFO.name), open=open_goldg, check=check, annotation_files=FILES.present
)
