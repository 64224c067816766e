"""The committed manifest: which images make up mmio-open, with their digests, groups and boxes, without pixels.

One row per image, in the order of the image ids: source, path below the root of the source's layout, sha256 of the
file, group, classes with box counts, a digest of the boxes, and for a dropped copy the path of the image it equals.
A group whose name begins with `near:` was joined from several by near-duplicates or views of one place.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from benchmark.core.canonical import digest
from benchmark.core.errors import DataError
from benchmark.core.paths import package_file
from benchmark.core.sample import Progress
from benchmark.datasets.build.cache import Cache
from benchmark.datasets.build.dedupe import copies, file_digests, fingerprints, near_duplicates
from benchmark.datasets.build.report import Entry, Report
from benchmark.datasets.build.scan import Scan
from benchmark.datasets.build.unusable import unusable
from benchmark.datasets.build.views import find_views_by_scene
from benchmark.datasets.sources.shared.source import SourceImage, PublicSource

NEAR = "near:"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the manifest."""

    source: str
    path: str
    sha256: str
    group: str
    classes: str
    boxes: str
    copy_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """An image of the set: its manifest row, the image as read from disk, and the source it belongs to."""

    image_id: int
    row: Row
    image: SourceImage
    source: PublicSource


def manifest_path() -> Path:
    """The committed manifest of mmio-open."""
    return package_file("benchmark.datasets.build", "mmio_open.manifest.csv.gz")


def read_manifest(path: Path) -> list[Row]:
    """All rows of a manifest. Raises DataError that names a file which is not one."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable manifest ({error}); get it again with the package") from error
    header = [field.name for field in fields(Row)]
    if not lines or lines[0] != header or any(len(line) != len(header) for line in lines):
        raise DataError(f"{path}: not a manifest; expected the columns {', '.join(header)}")
    return [Row(*line) for line in lines[1:]]


def write_manifest(path: Path, rows: Iterable[Row]) -> None:
    """Write a manifest; equal rows give equal bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    writer.writerows(astuple(row) for row in rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def number(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """The rows of kept images with their image ids, from 1; dropped copies have none."""
    return list(enumerate((row for row in rows if not row.copy_of), start=1))


def make_rows(
    scan: Scan, progress: Progress | None = None, cache: Cache | None = None, report: Report | None = None
) -> list[Row]:
    """The rows of all images that were read, without corrupt and blank ones.

    Copies are marked; groups that share near-duplicates or views of one place are joined.
    """
    report = report if report is not None else Report()
    images = [image for source in sorted(scan.images) for image in scan.images[source]]
    prints = fingerprints([image.path for image in images], progress, cache)
    dropped = unusable(images, prints)
    report.add(*dropped.values())
    images = [image for index, image in enumerate(images) if index not in dropped]
    prints = [each for index, each in enumerate(prints) if index not in dropped]
    same = copies(prints)
    near = list(near_duplicates(prints, [image.path for image in images]))
    groups = _join([image.group for image in images], [*same.items(), *near])
    paths, scenes = [image.path for image in images], [image.scene for image in images]
    views = [(view.first, view.second) for view in find_views_by_scene(paths, scenes, groups, progress)]
    groups = _join([image.group for image in images], [*same.items(), *near, *views])
    report.add(*_copies(images, same))
    report.add(*_joined(images, "near-duplicates", "nearly the same picture: one group", near, same))
    report.add(*_joined(images, "views", "the same place in another picture: one group", views, same))
    rows = [_row(image, each.sha256, group) for image, each, group in zip(images, prints, groups, strict=True)]
    return [
        replace(row, copy_of=f"{rows[same[i]].source}/{rows[same[i]].path}") if i in same else row
        for i, row in enumerate(rows)
    ]


def follow(rows: Sequence[Row], scan: Scan, sources: Iterable[str], cache: Cache | None = None) -> list[Chosen]:
    """The kept images of those sources, in the order of the manifest; a renamed or moved file is known by its sha256.

    Raises DataError where a source or an image is missing or differs, with counts and the first path.
    """
    wanted = set(sources)
    absent = sorted(wanted - set(scan.images))
    if absent:
        raise DataError(
            f"{len(absent)} of {len(wanted)} sources are missing: {', '.join(absent)}; download them, or build "
            f"the others with --sources {','.join(sorted(wanted & set(scan.images))) or 'NAME'}"
        )
    matched = {source: _match(source, rows, scan.images[source], cache) for source in wanted}
    return [
        Chosen(image_id, row, matched[row.source][row.path], scan.sources[row.source])
        for image_id, row in number(rows)
        if row.source in wanted
    ]


def classes_of(image: SourceImage) -> str:
    """`crack:2 pit:1`, in the source's own class names with `_` for spaces; empty for a defect-free image."""
    counts = Counter(name.replace(" ", "_") for name in image.boxes.names)
    return " ".join(f"{name}:{count}" for name, count in sorted(counts.items()))


def boxes_digest(image: SourceImage) -> str:
    """12 hex digits over class names and corners, rounded to a hundredth of a pixel."""
    rows = zip(image.boxes.names, image.boxes.xyxy.tolist(), strict=True)
    return digest(sorted([name, *(f"{value:.2f}" for value in corners)] for name, corners in rows))[:12]


def _copies(images: Sequence[SourceImage], same: Mapping[int, int]) -> list[Entry]:
    return [
        Entry(
            "copies",
            "image",
            _name(images[copy]),
            "dropped",
            _copy_reason(images[copy], images[kept]),
            _name(images[kept]),
        )
        for copy, kept in same.items()
    ]


def _copy_reason(copy: SourceImage, kept: SourceImage) -> str:
    equal = (classes_of(copy), boxes_digest(copy)) == (classes_of(kept), boxes_digest(kept))
    return "the same pixels" if equal else "the same pixels, with other boxes"


def _joined(
    images: Sequence[SourceImage], step: str, why: str, pairs: Sequence[tuple[int, int]], same: Mapping[int, int]
) -> list[Entry]:
    return [
        Entry(step, "image", _name(images[j]), "joined", why, _name(images[i]))
        for i, j in pairs
        if i not in same and j not in same
    ]


def _name(image: SourceImage) -> str:
    return f"{image.source}/{image.key}"


def _row(image: SourceImage, sha256: str, group: str) -> Row:
    return Row(image.source, image.key, sha256, group, classes_of(image), boxes_digest(image))


def _match(source: str, rows: Sequence[Row], images: Sequence[SourceImage], cache: Cache | None) -> dict[str, SourceImage]:
    """Manifest path -> image: the file at that path, else any file with the same sha256."""
    wanted = [row for row in rows if row.source == source and not row.copy_of]
    by_key = {image.key.casefold(): image for image in images}
    shas = dict(
        zip((image.key for image in images), file_digests([image.path for image in images], cache), strict=True)
    )
    by_sha = {sha: by_key[key.casefold()] for key, sha in reversed(shas.items())}
    matched: dict[str, SourceImage] = {}
    missing = []
    for row in wanted:
        image = by_key.get(row.path.casefold())
        if image is None or shas[image.key] != row.sha256:
            image = by_sha.get(row.sha256)
        if image is None:
            missing.append(row.path)
        else:
            matched[row.path] = image
    if missing:
        raise DataError(
            f"{source}: {len(missing)} of {len(wanted)} images of the manifest are missing or other files, first "
            f"'{missing[0]}'; download it again, or build from the files on disk, under another name, with --all"
        )
    changed = [row.path for row in wanted if boxes_digest(matched[row.path]) != row.boxes]
    if changed:
        raise DataError(
            f"{source}: the boxes of {len(changed)} images are not those of the manifest, first '{changed[0]}'; "
            "download its labels again, or build with --all"
        )
    return matched


def _join(names: Sequence[str], pairs: Iterable[tuple[int, int]]) -> list[str]:
    """Group names after joining the groups of each pair; a joined group is named `near:` and the first of its names."""
    parent = {name: name for name in names}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    joined = set()
    for i, j in pairs:
        a, b = sorted((find(names[i]), find(names[j])))
        if a != b:
            parent[b] = a
            joined.add(a)
    roots = {find(name) for name in joined}
    return [f"{NEAR}{find(name)}" if find(name) in roots else name for name in names]
