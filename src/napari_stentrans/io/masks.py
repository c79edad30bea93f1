"""Masks of missing regions and lists of positions, to and from files.

A mask is a picture of labels (1 predict here, 2 outside the tissue), as drawn on the
section's raster; or a table of array positions; or a list of barcodes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.damage import DAMAGE, said
from napari_stentrans.io.export import check_writable
from napari_stentrans.io.mask_pictures import as_labels, read_picture
from napari_stentrans.io.text import fields, first_lines, read_table, separator
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import (
    OUTSIDE,
    PREDICT,
    MissingRegions,
    match_positions,
)
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section

_LABEL = "label"
_PICTURES = (".png", ".tif", ".tiff")


def read_missing(path: str | Path, section: Section) -> MissingRegions:
    """Read what is missing from a file.

    Parameters
    ----------
    path
        A picture of labels (png, tif, npy) of the shape of the section's raster; a
        table (csv, tsv) with columns array_row, array_col and perhaps label; or one
        with barcodes (and perhaps label). Labels: 1 predict here (also where there is
        no label column; white in a black and white picture), 2 outside the tissue.
    section
        The section that it was made for.

    Raises
    ------
    InvalidRequestError
        If it cannot be read or does not fit the section.
    """
    path = Path(path).expanduser()
    try:
        picture = read_picture(path)
        if picture is not None:
            raster = SpotRaster.from_section(section)
            return MissingRegions.from_labels(as_labels(picture, path), raster)
        return _from_table(path, section)
    except InvalidRequestError as error:
        error.add_note(f"while reading the mask {path}")
        raise
    except DAMAGE as error:
        msg = f"the mask {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error


def write_missing(
    path: str | Path, regions: MissingRegions, raster: SpotRaster
) -> Path:
    """Write what is missing: `read_missing` reads it back.

    Parameters
    ----------
    path
        Its ending chooses the way: .npy, .png or .tif for a picture of labels, .csv or
        .tsv for a table of positions (which keeps every position exactly).
    regions, raster
        What is missing, and the raster of the same section.

    Raises
    ------
    InvalidRequestError
        If there is no such way, or the file cannot be written there.
    """
    path = Path(path).expanduser()
    check_writable(path)
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        mark = "," if ending == ".csv" else "\t"
        _as_table(regions, raster).to_csv(path, index=False, sep=mark)
    elif ending == ".npy":
        np.save(path, regions.to_labels(raster))
    elif ending in _PICTURES:
        Image.fromarray(regions.to_labels(raster)).save(path)
    else:
        msg = f"cannot write a mask as {ending or 'a file without ending'}; choose "
        raise InvalidRequestError(msg + ".npy, .png, .tif, .csv or .tsv")
    return path


def read_positions(path: str | Path) -> FloatArray:
    """Read positions to predict at, in the order of the file.

    Parameters
    ----------
    path
        A table (csv, tsv) with columns array_row and array_col; fractions are welcome,
        other columns do not matter.

    Returns
    -------
    ndarray, shape (position, 2)
        (array_row, array_col).

    Raises
    ------
    InvalidRequestError
        Naming what is missing, or the first line that holds no numbers.
    """
    path = Path(path).expanduser()
    try:
        return _positions(_table(path), path)
    except DAMAGE as error:
        if isinstance(error, InvalidRequestError):
            raise
        msg = f"the positions {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error


def _table(path: Path) -> pd.DataFrame:
    if not path.exists():
        msg = f"{path} cannot be read: there is no such file"
        raise InvalidRequestError(msg)
    if not first_lines(path, 1):
        msg = f"{path} is empty, or neither a table nor a picture"
        raise InvalidRequestError(msg)
    table = read_table(path)
    return table.set_axis([str(column).strip() for column in table.columns], axis=1)


def _positions(table: pd.DataFrame, path: Path) -> FloatArray:
    wanted = [keys.ARRAY_ROW, keys.ARRAY_COL]
    missing = [column for column in wanted if column not in table]
    if missing:
        msg = (
            f"{path.name} has no column {' and no column '.join(missing)}, only "
            f"{', '.join(table.columns[:6])}. Its first line must name the columns."
        )
        raise InvalidRequestError(msg)
    if not len(table):
        msg = f"{path.name} lists no position"
        raise InvalidRequestError(msg)
    numbers = table[wanted].apply(pd.to_numeric, errors="coerce")
    array_rc: FloatArray = numbers.to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(array_rc).all(axis=1))
    if len(bad):
        msg = (
            f"{path.name}: {len(bad)} positions are no numbers (first: line "
            f"{bad[0] + 2}, {', '.join(map(str, table[wanted].iloc[bad[0]]))})"
        )
        raise InvalidRequestError(msg)
    return array_rc


def _from_table(path: Path, section: Section) -> MissingRegions:
    lines = first_lines(path, 1)
    header = fields(lines[0], separator(lines[0])) if lines else []
    if keys.ARRAY_ROW in header or keys.ARRAY_COL in header:
        table = _table(path)
        return _regions(section, _positions(table, path), _labels(table, path), path)
    barcodes, labels = _barcodes(path, section)
    return _regions(section, section.array_rc[barcodes], labels, path)


def _barcodes(path: Path, section: Section) -> tuple[IntArray, IntArray]:
    """Spots of a list of barcodes, with or without a header, and their labels."""
    table = _table(path)
    if table.columns[0] in section.barcodes:  # there is no header
        table = read_table(path, header=False)
        table.columns = pd.Index(
            ["barcode", _LABEL, *table.columns[2:]][: table.shape[1]]
        )
    names = table[table.columns[0]].astype(str).str.strip()
    spots = section.barcodes.get_indexer(pd.Index(names))
    if (spots < 0).any():
        unknown = names[spots < 0]
        msg = (
            f"{path.name}: {len(unknown)} of {len(names)} barcodes are not in the "
            f"section (first: {unknown.iloc[0]!r}). Give barcodes of this section, or "
            "columns array_row and array_col."
        )
        raise InvalidRequestError(msg)
    return spots.astype(np.int64), _labels(table, path)


def _labels(table: pd.DataFrame, path: Path) -> IntArray:
    if _LABEL not in table:
        return np.full(len(table), PREDICT, dtype=np.int64)
    labels = pd.to_numeric(table[_LABEL], errors="coerce").to_numpy()
    bad = np.flatnonzero(~np.isin(labels, (0, PREDICT, OUTSIDE)))
    if len(bad):
        msg = (
            f"{path.name}: {len(bad)} labels are not 0, 1 or 2 (first: line "
            f"{bad[0] + 2}, {table[_LABEL].iloc[bad[0]]!r})"
        )
        raise InvalidRequestError(msg)
    return labels.astype(np.int64)


def _regions(
    section: Section, array_rc: FloatArray, labels: IntArray, path: Path
) -> MissingRegions:
    off = np.flatnonzero(~section.lattice.is_site(array_rc) & (labels > 0))
    if len(off):
        row, col = array_rc[off[0]]
        msg = (
            f"{path.name}: {len(off)} positions are no sites of the "
            f"{section.lattice.kind} lattice (first: array_row={row:g}, "
            f"array_col={col:g}). A mask marks sites; to predict between them choose a "
            "refinement, or give exact positions (at)."
        )
        raise InvalidRequestError(msg)
    spot = match_positions(section, array_rc)
    at_spots = np.zeros(section.n_spots, dtype=np.int64)
    at_spots[spot[spot >= 0]] = labels[spot >= 0]
    empty = [
        np.unique(array_rc[(spot < 0) & (labels == label)], axis=0) for label in (1, 2)
    ]
    return MissingRegions(at_spots == PREDICT, at_spots == OUTSIDE, empty[0], empty[1])


def _as_table(regions: MissingRegions, raster: SpotRaster) -> pd.DataFrame:
    parts = (
        (raster.array_rc[regions.unmeasured], PREDICT),
        (raster.array_rc[regions.outside], OUTSIDE),
        (regions.new_rc, PREDICT),
        (regions.outside_rc, OUTSIDE),
    )
    array_rc = np.concatenate([positions for positions, _ in parts])
    labels = np.concatenate([np.full(len(at), label) for at, label in parts])
    return pd.DataFrame(
        {keys.ARRAY_ROW: array_rc[:, 0], keys.ARRAY_COL: array_rc[:, 1], _LABEL: labels}
    )
