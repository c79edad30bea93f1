"""The fill bucket on spots: a closed outline, a painted area, or a piece of tissue.

A bucket of pixels would flood the glass around the tissue. This one stops at outlines,
at painted areas, and at the edge of the tissue.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.sites import Labels, PaintSites
from napari_stentrans.section.tissue import BoolArray

_MOST = 0.5
"""Share of all spots beyond which a region cannot be meant to be missing."""


def filled(regions: Regions, site: int, label: int) -> Regions:
    """Fill from a site with a label.

    On something painted its connected area is filled; on something blank the blank
    area within a closed outline or, failing that, the connected tissue around.

    Raises
    ------
    InvalidRequestError
        If there is no outline and no tissue, or if nearly all tissue would be missing.
    """
    region, n_spots = regions.get(label), regions.sites.n_spots
    is_tissue = region is not None and region.kind is RegionKind.TISSUE
    labels = regions.ground if is_tissue else regions.view
    area = _area_around(regions.sites, labels, site)
    n_taken = int(area[:n_spots].sum())
    if labels[site] == 0 and not is_tissue and n_taken > _MOST * n_spots:
        msg = (
            f"this outline is not closed: filling would take {n_taken:,} of "
            f"{n_spots:,} spots. Close the outline, or draw it with the polygon."
        )
        raise InvalidRequestError(msg)
    return regions.marked(area, label)


def _area_around(sites: PaintSites, labels: Labels, site: int) -> BoolArray:
    """Sites to fill, shape (site,)."""
    same = labels == labels[site]
    around = _connected(sites.index, same, site)
    if labels[site] or not _reaches_edge(sites.draw(around.astype(np.uint8)) > 0):
        return around
    if not sites.in_tissue[site]:
        msg = "there is neither tissue nor a closed outline to fill here."
        raise InvalidRequestError(msg)
    return _connected(sites.index, same & sites.in_tissue, site)


def _connected(index: NDArray[np.int32], wanted: BoolArray, site: int) -> BoolArray:
    """Those of the wanted sites that are connected with one, in the picture."""
    pixels = np.append(wanted, False)[index]
    pieces, _ = ndimage.label(pixels)
    piece = pieces[index == site].max(initial=0)
    found = np.zeros(len(wanted) + 1, dtype=bool)
    found[index[(pieces == piece) & pixels]] = True
    return found[:-1]


def _reaches_edge(pixels: BoolArray) -> bool:
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return any(bool(edge.any()) for edge in edges)
