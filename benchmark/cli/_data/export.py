"""`bench data export NAME --layout L --out FOLDER`: a data set in the layout of other tools or of MMIO's owners."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command
from benchmark.cli._roots import configure_roots, use_roots

if TYPE_CHECKING:
    from benchmark.datasets.export.export import Exported


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data export`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    configure_roots(parser)
    parser.add_argument("--layout", required=True, metavar="LAYOUT", help="mmio, coco, yolo or voc")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the folder to create")
    parser.add_argument("--split", metavar="RULE", help="the split to write (default: closed; layout mmio: zeroshot)")
    parser.add_argument("--private", action="store_true", help="write also images that may not be passed on")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Write the folder and print what it holds. Exit status 0; errors are raised."""
    import json
    from pathlib import Path

    from benchmark.cli._progress import progress
    from benchmark.core.canonical import to_plain
    from benchmark.datasets.export.export import export
    from benchmark.harness.data import open_dataset

    use_roots(options, options.name)
    dataset = open_dataset(options.name)
    folder = Path(options.out).expanduser().absolute()
    done = export(dataset, options.layout, folder, options.split, progress, private=options.private)
    print(json.dumps({**to_plain(done), "folder": str(folder)}, indent=1) if options.json else _text(done))
    return 0


def _text(done: Exported) -> str:
    parts = ", ".join(f"{count} {name}" for name, count in done.images.items())
    lines = [f"wrote {done.folder}: layout {done.layout}, {parts} ({done.split} split), {done.boxes} boxes"]
    if done.left_out:
        lines.append(f"left out {done.left_out} images that are in no part of the split {done.split}")
    if done.layout == "mmio":
        lines.append(f"read it with: bench run --data mmio --root {done.folder}")
    return "\n".join(lines)


COMMAND = Command("export", "write a data set in the layout of MMIO's owners, COCO, YOLO or VOC", configure, run)
