"""``--gene-sets``: signatures of the sets of a file, written beside the result."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import UsageError, say
from napari_stentrans.cli.outputs import check_output, writing
from napari_stentrans.cli.paths import path_of

if TYPE_CHECKING:
    from napari_stentrans.enhanced import EnhancedSection
    from napari_stentrans.section.section import Section

_Sets = dict[str, list[str]]


def add_gene_set_options(parser: argparse.ArgumentParser) -> None:
    """Declare what is read, and where signatures go."""
    group = parser.add_argument_group("gene sets, such as pathways")
    group.add_argument(
        "--gene-sets",
        type=path_of,
        metavar="SETS.gmt",
        help="sets of genes (.gmt, or the json of MSigDB), of each of which the "
        "signature is written, how it is patterned and how well it is predicted",
    )
    group.add_argument(
        "--save-signatures",
        type=path_of,
        metavar="SIGNATURES.h5ad",
        help="where to: an AnnData of positions and sets; --genes makes no difference",
    )


def check_gene_sets(args: argparse.Namespace) -> None:
    """Refuse one of the options without the other, and paths that cannot be."""
    if (args.gene_sets is None) != (args.save_signatures is None):
        msg = "--gene-sets names what is read, --save-signatures what is written: both"
        raise UsageError(msg, command="stentrans enhance")
    if args.save_signatures is not None:
        check_output(args.save_signatures, args, "--save-signatures")
        if args.save_signatures.absolute() == args.out.absolute():
            msg = "--out and --save-signatures are one file: give two names"
            raise UsageError(msg, command="stentrans enhance")


def gene_sets_for(section: Section, path: Path | None) -> _Sets:
    """Read the sets; what fits no gene of the section is refused before computing."""
    if path is None:
        return {}
    from napari_stentrans.io.gene_sets import read_gene_sets
    from napari_stentrans.section.gene_sets import GeneSets

    sets = {name: list(genes) for name, genes in read_gene_sets(path).items()}
    GeneSets.of(section, sets)
    return sets


def save_signatures(
    result: EnhancedSection, sets: _Sets, out: Path | None, *, quiet: bool
) -> None:
    """Write the signatures, if they are wanted."""
    if out is None:
        return
    from napari_stentrans.io.files.replacing import replacing
    from napari_stentrans.io.writers.h5ad import write_whole

    found = result.signatures(sets)
    with writing(), replacing(out, result.section.inputs) as unfinished:
        write_whole(found, unfinished)
    n_left_out = len(sets) - found.n_vars
    left_out = f" ({n_left_out:,} have too few of its genes)" if n_left_out else ""
    told = f"{found.n_obs:,} positions x {found.n_vars:,} gene sets{left_out}"
    say(f"wrote {out}: {told}", quiet=quiet)
