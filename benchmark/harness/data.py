"""What `--data` names becomes an opened data set, and its classes a vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.core.errors import ConfigError, RefusedError
from benchmark.core.loading import read_json
from benchmark.core.plugins import list_names, load
from benchmark.core.sample import Category, Dataset, DatasetEntry, Federation
from benchmark.core.vocabulary import Vocabulary
from benchmark.datasets.any_coco import open_path

WORDINGS = ("canonical", "codes", "synonyms", "description")


def open_dataset(data: str, novel: Sequence[str] = ()) -> Dataset:
    """Open `name`, `name@variant` or the path of a COCO-format annotation file.

    Raises UnknownNameError, or DataError with what to do where the set is not on this machine.
    """
    if data.casefold().endswith(".json") or "/" in data:
        return open_path(Path(data).expanduser(), tuple(novel))
    if novel:
        raise ConfigError(f"--novel is for a data set given by its path; '{data}' has its own base and novel classes")
    name, _, variant = data.partition("@")
    entry: DatasetEntry = load("dataset", name)
    return entry.opened(variant)


class DataSets:
    """Data sets and vocabularies that stay open, so that many requests open each of them once."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str, tuple[str, ...]], Dataset] = {}
        self._vocabularies: dict[object, Vocabulary] = {}

    def open(self, data: str, novel: Sequence[str] = ()) -> Dataset:
        """See open_dataset."""
        key = data, tuple(novel)
        if key not in self._opened:
            self._opened[key] = open_dataset(data, novel)
        return self._opened[key]

    def vocabulary(
        self, dataset: Dataset, labels: Sequence[int], wording: str, texts: Mapping[str, Sequence[str]] | None = None
    ) -> Vocabulary:
        """See make_vocabulary."""
        given = tuple((name, tuple(asked)) for name, asked in (texts or {}).items())
        key = id(dataset), tuple(labels), wording, given  # the data set stays open as long as this object lives
        if key not in self._vocabularies:
            self._vocabularies[key] = make_vocabulary(dataset, labels, wording, texts)
        return self._vocabularies[key]


def default_data() -> str:
    """`mmio` where the owners' files are on this machine, else the built-in procedural set."""
    if "mmio" in list_names("dataset") and load("dataset", "mmio").missing() is None:
        return "mmio"
    return "mmio-synth"


def dataset_label(dataset: Dataset) -> str:
    """`mmio-open` or `mmio-open@max320`: how records name a data set."""
    return dataset.info.name + (f"@{dataset.info.variant}" if dataset.info.variant else "")


def federation_of(dataset: Dataset, labels: Sequence[int]) -> Federation:
    """Which classes are annotated where, in the order of those categories; empty for all sets but LVIS."""
    federation = dataset.federation
    return federation.asked(labels) if federation else Federation((), {}, {})


def make_vocabulary(
    dataset: Dataset, labels: Sequence[int], wording: str, texts: Mapping[str, Sequence[str]] | None = None
) -> Vocabulary:
    """The vocabulary of those categories, asked for in the given wording.

    wording: one of WORDINGS, or the path of a JSON file that maps every class name to a text or a list of texts; with
    `@N` behind it the classes are asked for in the N-th of the seeded orders, else by ascending label.
    texts: what such a file said; wording is then its name without the ending.
    Raises RefusedError where a class has no such wording, ConfigError for a file that does not fit.
    """
    kind, order = split_wording(wording)
    categories = [dataset.categories[label] for label in labels]
    if order is not None:
        categories.sort(key=lambda category: hashlib.sha256(f"{order}\0{category.name}".encode()).digest())
    names = tuple(category.name for category in categories)
    if texts:
        return Vocabulary(names, tuple(tuple(texts[name]) for name in names), wording)
    if kind in WORDINGS:
        return Vocabulary(names, tuple(_prompts(category, kind) for category in categories), wording)
    label = Path(kind).stem + ("" if order is None else f"@{order}")
    return Vocabulary(names, _prompts_from_file(Path(kind), names), label)


def split_wording(wording: str) -> tuple[str, int | None]:
    """`description@3` -> (`description`, 3); the number is None where the classes keep their order."""
    kind, mark, number = wording.rpartition("@")
    return (kind, int(number)) if mark and number.isdecimal() else (wording, None)


def _prompts(category: Category, wording: str) -> tuple[str, ...]:
    if wording == "codes":
        # Meaningless but fixed: the control that shows how much of a score comes from the words.
        return (hashlib.sha256(category.name.encode()).hexdigest()[:6],)
    if wording == "synonyms":
        texts = category.synonyms
    elif wording == "description":
        texts = (category.description,) if category.description else ()
    else:
        texts = (category.name,)
    if not texts:
        raise RefusedError(
            f"class '{category.name}' has no {wording}: add one to the data set or use --vocabulary canonical"
        )
    return texts


def _prompts_from_file(path: Path, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    if not path.is_file():
        raise ConfigError(f"--vocabulary: '{path}' is neither {', '.join(WORDINGS)} nor a file")
    if path.stem in WORDINGS:
        raise ConfigError(f"--vocabulary: {path} would pass for our own wording '{path.stem}'; give it another name")
    table = read_json(path, ConfigError)
    if not isinstance(table, dict):
        raise ConfigError(
            f"--vocabulary: {path} holds {type(table).__name__}, expected an object of class name to text"
        )
    missing = [name for name in names if name not in table]
    if missing:
        raise ConfigError(f"--vocabulary: {path} has no text for {len(missing)} classes, first '{missing[0]}'")
    prompts = [[table[name]] if isinstance(table[name], str) else table[name] for name in names]
    for name, texts in zip(names, prompts, strict=True):
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"--vocabulary: {path}, class '{name}': expected a text or a list of texts")
    return tuple(map(tuple, prompts))
