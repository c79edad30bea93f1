"""A folder as Space Ranger leaves it: counts as mtx, positions, scale factors, image.

Goes out spots by spots, so that a result that is kept in a file need not fit in memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd
from PIL import Image
from scipy import io as scipy_io
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.io.assembly import kept
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.files.text import check_names
from napari_stentrans.io.pictures.images import is_blank

if TYPE_CHECKING:
    from anndata import AnnData

_MATRIX = "filtered_feature_bc_matrix"
_BLOCK_VALUES = 1 << 24
"""Values of dense expression that are held at a time."""


def write_space_ranger(path: Path, adata: AnnData, inputs: Iterable[str] = ()) -> Path:
    """Write a folder that reads as Space Ranger output.

    Parameters
    ----------
    path
        The folder to make; one of that name is replaced, once the new one is complete.
    adata : AnnData, shape (position, gene)
        As `section_to_anndata` makes it; ``X`` may lie in a file (backed).
    inputs
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
    check_names([*adata.obs_names, *adata.var_names], Path(path))
    with replacing(path, inputs) as folder:
        (folder / _MATRIX).mkdir(parents=True)
        (folder / "spatial").mkdir()
        _write_names(folder / _MATRIX, adata)
        with gzip.open(folder / _MATRIX / "matrix.mtx.gz", "wb", compresslevel=4) as to:
            _write_matrix(to, adata)
        _write_positions(folder / "spatial" / "tissue_positions.csv", adata)
        _write_picture(folder / "spatial", adata)
    return Path(path)


def row_blocks(adata: AnnData) -> Iterator[tuple[int, Any]]:
    """Yield (first position, expression of some positions): sparse or dense."""
    rows = max(1, _BLOCK_VALUES // max(adata.n_vars, 1))
    for start in range(0, adata.n_obs, rows):
        yield start, adata.X[start : min(start + rows, adata.n_obs)]


def _write_names(folder: Path, adata: AnnData) -> None:
    genes = adata.var_names.astype(str)
    var = adata.var
    features = pd.DataFrame(
        {
            "id": var["gene_ids"].astype(str) if "gene_ids" in var else genes,
            "name": genes,
            "type": var["feature_types"].astype(str)
            if "feature_types" in var
            else "Gene Expression",
        }
    )
    barcodes = pd.DataFrame({"barcode": adata.obs_names.astype(str)})
    for name, table in (("features", features), ("barcodes", barcodes)):
        table.to_csv(folder / f"{name}.tsv.gz", sep="\t", header=False, index=False)


def _write_matrix(file: BinaryIO | gzip.GzipFile, adata: AnnData) -> None:
    """Write a Matrix Market file, genes by spots; looks at the values twice."""
    n_values, whole = 0, True
    for _, block in row_blocks(adata):
        values: Any = block.data if hasattr(block, "indptr") else np.asarray(block)
        n_values += int(np.count_nonzero(values))
        whole = whole and bool((values % 1 == 0).all())
    field = "integer" if whole else "real"
    head = f"%%MatrixMarket matrix coordinate {field} general\n%\n"
    file.write(f"{head}{adata.n_vars} {adata.n_obs} {n_values}\n".encode())
    for start, block in row_blocks(adata):
        found = sparse.coo_matrix(block)
        found.eliminate_zeros()
        if found.nnz:
            values = found.data.astype(np.int64 if whole else np.float32)
            shape = (adata.n_vars, adata.n_obs)
            placed = sparse.coo_matrix((values, (found.col, found.row + start)), shape)
            file.write(_entries(placed))


def _entries(matrix: sparse.coo_matrix) -> bytes:
    """Lines of a Matrix Market file without what stands above them."""
    text = io.BytesIO()
    scipy_io.mmwrite(text, matrix, symmetry="general")
    lines = text.getvalue()
    at = 0
    while lines[at : at + 1] == b"%":
        at = lines.index(b"\n", at) + 1
    return lines[lines.index(b"\n", at) + 1 :]


def _write_positions(path: Path, adata: AnnData) -> None:
    pixel_xy = np.asarray(adata.obsm[keys.SPATIAL], dtype=np.float64)
    table = pd.DataFrame(
        {
            "barcode": adata.obs_names.astype(str),
            "in_tissue": 1,
            "array_row": _whole(adata.obs[keys.ARRAY_ROW]),
            "array_col": _whole(adata.obs[keys.ARRAY_COL]),
            "pxl_row_in_fullres": pixel_xy[:, 1],
            "pxl_col_in_fullres": pixel_xy[:, 0],
        }
    )
    table.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)


def _whole(column: pd.Series) -> np.ndarray[Any, Any]:
    """Array coordinates without a ".0", which other readers of this file choke on."""
    values = column.to_numpy(dtype=np.float64)
    return values.astype(np.int64) if (values % 1 == 0).all() else values


def _write_picture(folder: Path, adata: AnnData) -> None:
    library: dict[str, Any] = next(iter(adata.uns.get(keys.SPATIAL, {}).values()), {})
    factors = {
        name: float(value) for name, value in library.get("scalefactors", {}).items()
    }
    images = library.get("images", {})
    if "hires" in images and not is_blank(library):
        Image.fromarray(np.asarray(images["hires"], dtype=np.uint8)).save(
            folder / "tissue_hires_image.png"
        )
    (folder / "scalefactors_json.json").write_text(json.dumps(factors))
    if keys.SECTION in adata.uns:
        (folder / kept.FILE).write_text(str(adata.uns[keys.SECTION]))
