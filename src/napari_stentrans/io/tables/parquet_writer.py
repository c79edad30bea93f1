"""A section or result as one parquet table: a row a spot; its place, then its genes.

Goes out spots by spots. What a reader needs beyond the values lies in the metadata of
the schema, which says which columns are no genes: so a gene may be called anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.io.assembly.counts import is_text, plain
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.writers.as_anndata import scalefactors_of

if TYPE_CHECKING:
    import pyarrow as pa
    from anndata import AnnData

SCHEMA_KEY = b"stentrans"
"""Metadata of the schema, as JSON: ``columns`` (role to column), ``obs`` and ``sd``
(column of obs, or gene, to column), ``order`` (of the columns of obs), ``var`` (see
`packed`), and texts of ``uns``."""
_BLOCK_VALUES = 1 << 25
ROLES = ("barcode", "array_row", "array_col", "pixel_x", "pixel_y")
"""Columns that are no genes, in their order; renamed where a gene is called so."""


def write_parquet(
    path: Path,
    adata: AnnData,
    inputs: Iterable[str] = (),
    values: Any = None,
    sd: Any = None,
) -> Path:
    """Write a parquet table.

    Parameters
    ----------
    path
        The file to make; one of that name is replaced, once the new one is complete.
    adata : AnnData, shape (position, gene)
        As `section_to_anndata` makes it.
    inputs
        What was read, which is never written to.
    values
        Read instead of ``X``, some rows at a time: it may lie in a file.
    sd
        Standard deviations, read the same way; they follow the genes, a column each.

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

    matrices = [adata.X if values is None else values, *([] if sd is None else [sd])]
    obs = plain(adata.obs.drop(columns=[keys.ARRAY_ROW, keys.ARRAY_COL]))
    schema = _schema(adata, obs, has_sd=sd is not None)
    rows = max(1, _BLOCK_VALUES // max(adata.n_vars * len(matrices), 1))
    with (
        replacing(path, inputs) as unfinished,
        parquet.ParquetWriter(
            unfinished, schema, compression="zstd", write_statistics=False
        ) as writer,
    ):
        for start in range(0, adata.n_obs, rows):
            here = slice(start, start + rows)
            parts = _places(adata, here)
            parts += [obs[name].to_numpy()[here] for name in obs]
            parts += _rows(matrices, here)
            writer.write_table(_table(parts, schema))
    return Path(path)


def packed(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the columns of a small table as JSON can hold them; NaN is null."""
    return {
        str(name): {
            "dtype": str(column.dtype),
            "values": [None if value != value else value for value in column.tolist()],
        }
        for name, column in plain(frame).items()
    }


def unpacked(told: dict[str, dict[str, Any]], index: pd.Index) -> pd.DataFrame:
    """Return the table that `packed` packed; what is of another length is left out."""
    columns = {
        name: np.array(
            [np.nan if value is None else value for value in column["values"]],
            dtype=column["dtype"],
        )
        for name, column in told.items()
        if len(column["values"]) == len(index)
    }
    return pd.DataFrame(columns, index=index)


def _schema(adata: AnnData, obs: pd.DataFrame, *, has_sd: bool) -> pa.Schema:
    import pyarrow as pa

    genes = [str(gene) for gene in adata.var_names]
    taken = set(genes)
    columns = _named(ROLES, ROLES, taken)
    of_obs = _named(obs.columns, obs.columns, taken)
    of_sd = _named(genes, (f"{gene}_sd" for gene in genes), taken) if has_sd else {}
    kinds = [pa.string(), *[pa.float64()] * (len(ROLES) - 1)]
    fields = list(zip(columns.values(), kinds, strict=True))
    fields += [(of_obs[str(name)], _kind(obs[name])) for name in obs]
    fields += [(gene, pa.float32()) for gene in (*genes, *of_sd.values())]
    told = {
        "columns": columns,
        "obs": of_obs,
        "sd": of_sd,
        "order": [str(name) for name in adata.obs],
        "var": packed(adata.var),
        "section": str(adata.uns.get(keys.SECTION, "")),
        "scalefactors": scalefactors_of(adata),
        "provenance": adata.uns.get(keys.PROVENANCE),
    }
    return pa.schema(fields, metadata={SCHEMA_KEY: json.dumps(told).encode()})


def _named(
    things: Iterable[str], wanted: Iterable[str], taken: set[str]
) -> dict[str, str]:
    """Name a column for each thing, as wanted; with "_" before it where that is one."""
    columns: dict[str, str] = {}
    for thing, name in zip(things, wanted, strict=True):
        free = name
        while free in taken:
            free = f"_{free}"
        taken.add(free)
        columns[str(thing)] = free
    return columns


def _kind(column: pd.Series) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if is_text(column) else pa.from_numpy_dtype(column.dtype)


def _places(adata: AnnData, rows: slice) -> list[Any]:
    obs = adata.obs.iloc[rows]
    pixel_xy = np.asarray(adata.obsm[keys.SPATIAL][rows], dtype=np.float64)
    return [
        [str(name) for name in obs.index],
        obs[keys.ARRAY_ROW].to_numpy(np.float64),
        obs[keys.ARRAY_COL].to_numpy(np.float64),
        pixel_xy[:, 0].copy(),
        pixel_xy[:, 1].copy(),
    ]


def _rows(matrices: list[Any], rows: slice) -> list[Any]:
    """Columns of some rows, those of one matrix after those of the other."""
    parts: list[Any] = []
    for matrix in matrices:
        block = matrix[rows]
        dense = block.toarray() if hasattr(block, "toarray") else np.asarray(block)
        parts += list(np.asfortranarray(dense, dtype=np.float32).T)
    return parts


def _table(parts: list[Any], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = [
        pa.array(part, field.type) for part, field in zip(parts, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)
