"""A section as one parquet table: a row a spot; names, coordinates, then the genes.

Goes out spots by spots. The schema says which columns are no genes, so that a gene may
be called anything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_stentrans import keys
from napari_stentrans.io.replacing import replacing

if TYPE_CHECKING:
    import pyarrow as pa
    from anndata import AnnData

SCHEMA_KEY = b"stentrans"
"""Metadata of the schema: JSON with ``columns`` (role to name) and ``section``."""
_BLOCK_VALUES = 1 << 25
ROLES = ("barcode", "array_row", "array_col", "pixel_x", "pixel_y")
"""Columns that are no genes, in their order; renamed where a gene is called so."""


def write_parquet(path: Path, adata: AnnData, source: str | None = None) -> Path:
    """Write a parquet table.

    Parameters
    ----------
    path
        The file to make; one of that name is replaced, once the new one is complete.
    adata : AnnData, shape (position, gene)
        As `section_to_anndata` makes it; ``X`` may lie in a file (backed).
    source
        What was read, which is never written to.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidRequestError
        If it cannot be written there.
    """
    from pyarrow import parquet

    schema = _schema(adata)
    rows = max(1, _BLOCK_VALUES // max(adata.n_vars, 1))
    with (
        replacing(path, source) as unfinished,
        parquet.ParquetWriter(
            unfinished, schema, compression="zstd", write_statistics=False
        ) as writer,
    ):
        for start in range(0, adata.n_obs, rows):
            writer.write_table(_rows(adata, slice(start, start + rows), schema))
    return Path(path)


def _schema(adata: AnnData) -> pa.Schema:
    import pyarrow as pa

    genes = [str(gene) for gene in adata.var_names]
    taken = set(genes)
    columns: dict[str, str] = {}
    for role in ROLES:
        name = role
        while name in taken:
            name = f"_{name}"
        taken.add(name)
        columns[role] = name
    kinds = [pa.string(), *[pa.float64()] * (len(ROLES) - 1)]
    fields = list(zip(columns.values(), kinds, strict=True))
    fields += [(gene, pa.float32()) for gene in genes]
    told = {"columns": columns, "section": str(adata.uns.get(keys.SECTION, ""))}
    return pa.schema(fields, metadata={SCHEMA_KEY: json.dumps(told).encode()})


def _rows(adata: AnnData, rows: slice, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    block: Any = adata.X[rows]
    values = block.toarray() if hasattr(block, "toarray") else np.asarray(block)
    values = np.asfortranarray(values, dtype=np.float32)
    obs = adata.obs.iloc[rows]
    pixel_xy = np.asarray(adata.obsm[keys.SPATIAL][rows], dtype=np.float64)
    head: list[Any] = [
        [str(name) for name in obs.index],
        obs[keys.ARRAY_ROW].to_numpy(np.float64),
        obs[keys.ARRAY_COL].to_numpy(np.float64),
        pixel_xy[:, 0].copy(),
        pixel_xy[:, 1].copy(),
    ]
    parts = head + list(values.T)
    columns = [
        pa.array(part, field.type) for part, field in zip(parts, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)
