"""A user's own Roboflow YOLO exports: every folder with a data.yaml and YOLO labels is a source of its own.

A `taxonomy.csv` beside data.yaml gives scene and super category of the classes (see `opening.taxonomy`); without it
both are unknown. Name and licence are read from `roboflow:` in data.yaml. A folder that a known importer reads is not
read again as an export.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.loading import read_yaml
from benchmark.core.sample import Source
from benchmark.datasets.opening.taxonomy import plain_kind, read_taxonomy
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_names, read_yolo
from benchmark.datasets.sources.shared.roboflow import PARTS, original, pairs_of_parts
from benchmark.datasets.sources.shared.source import (
    UNKNOWN,
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    images_below,
    source_image,
    unique,
)

DATA, TAXONOMY = r"data\.ya?ml", r"taxonomy\.csv"
SIDE_BY_SIDE = r".*\.rf\..*\.txt"
OPEN_LICENCES = {"cc by 4.0", "cc by-sa 4.0", "cc0 1.0", "public domain", "mit", "apache 2.0", "odbl v1.0", "bsd 3"}


def declared_exports(trees: Sequence[Tree], known: Mapping[str, PublicSource]) -> dict[str, PublicSource]:
    """One source per export, by name (`roboflow-<project>`); two downloads of one project are one source.

    known: the importers; folders that one of them reads are skipped. Raises DataError for a data.yaml or taxonomy.csv
    that is wrong, and for two exports of one name with different classes.
    """
    sources: dict[str, PublicSource] = {}
    roots: dict[str, list[Path]] = defaultdict(list)
    for root in (root for tree in trees for root in _exports(tree, known)):
        source = _source(root, known)
        if sources.setdefault(source.name, source).kinds != source.kinds:
            raise DataError(f"{root}: another export is named {source.name} and has other classes; rename one project")
        roots[source.name].append(root)
    return {name: replace(source, roots=partial(_below, roots[name])) for name, source in sources.items()}


def _exports(tree: Tree, known: Mapping[str, PublicSource]) -> list[Path]:
    folders = [f for f in tree.folders if tree.holds(f, DATA) and (_has_parts(f) or tree.holds(f, SIDE_BY_SIDE))]
    taken = [root for source in known.values() for root in source.roots(tree)] if folders else []
    free = [f for f in folders if not any(f.is_relative_to(other) or other.is_relative_to(f) for other in taken)]
    return unique(free)


def _has_parts(root: Path) -> bool:
    parts = filter(None, (child(root, name) for name in PARTS))
    return any(child(part, "images") and child(part, "labels") for part in parts)


def _below(roots: Sequence[Path], tree: Tree) -> list[Path]:
    return [root for root in roots if root.is_relative_to(tree.folder)]


def _source(root: Path, known: Mapping[str, PublicSource]) -> PublicSource:
    kinds, facts = _kinds(root, known), _facts(root)
    project = str(facts.get("project") or root.name)
    name = "roboflow-" + (re.sub(r"\W+", "-", project.casefold()).strip("-") or "export")
    licence = str(facts.get("license") or "none stated")
    return PublicSource(
        facts=Source(name, licence, licence.casefold() in OPEN_LICENCES, str(facts.get("url") or ""), project),
        title=f"Roboflow export {project}",
        super_category=UNKNOWN,
        kinds=kinds,
        expected=Expected(note="as exported"),
        roots=lambda _: [root],
        read=partial(_read, name, kinds),
    )


def _read(name: str, kinds: Mapping[str, Kind], root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    names = read_names(root / _name(root, DATA))
    pairs = pairs_of_parts(root, repairs) if _has_parts(root) else _side_by_side(root, repairs)
    for image, label in pairs:
        size_px = image_size(image)
        boxes = read_yolo(label, names, *size_px, repairs)
        # A defect-free image gets the scene of the first class; most exports have only one scene.
        shown = boxes.names[0] if boxes.names else next(iter(kinds))
        yield source_image(name, root, image, size_px, boxes, kinds[shown].scene, original(image.stem))


def _side_by_side(root: Path, repairs: Repairs) -> list[tuple[Path, Path]]:
    return pair_by_stem(images_below(root, r".*\.rf\..*"), files_below(root, ".txt", r".*\.rf\..*"), repairs)


def _name(root: Path, pattern: str) -> str:
    """Name of the first matching file directly in the folder, case ignored; empty where there is none."""
    names = sorted(entry.name for entry in root.iterdir() if re.fullmatch(pattern, entry.name, re.IGNORECASE))
    return names[0] if names else ""


def _facts(root: Path) -> Mapping[str, Any]:
    """The mapping `roboflow:` of data.yaml (project, license, url), empty where there is none."""
    content = read_yaml(root / _name(root, DATA), DataError)
    facts = content.get("roboflow") if isinstance(content, dict) else None
    return facts if isinstance(facts, dict) else {}


def _kinds(root: Path, known: Mapping[str, PublicSource]) -> dict[str, Kind]:
    path = root / _name(root, DATA)
    names = list(read_names(path).values())
    if not names:
        raise DataError(f"{path}: names no classes; add 'names: [first, second]' in the order of the class ids")
    table = _name(root, TAXONOMY)
    if not table:
        return {name: plain_kind(name) for name in names}
    declared = read_taxonomy(root / table)
    foreign = sorted(set(declared) - {name.casefold() for name in names})
    if foreign:
        raise DataError(f"{root / table}: class '{foreign[0]}' is not in {path.name}; it has {', '.join(names)}")
    kinds = {name: declared.get(name.casefold(), plain_kind(name)) for name in names}
    return {name: _agreed(kind, known, root / table) for name, kind in kinds.items()}


def _agreed(kind: Kind, known: Mapping[str, PublicSource], table: Path) -> Kind:
    """The class of that name of a known importer, else the class itself: one name is one class in all sources."""
    for source in known.values():
        for other in source.kinds.values():
            above = other.super_category or source.super_category
            if other.scene == kind.scene and above != kind.super_category:
                raise DataError(f"{table}: the scene '{kind.scene}' lies in {above}, not in {kind.super_category}")
            if other.name == kind.name:
                return replace(other, super_category=above)
    return kind
