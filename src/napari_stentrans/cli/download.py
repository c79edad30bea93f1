"""``stentrans download``: public sections, fetched once and kept."""

from __future__ import annotations

import argparse

from napari_stentrans.cli.console import ExitCode, ProgressBars, UsageError, remark, say
from napari_stentrans.cli.paths import path_of

EXAMPLES = """
examples:
  stentrans download                      (says which there are)
  stentrans download human_lymph_node
  stentrans download human_heart --to sections --picture
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="which section; none: list them"
    )
    parser.add_argument(
        "--to",
        type=path_of,
        metavar="FOLDER",
        help="where to keep it (default: the cache, or the folder STENTRANS_CACHE)",
    )
    parser.add_argument(
        "--picture",
        action="store_true",
        help="fetch the full-resolution picture too (hundreds of MB)",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="say only where it lies, for scripts"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch one section, or list all."""
    from napari_stentrans.datasets.downloads import download, is_here
    from napari_stentrans.datasets.public import public_sections

    sections = public_sections()
    if args.name is None:
        width = max(map(len, sections))
        for name, section in sections.items():
            here = ", here already" if is_here(section, args.to) else ""
            say(f"{name:{width}}  {section.title}{here}")
        return ExitCode.OK
    if args.name not in sections:
        msg = f"there is no public section {args.name!r}; choose from "
        raise UsageError(msg + ", ".join(sections), command="stentrans download")
    with ProgressBars(quiet=args.quiet) as bars:
        path = download(args.name, args.to, bars, picture=args.picture)
    say(str(path))
    unsure = [file.name for file in sections[args.name].files if file.sha256 is None]
    if unsure:
        remark(
            f"no checksum of {', '.join(unsure)} is known; that of the first download "
            "is kept beside it and held against later ones",
            quiet=args.quiet,
        )
    return ExitCode.OK
