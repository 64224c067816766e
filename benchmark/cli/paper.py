"""`bench paper`: write every table and figure of the paper, with the measured numbers beside the reported ones."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench paper`."""
    parser.add_argument("--data", metavar="NAME", help="show measured numbers on this data set")
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: results/paper/NAME)")
    parser.add_argument(
        "--wandb", metavar="ENTITY/PROJECT", help="also put every table into the report of that W&B project"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(options: argparse.Namespace) -> int:
    """Print where the overview is, and one line per table or figure that could not be made; exit status 0 even then."""
    import json
    from pathlib import Path

    from benchmark.cli._paper import make_paper
    from benchmark.cli.publishing.mirror import mirror
    from benchmark.core.errors import ConfigError
    from benchmark.core.paths import Results

    if not options.data and not options.wandb:
        raise ConfigError("bench paper: --data NAME writes tables and figures, --wandb ENTITY/PROJECT a report")
    if options.out and not options.data:
        raise ConfigError("--out needs --data NAME: it is the folder of that data set's files")
    facts: dict[str, object] = {}
    if options.data:
        folder = Path(options.out).expanduser().absolute() if options.out else Results.find().paper(options.data)
        made = make_paper(options.data, folder)
        missing = {item.name: item.missing for item in made.overview.missing}
        facts |= {"index": str(folder / "index.md"), "files": [str(path) for path in made.files], "missing": missing}
        if not options.json:
            count = len(made.overview.tables) + len(made.overview.figures) - len(missing)
            print(f"{folder / 'index.html'}: {count} tables and figures; {made.overview.summary}")
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
