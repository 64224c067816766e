"""System libraries that wheels need and do not contain. Uses only the standard library: it runs before any install.

`python -I benchmark/cli/_system.py` prints in one line what is missing and how to install it (exit status 1);
with `--packages` it prints only the names of the missing packages.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Mapping

LIBRARIES: Mapping[str, str] = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
}
"""library that opencv-python links on Linux -> its Debian or Ubuntu package; slim images lack them"""


def missing_libraries(libraries: Iterable[str] = tuple(LIBRARIES)) -> list[str]:
    """Those of the libraries that cannot be loaded; none except on Linux, because other wheels contain them."""
    if sys.platform != "linux":
        return []
    return [name for name in libraries if not _loads(name)]


def install_line(missing: Iterable[str]) -> str:
    """The command that installs those libraries."""
    return f"apt-get install --yes {' '.join(LIBRARIES[name] for name in missing)}"


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def main(arguments: list[str]) -> int:
    """Print what is missing. Exit status 1 if something is, unless only the packages' names were asked for."""
    missing = missing_libraries()
    if "--packages" in arguments:
        print(" ".join(LIBRARIES[name] for name in missing))
        return 0
    if missing:
        print(f"missing system libraries {', '.join(missing)}: {install_line(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
