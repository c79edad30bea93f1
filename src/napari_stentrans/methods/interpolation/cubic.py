"""Cubic interpolation over triangles.

The gradient at every spot is the one for which the cubic curves along all edges bend
least (Nielson 1983): a sparse linear system, factorised once for all genes. Inside a
triangle values and gradients of its corners are blended by the cubic Bezier triangle
whose middle control point is chosen to reproduce quadratic surfaces (Farin 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from napari_stentrans.methods.interpolation.operators import Operator, Values, nearest
from napari_stentrans.methods.interpolation.triangles import (
    Located,
    Triangulation,
    beyond,
    locate,
    triangulations,
)
from napari_stentrans.section.lattice import FloatArray, IntArray


def cubic(spots_rc: FloatArray, positions_rc: FloatArray) -> Operator:
    """Interpolate smoothly; outside the hull take the nearest spot."""
    triangulated = triangulations(spots_rc)
    if not triangulated:
        return nearest(spots_rc, positions_rc)
    located = locate(triangulated, positions_rc)
    n_spots = len(spots_rc)
    value, slope = _blend(located, spots_rc)
    by_value = located.scatter(located.corner, value, n_spots)
    by_gradient = located.scatter(_gradient_columns(located.corner), slope, 2 * n_spots)
    stiffness, load = _least_bending(spots_rc, _edges(triangulated))
    return CubicOperator(
        by_value=by_value + beyond(located, spots_rc, positions_rc),
        by_gradient=by_gradient,
        stiffness=splu(stiffness, permc_spec="MMD_AT_PLUS_A"),
        load=load,
    )


@dataclass(frozen=True, eq=False)
class CubicOperator:
    """Values at the spots to values at the positions, by way of gradients.

    Attributes
    ----------
    by_value : csr_matrix, shape (position, spot)
    by_gradient : csr_matrix, shape (position, 2 * spot)
    stiffness
        Factorised system of the gradients, of order 2 * spot.
    load : csr_matrix, shape (2 * spot, spot)
        Right-hand side of that system, of the values.
    """

    by_value: sparse.csr_matrix
    by_gradient: sparse.csr_matrix
    stiffness: SuperLU
    load: sparse.csr_matrix

    def __call__(self, values: Values) -> Values:
        """Interpolate values, shape (spot, gene)."""
        double = np.asarray(values, dtype=np.float64)
        gradient = self.stiffness.solve(self.load @ double)
        found = self.by_value @ double + self.by_gradient @ gradient
        return np.asarray(found, dtype=np.float32)


def _blend(located: Located, spots_rc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights of corner values, shape (position, 3), and gradients, (position, 6)."""
    share = located.share
    bubble = share.prod(axis=1, keepdims=True)
    value = share**2 * (3 - 2 * share) + 2 * bubble
    place = spots_rc[located.corner]
    slope = np.zeros((len(share), 3, 2))
    for a in range(3):
        for b in {0, 1, 2} - {a}:
            towards = share[:, [a]] ** 2 * share[:, [b]] + bubble / 2
            slope[:, a] += towards * (place[:, b] - place[:, a])
    return value, slope.reshape(-1, 6)


def _gradient_columns(spot: IntArray) -> IntArray:
    """Columns of the (row, col) gradient of each spot: (..., n) to (..., 2 * n)."""
    return np.stack([2 * spot, 2 * spot + 1], axis=-1).reshape(*spot.shape[:-1], -1)


def _edges(triangulated: list[Triangulation]) -> IntArray:
    """Pairs of spots that share an edge in any triangulation, shape (edge, 2)."""
    pairs = [
        triangulation.triangle[:, sides]
        for triangulation in triangulated
        for sides in ([0, 1], [1, 2], [0, 2])
    ]
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def _least_bending(
    spots_rc: FloatArray, edges: IntArray
) -> tuple[sparse.csc_matrix, sparse.csr_matrix]:
    """Normal equations of the gradients that bend the edge curves least.

    Along an edge ``e`` of length L the bending energy of the Hermite curve is
    ``4 (d0^2 + d0 d1 + d1^2) - 12 (d0 + d1) rise + 12 rise^2`` over ``L^3``, with the
    end slopes ``d = gradient . e``: quadratic, so its minimum is a linear system.
    """
    n_spots = len(spots_rc)
    along = spots_rc[edges[:, 1]] - spots_rc[edges[:, 0]]
    stiff = 1 / np.linalg.norm(along, axis=1) ** 3
    number = np.arange(len(edges))
    ends = []
    for side in (0, 1):
        columns = _gradient_columns(edges[:, [side]])
        entries = (along.ravel(), (np.repeat(number, 2), columns.ravel()))
        ends.append(sparse.csr_matrix(entries, shape=(len(edges), 2 * n_spots)))
    both = ends[0] + ends[1]
    rise = sparse.csr_matrix(
        (np.tile([-1.0, 1.0], len(edges)), (np.repeat(number, 2), edges.ravel())),
        shape=(len(edges), n_spots),
    )
    weight = sparse.csr_matrix(sparse.diags_array(stiff))
    bending = sparse.csc_matrix(both.T @ weight @ both)
    for end in ends:
        bending = bending + sparse.csc_matrix(end.T @ weight @ end)
    return bending, sparse.csr_matrix(3 * both.T @ weight @ rise)
