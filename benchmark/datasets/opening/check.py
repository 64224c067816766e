"""Is a data set on this machine whole and unchanged: what was looked at, what it should be, what is here."""

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
"""in the root of a set, as `sha256sum` writes and checks it"""


class State(StrEnum):
    """What was found. ABSENT: not here, and only a fit needs it."""

    OK = "ok"
    DIFFERS = "differs"
    ABSENT = "absent"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. expected: what it should be, empty where nobody says."""

    what: str
    here: str
    state: State = State.OK
    expected: str = ""


def counted(what: str, here: int, expected: int | None) -> Finding:
    """A count against what it should be."""
    wrong = expected is not None and here != expected
    return Finding(what, str(here), State.DIFFERS if wrong else State.OK, str(expected) if expected is not None else "")


def check_opened(dataset: Dataset, progress: Progress | None = None) -> Iterator[Finding]:
    """Pictures of an opened set; in one that our build made, each against the digest that its annotations hold."""
    samples = [dataset.samples[image_id] for image_id in sorted(dataset.samples)]
    lost = [sample.path for sample in samples if not sample.path.is_file()]
    yield _pictures("pictures", len(samples), lost, State.DIFFERS)
    annotations = DatasetPaths(dataset.folder).annotations if dataset.folder else None
    if annotations is None or not annotations.is_file():
        return
    known = {entry["id"]: entry.get("sha256") for entry in read_json(annotations, DataError)["images"]}
    here = [sample for sample in samples if known.get(sample.image_id) and sample.path not in set(lost)]
    shown = bar(progress, "read pictures", here, len(here))
    changed = [sample.path for sample in shown if file_sha256(sample.path) != known[sample.image_id]]
    said = f"{len(here) - len(changed)} as built" + (f", {len(changed)} changed: {changed[0]}" if changed else "")
    yield Finding("digests of pictures", said, State.DIFFERS if changed else State.OK, str(len(samples)))


def check_files(layout: Layout, progress: Progress | None = None) -> Iterator[Finding]:
    """Annotation files of an official set and the pictures they name, part by part; only the first has to be here."""
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
        places = list(map(layout.pictures(part), content["images"]))
        yield _pictures(f"{part}: pictures", len(places), [path for path in places if not path.is_file()], absent)


def _counts(part: str, content: Mapping[str, Sequence[Entry]], complete: AnnotationFile) -> list[Finding]:
    return [
        counted(f"{part}: images", len(content["images"]), complete.images),
        counted(f"{part}: boxes", len(content["annotations"]), complete.boxes),
        counted(f"{part}: classes", len(content["categories"]), complete.classes),
    ]


def _pictures(what: str, named: int, lost: Sequence[Path], absent: State) -> Finding:
    here = str(named - len(lost)) + (f", first missing {lost[0]}" if lost else "")
    state = State.OK if not lost else absent if len(lost) == named else State.DIFFERS
    return Finding(what, here, state, str(named))


def digest_finding(what: str, file: Path, root: Path) -> Finding:
    """The sha256 of a file, against SUMS where that lists it."""
    sums, here, name = read_sums(root), file_sha256(file), file.relative_to(root).as_posix()
    wrong = name in sums and sums[name] != here
    return Finding(what, f"sha256 {here}", State.DIFFERS if wrong else State.OK, sums.get(name, ""))


def read_sums(root: Path) -> dict[str, str]:
    """Path below the root -> sha256, from SUMS; empty without one. Raises DataError for a line that is none."""
    path = root / SUMS
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(read_text(path, DataError).splitlines(), start=1):
        digest, _, name = line.partition(" ")
        if len(digest) != 64 or not name.strip():
            raise DataError(f"{path}:{number}: expected '<64 hex digits>  <path>', as sha256sum writes it")
        found[name.strip().removeprefix("*").removeprefix("./")] = digest.casefold()
    return found


def write_sums(root: Path, files: Sequence[Path]) -> Path:
    """Keep the digests of those files, beside those that are kept already."""
    sums = read_sums(root) | {file.relative_to(root).as_posix(): file_sha256(file) for file in files}
    with written_whole(root / SUMS) as waiting:
        waiting.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())), encoding="utf-8")
    return root / SUMS
