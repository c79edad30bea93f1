"""``stentrans info``: what is in a file or folder."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from napari_stentrans.cli.console import ExitCode, say
from napari_stentrans.cli.inputs import add_section_options, open_section
from napari_stentrans.cli.large_sections import foretell_presets

if TYPE_CHECKING:
    from napari_stentrans.section.section import Section


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_section_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="for other programs to read"
    )


def run(args: argparse.Namespace) -> int:
    """Describe one section."""
    section = open_section(args)
    foretell_presets(section)
    facts = describe(section)
    if args.json:
        say(json.dumps(facts, indent=2))
    else:
        say(as_text(facts))
    return ExitCode.OK


def describe(section: Section) -> dict[str, Any]:
    """Facts about a section, JSON-able."""
    from napari_stentrans.section.facts import SectionFacts
    from napari_stentrans.section.part import Box, positions_xy
    from napari_stentrans.section.technology import technology

    found, image = SectionFacts.of(section), section.image
    return {
        "name": section.name,
        "technology": technology(section),
        "lattice": str(section.lattice.kind),
        "spots": section.n_spots,
        "array_rows": _span(section, 0),
        "array_cols": _span(section, 1),
        "box": str(Box.around(positions_xy(section)).rounded()),
        "genes": section.n_genes,
        "genes_in_over_10_percent_of_spots": found.n_common,
        "median_counts": found.median_counts,
        "median_genes": found.median_genes,
        "image": None
        if image is None
        else {
            "name": image.name,
            "rows": max(rows for rows, _ in image.shapes),
            "cols": max(cols for _, cols in image.shapes),
        },
        "has_pixel_positions": section.pixel_xy is not None,
        "fingerprint": section.fingerprint,
        "notes": list(section.notes),
    }


def as_text(facts: dict[str, Any]) -> str:
    """Lay the facts out for a person."""
    image = facts["image"]
    picture = (
        f"{image['name']}, {image['rows']} x {image['cols']} pixels"
        if image
        else "none"
    )
    rows, cols = facts["array_rows"], facts["array_cols"]
    lines = [
        ("name", facts["name"]),
        ("technology", f"{facts['technology']} (a guess)"),
        ("lattice", facts["lattice"]),
        (
            "spots",
            f"{facts['spots']:,}, array rows {rows[0]:g} to {rows[1]:g}, "
            f"columns {cols[0]:g} to {cols[1]:g}",
        ),
        (
            "genes",
            f"{facts['genes']:,}, of them "
            f"{facts['genes_in_over_10_percent_of_spots']:,} in over 10 % of the spots",
        ),
        (
            "a spot",
            f"median {facts['median_counts']:,.0f} counts of "
            f"{facts['median_genes']:,.0f} genes",
        ),
        ("extent", f"{facts['box']} (x0,y0,x1,y1, of which --box takes a part)"),
        ("image", picture),
        ("fingerprint", facts["fingerprint"]),
        *(("note", note) for note in facts["notes"]),
    ]
    return "\n".join(f"{label:12} {text}" for label, text in lines)


def _span(section: Section, axis: int) -> list[float]:
    along = section.array_rc[:, axis]
    return [float(along.min()), float(along.max())]
