"""Every name under which something is kept in an AnnData or in layer metadata, once."""

from __future__ import annotations

from typing import Final

ARRAY_ROW: Final = "array_row"
ARRAY_COL: Final = "array_col"
ORIGIN: Final = "origin"
"""obs: how a position came to be (see `section.targets.Origin`)."""
BARCODE: Final = "barcode"
"""obs: barcode of the measured spot at this position, "" where there is none."""
SPATIAL: Final = "spatial"
"""obsm: (x, y) in full-resolution pixels; uns: images, as scverse spells it."""
SD: Final = "sd"
"""layers: predictive standard deviation, in counts."""
MEASURED: Final = "measured"
"""layers: of signatures, what was measured at the position, NaN where nothing was."""
COUNTS: Final = "counts"
"""layers: where raw counts are commonly kept."""
IN_TISSUE: Final = "in_tissue"
PROVENANCE: Final = "stentrans"
"""uns: configuration, seed, versions, fingerprint and seconds of a run."""
SECTION: Final = "stentrans_section"
"""uns: JSON text with what no other key tells of a section (see `io.assembly.kept`)."""
HELDOUT_PCC: Final = "heldout_pcc"
"""var: Pearson's r of counts with predictions of each spot from all the others."""
HELDOUT_KRIGING_PCC: Final = "heldout_pcc_kriging"
"""var: the same by kriging alone."""
HELDOUT_CEILING: Final = "heldout_ceiling"
"""var: the highest r that the counting noise of the measurement allows."""
HELDOUT_RANK: Final = "heldout_rank"
"""var: rank of the gene by its score, 1 for the best predicted."""
HAS_SIGNAL: Final = "has_signal"
"""var: whether left-out spots bear out a pattern beyond that of the total counts."""
OF_A_RUN: Final = (
    HELDOUT_PCC,
    HELDOUT_KRIGING_PCC,
    HELDOUT_CEILING,
    HELDOUT_RANK,
    HAS_SIGNAL,
)
"""var: what a run found out about a gene; another run does not inherit it."""
BLANK_IMAGE: Final = "blank_image"
"""uns["spatial"][library]["metadata"]: whether the image is only white paper."""

RESULT: Final = "stentrans_result"
"""napari layer.metadata: the `EnhancedSection` whose expression a layer shows."""
RUNS: Final = "stentrans_runs"
"""There, too: runs that a closed panel has left for the next one."""
FOREIGN_ADATA: Final = "adata"
"""napari layer.metadata of other plugins: the AnnData with a row for each thing."""
FOREIGN_INSTANCE: Final = "instance_key"
"""There, too: the column of its obs that holds the labels of a labels layer."""
ALIGNMENT: Final = "stentrans_alignment"
"""There, too: the `Alignment` of the picture of its section, if a person moved it."""
REGIONS: Final = "stentrans_regions"
"""napari layer.metadata: the `Regions` that a canvas shows."""
LAYER_TAG: Final = "stentrans"
"""napari layer.metadata: one `gui.canvas.layers.LayerTag`."""
OF_A_LAYER: Final = (LAYER_TAG, RESULT, RUNS, ALIGNMENT, REGIONS)
"""napari layer.metadata: all that is ours."""
