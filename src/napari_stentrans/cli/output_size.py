"""How large a result will be, told before it is computed, and refused without room.

Knows the size of files, not how they are written.
"""

from __future__ import annotations

import argparse
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import remark
from napari_stentrans.cli.outputs import of_genes, pictured_genes
from napari_stentrans.errors import ComputeError
from napari_stentrans.wording import counted, room_in_words

if TYPE_CHECKING:
    from napari_stentrans.config import RunConfig
    from napari_stentrans.request import GeneChoice
    from napari_stentrans.section.lattice import FloatArray
    from napari_stentrans.section.missing import MissingRegions
    from napari_stentrans.section.section import Section

_WORTH_TELLING = 1e9
_VALUES = 8
"""Bytes of mean and standard deviation of a gene at a position, as numbers."""
_FILE = {
    ".h5ad": 1.0,
    ".zarr": 0.9,
    ".parquet": 1.4,
    ".csv": 1.6,
    ".tsv": 1.6,
    ".csv.gz": 0.7,
    ".tsv.gz": 0.7,
}
"""Size by ending, in those bytes. Measured on 20,000 cells x 300 genes: predictions are
dense and all digits differ, so they hardly compress, and an h5ad is not compressed at
all. Pictures are small whatever is predicted."""
_AT_LEAST = {
    ".h5ad": 1.0,
    ".zarr": 0.6,
    ".parquet": 1.6,
    ".csv": 1.0,
    ".tsv": 1.0,
    ".csv.gz": 0.4,
    ".tsv.gz": 0.4,
}
"""Room without which writing is sure to fail: what compresses by chance compresses
better, never that much. Parquet is made of an h5ad that lies beside it meanwhile."""


def foretell_output(
    args: argparse.Namespace,
    section: Section,
    config: RunConfig,
    missing: MissingRegions,
    at: FloatArray | None,
    genes: GeneChoice,
) -> None:
    """Tell how large OUT will be where it is large; refuse it where it cannot fit.

    Parameters
    ----------
    args
        Which hold ``out``, a name that was checked, and ``quiet``.
    section, config, missing, at, genes
        What was asked for; ``at`` of shape (position, 2).

    Raises
    ------
    ComputeError
        Where the disk has clearly too little room, before hours are spent on it.
    """
    from napari_stentrans.request import resolve_genes
    from napari_stentrans.saving import ending_of

    ending = ending_of(args.out)
    if ending not in _FILE:
        return
    n_genes = len(resolve_genes(section, genes))
    n_positions = _roughly(section, config, missing, at)
    size = n_positions * n_genes * _VALUES * _FILE[ending]
    if size > _WORTH_TELLING:
        of = _of_what(n_positions, n_genes)
        told = f"{args.out} will have about {room_in_words(size)} ({of})"
        remark(f"{told}; --genes names fewer", quiet=args.quiet)
    free = _free_beside(args.out)
    each = n_genes * _VALUES * _AT_LEAST[ending]
    if free is None or n_positions * each <= free:
        return
    n_positions = _exactly(section, config, missing, at)
    if n_positions * each > free:
        of = _of_what(n_positions, n_genes)
        fewer = "" if at is not None or config.refine == 1 else " or a smaller --refine"
        needed = room_in_words(n_positions * each, math.ceil)
        msg = (
            f"--out {args.out}: it needs {needed} or more ({of}), and "
            f"{room_in_words(free, math.floor)} are free there, so nothing was "
            f"computed. Name fewer genes with --genes{fewer}, or write to another disk."
        )
        raise ComputeError(msg)


def size_in_words(
    section: Section,
    config: RunConfig,
    missing: MissingRegions,
    at: FloatArray | None,
    genes: GeneChoice,
    out: Path,
) -> str:
    """Say how many positions and genes there will be in a file of this name."""
    from napari_stentrans.request import resolve_genes

    n_positions = _exactly(section, config, missing, at)
    chosen = resolve_genes(section, genes)
    shown = pictured_genes(section, chosen, out, genes)
    return _of_what(n_positions, len(chosen), shown)


def _roughly(
    section: Section, config: RunConfig, missing: MissingRegions, at: FloatArray | None
) -> int:
    """Positions at no cost: to lay out a refined slide takes gigabytes itself."""
    if at is not None:
        return len(at)
    return (section.n_spots + missing.n_new) * config.refine**2


def _exactly(
    section: Section, config: RunConfig, missing: MissingRegions, at: FloatArray | None
) -> int:
    """Positions, laid out: spots that lie strewn have far fewer than the rough ones.

    A run that memory forbids is refused for that, before anything is laid out.
    """
    from napari_stentrans.estimates import check_memory
    from napari_stentrans.request import resolve_targets

    check_memory(section, config, missing.n_new, None if at is None else len(at))
    return len(resolve_targets(section, config, missing, at))


def _free_beside(out: Path) -> int | None:
    """Free bytes where a file is to be; None where the disk does not say."""
    try:
        there = shutil.disk_usage(out.absolute().parent)
    except OSError:  # whoever writes will say what is wrong with the folder
        return None
    return there.free if there.total else None  # some network disks know nothing


def _of_what(n_positions: int, n_genes: int, shown: list[str] | None = None) -> str:
    return f"{counted(n_positions, 'position')} x {of_genes(n_genes, shown)}"
