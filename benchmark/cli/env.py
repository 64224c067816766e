"""`bench env create|list`: environments of their own for methods whose packages cannot share ours."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench env`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make the environment of a method that has a requirements.txt")
    create.add_argument("method", metavar="METHOD", help="see 'bench env list'")
    create.add_argument("--force", action="store_true", help="make it anew")
    listing = actions.add_parser("list", help="methods that need one, and whether it is there")
    listing.add_argument("--json", action="store_true", help="print JSON")
    for action in (create, listing):
        action.add_argument("--traceback", action="store_true", help="show where an error was raised")


def run(options: argparse.Namespace) -> int:
    """Exit status 0; problems are raised."""
    return _create(options) if options.action == "create" else _list(options)


def _create(options: argparse.Namespace) -> int:
    import subprocess
    import venv
    from pathlib import Path

    import benchmark
    from benchmark.core.environments import INSTALLED, folder_of, requirements_of
    from benchmark.core.errors import ConfigError
    from benchmark.core.files import held
    from benchmark.core.plugins import public_name

    name = public_name(options.method)
    requirements = requirements_of(name)
    if requirements is None:
        raise ConfigError(f"{name} shares our environment: it brings no requirements.txt, nothing to create")
    folder = folder_of(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with held(folder.with_suffix(".lock"), f"makes the environment of {name}"):
        if (folder / INSTALLED).is_file() and not options.force:
            print(f"{folder} is there already; --force makes it anew")
            return 0
        venv.create(folder, with_pip=True, clear=True)
        checkout = Path(benchmark.__file__).parents[1]
        ours = str(checkout) if (checkout / "pyproject.toml").is_file() else f"rtvp-bench=={benchmark.__version__}"
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", ours, "-r", str(requirements)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - its own pip
        if done.returncode:
            raise ConfigError(f"pip could not install {requirements} into {folder}; what it said stands above")
        (folder / INSTALLED).write_text(requirements.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"made {folder}")
    return 0


def _list(options: argparse.Namespace) -> int:
    import json

    from benchmark.core.environments import INSTALLED, folder_of, requirements_of
    from benchmark.core.plugins import list_names

    rows = []
    for name in list_names("method"):
        requirements = requirements_of(name)
        if requirements is None:
            continue
        stored = folder_of(name) / INSTALLED
        same = stored.is_file() and stored.read_text(encoding="utf-8") == requirements.read_text(encoding="utf-8")
        state = "ready" if same else "outdated" if stored.is_file() else "missing"
        rows.append({"method": name, "state": state, "create": f"bench env create {name}"})
    if options.json:
        print(json.dumps(rows, indent=1))
    elif rows:
        print("\n".join(f"{row['method']:<24} {row['state']:<9} {row['create']}" for row in rows))
    else:
        print("every method shares one environment; none brings a requirements.txt")
    return 0


COMMAND = Command("env", "environments of their own for methods that need one", configure, run)
