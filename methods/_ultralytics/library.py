"""Imports the library offline and quiet, with its settings in $BENCH_HOME. Call `prepare` before importing it."""

from __future__ import annotations

import logging
import os

from benchmark.core.paths import Home


def prepare() -> None:
    """Keep the library from downloading, installing, reporting, and writing outside $BENCH_HOME.

    Environment variables that the user has set are kept. Without this call the library may download weights during a
    run, install packages, or write its settings into the user's configuration.
    """
    folder = Home.find().ultralytics
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (
        ("YOLO_CONFIG_DIR", str(folder)),
        ("YOLO_OFFLINE", "true"),
        ("YOLO_AUTOINSTALL", "false"),
        ("YOLO_VERBOSE", "false"),
        # The library would set one thread for the whole process.
        ("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0)))),
    ):
        os.environ.setdefault(name, value)
    import ultralytics  # noqa: F401  # the first import reads the variables above
    from PIL import Image
    from ultralytics.nn.modules.head import Detect
    from ultralytics.utils import patches

    # The library replaces Pillow's open, for everybody in the process, by one that asks for another package when a
    # file is damaged: our readers then could not name the file.
    Image.open = patches._image_open
    # Building a model of any family sets this on the class, and the heads built next draw other random numbers:
    # fresh weights may not depend on what the process built before.
    Detect.legacy = True
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
