"""--root and --taxonomy: where the owners' files of a data set lie on this machine."""

from __future__ import annotations

import argparse


def configure_roots(parser: argparse.ArgumentParser) -> None:
    """The options, as every command that opens a data set has them."""
    parser.add_argument("--root", metavar="FOLDER", help="where the owners' files lie (mmio, coco, lvis, ...)")
    parser.add_argument("--taxonomy", metavar="CSV", help="scene and super category of each class (mmio)")


def use_roots(options: argparse.Namespace, data: str | None) -> None:
    """Take them, for this process and for what it submits. Raises ConfigError where `data` has no root."""
    from benchmark.datasets.opening.roots import use_root

    use_root(data, options.root, options.taxonomy)
