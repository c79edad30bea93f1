"""The ``stentrans`` command: finds the subcommand, and turns errors into exit codes.

A subcommand is one module of this package with ``add_arguments(parser)``,
``run(args) -> int`` and perhaps ``EXAMPLES``, and one line in `COMMANDS`. Only the one
that was asked for is imported, so that ``--help`` is quick.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from napari_stentrans.cli.console import (
    EXIT_CODES_HELP,
    ExitCode,
    UsageError,
    report,
    say,
)
from napari_stentrans.cli.signals import ended_as_interrupted
from napari_stentrans.cli.streams import escape_unknown, mute, open_closed, tell

COMMANDS: dict[str, str] = {
    "enhance": "Fill missing regions of a section and raise its resolution.",
    "evaluate": "Hide what was measured, predict it with every method, and score that.",
    "convert": "Write a section of any format in another one.",
    "download": "Fetch a public section, checked and kept for the next time.",
    "info": "Say what is in a file or folder: lattice, spots, genes, image.",
    "methods": "List the methods to choose from.",
    "demo": "Enhance the shipped sample section, with napari or without.",
}
"""Name of each subcommand (and of its module) to what it does."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong option as every other error is reported."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments") and " -" not in message:
            message += " (several genes have commas between them: --genes A,B)"
        raise UsageError(message, command=self.prog)


class _Version(argparse.Action):
    """Looks the version up only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        say(f"stentrans {version('napari-stentrans')}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--traceback" in words or bool(os.environ.get("STENTRANS_DEBUG"))
    open_closed()
    escape_unknown()
    try:
        args = build_parser(words).parse_args(words)
        with ended_as_interrupted():
            return int(args.run(args))
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        mute(sys.stdout)
        return ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - all are reported
        if debug and not isinstance(error, UsageError):
            tell("".join(traceback.format_exception(error)))
        return report(error)


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser that knows the options of the subcommands named in ``words``."""
    parser = _Parser(
        prog="stentrans",
        description="Repair and sharpen spatial transcriptomics sections.",
        epilog=EXIT_CODES_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show the version and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=EXIT_CODES_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in words:
            _fill(subparser, name)
    return parser


def _fill(subparser: argparse.ArgumentParser, name: str) -> None:
    """Give a subcommand its options, and those that all of them have."""
    module = import_module(f"napari_stentrans.cli.{name}")
    module.add_arguments(subparser)
    if examples := getattr(module, "EXAMPLES", ""):
        subparser.epilog = f"{examples.strip()}\n\n{EXIT_CODES_HELP}"
    subparser.add_argument(
        "--traceback",
        action="store_true",
        help="show where in the program an error arose (or set STENTRANS_DEBUG=1)",
    )
    subparser.set_defaults(run=module.run)
