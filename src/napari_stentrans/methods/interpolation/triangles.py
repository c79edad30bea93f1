"""Interpolation over the triangles between spots, and the triangles themselves.

Four spots of a square can be joined along either diagonal. Both ways are taken and
averaged, so that no direction is preferred: the plane is triangulated twice, sheared
very slightly one way and the other. Outside the hull, and where the spots span no
triangle at all, the nearest spot is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import Delaunay

from napari_stentrans.methods.interpolation.weights import (
    canonical_order,
    nearest_spot,
)
from napari_stentrans.section.lattice import FloatArray, IntArray

_SHEARS = (1e-5, -1e-5)
_TOLERANCE = 1e-8
"""How far outside its triangle, as a share of it, a position may lie."""
_FLAT = 1e-6
"""Spots this close to one line, in pitches, span no triangles."""


def linear(spots_rc: FloatArray, positions_rc: FloatArray) -> sparse.csr_matrix:
    """Interpolate linearly between the corners of the triangle around a position."""
    located = locate(triangulations(spots_rc), positions_rc)
    within = located.scatter(located.corner, located.share, len(spots_rc))
    weights: sparse.csr_matrix = within + beyond(located, spots_rc, positions_rc)
    return weights.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Triangles between spots.

    Attributes
    ----------
    delaunay
        Of the sheared spots, in canonical order.
    triangle : ndarray, shape (triangle, 3)
        Spots at the corners, in the order of the section.
    shear
        Columns moved by this share of the row.
    """

    delaunay: Delaunay
    triangle: IntArray
    shear: float


def triangulations(spots_rc: FloatArray) -> list[Triangulation]:
    """Triangulate twice, once for either diagonal of a square; none if impossible."""
    if len(spots_rc) < 3:
        return []
    spread = np.linalg.svd(spots_rc - spots_rc.mean(axis=0), compute_uv=False)
    if spread[1] < _FLAT * max(spread[0], 1.0):
        return []
    order = canonical_order(spots_rc)
    made = []
    for shear in _SHEARS:
        delaunay = Delaunay(_sheared(spots_rc[order], shear))
        made.append(Triangulation(delaunay, order[delaunay.simplices], shear))
    return made


@dataclass(frozen=True, eq=False)
class Located:
    """Where positions lie in triangles: an entry a position and triangulation.

    Attributes
    ----------
    n_positions
        Number of positions, those outside included.
    position : ndarray, shape (entry,)
    corner : ndarray, shape (entry, 3)
        Spots at the corners of its triangle.
    share : ndarray, shape (entry, 3)
        Barycentric coordinates: non-negative, sum 1.
    """

    n_positions: int
    position: IntArray
    corner: IntArray
    share: FloatArray

    def scatter(
        self, column: IntArray, weight: FloatArray, n_columns: int
    ) -> sparse.csr_matrix:
        """Sparse (position, column) from weights of shape (entry, n), averaged."""
        times = np.bincount(self.position, minlength=self.n_positions)
        weight = weight / times[self.position, None]
        row = np.repeat(self.position, column.shape[1])
        shape = (self.n_positions, n_columns)
        matrix = sparse.csr_matrix((weight.ravel(), (row, column.ravel())), shape=shape)
        matrix.eliminate_zeros()
        return matrix


def locate(triangulated: list[Triangulation], positions_rc: FloatArray) -> Located:
    """Find the triangle around each position in each triangulation."""
    position = [np.empty(0, dtype=np.int64)]
    corner, share = [np.empty((0, 3), dtype=np.int64)], [np.empty((0, 3))]
    for triangulation in triangulated:
        sheared = _sheared(positions_rc, triangulation.shear)
        delaunay = triangulation.delaunay
        number = delaunay.find_simplex(sheared, tol=_TOLERANCE)
        affine = delaunay.transform[number]
        two = np.einsum("pcx,px->pc", affine[:, :2], sheared - affine[:, 2])
        three = np.column_stack([two, 1 - two.sum(axis=1)])
        inside = np.flatnonzero((number >= 0) & np.isfinite(three).all(axis=1))
        # a position at a spot, or on an edge, is exactly there
        three = np.where(three[inside] < _TOLERANCE, 0.0, three[inside])
        position.append(inside)
        corner.append(triangulation.triangle[number[inside]])
        share.append(three / three.sum(axis=1, keepdims=True))
    return Located(
        n_positions=len(positions_rc),
        position=np.concatenate(position),
        corner=np.concatenate(corner),
        share=np.concatenate(share),
    )


def beyond(
    located: Located, spots_rc: FloatArray, positions_rc: FloatArray
) -> sparse.csr_matrix:
    """Take the nearest spot where there is no triangle; shape (position, spot)."""
    outside = np.setdiff1d(np.arange(located.n_positions), located.position)
    spot = nearest_spot(spots_rc, positions_rc[outside])
    shape = (located.n_positions, len(spots_rc))
    return sparse.csr_matrix((np.ones(len(outside)), (outside, spot)), shape=shape)


def _sheared(points_rc: FloatArray, shear: float) -> FloatArray:
    moved: FloatArray = points_rc @ np.array([[1.0, shear], [0.0, 1.0]])
    return moved
