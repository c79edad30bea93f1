"""Where the command line writes, checked before computing, and what it says then."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ProgressBars, UsageError
from napari_stentrans.errors import ComputeError, InvalidRequestError

if TYPE_CHECKING:
    from napari_stentrans.enhanced import EnhancedSection


def check_output(out: Path, source: Path, *, force: bool) -> None:
    """Refuse an output path that could not be written, or must not be."""
    if out.suffix.lower() != ".h5ad":
        msg = f"--out {out}: the name must end in .h5ad"
    elif not out.parent.is_dir():
        msg = f"--out {out}: there is no folder {out.parent}; make it first"
    elif not os.access(out.parent, os.W_OK):
        msg = f"--out {out}: you may not write in {out.parent}"
    elif out.is_dir():
        msg = f"--out {out}: this is a folder"
    elif out.exists() and source.exists() and out.samefile(source):
        msg = f"--out {out}: this is the input, which is never changed"
    elif out.exists() and not force:
        msg = f"--out {out}: it exists already; give --force to replace it"
    else:
        return
    raise UsageError(msg)


def save(result: EnhancedSection, out: Path, bars: ProgressBars) -> None:
    """Write a result to a path that was checked: what fails now is the writing."""
    try:
        result.save(out, on_progress=bars)
    except InvalidRequestError as error:
        raise ComputeError(str(error)) from error


def summary(result: EnhancedSection) -> str:
    """Return what a result holds, in one line."""
    from napari_stentrans.section.targets import Origin

    counted = Counter(result.targets.origin.tolist())
    origins = [f"{counted[o]:,} {o}" for o in Origin if counted[o]]
    positions = "position" if len(result) == 1 else "positions"
    genes = "gene" if len(result.genes) == 1 else "genes"
    return (
        f"{len(result):,} {positions} ({', '.join(origins)}) x "
        f"{len(result.genes):,} {genes}"
    )
