"""Find every known source below some folders and read what is there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.core.errors import DataError, UnknownNameError
from benchmark.core.sample import Progress
from benchmark.datasets._build.bars import bar
from benchmark.datasets._reading import IMAGE_SUFFIXES, Repairs
from benchmark.datasets._sources._exports import declared_exports
from benchmark.datasets._sources._source import Found, PublicSource, Tree, load_sources


@dataclass
class Scan:
    """What was found, by source name; images in natural order of their keys.

    sources: the importers whose images these are, also those of exports that the user has declared.
    """

    images: dict[str, list[Found]] = field(default_factory=dict)
    sources: dict[str, PublicSource] = field(default_factory=dict)
    repairs: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)
    """source -> kind -> {"count", "first"}, places relative to the source's folder"""


def scan(folders: Sequence[Path], only: Collection[str] | None = None, progress: Progress | None = None) -> Scan:
    """Read all sources and Roboflow exports below the folders, or only those named.

    An image all of whose boxes were dropped is left out and counted: it is not defect-free. Raises DataError for a
    folder that is missing, empty of images, or without any known source; UnknownNameError for an unknown source.
    """
    trees = [_tree(folder) for folder in folders]
    known = load_sources()
    if only is None or not set(only) <= set(known):
        known |= declared_exports(trees, known)
    sources = choose_sources(only, known)
    jobs = [(source, tree, root) for source in sources for tree in trees for root in source.roots(tree)]
    result = Scan()
    for source, tree, root in bar(progress, "read sources", jobs, len(jobs)):
        _read(source, tree, root, result)
    if not result.images:
        raise DataError(
            f"none of the sources {', '.join(source.name for source in sources)} is below "
            f"{', '.join(map(str, folders))}; see 'bench data list --sources' for what is known"
        )
    return result


def choose_sources(only: Iterable[str] | None, known: Mapping[str, PublicSource]) -> list[PublicSource]:
    """The importers of those names, or all. Raises UnknownNameError."""
    wanted = list(only) if only is not None else list(known)
    for name in wanted:
        if name not in known:
            raise UnknownNameError("source", name, known)
    return [known[name] for name in sorted(set(wanted))]


def natural(key: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key in which `pits9` stands before `pits10`."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", key))


def _tree(folder: Path) -> Tree:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; --from takes folders with downloaded sources")
    tree = Tree(folder)
    if not any(Path(name).suffix.lower() in IMAGE_SUFFIXES for names in tree.files.values() for name in names):
        raise DataError(f"{folder}: holds no images; --from takes folders with downloaded sources")
    return tree


def _read(source: PublicSource, tree: Tree, root: Path, result: Scan) -> None:
    repairs = Repairs()
    result.sources[source.name] = source
    images = result.images.setdefault(source.name, [])
    known = {image.key.casefold() for image in images}
    for image in source.read(root, repairs):
        unknown = set(image.boxes.names) - set(source.kinds)
        if unknown:
            raise DataError(
                f"{image.path}: its label names the class '{min(unknown)}', which {source.name} does not have; "
                f"valid: {', '.join(source.kinds)}"
            )
        if image.boxes.written and not len(image.boxes):
            repairs.add("image whose boxes were all dropped left out", str(image.path))
        elif image.key.casefold() in known:
            repairs.add("image of a second copy of the source left out", str(image.path))
        else:
            images.append(image)
    images.sort(key=lambda image: natural(image.key))
    if not images:
        raise DataError(f"{root}: looks like {source.name} and holds no image with a label; see {source.facts.url}")
    merged = result.repairs.setdefault(source.name, {})
    for kind, facts in repairs.facts(tree.folder).items():
        merged[kind] = facts if kind not in merged else {**facts, "count": facts["count"] + merged[kind]["count"]}  # type: ignore[operator]
