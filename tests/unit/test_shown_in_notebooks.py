"""What a notebook shows of an object is one line, not all of its numbers."""

from __future__ import annotations

import numpy as np

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.targets import enhancement_targets


def test_simulated_sections() -> None:
    made = simulated_section(
        lattice="square", n_rows=16, n_cols=16, n_genes=40, holes=1, seed=3
    )
    n_spots, n_lost = made.section.n_spots, len(made.removed_rc)
    assert repr(made) == (
        f"<SimulatedSection {made.section.name}: {n_spots} spots x 40 genes, "
        f"{n_lost} lost>"
    )


def test_missing_regions() -> None:
    section = simulated_section(n_rows=9, n_cols=9, n_genes=40).section
    nothing = np.zeros(section.n_spots, dtype=bool)
    one, two = nothing.copy(), nothing.copy()
    one[4], two[:2] = True, True
    site = section.array_rc[:1] + 0.5
    regions = MissingRegions(one, two, np.repeat(site, 3, axis=0), site)
    assert repr(regions) == (
        "<MissingRegions: 1 spot and 3 empty sites to predict, 3 left out>"
    )


def test_targets() -> None:
    section = simulated_section(lattice="square", n_rows=4, n_cols=4, n_genes=5).section
    targets = enhancement_targets(section, MissingRegions.none(section), refine=2)
    n_spots = section.n_spots
    assert repr(targets) == (
        f"<Targets: {len(targets)} positions, {n_spots} measured, square>"
    )


def test_pictures() -> None:
    section = simulated_section(n_rows=9, n_cols=9, n_genes=40, image=True).section
    assert section.image is not None
    rows, cols = section.image.data.shape[:2]
    shown = repr(section.image)
    assert shown.startswith("<TissueImage ")
    assert shown.endswith(f": {rows} x {cols} pixels, bright-field>")
