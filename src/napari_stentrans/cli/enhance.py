"""``stentrans enhance``: a section and what to predict in, an enhanced h5ad out."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.cli.console import ExitCode, ProgressBars, UsageError, remark, say
from napari_stentrans.cli.gene_sets import (
    add_gene_set_options,
    check_gene_sets,
    gene_sets_for,
    save_signatures,
)
from napari_stentrans.cli.inputs import (
    add_section_options,
    open_section,
    parse_genes,
    read_at,
)
from napari_stentrans.cli.large_sections import cost_in_words, foretell_run
from napari_stentrans.cli.options import add_run_options, given_options, run_config
from napari_stentrans.cli.output_size import foretell_output, size_in_words
from napari_stentrans.cli.outputs import (
    check_apart,
    check_output,
    keeping_new,
    pictured_genes,
    remark_on_pictures,
    save,
    summary,
    writing,
)
from napari_stentrans.cli.paths import path_of

if TYPE_CHECKING:
    from napari_stentrans.config import RunConfig

EXAMPLES = """
examples:
  stentrans enhance outs --out sharper.h5ad
  stentrans enhance counts.tsv.gz --out repaired.h5ad --missing mask.png --refine 1
  stentrans enhance section.h5ad --out there.h5ad --at places.csv --genes CD37,DLL3
  stentrans enhance outs --out figure.svg --genes IGKC,EPCAM
  stentrans enhance other.h5ad --out other_sharper.h5ad --config sharper.h5ad
  stentrans enhance deep.h5ad --out a.h5ad --preset best --save-model tissue.npz
  stentrans enhance shallow.h5ad --out b.h5ad --model tissue.npz
  stentrans enhance outs --out a.h5ad --gene-sets go.gmt --save-signatures sets.h5ad
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_section_options(parser)
    parser.add_argument(
        "--out",
        type=path_of,
        required=True,
        metavar="OUT",
        help="file to write: OUT.h5ad, or by its ending .csv, .tsv (.gz), .parquet, "
        ".zarr (SpatialData), .ome.tif (pictures of genes), .png, .svg or .pdf (figure "
        "of measured and enhanced); it appears only once it is complete",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace OUT where it exists already"
    )
    what = parser.add_argument_group("what to predict")
    what.add_argument(
        "--missing",
        type=path_of,
        metavar="MASK",
        help="what is missing: regions saved in the window (GeoJSON, csv, png), a "
        "labels picture (png, tif, gif or npy; 1: predict here, 2: outside the "
        "tissue), or a csv of array_row, array_col or of barcodes",
    )
    what.add_argument(
        "--at",
        type=path_of,
        metavar="CSV",
        help="predict exactly at the array_row, array_col of this table (fractions "
        "allowed), in its order, instead of on a refined lattice",
    )
    what.add_argument(
        "--genes",
        default="expressed",
        metavar="GENES",
        help="what to write: names with commas between, @FILE with one name a line, "
        "all, or expressed: found in 1 %% of the spots and at least 3 (default: "
        "expressed). Figures and pictures show three telling ones of more than 12, "
        "unless they are named",
    )
    parser.add_argument(
        "--save-model",
        type=path_of,
        metavar="MODEL.npz",
        help="keep what was learnt, for other sections of the same tissue",
    )
    add_gene_set_options(parser)
    add_run_options(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check options and input, say what would be written and what it costs, "
        "and stop",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing unless something fails"
    )


def run(args: argparse.Namespace) -> int:
    """Enhance one section."""
    from napari_stentrans.pipeline import enhance_steps
    from napari_stentrans.progress import run_to_end
    from napari_stentrans.request import resolve_missing

    started = time.perf_counter()
    config, outs = _checked(args)
    section = open_section(args)
    check_apart(outs, section.inputs)  # some are found beside INPUT
    for note in section.notes:
        remark(f"note: {note}", quiet=args.quiet)
    genes, at = parse_genes(args.genes), read_at(args.at)
    missing = resolve_missing(section, args.missing)
    sets = gene_sets_for(section, args.gene_sets)
    foretell_output(args, section, config, missing, at, genes)
    n_given = None if at is None else len(at)
    foretell_run(section, config, missing.n_new, n_given, quiet=args.quiet)
    if args.dry_run:
        size = size_in_words(section, config, missing, at, genes, args.out)
        cost = cost_in_words(section, config, missing.n_new, n_given)
        say(f"would write {args.out}: {size}, in {cost}")
        return ExitCode.OK
    with ProgressBars(quiet=args.quiet) as bars, keeping_new(args, *outs.values()):
        job = enhance_steps(
            section,
            config,
            missing=missing,
            at=at,
            genes=genes,
            previews=False,
        )
        result = run_to_end(job, bars)
        save(result, args.out, bars, genes)
        if args.save_model is not None:
            with writing():
                result.save_model(args.save_model)
        save_signatures(result, sets, args.save_signatures, quiet=args.quiet)
    for notice in result.provenance["notices"]:
        remark(f"note: {notice}", quiet=args.quiet)
    remark_on_pictures(result, args.out, genes, quiet=args.quiet)
    seconds = time.perf_counter() - started
    shown = pictured_genes(section, result.chosen, args.out, genes)
    told = f"{summary(result, shown)}, {seconds:.1f} s"
    say(f"wrote {args.out}: {told}", quiet=args.quiet)
    return ExitCode.OK


def _checked(args: argparse.Namespace) -> tuple[RunConfig, dict[str, Path | None]]:
    """Refuse options that cannot be, before anything is read.

    Returns
    -------
    RunConfig
        How to compute.
    dict
        What is written, by the option that names it.
    """
    from napari_stentrans.saving import endings

    check_output(args.out, args, endings=endings(), with_beside=True)
    if args.save_model is not None:
        check_output(args.save_model, args, "--save-model", endings=(".npz",))
    check_gene_sets(args)
    if args.at is not None and "refine" in given_options(args):
        msg = "--at gives the positions and --refine makes them: use one of the two"
        raise UsageError(msg, command="stentrans enhance")
    config = run_config(args)
    if args.save_model is not None and config.method != "stentrans":
        msg = f"--save-model keeps a fit of stentrans, not of {config.method}"
        raise UsageError(msg, command="stentrans enhance")
    outs = {
        "--out": args.out,
        "--save-model": args.save_model,
        "--save-signatures": args.save_signatures,
    }
    check_apart(outs, [config.model])  # which a run file may have named
    return config, outs
