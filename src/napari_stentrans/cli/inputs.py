"""What the command line reads: the section, and the files that say what to predict."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_stentrans.cli.console import UsageError
from napari_stentrans.cli.paths import path_of

if TYPE_CHECKING:
    from napari_stentrans.request import GeneChoice
    from napari_stentrans.section.lattice import FloatArray
    from napari_stentrans.section.section import Section

_READ_OPTIONS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "bin-size": (
        float,
        "N",
        "which bins: µm in Visium HD (default: 16), steps of the chip in Stereo-seq "
        "(default: 50)",
    ),
    "pitch": (
        float,
        "UM",
        "add up cells or beads at free positions in squares of this side",
    ),
    "box": (
        str,
        "X0,Y0,X1,Y1",
        "take the spots within it alone, in full-resolution pixels or the unit of the "
        "positions: info tells where they lie. Below zero write --box=-9,0,99,99",
    ),
    "library": (str, "NAME", "which of several sections in one file"),
    "positions": (
        path_of,
        "CSV",
        "where the spots are, if that is not found by itself: a table of names with "
        "x and y, or with array_row and array_col",
    ),
    "name": (str, "NAME", "what to call the section (default: after the path)"),
    "table": (str, "NAME", "which table of a SpatialData folder"),
    "coordinate-system": (str, "NAME", "of a SpatialData folder (default: global)"),
}


def add_section_options(parser: argparse.ArgumentParser) -> None:
    """Declare INPUT and how to read it."""
    from napari_stentrans.section.alignment import EXAMPLE
    from napari_stentrans.section.lattice import LatticeKind

    parser.add_argument(
        "input",
        type=path_of,
        metavar="INPUT",
        help="a section of any format: see docs/formats.md",
    )
    group = parser.add_argument_group("how to read it")
    group.add_argument(
        "--lattice",
        choices=["auto", *map(str, LatticeKind)],
        default="auto",
        help="arrangement of the spots (default: auto, found from the coordinates)",
    )
    group.add_argument(
        "--allow-normalised",
        action="store_true",
        help="accept values that are no raw counts",
    )
    group.add_argument(
        "--image",
        type=path_of,
        metavar="PICTURE",
        help="the full-resolution picture of the tissue (tif of any size, png, jpg), "
        "where the section does not bring its own",
    )
    group.add_argument(
        "--image-alignment",
        metavar="MOVES",
        help="how to move the picture where it lands wrong, such as "
        f"'{EXAMPLE}': about its middle, degrees clockwise, full-resolution pixels",
    )
    for option, (kind, metavar, text) in _READ_OPTIONS.items():
        group.add_argument(f"--{option}", type=kind, metavar=metavar, help=text)


def open_section(args: argparse.Namespace) -> Section:
    """Read the section named on the command line."""
    from napari_stentrans.io import read_section

    lattice = None if args.lattice == "auto" else args.lattice
    return read_section(
        args.input,
        lattice=lattice,
        allow_normalised=args.allow_normalised,
        image=args.image,
        image_alignment=args.image_alignment,
        bin_size=args.bin_size,
        pitch=args.pitch,
        library=args.library,
        positions=args.positions,
        name=args.name,
        table=args.table,
        box=args.box,
        coordinate_system=args.coordinate_system,
    )


def read_at(path: Path | None) -> FloatArray | None:
    """Array coordinates to predict at, in their order."""
    if path is None:
        return None
    from napari_stentrans.io.regions.masks import read_positions

    return read_positions(path)


def parse_genes(text: str) -> GeneChoice:
    """Genes from ``A,B``, ``@file``, ``all`` or ``expressed``."""
    if text in ("all", "expressed"):
        return "all" if text == "all" else "expressed"
    if text.startswith("@"):
        from napari_stentrans.io.genes import read_gene_list

        if text == "@":
            msg = "--genes @ names no file; write for example --genes @genes.txt"
            raise UsageError(msg)
        return read_gene_list(text[1:])
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        msg = f"--genes {text!r} names no gene; write for example --genes CD37,DLL3"
        raise UsageError(msg)
    return names
