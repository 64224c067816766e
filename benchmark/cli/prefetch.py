"""`bench prefetch SWEEP`: on a login node, download or make what a sweep needs on nodes without internet."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmark.core.sample import Dataset
    from benchmark.harness.cell import Cell


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench prefetch`."""
    parser.add_argument("sweep", metavar="NAME|FILE", help="as for 'bench sweep'")
    parser.add_argument("--data", metavar="NAME|JSON", help="as for 'bench sweep'")
    parser.add_argument("--profile", metavar="NAME", help="as for 'bench sweep'")
    parser.add_argument("--seed", metavar="N[,N...]", help="as for 'bench sweep'")
    parser.add_argument("--json", action="store_true", help="print what is in place as JSON")


def run(options: argparse.Namespace) -> int:
    """Fetch what is missing. Exit status 1 if something cannot be fetched: it is printed with what to do."""
    import json

    from benchmark.cli._sweeps import expand_sweep
    from benchmark.core.settings import parse_seeds

    seeds = parse_seeds(options.seed) if options.seed is not None else None
    expanded = expand_sweep(options.sweep, options.data, options.profile, seeds)
    weights, missing = _weights(expanded.cells)
    in_place = [*_images(expanded.cells), *_texts(expanded.cells), *weights]
    later = "not available yet"
    missing |= {words: why for words, why in expanded.refused.items() if not why.startswith(later)}
    if options.json:
        print(json.dumps({"in_place": in_place, "missing": missing}, indent=1))
        return 1 if missing else 0
    for line in in_place:
        print(f"in place  {line}")
    by_reason: dict[str, list[str]] = {}
    for words, why in missing.items():
        by_reason.setdefault(why, []).append(words)
    for why, named in by_reason.items():
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        print(f"missing   {named[0]}{more}: {why}")
    skipped = sum(why.startswith(later) for why in expanded.refused.values())
    if skipped:
        print(f"{skipped} cells of the sweep are {later}")
    return 1 if missing else 0


def _images(cells: Sequence[Cell]) -> Iterator[str]:
    """Make or check every image that training or testing these cells reads; one line of text per data set."""
    from benchmark.cli._progress import progress

    wanted: dict[str, tuple[Dataset, set[int], set[str]]] = {}
    for cell in cells:
        _, ids, rules = wanted.setdefault(cell.data, (cell.dataset, set(), set()))
        ids.update(cell.tested.split.test, cell.tested.split.val)
        rules.add(cell.tested.split.rule)
        for fit in cell.fits:
            if fit.scope:
                ids.update(fit.scope.split.train, fit.scope.split.val)
    for data, (dataset, ids, rules) in wanted.items():
        dataset.ensure(sorted(ids), progress)
        yield f"{data}: {len(ids)} images of the splits {', '.join(sorted(rules))}"


def _texts(cells: Sequence[Cell]) -> Iterator[str]:
    """Encode every vocabulary, so that no node needs the encoder's weights; one line of text per vocabulary."""
    from benchmark.core.paths import Home
    from benchmark.core.plugins import load
    from benchmark.text.vectors.cache import embed

    done = set()
    for cell in cells:
        spec = cell.spec
        name, at, _ = (spec.text_encoder or "").partition("@")
        key = (name, cell.data, cell.novel, spec.split_digest, spec.vocabulary_digest)
        if not at or key in done:
            continue
        done.add(key)
        scopes = [cell.tested, *(fit.scope for fit in cell.fits if fit.scope)]
        for scope in scopes:
            embed(load("text encoder", name), scope.vocabulary, Home.find().text)
        yield f"{name}: {len(cell.tested.vocabulary)} names of {cell.data}, {spec.task}, {spec.wording}"


def _weights(cells: Sequence[Cell]) -> tuple[list[str], dict[str, str]]:
    """Fetch the released weights that the cells use: one line per file in place, and name -> reason for the others."""
    from benchmark.core.errors import BenchError
    from benchmark.harness.weights import fetch, needed_weights

    in_place: list[str] = []
    missing: dict[str, str] = {}
    for name, weights in {weights.name: weights for cell in cells for weights in needed_weights(cell)}.items():
        try:
            fetch(weights)
            weights.find()
            in_place.append(f"weights {name}")
        except BenchError as error:
            missing[f"weights {name}"] = str(error)
    return in_place, missing


COMMAND = Command("prefetch", "download or make what a sweep needs on nodes without internet", configure, run)
