"""The options --root and --taxonomy: where the original files of a data set are on this machine."""

from __future__ import annotations

import argparse


def configure_roots(parser: argparse.ArgumentParser) -> None:
    """Add both options to a command that opens a data set."""
    parser.add_argument("--root", metavar="FOLDER", help="folder of the original files (mmio, coco, lvis, ...)")
    parser.add_argument("--taxonomy", metavar="CSV", help="scene and super category of each class (mmio)")


def use_roots(options: argparse.Namespace, data: str | None) -> None:
    """Apply both options to this process and the tasks it submits. Raises ConfigError where `data` takes no root."""
    from benchmark.datasets.opening.roots import use_root

    use_root(data, options.root, options.taxonomy)
