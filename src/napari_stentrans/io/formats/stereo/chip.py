"""What both files of Stereo-seq share: bins of its chip made into a section."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.binning import bin_centres_xy, bin_names
from napari_stentrans.io.assembly.counts import as_counts, unique_names
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

DEFAULT_BIN: Final = 50
"""Steps of the chip: 25 µm."""
_STEP_UM = 0.5
_FEW_BINS = 12


def stereo_section(
    counts: sparse.csr_matrix,
    bin_rc: FloatArray,
    genes: pd.DataFrame,
    path: Path,
    options: ReadOptions,
) -> Section:
    """Make a section of filled bins; their middles are pixel positions in chip steps.

    Parameters
    ----------
    counts
        Shape (bin, gene).
    bin_rc
        (row, col) of each bin, shape (bin, 2).
    genes
        Indexed by name, which may repeat.
    path
        Where they come from.
    options
        With the side of the bins.
    """
    size = options.bin_size or DEFAULT_BIN
    if not len(bin_rc):
        msg = f"{path.name} holds no counts"
        raise ReadError(msg)
    names, repeated = unique_names(genes.index)
    pixel_xy = bin_centres_xy(bin_rc, size)
    placed = options.place_bins(bin_rc, pixel_xy)
    notes = [
        f"Read as Stereo-seq molecules, added up in squares of {size:g} steps of the "
        f"chip (about {size * _STEP_UM:g} µm); choose another side with bin_size "
        "(command line: --bin-size)."
    ]
    if len(bin_rc) < _FEW_BINS:
        notes.append(
            f"There are only {len(bin_rc)} bins; choose a smaller bin_size "
            "(command line: --bin-size)."
        )
    obs = pd.DataFrame(bin_rc, bin_names(bin_rc), [keys.ARRAY_ROW, keys.ARRAY_COL])
    return Section(
        name=options.name_for(path),
        counts=as_counts(counts),
        obs=obs,
        var=genes.set_axis(names, axis=0),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy,
        spot_diameter=size,
        source=str(path),
        notes=tuple(notes + repeated),
    )
