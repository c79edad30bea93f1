"""Interpolators over the triangles between spots: linear and cubic.

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

from napari_stentrans.methods.interpolation.operators import (
    Weights,
    canonical_order,
    nearest,
)
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.tissue import BoolArray

_SHEARS = (1e-5, -1e-5)
_TOLERANCE = 1e-8
"""How far outside its hull, as a share of a triangle, a position may lie."""


@dataclass(frozen=True, eq=False)
class Located:
    """Positions within the triangles of one triangulation.

    Attributes
    ----------
    inside : ndarray of bool, shape (position,)
        Which positions lie in a triangle at all; the rest is given for these.
    corner : ndarray, shape (inside position, 3)
        Spots at the corners.
    share : ndarray, shape (inside position, 3)
        Barycentric coordinates: non-negative, sum 1.
    """

    inside: BoolArray
    corner: IntArray
    share: FloatArray


def linear(spots_rc: FloatArray, positions_rc: FloatArray) -> Weights:
    """Interpolate linearly between the corners of the triangle around a position."""
    matrix = sparse.csr_matrix((len(positions_rc), len(spots_rc)), dtype=np.float64)
    for triangles in triangulations(spots_rc):
        located = locate(triangles, positions_rc)
        matrix += scatter(located, located.corner, located.share, len(spots_rc))
    return Weights(completed(matrix, spots_rc, positions_rc).astype(np.float32))


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Triangles between spots; ``spot`` undoes the canonical order, ``shear`` the shear."""

    delaunay: Delaunay
    spot: IntArray
    shear: float


def triangulations(spots_rc: FloatArray) -> list[Triangulation]:
    """Triangulate twice, once for either diagonal of a square; none if impossible."""
    if len(spots_rc) < 3:
        return []
    spread = np.linalg.svd(spots_rc - spots_rc.mean(axis=0), compute_uv=False)
    if spread[1] < 1e-6 * max(spread[0], 1.0):
        return []
    order = canonical_order(spots_rc)
    return [
        Triangulation(Delaunay(_sheared(spots_rc[order], shear)), order, shear)
        for shear in _SHEARS
    ]


def locate(triangulation: Triangulation, positions_rc: FloatArray) -> Located:
    """Find the triangle around each position."""
    delaunay = triangulation.delaunay
    sheared = _sheared(positions_rc, triangulation.shear)
    triangle = delaunay.find_simplex(sheared, tol=_TOLERANCE)
    affine = delaunay.transform[triangle]
    two = np.einsum("pcx,px->pc", affine[:, :2], sheared - affine[:, 2])
    share = np.column_stack([two, 1 - two.sum(axis=1)])
    inside = (triangle >= 0) & np.isfinite(share).all(axis=1)
    share = np.clip(share[inside], 0.0, None)
    share[share < _TOLERANCE] = 0.0
    corner = triangulation.spot[delaunay.simplices[triangle[inside]]]
    return Located(inside, corner, share / share.sum(axis=1, keepdims=True))


def _sheared(points_rc: FloatArray, shear: float) -> FloatArray:
    return points_rc @ np.array([[1.0, shear], [0.0, 1.0]])


def scatter(
    located: Located, column: IntArray, weight: FloatArray, n_columns: int
) -> sparse.csr_matrix:
    """Sparse matrix, shape (position, column), of several weights a position."""
    row = np.repeat(np.flatnonzero(located.inside), column.shape[1])
    shape = (len(located.inside), n_columns)
    return sparse.csr_matrix((weight.ravel(), (row, column.ravel())), shape=shape)


def completed(
    matrix: sparse.csr_matrix, spots_rc: FloatArray, positions_rc: FloatArray
) -> sparse.csr_matrix:
    """Average what the triangulations gave; take the nearest spot where none did."""
    total = np.asarray(matrix.sum(axis=1)).ravel()
    outside = total < 0.5
    scale = sparse.diags_array(1 / np.where(outside, 1.0, total))
    fallback = sparse.diags_array(outside.astype(float))
    matrix = scale @ matrix + fallback @ nearest(spots_rc, positions_rc).matrix
    matrix = sparse.csr_matrix(matrix)
    matrix.eliminate_zeros()
    return matrix
