"""Which positions belong to the tissue: holes closed, and sites laid between the spots.

Everything happens in *cell coordinates* ``uv``: integer multiples of the two vectors
that span one cell of the lattice. In them every regular lattice is a full 2-D array, a
refined position lies ``(p, q) / n`` inside its cell, and the rules are array slices.
Knows nothing about expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice, LatticeKind
from napari_stentrans.section.triangles import inner_weights, sides, tissue_triangles

BoolArray = NDArray[np.bool_]


class TissueRule(StrEnum):
    """How the tissue between and inside the measured spots is told from background.

    ``ADJACENT`` keeps a position between measured spots only: on an edge of the
    lattice, if both ends are there; inside a square cell, if three of its four corners
    are; inside a triangle, if all three are. With ``factor=2`` it keeps exactly the
    positions the released stEnTrans code keeps. ``FILLED`` closes the interior holes
    of the tissue first and then does the same.
    """

    FILLED = "filled"
    ADJACENT = "adjacent"


_CELL: dict[LatticeKind, IntArray] = {
    LatticeKind.SQUARE: np.array([[1, 0], [0, 1]]),
    LatticeKind.QUINCUNX: np.array([[1, 1], [-1, 1]]),
    LatticeKind.HEX: np.array([[1, 1], [0, 2]]),
}
"""Grid steps of the two cell vectors, one a row: u down, v across."""

_NEIGHBOURHOOD: dict[LatticeKind, IntArray] = {
    LatticeKind.SQUARE: ndimage.generate_binary_structure(2, 1).astype(np.int64),
    LatticeKind.QUINCUNX: ndimage.generate_binary_structure(2, 1).astype(np.int64),
    LatticeKind.HEX: np.array([[0, 1, 1], [1, 1, 1], [1, 1, 0]]),
}
"""Which of the eight (u, v) neighbours are nearest neighbours on the lattice."""


@dataclass(frozen=True, eq=False)
class RefinedSites:
    """Positions of the tissue on a refined lattice.

    Attributes
    ----------
    array_rc
        Array coordinates, shape (position, 2).
    parent
        For a position that is one of the given sites, its index; else -1.
    inside
        Whether every site of the tissue that the position lies on or between is marked
        (see ``marked`` of `refined_sites`).
    """

    array_rc: FloatArray
    parent: IntArray
    inside: BoolArray


def refined_sites(
    lattice: Lattice,
    array_rc: FloatArray,
    factor: int,
    rule: TissueRule = TissueRule.FILLED,
    marked: BoolArray | None = None,
    outside_rc: FloatArray | None = None,
) -> RefinedSites:
    """Lay ``factor`` times as many sites along each direction into the tissue.

    Parameters
    ----------
    lattice
        The lattice of the given sites.
    array_rc : ndarray, shape (site, 2)
        Sites that are tissue. On an irregular arrangement: any positions.
    factor
        1 keeps the sites (and closes holes, under ``FILLED``), 2 adds midpoints ...
    rule
        How background is told from tissue. Irregular arrangements have one rule: the
        triangles between neighbours are divided evenly.
    marked : ndarray of bool, shape (site,), optional
        Sites to follow into the refined positions (see `RefinedSites.inside`).
    outside_rc : ndarray, shape (site, 2), optional
        Sites that are not tissue, though tissue may enclose them: nothing is laid on
        them, nor between them and the tissue.

    Returns
    -------
    RefinedSites
        The given sites first, in their order, then the new positions by row and column.
    """
    if marked is None:
        marked = np.zeros(len(array_rc), dtype=bool)
    if outside_rc is None:
        outside_rc = np.empty((0, 2))
    if lattice.is_regular:
        tissue = _Tissue.of(lattice, array_rc, rule, marked, outside_rc)
        new_rc, inside = _between_sites(lattice, tissue, factor)
    else:
        new_rc, inside = _between_irregular(
            lattice, array_rc, factor, marked, outside_rc
        )
    order = np.lexsort((new_rc[:, 1], new_rc[:, 0]))
    n_new = len(new_rc)
    return RefinedSites(
        array_rc=np.concatenate([array_rc, new_rc[order]]),
        parent=np.concatenate([np.arange(len(array_rc)), np.full(n_new, -1)]),
        inside=np.concatenate([marked, inside[order]]),
    )


def interior_holes(lattice: Lattice, array_rc: FloatArray) -> FloatArray:
    """Sites of a regular lattice that the given sites enclose, shape (hole, 2)."""
    tissue, first_uv = _as_mask(lattice, array_rc)
    holes = _fill(lattice, tissue) & ~tissue
    return _from_cells(lattice, np.argwhere(holes) + first_uv)


def _fill(lattice: Lattice, tissue: BoolArray) -> BoolArray:
    structure = _NEIGHBOURHOOD[lattice.kind]
    filled: BoolArray = ndimage.binary_fill_holes(tissue, structure=structure)
    return filled


def _to_cells(lattice: Lattice, array_rc: FloatArray) -> IntArray:
    cell = _CELL[lattice.kind]
    uv = lattice.to_grid(array_rc) @ np.linalg.inv(cell)
    return np.rint(uv).astype(np.int64)


def _from_cells(lattice: Lattice, uv: IntArray) -> FloatArray:
    return lattice.to_array(uv @ _CELL[lattice.kind])


def _as_mask(lattice: Lattice, array_rc: FloatArray) -> tuple[BoolArray, IntArray]:
    """Sites as a mask over (u, v) with a margin of one, and its first (u, v)."""
    uv = _to_cells(lattice, array_rc)
    first = uv.min(axis=0) - 1
    mask = np.zeros(uv.max(axis=0) - first + 2, dtype=bool)
    mask[tuple((uv - first).T)] = True
    return mask, first


@dataclass(frozen=True, eq=False)
class _Tissue:
    """Masks over (u, v), of one shape."""

    given: BoolArray
    tissue: BoolArray
    marked: BoolArray
    first_uv: IntArray

    @classmethod
    def of(
        cls,
        lattice: Lattice,
        array_rc: FloatArray,
        rule: TissueRule,
        marked: BoolArray,
        outside_rc: FloatArray,
    ) -> _Tissue:
        """Tell the tissue from background."""
        given, first_uv = _as_mask(lattice, array_rc)
        tissue = _fill(lattice, given) if rule is TissueRule.FILLED else given.copy()
        outside = _to_cells(lattice, outside_rc) - first_uv
        outside = outside[((outside >= 0) & (outside < given.shape)).all(axis=1)]
        tissue[tuple(outside.T)] = False
        painted = np.zeros_like(given)
        painted[tuple((_to_cells(lattice, array_rc) - first_uv)[marked].T)] = True
        return cls(given, tissue, painted, first_uv)


def _between_sites(
    lattice: Lattice, tissue: _Tissue, factor: int
) -> tuple[FloatArray, BoolArray]:
    filled = np.argwhere(tissue.tissue & ~tissue.given)
    found, inside = [filled * factor], [np.zeros(len(filled), dtype=bool)]
    for p in range(factor):
        for q in range(factor):
            if p == q == 0:
                continue
            corners, needed = _corners(lattice.kind, p, q, factor)
            kept = np.argwhere(_count(tissue.tissue, corners) >= needed)
            found.append(kept * factor + (p, q))
            all_marked = _count(tissue.tissue & ~tissue.marked, corners) == 0
            inside.append(all_marked[tuple(kept.T)])
    refined_uv = np.concatenate(found) + tissue.first_uv * factor
    return _from_cells(lattice.refined(factor), refined_uv), np.concatenate(inside)


def _corners(
    kind: LatticeKind, p: int, q: int, n: int
) -> tuple[list[tuple[int, int]], int]:
    """Cell corners that position (p, q) / n lies between, and how many it needs."""
    if p == 0:
        return [(0, 0), (0, 1)], 2
    if q == 0:
        return [(0, 0), (1, 0)], 2
    if kind is not LatticeKind.HEX:
        return [(0, 0), (0, 1), (1, 0), (1, 1)], 3
    if p + q == n:
        return [(0, 1), (1, 0)], 2
    near_corner = (0, 0) if p + q < n else (1, 1)
    return [near_corner, (0, 1), (1, 0)], 3


def _count(mask: BoolArray, corners: list[tuple[int, int]]) -> IntArray:
    """How many of a cell's corners are set, for every cell of the mask."""
    rows, cols = mask.shape[0] - 1, mask.shape[1] - 1
    total = np.zeros((rows, cols), dtype=np.int64)
    for du, dv in corners:
        total += mask[du : du + rows, dv : dv + cols]
    return total


def _between_irregular(
    lattice: Lattice,
    array_rc: FloatArray,
    factor: int,
    marked: BoolArray,
    outside_rc: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """Divide the triangles between neighbours, and their sides, evenly."""
    everything = np.concatenate([array_rc, outside_rc])
    triangles = tissue_triangles(lattice.to_pitch(everything))
    triangles = triangles[(triangles < len(array_rc)).all(axis=1)]
    found, inside = [np.empty((0, 2))], [np.empty(0, dtype=bool)]
    for corners in (sides(triangles), triangles):
        all_marked: BoolArray = np.all(marked[corners], axis=1)
        for weights in inner_weights(corners.shape[1], factor):
            found.append(np.einsum("c,kcx->kx", weights, array_rc[corners]))
            inside.append(all_marked)
    return np.concatenate(found), np.concatenate(inside)
