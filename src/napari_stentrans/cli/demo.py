"""``stentrans demo``: the main job on a shipped sample section."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ExitCode, ProgressBars, UsageError, remark, say
from napari_stentrans.cli.options import add_run_options, run_config
from napari_stentrans.cli.outputs import save, summary
from napari_stentrans.cli.paths import path_of

if TYPE_CHECKING:
    from napari_stentrans.config import RunConfig
    from napari_stentrans.enhanced import EnhancedSection

EXAMPLES = """
Paints a hole into a section, fills it, doubles the resolution, and writes
enhanced.h5ad and before_after.png (and with --headless window.png) into a folder.

examples:
  stentrans demo
  stentrans demo --no-gui --method kriging
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    window = parser.add_mutually_exclusive_group()
    window.add_argument(
        "--no-gui", action="store_true", help="without napari: only write the files"
    )
    window.add_argument(
        "--headless",
        action="store_true",
        help="do it in a napari window, write its picture and close it",
    )
    parser.add_argument(
        "--out",
        type=path_of,
        default=Path("demo"),
        metavar="FOLDER",
        help="folder for the files, made if needed; those of an earlier demo are "
        "replaced (default: demo)",
    )
    add_run_options(parser)
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing unless something fails"
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo and say where its files are."""
    from napari_stentrans.figures import save_before_after

    config = run_config(args)
    make_folder(args.out)
    result: EnhancedSection | None
    with ProgressBars(quiet=args.quiet) as bars:
        if args.no_gui:
            result = enhance_sample(config, bars)
        else:
            if not args.headless:
                remark("close the window to have the files written", quiet=args.quiet)
            result = in_window(args.out, config, headless=args.headless)
        if result is None:
            say("nothing was enhanced, so nothing was written", quiet=args.quiet)
            return ExitCode.OK
        save(result, args.out / "enhanced.h5ad", bars)
    figure = save_before_after(result, args.out / "before_after.png")
    say(f"wrote {args.out / 'enhanced.h5ad'}: {summary(result)}", quiet=args.quiet)
    say(f"wrote {figure}: three genes before and after", quiet=args.quiet)
    if args.headless:
        say(f"wrote {args.out / 'window.png'}: the napari window", quiet=args.quiet)
    return ExitCode.OK


def make_folder(folder: Path) -> None:
    """Make the folder to write in."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"--out {folder}: the folder cannot be made ({error.strerror})"
        raise UsageError(msg) from None


def enhance_sample(config: RunConfig, bars: ProgressBars) -> EnhancedSection:
    """Enhance the sample section with a hole painted into it."""
    from napari_stentrans.datasets import DEMO_HOLE, DEMO_SAMPLE, samples
    from napari_stentrans.io import read_section
    from napari_stentrans.pipeline import enhance_steps
    from napari_stentrans.progress import run_to_end
    from napari_stentrans.section.missing import MissingRegions

    section = read_section(samples()[DEMO_SAMPLE])
    hole = MissingRegions.in_the_middle(section, DEMO_HOLE)
    return run_to_end(
        enhance_steps(section, config, missing=hole, previews=False), bars
    )


def in_window(
    out: Path, config: RunConfig, *, headless: bool
) -> EnhancedSection | None:
    """Do the same in a napari window; None if it was closed before the end."""
    try:
        from napari_stentrans.gui.demo import run_demo
    except ImportError as error:
        msg = (
            f"the window needs napari and Qt ({error}). Install them with "
            "'pip install napari-stentrans[pyqt6]', or give --no-gui."
        )
        raise UsageError(msg) from error
    return run_demo(out=out, headless=headless, config=config)
