"""Types of options that several measurements have; argparse turns what they raise into one line and exit status 2."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1 is needed")
    return value


def share(text: str) -> float:
    """A share of the full size, above 0 and at most 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: it must be above 0 and at most 1")
    return value
