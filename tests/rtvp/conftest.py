"""The library is imported as our engine does it, so that no test sees what its import leaves behind otherwise."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("ultralytics"):
    from methods._ultralytics.library import prepare

    prepare()
