"""`bench new method NAME`: write a package with a small working method, to be replaced by your own."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench new`."""
    parser.add_argument("kind", choices=["method"], help="what to write")
    parser.add_argument("name", metavar="NAME", help="name of the method, for instance my-detector")
    parser.add_argument(
        "--out", default=".", metavar="DIR", help="where to put the package (default: the current folder)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files and print the next steps. Raises ConfigError for an invalid name, or one that exists already."""
    import re
    from pathlib import Path

    from benchmark.core.errors import ConfigError
    from benchmark.core.plugins import list_names

    name = options.name
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ConfigError(
            f"'{name}' is no valid name: expected lower-case words and digits joined by '-', as my-detector"
        )
    if name in list_names("method"):
        raise ConfigError(f"method '{name}' exists already; choose another name")
    package = name.replace("-", "_")
    root = Path(options.out).expanduser() / f"rtvp-bench-{name}"
    if root.exists():
        raise ConfigError(f"{root} exists already; choose another name or --out")
    source = Path(__file__).parent / "_templates" / "method"
    (root / package).mkdir(parents=True)
    for template, target in (
        ("pyproject.toml.txt", root / "pyproject.toml"),
        ("__init__.py.txt", root / package / "__init__.py"),
        ("adapter.py.txt", root / package / "adapter.py"),
    ):
        text = (source / template).read_text(encoding="utf-8")
        target.write_text(text.replace("@name@", name).replace("@package@", package), encoding="utf-8")
    print(f"wrote {root}\nnext:\n  pip install -e {root}\n  bench check --method {name}")
    print(f"  bench run --method {name} --task closed --profile smoke")
    return 0


COMMAND = Command("new", "write the package of a new method, to be filled with your own", configure, run)
