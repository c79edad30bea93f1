"""Parquet tables that `io.tables.parquet_writer` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.formats.h5ad.reader import section_of
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.tables.columns import as_anndata
from napari_stentrans.io.tables.parquet_writer import ROLES, SCHEMA_KEY, unpacked
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

TITLE: Final = "a parquet table of ours"
TAKES: Final[frozenset[str]] = frozenset()

_BATCH_ROWS = 1024
_VALUE_BYTES = 24.0
"""What a value takes: once here, once when all are put together."""


def sniff(path: Path) -> bool:
    """Whether this is a table of ours."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    from napari_stentrans.io.files.parquet import metadata_of

    return SCHEMA_KEY in metadata_of(path)


def read(path: Path, options: ReadOptions) -> Section:
    """Read a table, some spots at a time.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    return section_of(read_anndata(path, with_sd=False), path, options)


def read_anndata(path: Path, *, with_sd: bool = True) -> AnnData:
    """Return all that a table holds: obs, var, places, values, and what else is known.

    Parameters
    ----------
    path
        The table.
    with_sd
        Whether to read ``layers["sd"]``, where it has them.

    Raises
    ------
    ReadError
        If it has lost columns, or does not fit into memory.
    """
    from napari_stentrans.io.files.parquet import column_names, metadata_of

    told = json.loads(metadata_of(path)[SCHEMA_KEY])
    places = [told["columns"][role] for role in ROLES]
    of_obs, of_sd = told.get("obs", {}), told.get("sd", {})
    names = column_names(path)
    no_genes = {*places, *of_obs.values(), *of_sd.values()}
    lost = [name for name in (*places, *of_obs.values()) if name not in names]
    if lost:
        msg = f"{path.name} has lost its columns {', '.join(lost)}"
        raise ReadError(msg)
    genes = [name for name in names if name not in no_genes]
    wanted = {"X": genes}
    if with_sd and genes and all(of_sd.get(gene) in names for gene in genes):
        wanted[keys.SD] = [of_sd[gene] for gene in genes]
    head, found = _columns(path, [*places, *of_obs.values()], wanted)
    place = head[places].set_axis(list(ROLES), axis=1)
    obs = head[list(of_obs.values())].set_axis(list(of_obs), axis=1)
    for role in (keys.ARRAY_ROW, keys.ARRAY_COL):
        obs[role] = place[role].to_numpy(np.float64)
    obs = obs[told["order"]]
    obs.index = pd.Index(place["barcode"].astype(str).to_numpy(), dtype=object)
    var = unpacked(told.get("var", {}), pd.Index(genes, dtype=object))
    adata = as_anndata(found["X"], obs, var, told)
    adata.obsm[keys.SPATIAL] = place[["pixel_x", "pixel_y"]].to_numpy(np.float64)
    if keys.SD in found:
        adata.layers[keys.SD] = found[keys.SD].toarray()
    return adata


def _columns(
    path: Path, head: list[str], wanted: dict[str, list[str]]
) -> tuple[pd.DataFrame, dict[str, sparse.csr_matrix]]:
    """Read some columns as a table, and others as sparse matrices."""
    from napari_stentrans.io.files.parquet import read_batches, to_pandas

    budget = Budget(path.name)
    heads: list[pd.DataFrame] = []
    blocks: dict[str, list[Any]] = {name: [] for name in wanted}
    columns = [*head, *(each for some in wanted.values() for each in some)]
    for batch in read_batches(path, columns, _BATCH_ROWS):
        heads.append(to_pandas(batch.select(head)))
        budget.take(batch.num_rows * len(head) * _VALUE_BYTES)
        for name, some in wanted.items():
            dense = [np.asarray(batch.column(each)) for each in some]
            shape = (batch.num_rows, 0)
            block = np.column_stack(dense) if dense else np.empty(shape, np.float32)
            blocks[name].append(sparse.csr_matrix(block))
            budget.take(blocks[name][-1].nnz * _VALUE_BYTES)
    if not heads:
        msg = "the table has no rows"
        raise ReadError(msg)
    found = {
        name: sparse.csr_matrix(sparse.vstack(some)) for name, some in blocks.items()
    }
    return pd.concat(heads, ignore_index=True), found
