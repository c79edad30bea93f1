"""What an input that is no section seems to be, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import h5py

from napari_stentrans.io.files.damage import DAMAGE
from napari_stentrans.io.files.hdf5 import opened_hdf5
from napari_stentrans.io.files.text import fields, first_lines, separator
from napari_stentrans.io.formats.listed.positions import is_positions_file
from napari_stentrans.io.formats.tenx_matrix import is_matrix_h5

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
_MAGIC = {
    b"\xff\xd8\xff": "a picture (jpg)",
    b"\x89PNG": "a picture (png)",
    b"II*\0": "a picture (tif)",
    b"MM\0*": "a picture (tif)",
    b"PK\x03\x04": "a zip archive; unpack it and open what is inside",
    b"PAR1": "a parquet table",
    b"%PDF": "a PDF",
    b"\x93NUMPY": "a NumPy array",
    b"RDX": "an R data file; save the object as .h5ad",
    b"BZh": "a bzip2 archive; unpack it first",
    b"ustar": "a tar archive; unpack it first",
}


_FEW = 8
"""A folder of so few files is described file by file."""


def describe(path: Path) -> str:
    """Say in full why nothing can be read from a path, and what to do."""
    if not path.exists():
        return f"{path} does not exist. Check the spelling, and that the disk is there."
    if path.is_dir():
        return _folder(path)
    if path.stat().st_size == 0:
        return f"{path.name} is empty. Copy or download it again. {READABLE}"
    return f"{path.name} {_file(path)}"


def _folder(path: Path) -> str:
    names = sorted(child.name for child in path.iterdir())
    if not names:
        return f"{path.name} is an empty folder. {READABLE}"
    if any(name.startswith(("cells.csv", "cells.parquet")) for name in names):
        return f"{path.name} {_XENIUM}"
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
    with path.open("rb") as file:
        start = file.read(300)
    for magic, what in _MAGIC.items():
        if start.startswith(magic) or (magic == b"ustar" and magic in start[250:270]):
            hint = "" if "; " in what else f" {READABLE}"
            return f"is {what}.{hint}"
    if start.startswith(b"\x1f\x8b") and _is_cut_off(path):
        return "is a gzipped file that is cut off. Copy or download it again."
    if path.suffix.lower() in (".h5ad", ".h5"):
        return "is not the HDF5 file its name promises. Copy or download it again."
    lines = first_lines(path, 3)
    return _text(path, lines) if lines else f"is of no kind known here. {READABLE}"


def _hdf5(path: Path) -> str:
    if is_matrix_h5(path):
        return _lone_matrix(path)
    with h5py.File(path, "r") as file:
        groups = ", ".join(list(file)[:6]) or "nothing"
    return f"is an HDF5 file, but no AnnData and no 10x matrix (it holds {groups})."


def _lone_matrix(path: Path) -> str:
    with opened_hdf5(path) as file:
        n_genes, n_barcodes = (int(n) for n in file["matrix/shape"][:])
        probes = "probe_region" in file["matrix"].get("features", {})
    what = "probes" if probes else "features"
    said = (
        f"is a 10x count matrix ({n_barcodes} barcodes x {n_genes} {what}) without "
        "spot positions. Put the 'spatial' folder of the same Space Ranger output "
        "(tissue_positions and scalefactors_json.json) beside it, or open the whole "
        "output folder, or name a csv of barcode, x and y (option positions)."
    )
    if probes:
        said += " It counts probes; filtered_feature_bc_matrix.h5 counts genes."
    return said


def _text(path: Path, lines: list[str]) -> str:
    columns = [column.lower() for column in fields(lines[0], separator(lines[0]))]
    if "x_centroid" in columns and "cell_id" in columns:
        return _XENIUM
    if is_positions_file(path):
        return (
            "lists positions but no counts. Open the count table that it belongs to; "
            "the positions beside it are found by themselves."
        )
    mark = separator(lines[0])
    widths = {len(fields(line, mark)) for line in lines[1:]}
    if len(columns) < 2 or len(lines) < 3 or mark == " " or len(widths) != 1:
        return f"is a text file, but no table of counts. {READABLE}"
    return (
        "is a table, but neither its rows nor its columns are named ROWxCOL (such as "
        "10x13), and no coordinates file lies beside it. Put one there: a csv with the "
        "spot name, array_row and array_col."
    )


def _is_cut_off(path: Path) -> bool:
    import gzip

    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except DAMAGE:
        return True
    return False
