"""What a result can be saved as, in words for a person who chooses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes
    ----------
    title, help_text
        What it is called, and what it is good for.
    ending, filters
        Of its files: the usual one, and those that the file dialogue offers.
    takes_all
        Whether it can hold every gene; else the shown ones are written.
    takes_sd, takes_pitch
        Whether the uncertainty is a choice, and the distance of spots matters.
    """

    title: str
    help_text: str
    ending: str
    filters: str
    takes_all: bool = True
    takes_sd: bool = False
    takes_pitch: bool = False


KINDS = (
    Kind(
        "Data (h5ad)",
        "AnnData with expected counts and their uncertainty, for scanpy and squidpy.",
        ".h5ad",
        "AnnData (*.h5ad)",
    ),
    Kind(
        "Table (csv)",
        "A row a position, a column a gene, for R, Excel and the like.",
        ".csv",
        "Tables (*.csv *.csv.gz *.tsv *.tsv.gz)",
        takes_sd=True,
    ),
    Kind(
        "Figure (png, svg, pdf)",
        "Measured and enhanced side by side, in the colours you see, with colour bar "
        "and scale bar.",
        ".png",
        "Figures (*.png *.svg *.pdf)",
        takes_all=False,
        takes_sd=True,
        takes_pitch=True,
    ),
    Kind(
        "Pictures (OME-TIFF)",
        "A channel each for measured and enhanced, in counts, for ImageJ and QuPath.",
        ".ome.tif",
        "OME-TIFF (*.ome.tif *.ome.tiff)",
        takes_all=False,
        takes_sd=True,
        takes_pitch=True,
    ),
    Kind(
        "SpatialData (zarr)",
        "Spots as circles with their table and the picture, for napari-spatialdata.",
        ".zarr",
        "SpatialData (*.zarr)",
    ),
    Kind(
        "Table (parquet)",
        "A row a position, a column a gene, small and quick to read for programs.",
        ".parquet",
        "Parquet (*.parquet)",
    ),
)
