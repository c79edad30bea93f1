"""Cells or beads added up in squares, so that they lie on a lattice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.assembly.binning import bin_centres_xy, bin_names
from napari_stentrans.io.assembly.counts import put_together
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section


def in_squares(section: Section, pitch: float) -> Section:
    """Add up what lies in the same square, or average values that are no counts.

    Parameters
    ----------
    section
        Cells or beads at free positions.
    pitch
        Side of a square, in the units of the positions.

    Returns
    -------
    Section
        Its spots are the squares that are not empty, their middles its pixel
        positions; ``obs["n_cells"]`` says how many fell in.

    Raises
    ------
    InvalidRequestError
        If the section lies on a lattice already.
    """
    if section.lattice.is_regular:
        msg = (
            f"pitch bins cells at free positions; {section.name} lies on a "
            f"{section.lattice.kind} lattice already"
        )
        raise InvalidRequestError(msg)
    free_xy = section.pixel_xy
    xy = section.array_rc[:, ::-1] if free_xy is None else free_xy
    corner = np.floor(xy.min(axis=0) / pitch)
    cell_rc = (np.floor(xy / pitch) - corner)[:, ::-1]
    bin_rc, bin_of = np.unique(cell_rc, axis=0, return_inverse=True)
    n_bins, n_cells = len(bin_rc), len(cell_rc)
    counts, done = put_together(section.counts, bin_of.ravel(), n_bins)
    obs = pd.DataFrame(
        {
            keys.ARRAY_ROW: bin_rc[:, 0],
            keys.ARRAY_COL: bin_rc[:, 1],
            "n_cells": np.bincount(bin_of.ravel(), minlength=n_bins),
        },
        index=pd.Index(bin_names(bin_rc), dtype=object),
    )
    note = (
        f"{n_cells} cells or beads were {done} in {n_bins} squares of {pitch:g} "
        "(µm, where the format tells them); without pitch they stay apart."
    )
    return replace(
        section,
        counts=counts,
        obs=obs,
        array_rc=bin_rc,
        lattice=Lattice(LatticeKind.SQUARE),
        pixel_xy=bin_centres_xy(bin_rc + corner[::-1], pitch),
        spot_diameter=pitch,
        notes=(*section.notes, note),
    )
