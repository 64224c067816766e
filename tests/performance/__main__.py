"""Measure how long things take on this machine: `python -m tests.performance [NAME [OPTIONS]]`.

Without a name every measurement runs with its defaults. None judges; docs/performance.md keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module

from benchmark.core.canonical import to_plain
from benchmark.core.errors import BenchError

NAMES = ("predict", "eval", "build", "annotations", "site", "tables")
"""modules beside this one: `configure` declares options, `measure` gives the figures, `lines` says them"""


def main(argv: Sequence[str]) -> int:
    """Run one measurement and print it. Exit status 0: it was measured; 2: wrong use."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance", description=str(__doc__).partition("\n")[0])
    names = parser.add_subparsers(metavar="NAME", required=True)
    for name in NAMES:
        module = import_module(f"{__package__}.{name}")
        sub = names.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.configure(sub)
        sub.add_argument("--json", action="store_true", help="print the figures as JSON")
        sub.set_defaults(module=module)
    options = parser.parse_args(argv)
    try:
        facts = options.module.measure(options)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    text = json.dumps(to_plain(facts), indent=1) if options.json else "\n".join(options.module.lines(facts))
    print(text, flush=True)
    return 0


if __name__ == "__main__":
    asked = sys.argv[1:]
    sys.exit(main(asked) if asked else max(main([name]) for name in NAMES))
