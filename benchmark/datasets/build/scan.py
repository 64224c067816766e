"""Find all known sources below some folders and read their images and boxes."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.core.errors import DataError, UnknownNameError
from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.readers.reading import IMAGE_SUFFIXES, Repairs, turned_upright
from benchmark.datasets.sources.shared.exports import declared_exports
from benchmark.datasets.sources.shared.source import SourceImage, PublicSource, Tree, load_sources


@dataclass
class Scan:
    """The images of all sources below some folders, by source name, in natural order of their keys.

    sources: their importers, those of the user's own exports included.
    """

    images: dict[str, list[SourceImage]] = field(default_factory=dict)
    sources: dict[str, PublicSource] = field(default_factory=dict)
    repairs: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)
    """source -> kind of repair -> {"count", "first"}, places relative to the source's folder"""
    incomplete: dict[str, str] = field(default_factory=dict)
    """source -> what is incomplete, as `1650 of 1800 images`; without complete sources"""


def scan(folders: Sequence[Path], only: Collection[str] | None = None, progress: Progress | None = None) -> Scan:
    """Read all sources and Roboflow exports below the folders, or only those in `only`.

    An image all of whose boxes were dropped is left out and counted: it is not defect-free. A source without any usable
    image is skipped, unless it is in `only`. Raises DataError for a folder that is missing, has no images or no known
    source; UnknownNameError for an unknown source.
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
    for source, _, root in jobs:
        if not result.images[source.name] and (only is not None or len(result.images) == 1):
            raise DataError(f"{root}: has the layout of {source.name} and no image with a label; see {source.facts.url}")
    result.incomplete = {name: short for name in result.images if (short := _lacking(result, name))}
    result.images = {name: images for name, images in result.images.items() if images}
    if not result.images:
        raise DataError(
            f"none of the sources {', '.join(source.name for source in sources)} is below "
            f"{', '.join(map(str, folders))}; 'bench data sources' lists the known ones"
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
    """Sort key for natural order: `pits9` before `pits10`."""
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
    known = {image.key.casefold(): image.path for image in images}
    for image in source.read(root, repairs):
        _check_names(source, image)
        usable = _usable(image, tree.folder, known, repairs)
        if usable is not None:
            images.append(usable)
    images.sort(key=lambda image: natural(image.key))
    merged = result.repairs.setdefault(source.name, {})
    for kind, facts in repairs.facts(tree.folder).items():
        merged[kind] = facts if kind not in merged else {**facts, "count": facts["count"] + merged[kind]["count"]}  # type: ignore[operator]  # counts are numbers


def _lacking(result: Scan, name: str) -> str:
    images = result.images[name]
    return result.sources[name].expected.lacking(len(images), sum(image.boxes.written for image in images))


def _check_names(source: PublicSource, image: SourceImage) -> None:
    unknown = set(image.boxes.names) - set(source.kinds)
    if unknown:
        raise DataError(
            f"{image.path}: its label names the class '{min(unknown)}', which {source.name} does not have; "
            f"valid: {', '.join(source.kinds)}"
        )


def _usable(image: SourceImage, folder: Path, known: Mapping[str, Path], repairs: Repairs) -> SourceImage | None:
    """The image with its boxes upright, or None, with the reason counted as a repair.

    folder: that was scanned. known: images of the source that were read before, key in lower case -> file.
    """
    same_name = known.get(image.key.casefold())
    boxes = image.boxes
    if boxes.written and not len(boxes):
        reason = "image whose boxes were all dropped left out"
    elif same_name is not None and filecmp.cmp(same_name, image.path, shallow=False):
        reason = "image of a second copy of the source left out"
    elif same_name is not None:
        reason = "another image under a name that the source has already left out"
    elif image.path.is_symlink() and not image.path.resolve().is_relative_to(folder.resolve()):
        reason = "link to an image outside the folder left out"
    elif not boxes.on_its_side:
        return image
    else:
        turned = turned_upright(boxes, image.path, (image.width_px, image.height_px))
        if turned is not None:
            repairs.add("boxes turned with their picture (EXIF)", str(image.path))
            return replace(image, boxes=turned)
        reason = "image with a label of swapped width and height left out"
    repairs.add(reason, str(image.path))
    return None
