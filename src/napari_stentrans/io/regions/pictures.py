"""Pictures of labels on a section, and png files that keep what the labels mean."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.labels import refuse_strange
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import size_told
from napari_stentrans.section.region_colours import rgb_of
from napari_stentrans.section.regions import Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

_TEXT = "napari-stentrans regions"
"""Under which a png keeps what its labels mean."""


def labels_of_sites(labels: NDArray[Any], sites: PaintSites, path: Path) -> IntArray:
    """Label of each site in a picture of the section, shape (site,).

    Parameters
    ----------
    labels : ndarray of whole numbers, shape (row, col)
        Of the shape of the raster; or of the picture of the tissue, reduced or at full
        resolution, which is looked at in the middle of each site.
    sites
        What can be painted on the section.
    path
        For messages.

    Raises
    ------
    InvalidRequestError
        If the picture has another shape, or other labels than 0, 1 and 2.
    """
    refuse_strange(labels, path)
    if labels.shape == sites.raster.shape:
        return sites.read(labels).astype(np.int64)
    image = sites.section.image
    affine = None if image is None else _affine_of(labels.shape, image)
    if image is None or affine is None:
        raise _misfit(labels.shape, sites, path)
    pixels = np.rint(image.pixels_at(sites.pixel_xy, affine)).astype(np.int64)
    within = ((pixels >= 0) & (pixels < labels.shape)).all(axis=1)
    found = np.zeros(len(sites), dtype=np.int64)
    found[within] = labels[tuple(pixels[within].T)]
    return found


def _affine_of(shape: tuple[int, ...], image: TissueImage) -> FloatArray | None:
    """How a drawing of this shape lies on the picture; None if it does not fit it.

    It may also be drawn at full resolution, of which the reduced picture tells the size
    to within a pixel of its own.
    """
    rows, cols = shape
    if (rows, cols) in image.shapes:
        return image.shapes[rows, cols]
    reduced = np.multiply(shape, image.scale)
    if image.full is None and (abs(reduced - image.data.shape[:2]) <= 1).all():
        whole: FloatArray = image.affine @ np.diag([image.scale, image.scale, 1.0])
        return whole
    return None


def _misfit(
    shape: tuple[int, ...], sites: PaintSites, path: Path
) -> InvalidRequestError:
    """Say which shapes a mask may have."""
    rows_cols, image = "{:,} rows x {:,} columns".format, sites.section.image
    known = [size_told(sites.raster)]
    if image is not None:
        known += [
            f"on its picture as {rows_cols(*each)}" for each in sorted(image.shapes)
        ]
        if image.full is None and image.scale < 1:
            whole = np.rint(np.divide(image.data.shape[:2], image.scale)).astype(int)
            known += [f"on that at full resolution as about {rows_cols(*whole)}"]
    msg = (
        f"the mask {path.name} has {rows_cols(*shape)}, but this section is drawn as "
        f"{', or '.join(known)}. Save the mask in such a size, or give a csv of "
        "positions or polygons (GeoJSON)."
    )
    return InvalidRequestError(msg)


def write_named(path: Path, regions: Regions) -> None:
    """Write regions as a picture of labels, one pixel for one pixel of the raster.

    Programs see their colours; what the labels mean is kept as text in the file.
    """
    palette = np.zeros((256, 3), dtype=np.uint8)
    for region in regions.listed:
        palette[region.label] = rgb_of(region)
    hidden = np.flatnonzero((regions.over > 0) & (regions.ground > 0))
    about = {
        "regions": [asdict(region) for region in regions.listed],
        "beneath": np.column_stack([hidden, regions.ground[hidden]]).tolist(),
    }
    text = PngInfo()
    text.add_itxt(_TEXT, json.dumps(about))
    picture = Image.fromarray(regions.picture)
    picture.putpalette(palette.tobytes())
    picture.save(path, pnginfo=text)


def named_regions(path: Path, sites: PaintSites) -> Regions | None:
    """Read what `write_named` wrote; None if a png does not say what its labels mean.

    Raises
    ------
    InvalidRequestError
        If it is of another section, or damaged.
    """
    with PngImageFile(path) as file:  # Image.open refuses what has many pixels
        fits = file.size == sites.raster.shape[::-1]
        # Other programs write what is told last, after all pixels.
        told = file.text.get(_TEXT) if fits else file.info.get(_TEXT)
        if told is None:
            return None
        picture = np.array(file)
    if picture.shape != sites.raster.shape:
        msg = (
            f"{path.name} has shape {picture.shape}, but this section is drawn as "
            f"{sites.raster.shape}. It was saved from another section."
        )
        raise InvalidRequestError(msg)
    try:
        about = json.loads(told)
        listed = tuple(
            replace(Region(**each), kind=RegionKind(each["kind"]))
            for each in about["regions"]
        )
        beneath = np.array(about["beneath"], dtype=np.int64).reshape(-1, 2)
        seen = sites.read(picture)
        tissue = [r.label for r in listed if r.kind is RegionKind.TISSUE]
        is_ground = np.isin(seen, tissue)
        ground = np.where(is_ground, seen, np.uint8(0))
        ground[beneath[:, 0]] = beneath[:, 1]
    except (ValueError, LookupError, TypeError) as error:
        msg = f"{path.name} does not say what its labels mean; its text is damaged"
        raise InvalidRequestError(msg) from error
    return Regions(sites, listed, np.where(is_ground, np.uint8(0), seen), ground)
