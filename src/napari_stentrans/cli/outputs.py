"""Where the command line writes, checked before computing, and what it says then."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ProgressBars, UsageError, remark
from napari_stentrans.errors import ComputeError, InvalidRequestError
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.replacing import check_place, making_new
from napari_stentrans.wording import counted

if TYPE_CHECKING:
    from napari_stentrans.enhanced import EnhancedSection
    from napari_stentrans.request import GeneChoice
    from napari_stentrans.section.lattice import IntArray
    from napari_stentrans.section.section import Section

_INPUTS = (
    "input",
    "image",
    "positions",
    "missing",
    "at",
    "model",
    "config",
    "gene_sets",
)
"""Options that name what is read."""
_PICTURES = (".png", ".svg", ".pdf", ".ome.tif", ".ome.tiff")


def check_output(
    out: Path,
    args: argparse.Namespace,
    option: str = "--out",
    endings: tuple[str, ...] = (".h5ad",),
    *,
    with_beside: bool = False,
) -> None:
    """Refuse an output path that could not be written, or must not be.

    Parameters
    ----------
    out, option
        The path, and the option that gave it.
    args
        All options: what they name as inputs is never written to, and ``--force`` lets
        a file be replaced.
    endings
        One of which the name must have; "" for any name.
    with_beside
        Whether what is written beside a table of data is checked, too.
    """
    if not out.name.lower().endswith(endings):
        msg = f"{option} {out}: the name must end in {' or '.join(endings)}"
        raise UsageError(msg)
    inputs = _inputs_of(args)
    check_apart({option: out}, inputs)
    if with_beside:
        from napari_stentrans.saving.places import places_of

        for place in places_of(out):
            check_apart({option: place}, inputs)
    if out.exists() and not args.force:
        msg = f"{option} {out}: it exists already; give --force to replace it"
        raise UsageError(msg)


def keeping_new(
    args: argparse.Namespace, *outs: Path | None
) -> AbstractContextManager[None]:
    """Replace nothing within the block that appeared meanwhile, without ``--force``."""
    return making_new(*(out for out in outs if out is not None and not args.force))


def check_apart(outs: Mapping[str, Path | None], inputs: Iterable[str]) -> None:
    """Refuse to write to what is read.

    Parameters
    ----------
    outs
        Each option that names an output, and its path where it was given.
    inputs
        Files and folders that are read.
    """
    read = [str(at_home(each)) for each in inputs if each]
    for option, out in outs.items():
        if out is None:
            continue
        try:
            check_place(out, read)
        except InvalidRequestError as error:
            msg = f"{option}: {error}"
            raise UsageError(msg) from None


def _inputs_of(args: argparse.Namespace) -> list[str]:
    """Every file and folder that the options name as read."""
    given = [str(getattr(args, name, None) or "") for name in _INPUTS]
    genes = str(getattr(args, "genes", None) or "")
    return [*given, genes[1:] if genes.startswith("@") else ""]


@contextmanager
def writing() -> Iterator[None]:
    """Do what was checked before: what fails now is no wrong request."""
    try:
        yield
    except InvalidRequestError as error:
        raise ComputeError(str(error)) from error


def save(
    result: EnhancedSection,
    out: Path,
    bars: ProgressBars,
    genes: GeneChoice = "expressed",
) -> None:
    """Write a result to a path that was checked: what fails now is the writing."""
    # Pictures show few of many genes, but every one that was named.
    named = None if isinstance(genes, str) else genes
    with writing():
        result.save(out, on_progress=bars, genes=named)


def remark_on_pictures(
    result: EnhancedSection, out: Path, genes: GeneChoice, *, quiet: bool
) -> None:
    """Tell which of many genes a file of pictures shows, where nobody chose them."""
    shown = pictured_genes(result.section, result.chosen, out, genes)
    if shown is not None and len(shown) < len(result.chosen):
        told = f"{out.name} shows {len(shown)} of {len(result.chosen):,} genes"
        remark(f"note: {told}: {', '.join(shown)}; --genes names others", quiet=quiet)


def pictured_genes(
    section: Section, chosen: IntArray, out: Path, genes: GeneChoice
) -> list[str] | None:
    """Genes that a file of pictures shows where nobody named any; None for others."""
    from napari_stentrans.saving import ending_of
    from napari_stentrans.saving.pictures import pictured_unasked

    if ending_of(out) not in _PICTURES or not isinstance(genes, str):
        return None
    return pictured_unasked(section, chosen)


def of_genes(n_genes: int, shown: list[str] | None = None) -> str:
    """Say how many genes there are, or are shown: '300 genes', '3 of 300 genes'."""
    told = counted(n_genes, "gene")
    return told if shown is None or len(shown) == n_genes else f"{len(shown)} of {told}"


def summary(result: EnhancedSection, shown: list[str] | None = None) -> str:
    """Return what a result holds, or a picture shows of its genes, in one line."""
    from napari_stentrans.section.targets import Origin

    found = Counter(result.targets.origin.tolist())
    origins = [f"{found[o]:,} {o}" for o in Origin if found[o]]
    positions = counted(len(result), "position")
    return f"{positions} ({', '.join(origins)}) x {of_genes(len(result.genes), shown)}"
