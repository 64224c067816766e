"""What surrounds the client of W&B in tests: an account on a stand-in server, or none at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.wandb_server import KEY, WandbServer


@contextlib.contextmanager
def own_environment(folder: Path) -> Iterator[None]:
    """Variables as they were afterwards; no W&B settings or keys of whoever runs the tests, no process of its client.

    The client reads its settings once a process, so it is torn down on both sides.
    """
    before = dict(os.environ)
    _tear_down()
    for name in [name for name in os.environ if name.startswith(("WANDB_", "BENCH_TRACK"))]:
        del os.environ[name]
    os.environ.update(
        XDG_CONFIG_HOME=str(folder / "config"),
        WANDB_CONFIG_DIR=str(folder / "config"),
        NETRC=str(folder / "netrc"),
        WANDB_ERROR_REPORTING="false",
    )
    try:
        yield
    finally:
        _tear_down()
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def wandb_account(folder: Path) -> Iterator[WandbServer]:
    """A server that the client of this process and of its children talks to."""
    server = WandbServer()
    try:
        with own_environment(folder):
            os.environ.update(WANDB_BASE_URL=server.url, WANDB_API_KEY=KEY)
            yield server
    finally:
        server.close()


def _tear_down() -> None:
    wandb = sys.modules.get("wandb")
    if wandb is not None:
        wandb.teardown()
