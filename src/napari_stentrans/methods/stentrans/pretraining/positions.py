"""Where spots of simulated tissue lie: any lattice, any outline."""

from __future__ import annotations

import numpy as np

from napari_stentrans.section.lattice import FloatArray

_LATTICES = ("square", "hex", "quincunx", "irregular")


def random_positions(rng: np.random.Generator, n_spots: int) -> FloatArray:
    """Positions of about ``n_spots`` spots, in pitches, shape (spot, 2).

    The outline is a blob with a wavy border, sometimes with holes.
    """
    half = int(np.ceil(1.1 * np.sqrt(n_spots)))
    grid_rc = _lattice(str(rng.choice(_LATTICES)), half, rng)
    inside = _depth_inside(grid_rc, rng)
    chosen = np.sort(np.argsort(-inside, kind="stable")[:n_spots])
    found: FloatArray = grid_rc[chosen]
    return found


def _lattice(kind: str, half: int, rng: np.random.Generator) -> FloatArray:
    row, col = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    grid_rc = np.stack([row.ravel(), col.ravel()], axis=1)
    if kind == "hex":
        grid_rc[:, 1] += 0.5 * (grid_rc[:, 0] % 2)
        grid_rc[:, 0] *= np.sqrt(3) / 2
    elif kind == "quincunx":
        turn = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
        grid_rc = grid_rc @ turn
    elif kind == "irregular":
        grid_rc += rng.uniform(-0.45, 0.45, grid_rc.shape)
    return grid_rc


def _depth_inside(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Depth inside a random outline: the deepest positions make the tissue."""
    stretch = np.exp(rng.uniform(-0.4, 0.4))
    scaled = rc * np.array([stretch, 1 / stretch])
    angle = np.arctan2(scaled[:, 0], scaled[:, 1])
    waves = np.arange(1, 6)
    size = rng.normal(0, 0.25, 5) / waves
    radius = 1 + np.cos(angle[:, None] * waves + rng.uniform(0, 6.3, 5)) @ size
    distance = np.linalg.norm(scaled, axis=1)
    depth: FloatArray = -distance / np.maximum(radius, 0.3)
    for _ in range(rng.poisson(0.5)):
        centre = rc[rng.integers(len(rc))] * 0.5
        in_hole = np.linalg.norm(rc - centre, axis=1) < rng.uniform(1, 4)
        depth[in_hole] = -np.inf
    return depth
