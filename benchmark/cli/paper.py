"""`bench paper`: every table and figure of the paper in one go, and what stands between printed and measured."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench paper`."""
    parser.add_argument("--data", metavar="NAME", help="the data set that stands in for the paper's own")
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: results/paper/NAME)")
    parser.add_argument("--wandb", metavar="ENTITY/PROJECT", help="every table and ablation in that project's report")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(options: argparse.Namespace) -> int:
    """Prints where the overview is and one line for each thing that could not be made; exit status 0 all the same."""
    import json
    from pathlib import Path

    from benchmark.cli._paper import make_paper
    from benchmark.cli.publishing.mirror import mirror
    from benchmark.core.errors import ConfigError
    from benchmark.core.paths import Results

    if not options.data and not options.wandb:
        raise ConfigError("bench paper: --data NAME writes tables and figures, --wandb ENTITY/PROJECT a report")
    if options.out and not options.data:
        raise ConfigError("--out is where the files of --data NAME go")
    facts: dict[str, object] = {}
    if options.data:
        folder = Path(options.out).expanduser().absolute() if options.out else Results.find().paper(options.data)
        made = make_paper(options.data, folder)
        missing = {item.name: item.missing for item in made.overview.missing}
        facts |= {"index": str(folder / "index.md"), "files": [str(path) for path in made.files], "missing": missing}
        if not options.json:
            here = len(made.overview.tables) + len(made.overview.figures) - len(missing)
            print(f"{folder / 'index.html'}: {here} tables and figures; {made.overview.summary}")
            print("".join(f"missing: {name}: {reason}\n" for name, reason in missing.items()), end="")
    if options.wandb:
        sent = mirror(options.wandb)
        facts |= sent.facts
        if not options.json:
            print("\n".join(sent.lines))
    if options.json:
        print(json.dumps(facts, indent=1))
    return 0


COMMAND = Command("paper", "make every table and figure of the paper from records", configure, run)
