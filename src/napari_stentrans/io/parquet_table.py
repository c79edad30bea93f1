"""Parquet tables that `io.export_parquet` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.export_parquet import ROLES, SCHEMA_KEY
from napari_stentrans.io.kept import kept_in
from napari_stentrans.io.matrix import as_counts, normalised_notes, unique_names
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.section import Section

TITLE: Final = "a parquet table of ours"
TAKES: Final[frozenset[str]] = frozenset()


def sniff(path: Path) -> bool:
    """Whether this is a table of ours."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    from pyarrow import parquet

    return SCHEMA_KEY in (parquet.read_schema(path).metadata or {})


def read(path: Path, options: ReadOptions) -> Section:
    """Read a table, some spots at a time.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        told = json.loads(file.schema_arrow.metadata[SCHEMA_KEY])
        columns = [told["columns"][role] for role in ROLES]
        names = file.schema_arrow.names
        missing = [name for name in columns if name not in names]
        if missing:
            msg = f"{path.name} has lost its columns {', '.join(missing)}"
            raise ReadError(msg)
        genes = [name for name in names if name not in columns]
        heads: list[pd.DataFrame] = []
        blocks: list[Any] = []
        for batch in file.iter_batches(batch_size=1024):
            heads.append(batch.select(columns).to_pandas())
            dense = [np.asarray(batch.column(gene)) for gene in genes]
            blocks.append(sparse.csr_matrix(np.column_stack(dense)))
    return _section(path, options, pd.concat(heads), (genes, blocks), told)


def _section(
    path: Path,
    options: ReadOptions,
    head: pd.DataFrame,
    expression: tuple[list[str], list[Any]],
    told: dict[str, Any],
) -> Section:
    genes, blocks = expression
    counts = as_counts(sparse.vstack(blocks))
    head = head.set_axis(list(ROLES), axis=1)
    array_rc = head[["array_row", "array_col"]].to_numpy(np.float64)
    pixel_xy = head[["pixel_x", "pixel_y"]].to_numpy(np.float64)
    names, notes = unique_names(pd.Index(genes, dtype=object))
    notes += normalised_notes(counts, allowed=options.allow_normalised)
    ours = kept_in(told.get("section"))
    known = ours is not None and ours.fits(array_rc) and options.lattice is None
    placed = (
        ours.placed(array_rc)
        if known and ours is not None
        else options.place(array_rc, pixel_xy)
    )
    return Section(
        name=options.name_for(path),
        counts=counts,
        obs=pd.DataFrame(index=pd.Index(head["barcode"].astype(str), dtype=object)),
        var=pd.DataFrame(index=names),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=None if ours is not None and not ours.has_pixel_xy else pixel_xy,
        source=str(path),
        notes=tuple(notes),
    )
