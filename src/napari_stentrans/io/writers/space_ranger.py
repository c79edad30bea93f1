"""A folder as Space Ranger leaves it: counts, positions, scale factors, pictures.

Counts go out twice, as Space Ranger's do: programs read the one or the other.

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

import h5py
import numpy as np
import pandas as pd
from PIL import Image
from scipy import io as scipy_io
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.io.assembly import kept
from napari_stentrans.io.files.hdf5_writing import bytes_of, made_in_memory, with_room
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.files.text import check_names
from napari_stentrans.io.writers.as_anndata import (
    diameter_in,
    library_of,
    scalefactors_of,
)

if TYPE_CHECKING:
    from anndata import AnnData

_MATRIX = "filtered_feature_bc_matrix"
_BLOCK_VALUES = 1 << 24
"""Values of dense expression that are held at a time."""
_CHUNK = 1 << 13
"""Values that are packed at a time in HDF5."""
_LOWRES_PIXELS = 600
"""Longer side of the smaller picture."""
_FIDUCIAL = 105 / 65
"""Diameter of the marks of a slide over that of the spots, in Space Ranger's files."""


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
            n_values = _write_matrix(to, adata)
        _write_h5(folder / f"{_MATRIX}.h5", adata, n_values)
        _write_positions(folder / "spatial" / "tissue_positions.csv", adata)
        _write_spatial(folder / "spatial", adata)
    return Path(path)


def row_blocks(adata: AnnData) -> Iterator[tuple[int, Any]]:
    """Yield (first position, expression of some positions): sparse or dense."""
    rows = _rows_at_once(adata)
    for start in range(0, adata.n_obs, rows):
        yield start, adata.X[start : min(start + rows, adata.n_obs)]


def _rows_at_once(adata: AnnData) -> int:
    return max(1, _BLOCK_VALUES // max(int(adata.n_vars), 1))


def _features(adata: AnnData) -> pd.DataFrame:
    """Return id, name and kind of each gene, as Space Ranger calls these columns."""
    genes, var = adata.var_names.astype(str), adata.var
    ids = var["gene_ids"].astype(str) if "gene_ids" in var else genes
    kinds = var.get("feature_types", "Gene Expression")
    return pd.DataFrame({"id": ids, "name": genes, "feature_type": kinds})


def _write_names(folder: Path, adata: AnnData) -> None:
    features = _features(adata)
    barcodes = pd.DataFrame({"barcode": adata.obs_names.astype(str)})
    for name, table in (("features", features), ("barcodes", barcodes)):
        table.to_csv(folder / f"{name}.tsv.gz", sep="\t", header=False, index=False)


def _write_matrix(file: BinaryIO | gzip.GzipFile, adata: AnnData) -> int:
    """Write a Matrix Market file, genes by spots; looks at the values twice.

    Returns how many of them are not zero.
    """
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
    return n_values


def _write_h5(path: Path, adata: AnnData, n_values: int) -> None:
    """Write the same as HDF5: the genes of spot after spot."""
    with made_in_memory(path) as file:
        file.attrs["filetype"], file.attrs["version"] = "matrix", 2
        file.attrs["library_ids"] = _bytes(adata.uns.get(keys.SPATIAL, ["section"]))
        group = file.create_group("matrix")
        group["barcodes"] = _bytes(adata.obs_names)
        for name, column in _features(adata).items():
            group[f"features/{name}"] = _bytes(column)
        group["features/genome"] = _bytes([""] * adata.n_vars)
        group["features/_all_tag_keys"] = np.array([b"genome"])
        group["shape"] = np.array([adata.n_vars, adata.n_obs], dtype=np.int64)
    # The last chunk of each block of rows is written again with the next block.
    n_blocks = adata.n_obs // _rows_at_once(adata) + 1
    stored, chunks = (n_values + n_blocks * _CHUNK,), (_CHUNK,)
    room = bytes_of(stored, chunks, 4) + bytes_of(stored, chunks, 8)
    with with_room(path, room + bytes_of((adata.n_obs + 1,), None, 8)) as file:
        _add_values(file["matrix"], adata)


def _add_values(group: h5py.Group, adata: AnnData) -> None:
    packed: dict[str, Any] = {
        "maxshape": (None,),
        "chunks": (_CHUNK,),
        "compression": 4,
    }
    data = group.create_dataset("data", (0,), np.float32, **packed)
    indices = group.create_dataset("indices", (0,), np.int64, **packed)
    ends = [np.zeros(1, dtype=np.int64)]
    for _, block in row_blocks(adata):
        found = sparse.csr_matrix(block)
        found.eliminate_zeros()
        begin, end = len(data), len(data) + found.nnz
        for dataset, values in ((data, found.data), (indices, found.indices)):
            dataset.resize((end,))
            dataset[begin:] = values
        ends.append(found.indptr[1:].astype(np.int64) + begin)
    group["indptr"] = np.concatenate(ends)


def _bytes(names: Iterable[object]) -> np.ndarray[Any, Any]:
    """Return names as Space Ranger stores them, all of one width."""
    return np.array([str(name).encode() for name in names], dtype=bytes)


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
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{','.join(table.columns)}\n")  # squidpy knows it without quotes
        table.to_csv(file, index=False, header=False, quoting=csv.QUOTE_NONNUMERIC)


def _whole(column: pd.Series) -> np.ndarray[Any, Any]:
    """Array coordinates without a ".0", which other readers of this file choke on."""
    values = column.to_numpy(dtype=np.float64)
    return values.astype(np.int64) if (values % 1 == 0).all() else values


def _write_spatial(folder: Path, adata: AnnData) -> None:
    """Write pictures of both sizes, the scale factors, and what only we know."""
    diameter = diameter_in(adata)
    factors = {
        "spot_diameter_fullres": diameter,
        "fiducial_diameter_fullres": diameter * _FIDUCIAL,
        **scalefactors_of(adata),
    }
    images = library_of(adata).get("images", {})
    if "hires" in images:  # white paper, too: others insist on pictures
        hires = Image.fromarray(np.asarray(images["hires"], dtype=np.uint8))
        hires.save(folder / "tissue_hires_image.png")
        lowres = hires.copy()
        lowres.thumbnail((_LOWRES_PIXELS, _LOWRES_PIXELS))
        lowres.save(folder / "tissue_lowres_image.png")
        reduced = max(lowres.size) / max(hires.size)
        factors["tissue_lowres_scalef"] = factors["tissue_hires_scalef"] * reduced
    (folder / "scalefactors_json.json").write_text(json.dumps(factors))
    if keys.SECTION in adata.uns:
        (folder / kept.FILE).write_text(str(adata.uns[keys.SECTION]))
