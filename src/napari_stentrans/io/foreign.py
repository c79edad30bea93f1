"""What an input that is no section seems to be, and what to do about it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import h5py

from napari_stentrans.io.files.damage import DAMAGE
from napari_stentrans.io.files.hdf5 import opened_hdf5
from napari_stentrans.io.files.kinds import kind_of
from napari_stentrans.io.files.text import fields, first_lines, is_gzipped, separator
from napari_stentrans.io.formats.listed.positions import (
    is_positions_file,
    positions_beside,
)
from napari_stentrans.io.formats.tenx_matrix import is_matrix_h5
from napari_stentrans.io.tables.beside import folder_of
from napari_stentrans.io.tables.columns import PLACES

READABLE = (
    "What can be opened: AnnData (.h5ad, .zarr) with positions, SpatialData (.zarr), "
    "Space Ranger, Xenium, MERSCOPE and CosMx output, Stereo-seq (.gem, .gef), loom, "
    "and counts as a 10x matrix or a table (csv or tsv, gzipped or not) with spots "
    "named ROWxCOL or a positions file beside it."
)
_XENIUM = (
    "is a part of Xenium output, but cell_feature_matrix.h5 (or the folder) and cells "
    "(csv or parquet) must lie side by side: put the other one there."
)
_HDF5 = {
    "mod": "is MuData; save the modality with the counts and positions as .h5ad",
    "assays": "is an h5Seurat file; save the object as .h5ad (Convert of SeuratDisk)",
    "feature_slices": "is made for viewers; open the folder binned_outputs beside it",
    "umi": "lists molecules; open filtered_feature_bc_matrix.h5 of the same output",
}
"""By a group that nothing else has."""
_COSMX = (
    "is a part of CosMx output: a table of counts (exprMat) and one of cells "
    "(metadata, with fov, cell_ID, CenterX_global_px and CenterY_global_px) must lie "
    "side by side."
)
_PACKED = re.compile(
    r"(spatial|matrix|outputs|outs)\b.*\.(tar|tar\.gz|tgz|zip)|.*\.(h5|h5ad)\.gz"
)
"""Parts of an output as they are downloaded."""
_LONE = "without spot positions"
_FEW = 8
"""A folder of so few files is described file by file."""


def describe(path: Path) -> str:
    """Say in full why nothing can be read from a path, and what to do."""
    if not path.exists():
        return f"{path} does not exist. Check the spelling, and that the disk is there."
    if path.is_dir():
        said = _folder(path)
        return said if "unpack it" in said else said + _unpack(path)
    if path.stat().st_size == 0:
        return f"{path.name} is empty. Copy or download it again. {READABLE}"
    said = _file(path)
    return f"{path.name} {said}" + (_unpack(path.parent) if _LONE in said else "")


def _unpack(folder: Path) -> str:
    """Say which parts of an output lie in a folder, but are packed."""
    packed = [each.name for each in folder.iterdir() if _PACKED.search(each.name)]
    listed = ", ".join(sorted(packed)[:3])
    return f"\nUnpack {listed} first, which lies there." if packed else ""


def _folder(path: Path) -> str:
    names = sorted(child.name for child in path.iterdir())
    if not names:
        return f"{path.name} is an empty folder. {READABLE}"
    if any(name.startswith(("cells.csv", "cells.parquet")) for name in names):
        return f"{path.name} {_XENIUM}"
    if any("exprMat" in name for name in names):
        return f"{path.name} {_COSMX}"
    if (path / ".zgroup").exists() or (path / "zarr.json").exists():
        return (
            f"{path.name} is a zarr folder, but neither AnnData nor SpatialData: it "
            f"holds {', '.join(names[:6])}."
        )
    matrices = [name for name in names if is_matrix_h5(path / name)]
    if matrices:
        return (
            f"{path.name} holds {matrices[0]}, which {_lone_matrix(path / matrices[0])}"
        )
    if len(names) <= _FEW and all((path / name).is_file() for name in names):
        each = [f"\n  {describe(path / name)}".replace(READABLE, "") for name in names]
        return f"{path.name} holds no section:{''.join(each)}"
    shown = ", ".join(names[:6]) + (" ..." if len(names) > 6 else "")
    return f"{path.name} holds no section, only {shown}. {READABLE}"


def _file(path: Path) -> str:
    if h5py.is_hdf5(path):
        try:
            return _hdf5(path)
        except DAMAGE:
            return "is an HDF5 file that is cut off or damaged. Copy it again."
    if _is_cut_off(path):
        return "is a gzipped file that is cut off. Copy or download it again."
    kind = kind_of(path)
    if kind is not None:
        return f"is {kind}." + ("" if "; " in kind else f" {READABLE}")
    if path.suffix.lower() in (".h5ad", ".h5"):
        return "is not the HDF5 file its name promises. Copy or download it again."
    lines = first_lines(path, 3)
    return _text(path, lines) if lines else f"is of no kind known here. {READABLE}"


def _hdf5(path: Path) -> str:
    if is_matrix_h5(path):
        return _lone_matrix(path)
    with h5py.File(path, "r") as file:
        for group, what in _HDF5.items():
            if group in file:
                return f"{what}."
        groups = ", ".join(list(file)[:6]) or "nothing"
    return f"is an HDF5 file, but no AnnData and no 10x matrix (it holds {groups})."


def _lone_matrix(path: Path) -> str:
    with opened_hdf5(path) as file:
        n_genes, n_barcodes = (int(n) for n in file["matrix/shape"][:])
        probes = "probe_region" in file["matrix"].get("features", {})
    what = "probes" if probes else "features"
    said = (
        f"is a 10x count matrix ({n_barcodes} barcodes x {n_genes} {what}) {_LONE}. "
        "Put the 'spatial' folder of the same Space Ranger output (tissue_positions "
        "and scalefactors_json.json) beside it, or open the whole output folder, or "
        "name a csv of barcode, x and y (option positions; command line: --positions)."
    )
    if probes:
        said += " It counts probes; filtered_feature_bc_matrix.h5 counts genes."
    return said


def _text(path: Path, lines: list[str]) -> str:
    columns = [column.lower() for column in fields(lines[0], separator(lines[0]))]
    if "x_centroid" in columns and "cell_id" in columns:
        return _XENIUM
    if is_positions_file(path):
        otherwise = (
            f"If its last column is a gene, put {folder_of(path).name} beside it, "
            "which was written with it."
            if tuple(columns[1:3]) == PLACES
            else "If its other columns are genes, call the second and third array_row "
            "and array_col."
        )
        return (
            "lists positions but no counts. Open the count table that it belongs to; "
            f"the positions beside it are found by themselves. {otherwise}"
        )
    mark = separator(lines[0])
    widths = {len(fields(line, mark)) for line in lines[1:]}
    if len(columns) < 2 or len(lines) < 3 or mark == " " or len(widths) != 1:
        return f"is a text file, but no table of counts. {READABLE}"
    beside = positions_beside(path)
    if beside is not None:
        return (
            f"is a table, but neither its rows nor its columns are named as in "
            f"{beside.name}, which lies beside it. Name its spots as there."
        )
    return (
        "is a table, but neither its rows nor its columns are named ROWxCOL (such as "
        "10x13), and no coordinates file lies beside it. Put one there: a csv with the "
        "spot name, array_row and array_col."
    )


def _is_cut_off(path: Path) -> bool:
    if not is_gzipped(path):
        return False
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except DAMAGE:
        return True
    return False
