"""How what is done with positions grows with a section: four times the spots.

Prints seconds of the processor for 62,500 and for 250,000 spots, and their ratio: 4 is
linear. What takes more than six times as long is marked.

    python benchmarks/large_sections.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.detection import detect_lattice
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import enhancement_targets

_SIDES = 250, 500
"""Rows and columns of the smaller and of the larger section."""
_GROWTH = 6
"""Times as long that four times the spots may take: n log n, and some chance."""


def bare_section(side: int) -> Section:
    """Return a full square of spots with one gene."""
    sites = np.argwhere(np.ones((side, side), bool))
    return Section(
        name="bare",
        counts=sparse.csr_matrix(np.ones((len(sites), 1), np.float32)),
        obs=pd.DataFrame(index=[f"spot{k}" for k in range(len(sites))]),
        var=pd.DataFrame(index=["GENE"]),
        array_rc=sites.astype(np.float64),
        lattice=Lattice(LatticeKind.SQUARE),
    )


def recognise(side: int) -> None:
    """Find the lattice of spots of which a third is missing."""
    sites = np.argwhere(np.random.default_rng(0).random((side, side)) < 0.7)
    detect_lattice(sites + np.array([120, 3000]))


def draw(side: int) -> None:
    """Draw a gene, and take painted pixels for spots."""
    section = bare_section(side)
    raster = SpotRaster.from_section(section)
    raster.image(np.arange(section.n_spots))
    raster.spot_labels(np.ones(raster.shape, np.uint8))


def refine(side: int) -> None:
    """Find the positions of a lattice twice as fine."""
    section = bare_section(side)
    enhancement_targets(section, MissingRegions.none(section), 2)


def simulate(side: int) -> None:
    """Make up a section of ten genes."""
    simulated_section(lattice="square", n_rows=side, n_cols=side, n_genes=10)


_WORK: dict[str, Callable[[int], None]] = {
    "recognise a lattice": recognise,
    "draw and paint": draw,
    "refine": refine,
    "simulate": simulate,
}


def seconds(work: Callable[[int], None], side: int) -> float:
    """Return the seconds of the processor that the better of two goes takes."""
    goes = []
    for _ in range(2):
        started = time.process_time()
        work(side)
        goes.append(time.process_time() - started)
    return min(goes)


def main() -> None:
    """Time all and print a table."""
    few, many = (side**2 for side in _SIDES)
    print(f"{'':20} {few:>10,} {many:>10,}   ratio")
    for name, work in _WORK.items():
        small, large = (seconds(work, side) for side in _SIDES)
        ratio = large / small
        mark = "" if ratio < _GROWTH else f"  grows faster than {_GROWTH} times"
        print(f"{name:20} {small:8.2f} s {large:8.2f} s {ratio:7.1f}{mark}")


if __name__ == "__main__":
    main()
