"""Where the command line writes, checked before computing, and what it says then."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ProgressBars, UsageError
from napari_stentrans.errors import ComputeError, InvalidRequestError

if TYPE_CHECKING:
    from napari_stentrans.enhanced import EnhancedSection


def check_output(
    out: Path,
    source: Path,
    *,
    force: bool,
    option: str = "--out",
    endings: tuple[str, ...] = (".h5ad",),
) -> None:
    """Refuse an output path that could not be written, or must not be."""
    if not out.name.lower().endswith(endings):
        msg = f"{option} {out}: the name must end in {' or '.join(endings)}"
    elif not out.parent.is_dir():
        msg = f"{option} {out}: there is no folder {out.parent}; make it first"
    elif not os.access(out.parent, os.W_OK):
        msg = f"{option} {out}: you may not write in {out.parent}"
    elif out.is_dir():
        msg = f"{option} {out}: this is a folder"
    elif out.exists() and source.exists() and out.samefile(source):
        msg = f"{option} {out}: this is the input, which is never changed"
    elif out.exists() and not force:
        msg = f"{option} {out}: it exists already; give --force to replace it"
    else:
        return
    raise UsageError(msg)


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes ``out`` once the block is done."""
    unfinished = out.with_name(f".{out.stem}.{os.getpid()}.part{out.suffix}")
    try:
        yield unfinished
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


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
