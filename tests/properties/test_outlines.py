"""Points within rings, looked for quickly: what looking at every side of all finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans.section.outlines import SortedPoints, inside, outlines

seeds = st.integers(0, 2**32 - 1)


def plainly_inside(points, rings):
    within = np.zeros(len(points), dtype=bool)
    for ring in rings:
        low, high = ring.min(axis=0), ring.max(axis=0)
        near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        u, v = points[near].T
        crossed = np.zeros(len(near), dtype=bool)
        for (u0, v0), (u1, v1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if v0 != v1:
                beside = (v0 > v) != (v1 > v)
                crossed ^= beside & (u < u0 + (v - v0) * (u1 - u0) / (v1 - v0))
        within[near] ^= crossed
    return within


@given(seeds, st.booleans(), st.sampled_from([0.1, 1.0, 1e6]))
def test_the_quick_way_finds_what_the_plain_way_does(seed, on_grid, unit):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-6, 6, size=(rng.integers(0, 80), 2))
    rings = [rng.uniform(-6, 6, size=(n, 2)) for n in rng.integers(3, 12, size=3)]
    if on_grid:  # corners on points, and sides along them
        points, rings = np.rint(points), [np.rint(ring) for ring in rings]
    points, rings = points * unit, [ring * unit for ring in rings]
    expected = plainly_inside(points, rings)
    np.testing.assert_array_equal(inside(points, rings), expected)
    ready = SortedPoints(points)
    one_by_one = [ready.inside([ring]) for ring in rings]
    np.testing.assert_array_equal(np.logical_xor.reduce(one_by_one), expected)


@given(seeds)
def test_holes_lie_in_the_smallest_area_around_them(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 14, size=2)) < 0.7
    polygons = outlines(mask)
    outer = [polygon[0] for polygon in polygons]
    for number, (_, *holes) in enumerate(polygons):
        for hole in holes:
            way = np.sign(hole[1] - hole[0])
            inner = hole[0] + way / 4 + np.array([-way[1], way[0]]) / 4
            around = [
                n for n in range(len(outer)) if inside(inner[None], [outer[n]])[0]
            ]
            assert number == min(
                around, key=lambda n: np.prod(np.ptp(outer[n], axis=0))
            )
