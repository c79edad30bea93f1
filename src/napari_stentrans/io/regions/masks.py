"""Masks of missing regions and lists of positions, to and from files.

A mask is a picture of labels (1 predict here, 2 outside the tissue), as drawn on the
section's raster or of the size of its picture; a table of array positions; a list of
barcodes; or polygons. Files written from named regions keep names and kinds as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.pipes import refuse_pipe
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.regions.columns import REGION, columns_of
from napari_stentrans.io.regions.geojson import is_geojson, read_geojson, write_geojson
from napari_stentrans.io.regions.labels import as_labels, refuse_strange
from napari_stentrans.io.regions.marked_sites import (
    missing_of,
    positions_of,
    table_of,
    to_table,
)
from napari_stentrans.io.regions.one_kind import as_one_kind, marked_pixels
from napari_stentrans.io.regions.picture_files import read_picture
from napari_stentrans.io.regions.pictures import (
    labels_of_sites,
    named_regions,
    write_named,
)
from napari_stentrans.io.regions.tables import from_table, names_regions
from napari_stentrans.io.regions.tables import to_table as regions_to_table
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites

_PICTURES = (".png", ".tif", ".tiff")
_MARKS = {".csv": ",", ".tsv": "\t"}
_POLYGONS = (".geojson", ".json")


def read_missing(path: str | Path, section: Section) -> MissingRegions:
    """Read what is missing from a file.

    Parameters
    ----------
    path
        A picture of labels (png, tif, npy, gif) of the shape of the section's raster,
        or of its picture; a table (csv, tsv) with columns array_row, array_col (or row,
        col) and perhaps label; one with barcodes (and perhaps label); or polygons
        (GeoJSON) in pixels of the full-resolution picture. Labels: 1 predict here
        (white in a black and white picture, or all that is drawn on a clear one), 2
        outside the tissue. Without label one other column may mark lines (0 and 1, yes
        and no, one word and empty cells); else all of them are predicted. Files of
        named regions say themselves what each region means.
    section
        The section that it was made for.

    Raises
    ------
    InvalidRequestError
        If it cannot be read, does not fit the section, or marks nothing on it.
    """
    path = at_home(path)
    with _told(path):
        sites = PaintSites.of(section)
        named = _read_named(path, sites)
        if named is not None:
            _refuse_unmarked(len(named.listed), path, section)
            return named.missing()
        picture = read_picture(path)
        found = (
            missing_of(path, section)
            if picture is None
            else _missing_of_picture(as_labels(picture, path), sites, path)
        )
        _refuse_unmarked(found.n_marked, path, section)
        return found


def read_regions(
    path: str | Path, sites: PaintSites, kind: RegionKind | None = None
) -> Regions:
    """Read regions from a file.

    Parameters
    ----------
    path
        As `read_missing` takes it.
    sites
        What can be painted on the section that it was made for.
    kind
        Take what the file marks as this kind, or else as missing, as one region of this
        kind, such as a mask of tissue; never what it marks as something else.

    Raises
    ------
    InvalidRequestError
        If it cannot be read or does not fit the section.
    """
    path = at_home(path)
    with _told(path):
        regions = _read_named(path, sites)
        if regions is None:
            picture = read_picture(path)
            if picture is None:
                missing = missing_of(path, sites.section)
                regions = Regions.from_missing(sites, missing)
            else:
                labels = as_labels(picture, path)
                if kind is not None:
                    labels = marked_pixels(labels).astype(np.uint8)
                at = labels_of_sites(labels, sites, path)
                regions = Regions.from_labels(sites, at)
        return regions if kind is None else as_one_kind(regions, kind, path)


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
    path, ending = _destination(path, (".npy", *_PICTURES, *_MARKS))
    with replacing(path) as unfinished:
        if ending in _MARKS:
            table = to_table(regions, raster)
            table.to_csv(unfinished, index=False, sep=_MARKS[ending])
        elif ending == ".npy":
            np.save(unfinished, regions.to_labels(raster))
        else:
            Image.fromarray(regions.to_labels(raster)).save(unfinished)
    return path


def write_regions(path: str | Path, regions: Regions) -> Path:
    """Write named regions: `read_regions` reads them back.

    Parameters
    ----------
    path
        Its ending chooses the way: .csv or .tsv for a table of positions, .png for a
        picture of labels, .geojson for polygons in full-resolution pixels.
    regions
        Those without area are left out, save from pictures.

    Raises
    ------
    InvalidRequestError
        If there is no such way, or the file cannot be written there.
    """
    path, ending = _destination(path, (*_MARKS, ".png", *_POLYGONS))
    with replacing(path, regions.sites.section.inputs) as unfinished:
        if ending in _MARKS:
            table = regions_to_table(regions)
            table.to_csv(unfinished, index=False, sep=_MARKS[ending])
        elif ending == ".png":
            write_named(unfinished, regions)
        else:
            write_geojson(unfinished, regions)
    return path


def read_positions(path: str | Path) -> FloatArray:
    """Read positions to predict at, in the order of the file.

    Parameters
    ----------
    path
        A table (csv, tsv) with columns array_row and array_col, or row and col;
        fractions are welcome, other columns do not matter.

    Returns
    -------
    ndarray, shape (position, 2)
        (array_row, array_col).

    Raises
    ------
    InvalidRequestError
        Naming what is missing, or the first line that holds no numbers.
    """
    path = at_home(path)
    try:
        refuse_pipe(path)
        return positions_of(table_of(path), path)
    except DAMAGE as error:
        if isinstance(error, InvalidRequestError):
            raise
        msg = f"the positions {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say which mask it was that could not be read."""
    try:
        yield
    except InvalidRequestError as error:
        error.add_note(f"while reading the mask {path}")
        raise
    except DAMAGE as error:
        msg = f"the mask {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error


def _read_named(path: Path, sites: PaintSites) -> Regions | None:
    """Regions of a file that says what they are; None if it does not."""
    refuse_pipe(path)
    with path.open("rb") as file:
        start = file.read(64)
    if is_geojson(start):
        return read_geojson(path, sites)
    if start.startswith(b"\x89PNG"):
        return named_regions(path, sites)
    if names_regions(columns_of(path)):
        table = table_of(path, names=REGION)
        return from_table(table, positions_of(table, path), sites, path)
    return None


def _missing_of_picture(
    labels: NDArray[Any], sites: PaintSites, path: Path
) -> MissingRegions:
    """What a picture of labels marks, as drawn on the raster or on the picture."""
    if labels.shape != sites.raster.shape:
        at = labels_of_sites(labels, sites, path)
        return Regions.from_labels(sites, at).missing()
    refuse_strange(labels, path)
    return MissingRegions.from_labels(labels, sites.raster)


def _refuse_unmarked(n_marked: int, path: Path, section: Section) -> None:
    """Refuse a mask without a mark: whoever gives one means something by it."""
    if not n_marked:
        msg = (
            f"{path.name} marks nothing on {section.name}. Label 1 what is to be "
            "predicted and 2 what is outside the tissue, or leave the mask out."
        )
        raise InvalidRequestError(msg)


def _destination(path: str | Path, endings: tuple[str, ...]) -> tuple[Path, str]:
    path = at_home(path)
    ending = path.suffix.lower()
    if ending not in endings:
        given = ending or "a file without ending"
        msg = f"cannot write a mask as {given}; choose {', '.join(endings)}"
        raise InvalidRequestError(msg)
    return path, ending
