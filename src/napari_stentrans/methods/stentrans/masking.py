"""Which visible spots are hidden in training: the network learns by filling them in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray

BoolArray = NDArray[np.bool_]


def random_mask(pitch_rc: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Hide spots at random, in blobs or by thinning out: the ways data goes missing.

    Parameters
    ----------
    pitch_rc : ndarray, shape (spot, 2)
        Positions of the spots.
    rng
        Chooses the kind and the spots.

    Returns
    -------
    ndarray of bool, shape (spot,)
        True where hidden. At least one spot is hidden, and at least half a dozen, or
        half of them, stay visible.
    """
    kind = rng.choice(["scattered", "blobs", "thinned"], p=[0.45, 0.35, 0.2])
    hidden: BoolArray = {"scattered": _scattered, "blobs": _blobs, "thinned": _thinned}[
        str(kind)
    ](pitch_rc, rng)
    n = len(pitch_rc)
    least = min(6, n // 2)
    if (~hidden).sum() < least:
        hidden[rng.choice(n, least, replace=False)] = False
    if not hidden.any():
        hidden[rng.integers(n)] = True
    return hidden


def _scattered(pitch_rc: FloatArray, rng: np.random.Generator) -> BoolArray:
    return np.asarray(rng.random(len(pitch_rc)) < rng.uniform(0.1, 0.4))


def _blobs(pitch_rc: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Hide discs of 1 to 4 typical spacings until a fifth of the spots is gone."""
    tree, spacing = KDTree(pitch_rc), typical_spacing(pitch_rc)
    hidden = np.zeros(len(pitch_rc), dtype=bool)
    while hidden.mean() < 0.2:
        middle = pitch_rc[rng.integers(len(pitch_rc))]
        hidden[tree.query_ball_point(middle, rng.uniform(1.1, 4.0) * spacing)] = True
    return hidden


def _thinned(pitch_rc: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Keep an even quarter to half: in random order, hide neighbours of the kept."""
    tree, spacing = KDTree(pitch_rc), typical_spacing(pitch_rc)
    hidden = np.zeros(len(pitch_rc), dtype=bool)
    reach = rng.uniform(1.02, 1.3) * spacing
    around = tree.query_ball_point(pitch_rc, reach)
    for spot in rng.permutation(len(pitch_rc)):
        if not hidden[spot]:
            near = np.asarray(around[spot])
            hidden[near[near != spot]] = True
    return hidden


def remoteness(query_rc: FloatArray, pitch_rc: FloatArray) -> FloatArray:
    """Distance of positions to the nearest spot, in typical spacings, (query,)."""
    distance = np.asarray(KDTree(pitch_rc).query(query_rc)[0])
    found: FloatArray = distance / typical_spacing(pitch_rc)
    return found


def typical_spacing(pitch_rc: FloatArray) -> float:
    """Median distance of a spot to the nearest other, in pitches; 1 for a lone spot."""
    if len(pitch_rc) < 2:
        return 1.0
    distance = np.asarray(KDTree(pitch_rc).query(pitch_rc, k=2)[0])
    return float(np.median(distance[:, 1]))
