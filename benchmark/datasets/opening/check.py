"""Check whether a data set on this machine is complete and unchanged, for `bench data check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.coco import Entry
from benchmark.core.errors import DataError
from benchmark.core.files import written_whole
from benchmark.core.loading import read_json, read_text
from benchmark.core.paths import DatasetPaths
from benchmark.core.sample import Dataset, Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.opening.layout import AnnotationFile, Layout
from benchmark.datasets.readers.coco_columns import load_coco

SUMS = "SHA256SUMS"
"""file in the root of a set with the digests of its files, in the format of `sha256sum`"""


class State(StrEnum):
    """Result of a check. ABSENT: missing, but only needed for a fit."""

    OK = "ok"
    DIFFERS = "differs"
    ABSENT = "absent"


@dataclass(frozen=True)
class Finding:
    """One check. what: is checked. here: its value on this machine. expected: the right value, empty if unknown."""

    what: str
    here: str
    state: State = State.OK
    expected: str = ""


def counted(what: str, count: int, expected: int | None) -> Finding:
    """The check of a count. expected: the right count, None if unknown."""
    wrong = expected is not None and count != expected
    return Finding(
        what, str(count), State.DIFFERS if wrong else State.OK, str(expected) if expected is not None else ""
    )


def check_opened(dataset: Dataset, progress: Progress | None = None) -> Iterator[Finding]:
    """Check the images of an opened set: their number, and of a set made by `bench data build` their digests."""
    samples = [dataset.samples[image_id] for image_id in sorted(dataset.samples)]
    missing = [sample.path for sample in samples if not sample.path.is_file()]
    yield _pictures("pictures", len(samples), missing, State.DIFFERS)
    annotations = DatasetPaths(dataset.folder).annotations if dataset.folder else None
    if annotations is None or not annotations.is_file():
        return
    known = {entry["id"]: entry.get("sha256") for entry in read_json(annotations, DataError)["images"]}
    present = [sample for sample in samples if known.get(sample.image_id) and sample.path not in set(missing)]
    read = bar(progress, "read pictures", present, len(present))
    changed = [sample.path for sample in read if file_sha256(sample.path) != known[sample.image_id]]
    result = f"{len(present) - len(changed)} as built" + (f", {len(changed)} changed: {changed[0]}" if changed else "")
    yield Finding("digests of pictures", result, State.DIFFERS if changed else State.OK, str(len(samples)))


def check_files(layout: Layout, progress: Progress | None = None) -> Iterator[Finding]:
    """Check the annotation files of an official set and their images, per part; only the first part is required."""
    parts = layout.files.parts
    for number, (part, complete) in enumerate(bar(progress, "read files", parts.items(), len(parts))):
        absent = State.ABSENT if number else State.DIFFERS
        try:
            file = layout.file(part)
        except DataError as error:
            yield Finding(f"{part}: annotations", str(error), absent)
            continue
        content = load_coco(file)
        yield from _counts(part, content, complete)
        yield digest_finding(f"{part}: {file.name}", file, layout.root)
        paths = list(map(layout.pictures(part), content["images"]))
        yield _pictures(f"{part}: pictures", len(paths), [path for path in paths if not path.is_file()], absent)


def _counts(part: str, content: Mapping[str, Sequence[Entry]], complete: AnnotationFile) -> list[Finding]:
    return [
        counted(f"{part}: images", len(content["images"]), complete.images),
        counted(f"{part}: boxes", len(content["annotations"]), complete.boxes),
        counted(f"{part}: classes", len(content["categories"]), complete.classes),
    ]


def _pictures(what: str, named: int, missing: Sequence[Path], absent: State) -> Finding:
    """The check of image files. named: number in the annotations. absent: the state where all are missing."""
    here = str(named - len(missing)) + (f", first missing {missing[0]}" if missing else "")
    state = State.OK if not missing else absent if len(missing) == named else State.DIFFERS
    return Finding(what, here, state, str(named))


def digest_finding(what: str, file: Path, root: Path) -> Finding:
    """The check of a file's sha256, compared with SUMS where the file is listed there."""
    sums, sha256, name = read_sums(root), file_sha256(file), file.relative_to(root).as_posix()
    wrong = name in sums and sums[name] != sha256
    return Finding(what, f"sha256 {sha256}", State.DIFFERS if wrong else State.OK, sums.get(name, ""))


def read_sums(root: Path) -> dict[str, str]:
    """Path below the root -> sha256, from SUMS; empty without that file. Raises DataError for an invalid line."""
    path = root / SUMS
    if not path.is_file():
        return {}
    sums = {}
    for number, line in enumerate(read_text(path, DataError).splitlines(), start=1):
        digest, _, name = line.partition(" ")
        if len(digest) != 64 or not name.strip():
            raise DataError(f"{path}:{number}: expected '<64 hex digits>  <path>', as sha256sum writes it")
        sums[name.strip().removeprefix("*").removeprefix("./")] = digest.casefold()
    return sums


def write_sums(root: Path, files: Sequence[Path]) -> Path:
    """Add the digests of those files to SUMS; returns its path."""
    sums = read_sums(root) | {file.relative_to(root).as_posix(): file_sha256(file) for file in files}
    with written_whole(root / SUMS) as temporary:
        temporary.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())), encoding="utf-8")
    return root / SUMS
