"""Which lattice a set of coordinates lies on.

Array coordinates (whole numbers, or whole multiples of some step) are recognised by
their steps and parity; free positions (pixels, micrometres) by fitting a lattice to the
vectors between nearest neighbours. Knows nothing about files or expression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice, LatticeKind

_MIN_SPOTS = 4
"""Fewer spots than this show no lattice."""
_PARTS = 12
"""Halves of a step occur in quincunx tables; thirds and quarters after refining."""
_FEWEST_BESIDE = 0.05
_ENOUGH_TO_TELL = 50
"""Of this many spots of an array, more than that share have one beside them."""
_MAX_MISFIT = 0.12
"""Largest root-mean-square distance from the fitted sites, in pitches."""
_MAX_STRETCH = 1.22
"""How much longer one direction may be than another, against the true lattice."""
_STRAYS = 0.01
"""Share of the spots, one at the least, that may lie far off an array by mistake."""
_LARGEST = 1e100
"""Beyond it distances are no numbers."""
_LARGEST_WHOLE = 2.0**53
"""Beyond it not every whole number is one in floating point."""


@dataclass(frozen=True, eq=False)
class Detected:
    """A lattice and the array coordinates of the spots on it.

    ``array_rc`` are the given ones, or those found by fitting free positions.
    """

    lattice: Lattice
    array_rc: FloatArray


def detect_lattice(
    array_rc: FloatArray,
    pixel_xy: FloatArray | None = None,
    checkerboard: LatticeKind = LatticeKind.HEX,
) -> Detected:
    """Recognise the lattice of a section.

    Parameters
    ----------
    array_rc : ndarray, shape (spot, 2)
        Array coordinates, or free positions in (row, col) = (y, x) order.
    pixel_xy : ndarray, shape (spot, 2), optional
        Pixel positions: their proportions tell hex from quincunx, which look alike in
        whole array coordinates.
    checkerboard
        What a checkerboard is taken for where there are no pixel positions.
    """
    array_rc = np.asarray(array_rc, dtype=np.float64).reshape(-1, 2)
    if not are_places(array_rc):  # the section will refuse
        return Detected(Lattice(LatticeKind.SQUARE), array_rc)
    steps = _whole_steps(array_rc)
    if steps is None:
        return _fit_free_positions(array_rc)
    origin: FloatArray = np.min(array_rc, axis=0)
    grid = np.rint((array_rc - origin) / steps).astype(np.int64)
    kind = LatticeKind.SQUARE
    if _is_checkerboard(grid):
        kind = checkerboard if pixel_xy is None else _by_proportion(grid, pixel_xy)
        if grid[0].sum() % 2:  # put the origin on a site
            origin = origin - np.array([0.0, steps[1]])
    lattice = _lattice(kind, origin, steps)
    n_beside = _n_beside(lattice, array_rc, grid)
    if n_beside < len(array_rc) / 2:  # rounded pixels may look like steps
        fitted = _fit_free_positions(array_rc)
        few_beside = n_beside < _FEWEST_BESIDE * len(array_rc)
        scattered = few_beside and len(array_rc) >= _ENOUGH_TO_TELL
        strewn = not _is_dense(grid, len(grid))
        if fitted.lattice.is_regular or scattered or strewn:
            return fitted
    return Detected(lattice, array_rc)


def place_spots(
    array_rc: FloatArray,
    pixel_xy: FloatArray | None = None,
    checkerboard: LatticeKind = LatticeKind.HEX,
    kind: LatticeKind | None = None,
) -> Detected:
    """Recognise the lattice, or impose the kind that a person insists on.

    A regular one is imposed on the coordinates found by fitting, where free positions
    were fitted. "irregular" means true distances: pixel positions, where there are
    some, become the array coordinates.

    Parameters
    ----------
    array_rc, pixel_xy, checkerboard
        As `detect_lattice` has them.
    kind
        Overrules what is recognised.
    """
    array_rc = np.asarray(array_rc, dtype=np.float64)
    if not are_places(array_rc):
        return Detected(Lattice(LatticeKind.SQUARE), array_rc)
    if pixel_xy is not None and not np.isfinite(pixel_xy).all():
        pixel_xy = None  # the section says which are wrong
    found = detect_lattice(array_rc, pixel_xy, checkerboard)
    if kind is None or kind is found.lattice.kind:
        return found
    if kind is LatticeKind.IRREGULAR:
        free_rc = array_rc if pixel_xy is None else pixel_xy[:, ::-1].copy()
        return Detected(impose_lattice(free_rc, kind), free_rc)
    return Detected(impose_lattice(found.array_rc, kind), found.array_rc)


def impose_lattice(array_rc: FloatArray, kind: LatticeKind) -> Lattice:
    """Return a lattice of the kind the user insists on, through these coordinates."""
    if not are_places(array_rc):
        return Lattice(kind)
    if kind is LatticeKind.IRREGULAR:
        return _irregular(array_rc)
    steps = _whole_steps(array_rc)
    steps = np.ones(2) if steps is None else steps
    lattice = _lattice(kind, array_rc[0], steps)
    grid = np.rint((array_rc - array_rc[0]) / steps)
    one_line = bool(np.any(np.all(grid == 0, axis=0)))
    if lattice.is_checkerboard and one_line and (grid % 2).any():
        return lattice.refined(2)  # along one row only every second step is a site
    return lattice


def are_places(positions: FloatArray) -> bool:
    """Whether there are positions, and all of them such that distances have a value."""
    return bool(len(positions) and (np.abs(positions) < _LARGEST).all())


def distinct_places(positions: FloatArray | IntArray) -> tuple[IntArray, IntArray]:
    """Tell which positions are the very same.

    Parameters
    ----------
    positions
        Shape (position, axis).

    Returns
    -------
    place : ndarray, shape (position,)
        Number of the place of each position, by first occurrence.
    first : ndarray, shape (place,)
        The first position at each place.
    """
    order = np.lexsort(positions.T)  # stable: the first of each place comes first
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (positions[order[1:]] != positions[order[:-1]]).any(axis=1)
    rank = np.argsort(np.argsort(order[is_new]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = rank[np.cumsum(is_new) - 1]
    return place, np.sort(order[is_new]).astype(np.int64)


def _n_beside(lattice: Lattice, array_rc: FloatArray, grid: IntArray) -> int:
    """How many spots have another one on their own or a neighbouring site.

    One spot stands for its site: pairs among many of one site are as many as their
    square.
    """
    site, first = distinct_places(grid)
    is_beside = np.bincount(site, minlength=len(first)) > 1
    is_beside[lattice.neighbours(array_rc[first])] = True
    return int(is_beside[site].sum())


def _whole_steps(array_rc: FloatArray) -> FloatArray | None:
    """Greatest common step along rows and columns; None for free positions."""
    offsets = (array_rc - array_rc.min(axis=0)) * _PARTS
    if offsets.max() > _LARGEST_WHOLE:
        return None
    whole = np.rint(offsets).astype(np.int64)
    if not np.allclose(offsets, whole, rtol=0, atol=1e-3):
        return None
    if offsets.any() and not whole.any():  # tiny units: all would be one site
        return None
    if len(array_rc) < _MIN_SPOTS:
        return np.ones(2) if np.allclose(array_rc, np.rint(array_rc)) else None
    steps = np.array([np.gcd.reduce(np.unique(column)) for column in whole.T]) / _PARTS
    steps[steps == 0] = 1.0
    is_array = _is_dense(_without_strays(whole) / _PARTS / steps, len(whole))
    return steps if is_array else None  # else whole pixel positions


def _is_dense(grid: FloatArray | IntArray, n_spots: int) -> bool:
    """Whether steps (row, col) span no more sites than so many spots of an array do."""
    return float(np.prod(np.ptp(grid, axis=0) + 1.0)) <= 200 * max(n_spots, 50)


def _without_strays(positions: IntArray) -> IntArray:
    """All but the few that lie farthest off: the section tells which they are."""
    from_middle = np.abs(positions - np.median(positions, axis=0)).max(axis=1)
    n_kept = len(positions) - max(1, int(_STRAYS * len(positions)))
    return positions[np.argpartition(from_middle, n_kept)[:n_kept]]


def _is_checkerboard(grid: IntArray) -> bool:
    parity = grid.sum(axis=1) % 2
    both_rows = len(np.unique(grid[:, 0] % 2)) == 2
    return len(grid) >= _MIN_SPOTS and both_rows and len(np.unique(parity)) == 1


def _by_proportion(grid: IntArray, pixel_xy: FloatArray) -> LatticeKind:
    """Tell hex (a row step is 1.73 column steps) from quincunx (1) by their pixels."""
    design = np.column_stack([grid, np.ones(len(grid))])
    to_pixel = np.linalg.lstsq(design, pixel_xy, rcond=None)[0]
    row_step, col_step = np.linalg.norm(to_pixel[:2], axis=1)
    proportion = row_step / max(col_step, 1e-12)
    return LatticeKind.HEX if proportion > 1.3 else LatticeKind.QUINCUNX


def _irregular(array_rc: FloatArray) -> Lattice:
    pitch = 1.0
    places = array_rc[distinct_places(array_rc)[1]]  # a search among doubles takes ages
    if len(places) > 1:
        distances = _nearest(places, 2)[0][:, 1]
        positive = distances[distances > 0]
        pitch = float(np.median(positive)) if len(positive) else 1.0
    origin = array_rc.min(axis=0) if len(array_rc) else np.zeros(2)
    return _lattice(LatticeKind.IRREGULAR, origin, np.array([pitch, pitch]))


def _lattice(kind: LatticeKind, origin: FloatArray, steps: FloatArray) -> Lattice:
    return Lattice(
        kind, (float(origin[0]), float(origin[1])), (float(steps[0]), float(steps[1]))
    )


def _nearest(positions: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
    """Distance and number of the k nearest, itself first, shape (position, k) each."""
    distance, neighbour = KDTree(positions).query(positions, k=k)
    return np.asarray(distance), np.asarray(neighbour, dtype=np.int64)


def _fit_free_positions(positions: FloatArray) -> Detected:
    """Find the square or hex lattice that free positions lie on, if there is one."""
    irregular = Detected(_irregular(positions), positions)
    place, first = distinct_places(positions)
    if len(first) < 12:
        return irregular
    for kind in (LatticeKind.HEX, LatticeKind.SQUARE):
        grid = _sites(positions[first], kind)
        if grid is not None:
            return Detected(Lattice(kind), grid[place].astype(np.float64))
    return irregular


def _sites(positions: FloatArray, kind: LatticeKind) -> IntArray | None:
    """Grid site of each position, or None where they do not lie on such a lattice."""
    fold = 4 if kind is LatticeKind.SQUARE else 6
    distance, neighbour = _nearest(positions, fold + 1)
    pitch = float(np.median(distance[:, 1]))
    close = np.abs(distance[:, 1:] - pitch) < 0.2 * pitch
    vectors = (positions[neighbour[:, 1:]] - positions[:, None])[close]
    if pitch == 0 or len(vectors) < 2 * len(positions):
        return None
    turn = np.exp(1j * fold * np.arctan2(vectors[:, 0], vectors[:, 1]))
    if np.abs(turn.mean()) < 0.7:
        return None
    across = float(np.angle(turn.mean())) / fold  # of the vector nearest to it
    down = across + 2 * np.pi / fold
    ideal = pitch * np.array(
        [[np.sin(down), np.cos(down)], [np.sin(across), np.cos(across)]]
    )
    basis, cells = _snap(positions, ideal)
    widest, narrowest = np.linalg.svd(np.linalg.inv(ideal) @ basis, compute_uv=False)
    if cells is None or widest > _MAX_STRETCH * narrowest:
        return None
    cell = [[1, 0], [0, 1]] if kind is LatticeKind.SQUARE else [[1, 1], [0, 2]]
    grid = cells @ cell
    return None if Lattice(kind).is_overstretched(grid) else grid.astype(np.int64)


def _snap(
    positions: FloatArray, basis: FloatArray
) -> tuple[FloatArray, FloatArray | None]:
    """Round positions to multiples of the basis, fitted outwards from the middle.

    Returns the fitted basis, and the multiples, if they are one site a position.
    """
    from_mean = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    offsets = positions - positions[np.argmin(from_mean)]
    by_distance = np.argsort(np.linalg.norm(offsets, axis=1))
    shift = np.zeros(2)
    n_trusted = 12
    while True:
        trusted = by_distance[: min(n_trusted, len(positions))]
        cells = np.rint((offsets[trusted] - shift) @ np.linalg.inv(basis))
        design = np.column_stack([cells, np.ones(len(cells))])
        if np.linalg.matrix_rank(design) == 3:
            solution = np.linalg.lstsq(design, offsets[trusted], rcond=None)[0]
            basis, shift = solution[:2], solution[2]
        if n_trusted >= len(positions):
            break
        n_trusted = int(n_trusted * 1.5) + 1
    exact = (offsets - shift) @ np.linalg.inv(basis)
    sites: FloatArray = np.rint(exact)
    misfit = np.sqrt(((exact - sites) ** 2).sum(axis=1).mean())
    if misfit > _MAX_MISFIT or len(np.unique(sites, axis=0)) < len(sites):
        return basis, None
    return basis, sites
