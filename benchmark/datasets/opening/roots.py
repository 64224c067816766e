"""Root folders of data sets on this machine, from the command line, environment variables or data.toml.

They are not part of ids or records: the same files give the same data set in any folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.core.errors import ConfigError, DataError, UnknownNameError
from benchmark.core.loading import read_toml
from benchmark.core.paths import user_config

ROOTED = ("coco", "goldg", "lvis", "mmio", "objects365")
"""data sets that are read from a root folder"""
CONFIG = "data.toml"


def variable_of(name: str, what: str = "root") -> str:
    """Name of the environment variable: `mmio` -> `BENCH_MMIO_ROOT`. what: `root` or `taxonomy`."""
    return f"BENCH_{name.upper()}_{what.upper()}"


def find_root(name: str) -> Path | None:
    """The root folder of a set: from its variable, else from `[roots]` of data.toml, else None.

    Raises DataError where that path is not a folder, ConfigError for an invalid data.toml.
    """
    root = _named(name, "root")
    if root is not None and not root.is_dir():
        raise DataError(f"{name}: {root} is not a folder; {how_to_name(name)}")
    return root


def rooted(name: str) -> Path:
    """The root folder of a set. Raises DataError that says how to name one."""
    root = find_root(name)
    if root is None:
        raise DataError(f"{name}: {missing_root(name)}")
    return root


def find_taxonomy(name: str) -> Path | None:
    """The taxonomy CSV of a set, from its variable or `[taxonomies]` of data.toml, or None."""
    return _named(name, "taxonomy")


def missing_root(name: str) -> str | None:
    """Why a set cannot be opened on this machine, for `bench list data`; None where its root folder exists."""
    try:
        return None if find_root(name) else f"not on this machine; {how_to_name(name)}"
    except (ConfigError, DataError) as error:
        return str(error).removeprefix(f"{name}: ")


def how_to_name(name: str) -> str:
    """How a user names the root folder of a set, for messages."""
    return (
        f"name the folder of its owners' files: --root FOLDER, {variable_of(name)}=FOLDER, or "
        f'{name} = "FOLDER" under [roots] in {user_config(CONFIG)}'
    )


def use_root(data: str | None, root: str | None, taxonomy: str | None = None) -> None:
    """Set the root folder and taxonomy of `--data` in the environment, for this process and its jobs.

    Raises ConfigError where the set has no root folder, or no taxonomy.
    """
    name = (data or "").partition("@")[0].replace("_", "-")
    if root is not None:
        if name not in ROOTED:
            raise ConfigError(f"--root is for --data {', '.join(ROOTED)}, not for {data or 'the default'}")
        os.environ[variable_of(name)] = str(Path(root).expanduser().absolute())
    if taxonomy is not None:
        if name != "mmio":
            raise ConfigError(f"--taxonomy is for --data mmio, not for {data or 'the default'}")
        os.environ[variable_of(name, "taxonomy")] = str(Path(taxonomy).expanduser().absolute())


def root_variables() -> dict[str, str]:
    """All roots and taxonomies as environment variables, for jobs without this shell and this data.toml."""
    named = [(name, what, _named(name, what)) for name in ROOTED for what in ("root", "taxonomy")]
    return {variable_of(name, what): str(path.absolute()) for name, what, path in named if path is not None}


def _named(name: str, what: str) -> Path | None:
    given = os.environ.get(variable_of(name, what)) or _configured(name, what)
    return Path(given).expanduser() if given else None


def _configured(name: str, what: str) -> str | None:
    path = user_config(CONFIG)
    content = read_toml(path, ConfigError) if path.is_file() else {}
    tables = {"root": "roots", "taxonomy": "taxonomies"}
    for table, values in content.items():
        if table not in tables.values():
            raise UnknownNameError(f"table of {path}", table, tables.values())
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: {table} is {values!r}, expected a table [{table}]")
        for key in values:
            if key not in ROOTED:
                raise UnknownNameError(f"data set in {path}", key, ROOTED)
    value = content.get(tables[what], {}).get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{path}: {tables[what]}.{name} is {value!r}, expected a path in quotes")
    return value
