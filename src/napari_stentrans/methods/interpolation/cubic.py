"""Cubic interpolation over triangles.

The gradient at every spot is the one for which the cubic curves along all edges bend
least (Nielson 1983). Inside a triangle, values and gradients of its corners are blended
by the cubic Bezier triangle whose middle control point reproduces quadratic surfaces
(Farin 1986). All of it is linear in the values, and the influence of a spot dies out
within a few pitches, so that the whole comes down to a sparse matrix of weights.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_stentrans.methods.interpolation.triangles import (
    Located,
    Triangulation,
    beyond,
    locate,
    triangulations,
)
from napari_stentrans.section.lattice import FloatArray, IntArray

_ROUNDS = 12
"""Each round at least halves the error of the gradients."""
_SHORTEST = 0.5
"""Of the typical edge: a shorter one is no stiffer. Two spots that nearly coincide, and
differ by noise, would otherwise tilt everything around them."""
_NEGLIGIBLE = 1e-4
"""Weights of gradients below this, in pitches, are dropped."""


def cubic(spots_rc: FloatArray, positions_rc: FloatArray) -> sparse.csr_matrix:
    """Interpolate smoothly; outside the hull take the nearest spot."""
    triangulated = triangulations(spots_rc)
    located = locate(triangulated, positions_rc)
    outside = beyond(located, spots_rc, positions_rc)
    if not triangulated:
        return outside
    n_spots = len(spots_rc)
    value, slope = _blend(located, spots_rc)
    by_value = located.scatter(located.corner, value, n_spots)
    by_gradient = located.scatter(_components(located.corner), slope, 2 * n_spots)
    through_gradient = _gradients_to_values(by_gradient, spots_rc, _edges(triangulated))
    weights: sparse.csr_matrix = by_value + through_gradient + outside
    return weights.astype(np.float32)


def _blend(located: Located, spots_rc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights of corner values, shape (entry, 3), and gradients, shape (entry, 6)."""
    share = located.share
    bubble = share.prod(axis=1, keepdims=True)
    value = share**2 * (3 - 2 * share) + 2 * bubble
    place_rc = spots_rc[located.corner]
    slope = np.zeros((len(share), 3, 2))
    for here in range(3):
        for there in {0, 1, 2} - {here}:
            weight = share[:, [here]] ** 2 * share[:, [there]] + bubble / 2
            slope[:, here] += weight * (place_rc[:, there] - place_rc[:, here])
    return value, slope.reshape(-1, 6)


def _components(spot: IntArray) -> IntArray:
    """Numbers of the gradient components (row, col) of spots: (n, m) to (n, 2 m)."""
    numbers: IntArray = (2 * spot[:, :, None] + (0, 1)).reshape(
        len(spot), 2 * spot.shape[1]
    )
    return numbers


def _edges(triangulated: list[Triangulation]) -> IntArray:
    """Pairs of spots that share an edge in any triangulation, shape (edge, 2)."""
    pairs = [
        triangulation.triangle[:, sides]
        for triangulation in triangulated
        for sides in ([0, 1], [1, 2], [0, 2])
    ]
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def _gradients_to_values(
    by_gradient: sparse.csr_matrix, spots_rc: FloatArray, edges: IntArray
) -> sparse.csr_matrix:
    """Turn weights of gradients into weights of values, shape (position, spot).

    Along an edge ``e`` of length L the bending energy of a Hermite curve is
    ``4 (d0^2 + d0 d1 + d1^2) - 12 (d0 + d1) rise + 12 rise^2`` over ``L^3``, with the
    end slopes ``d = gradient . e``. Its minimum solves ``(own + joint) g = load f``,
    where ``own`` couples the two components of one spot's gradient and ``joint`` those
    of neighbours. As ``2 |d0 d1| <= d0^2 + d1^2``, ``joint`` is at most half of
    ``own``, and the fixed-point iteration below always converges.
    """
    along = spots_rc[edges[:, 1]] - spots_rc[edges[:, 0]]
    length = np.linalg.norm(along, axis=1)
    length = np.maximum(length, _SHORTEST * np.median(length))
    stiff = sparse.diags_array(1 / length**3)
    first, second = (_slopes(along, edges[:, side], len(spots_rc)) for side in (0, 1))
    joint = sparse.csr_matrix(first.T @ stiff @ second + second.T @ stiff @ first)
    own = 2 * (first.T @ stiff @ first + second.T @ stiff @ second)
    load = 3 * (first + second).T @ stiff @ _rises(edges, len(spots_rc))
    own_inverse = _block_inverse(sparse.csr_matrix(own))
    weights = by_gradient
    for _ in range(_ROUNDS):
        weights = sparse.csr_matrix((by_gradient - weights @ joint) @ own_inverse)
        weights.data[np.abs(weights.data) < _NEGLIGIBLE] = 0.0
        weights.eliminate_zeros()
    return sparse.csr_matrix(weights @ load)


def _slopes(along: FloatArray, spot: IntArray, n_spots: int) -> sparse.csr_matrix:
    """Matrix, shape (edge, 2 spot): gradients to slopes along the edges at a spot."""
    number = np.repeat(np.arange(len(along)), 2)
    entries = (along.ravel(), (number, _components(spot[:, None]).ravel()))
    return sparse.csr_matrix(entries, shape=(len(along), 2 * n_spots))


def _rises(edges: IntArray, n_spots: int) -> sparse.csr_matrix:
    """Matrix, shape (edge, spot): values to the rise along each edge."""
    number = np.repeat(np.arange(len(edges)), 2)
    entries = (np.tile([-1.0, 1.0], len(edges)), (number, edges.ravel()))
    return sparse.csr_matrix(entries, shape=(len(edges), n_spots))


def _block_inverse(own: sparse.csr_matrix) -> sparse.csr_matrix:
    """Inverse of a matrix of 2 x 2 blocks along the diagonal."""
    diagonal, off = own.diagonal(), own.diagonal(1)[::2]
    blocks = np.empty((len(off), 2, 2))
    blocks[:, 0, 0], blocks[:, 1, 1] = diagonal[::2], diagonal[1::2]
    blocks[:, 0, 1] = blocks[:, 1, 0] = off
    n_spots = len(blocks)
    inverse = np.linalg.pinv(blocks, hermitian=True)
    block = (inverse, np.arange(n_spots), np.arange(n_spots + 1))
    return sparse.csr_matrix(sparse.bsr_matrix(block, shape=own.shape))
