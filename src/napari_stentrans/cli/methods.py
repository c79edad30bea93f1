"""``stentrans methods``: what there is to choose from."""

from __future__ import annotations

import argparse

from napari_stentrans.cli.console import ExitCode, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: none."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - no options
    """List the methods, the default first."""
    from napari_stentrans.methods.base import get_method, method_names

    names = method_names()
    width = max(map(len, names))
    for name in names:
        say(f"{name:{width}}  {get_method(name).summary}")
    return ExitCode.OK
