"""``stentrans convert``: a section of any format in, any other out."""

from __future__ import annotations

import argparse

from napari_stentrans.cli.console import ExitCode, UsageError, remark, say
from napari_stentrans.cli.inputs import add_section_options, open_section
from napari_stentrans.cli.outputs import check_apart, check_output, keeping_new, writing
from napari_stentrans.cli.paths import path_of

EXAMPLES = """
OUT is written in the format that its ending says:
  NAME.h5ad      AnnData, for scanpy and squidpy
  NAME.zarr      SpatialData (needs the extra: napari-stentrans[spatialdata])
  NAME.csv[.gz]  one table: a row a spot, a column a gene (also .tsv)
  NAME.parquet   the same as parquet
  NAME           a folder as Space Ranger leaves it: h5, mtx, positions, pictures

examples:
  stentrans convert outs section.h5ad
  stentrans convert counts.tsv.gz as_visium
  stentrans convert section.zarr section.parquet --force
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_section_options(parser)
    parser.add_argument(
        "out",
        type=path_of,
        metavar="OUT",
        help="what to write; it appears under this name only once it is complete",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace OUT where it exists already"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing unless something fails"
    )


def run(args: argparse.Namespace) -> int:
    """Convert one section."""
    from napari_stentrans.errors import InvalidRequestError
    from napari_stentrans.exports import ending_of, export

    try:
        ending_of(args.out)
    except InvalidRequestError as error:
        raise UsageError(str(error)) from None
    check_output(args.out, args, "OUT", endings=("",), with_beside=True)
    section = open_section(args)
    check_apart({"OUT": args.out}, section.inputs)  # some are found beside INPUT
    for note in section.notes:
        remark(f"note: {note}", quiet=args.quiet)
    with writing(), keeping_new(args, args.out):
        export(section, args.out)
    say(
        f"wrote {args.out}: {section.n_spots:,} spots x {section.n_genes:,} genes",
        quiet=args.quiet,
    )
    return ExitCode.OK
