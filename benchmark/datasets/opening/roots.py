"""Where the owners' files of a data set lie on this machine: said on the command line, by a variable or in a file.

None of it is part of an id or of a record: the same files give the same set wherever they lie.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.core.errors import ConfigError, DataError, UnknownNameError
from benchmark.core.loading import read_toml
from benchmark.core.paths import user_config

ROOTED = ("coco", "goldg", "lvis", "mmio", "objects365")
"""data sets that are read where their owners' files lie"""
CONFIG = "data.toml"


def variable_of(name: str, what: str = "root") -> str:
    """`mmio` -> `BENCH_MMIO_ROOT`."""
    return f"BENCH_{name.upper()}_{what.upper()}"


def find_root(name: str) -> Path | None:
    """The folder of that set: from its variable, else from `[roots]` of data.toml, else None.

    Raises DataError where what is named is no folder, ConfigError for a file that is no such TOML.
    """
    root = _named(name, "root")
    if root is not None and not root.is_dir():
        raise DataError(f"{name}: {root} is no folder; {how_to_name(name)}")
    return root


def rooted(name: str) -> Path:
    """The folder of that set. Raises DataError that says how to name one."""
    root = find_root(name)
    if root is None:
        raise DataError(f"{name}: {missing_root(name)}")
    return root


def find_taxonomy(name: str) -> Path | None:
    """The CSV that says what the classes of that set are, from its variable or `[taxonomies]` of data.toml, or None."""
    return _named(name, "taxonomy")


def missing_root(name: str) -> str | None:
    """Why the set cannot be opened here, in words for `bench list data`; None where its folder is named and there."""
    try:
        return None if find_root(name) else f"not on this machine; {how_to_name(name)}"
    except (ConfigError, DataError) as error:
        return str(error).removeprefix(f"{name}: ")


def how_to_name(name: str) -> str:
    """What a user does to say where a set lies."""
    return (
        f"name the folder of its owners' files: --root FOLDER, {variable_of(name)}=FOLDER, or "
        f'{name} = "FOLDER" under [roots] in {user_config(CONFIG)}'
    )


def use_root(data: str | None, root: str | None, taxonomy: str | None = None) -> None:
    """Take --root and --taxonomy for this process and for what it submits.

    Raises ConfigError where `data` is no set that has a root, or no set that takes a taxonomy.
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
    """Everything that is named here, as variables: for workers on machines that know neither shell nor file of ours."""
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
