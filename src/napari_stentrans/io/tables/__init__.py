"""Tables of ours (csv, tsv, parquet): written, and read again to the last digit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.damage import from_library
from napari_stentrans.io.files.home import at_home

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["read_anndata"]


def read_anndata(path: str | Path) -> AnnData:
    """Return all that a csv, tsv or parquet table of ours holds, the sd included.

    As from an h5ad of the result or section; without the picture, which no table holds.

    Raises
    ------
    ReadError
        If it is no table of ours, or damaged.
    """
    from napari_stentrans.io.tables import parquet_reader, text_reader
    from napari_stentrans.io.tables.columns import as_in_h5ad

    path = at_home(path)
    with from_library(path.name):
        for module in (parquet_reader, text_reader):
            if module.sniff(path):
                return as_in_h5ad(module.read_anndata(path))
    msg = f"{path} is no csv, tsv or parquet table that stEnTrans wrote"
    raise ReadError(msg)
