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
COUNTS: Final = "counts"
"""layers: where raw counts are commonly kept."""
IN_TISSUE: Final = "in_tissue"
PROVENANCE: Final = "stentrans"
"""uns: configuration, seed, versions, fingerprint and seconds of a run."""
BLANK_IMAGE: Final = "blank_image"
"""uns["spatial"][library]["metadata"]: whether the image is only white paper."""

LAYER_TAG: Final = "stentrans"
"""napari layer.metadata: one `gui.layers.LayerTag`."""
