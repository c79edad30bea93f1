"""Spatial patterns of great variety: what simulated genes are made to follow.

Every pattern is a few columns of values at the spots, each of unit variance: domains,
layers, smooth variation, foci and threads, at any scale, with hard or soft borders.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_stentrans.section.lattice import FloatArray

Pattern = Callable[[FloatArray, np.random.Generator], FloatArray]


def random_patterns(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """One to four patterns together, shape (spot, column), columns standardised."""
    n_kinds = int(rng.integers(1, 5))
    kinds = rng.choice(np.arange(len(_PATTERNS)), n_kinds, p=_ODDS)
    columns = np.concatenate(
        [_PATTERNS[kind](_warped(rc, rng), rng) for kind in kinds], axis=1
    )
    columns = columns[:, columns.std(axis=0) > 1e-3]
    if columns.shape[1] == 0:
        columns = _smooth(rc, rng)
    standard: FloatArray = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return standard


def random_field(
    rc: FloatArray, length: float, n_fields: int, rng: np.random.Generator
) -> FloatArray:
    """Stationary random fields of unit variance by random waves, (spot, field)."""
    n_waves = 64
    roughness = rng.choice([0.5, 1.5, np.inf])
    waves = rng.normal(0, 1 / length, (2, n_waves, n_fields))
    if np.isfinite(roughness):  # the spectrum of a Matern covariance is a Student's t
        waves /= np.sqrt(rng.gamma(roughness, 1 / roughness, (n_waves, n_fields)))
    phase = rng.uniform(0, 2 * np.pi, (n_waves, n_fields))
    angle = np.tensordot(rc, waves, axes=1) + phase
    field: FloatArray = np.cos(angle).sum(axis=1) * np.sqrt(2 / n_waves)
    return field


def _warped(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Positions displaced smoothly, so that no border is straight."""
    length = rng.uniform(4, 20)
    warped: FloatArray = rc + rng.uniform(0, 0.3) * length * random_field(
        rc, length, 2, rng
    )
    return warped


def _soft_membership(distance: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Share of each domain, given the distance to each, hard or soft."""
    width = rng.choice([0.05, 0.5, 1.5])
    depth = -(distance - distance.min(axis=1, keepdims=True)) / width
    share = np.exp(depth)
    member: FloatArray = share / share.sum(axis=1, keepdims=True)
    return member


def _domains(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Patches of tissue around random centres."""
    centres = rc[
        rng.choice(len(rc), min(len(rc), int(rng.integers(2, 16))), replace=False)
    ]
    distance = np.linalg.norm(rc[:, None] - centres, axis=2)
    kinds = rng.integers(0, rng.integers(2, 7), len(centres))
    of_kind = [distance[:, kinds == kind].min(axis=1) for kind in np.unique(kinds)]
    return _soft_membership(np.stack(of_kind, axis=1), rng)


def _layers(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Bands across the tissue, or rings around a centre."""
    if rng.random() < 0.5:
        direction = rng.normal(size=2)
        along = rc @ (direction / np.linalg.norm(direction))
    else:
        along = np.linalg.norm(rc - rc[rng.integers(len(rc))], axis=1)
    edges = np.sort(rng.uniform(along.min(), along.max(), rng.integers(2, 9)))
    distance = np.abs(along[:, None] - edges)
    return _soft_membership(distance, rng)


def _smooth(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Smooth or rough variation at a scale of its own."""
    length = float(np.exp(rng.uniform(np.log(0.8), np.log(20))))
    return random_field(rc, length, int(rng.integers(1, 5)), rng)


def _foci(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Small round structures: glands, follicles, clusters of immune cells."""
    n_foci = rng.integers(2, max(3, len(rc) // 25))
    centres = rc[rng.integers(0, len(rc), n_foci)] + rng.normal(0, 0.5, (n_foci, 2))
    radius = rng.uniform(0.5, 3.0, n_foci)
    distance = np.linalg.norm(rc[:, None] - centres, axis=2) / radius
    bumps = np.exp(-0.5 * distance ** rng.choice([2, 6]))
    return np.asarray(bumps.max(axis=1)[:, None])


def _threads(rc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Thin winding structures: vessels, septa, a layer one cell thick."""
    field = random_field(rc, rng.uniform(3, 10), int(rng.integers(1, 3)), rng)
    thread: FloatArray = np.exp(-((field / rng.uniform(0.1, 0.5)) ** 2))
    return thread


_PATTERNS: list[Pattern] = [_domains, _layers, _smooth, _foci, _threads]
_ODDS = np.array([0.3, 0.2, 0.3, 0.1, 0.1])
