"""Outlines against naive truth: what lies within them is what they went around."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from napari_stentrans.section.outlines import inside, outlines


def pixels_of(shape):
    return np.argwhere(np.ones(shape, dtype=bool)).astype(float)


@pytest.mark.parametrize("seed", range(40))
def test_the_centres_within_are_the_pixels_of_the_mask(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 9, size=2)) < rng.random()
    polygons = outlines(mask)
    times = sum(
        (inside(pixels_of(mask.shape), polygon).astype(int) for polygon in polygons),
        np.zeros(mask.size, dtype=int),
    )
    np.testing.assert_array_equal(times, mask.ravel())
    assert len(polygons) == ndimage.label(mask)[1]


def test_a_pixel_is_a_square():
    ((ring,),) = outlines(np.array([[False, True]]))
    assert {tuple(corner) for corner in ring} == {
        (-0.5, 0.5),
        (-0.5, 1.5),
        (0.5, 1.5),
        (0.5, 0.5),
    }


def test_a_hole_belongs_to_the_area_around_it():
    mask = np.ones((5, 9), dtype=bool)
    mask[:, 4] = False
    mask[2, 2] = mask[2, 6] = False
    left, right = sorted(outlines(mask), key=lambda polygon: polygon[0][:, 1].min())
    assert len(left) == len(right) == 2
    assert left[1][:, 1].max() < right[1][:, 1].min()


def test_an_island_in_a_hole_is_an_area_of_its_own():
    mask = np.ones((7, 7), dtype=bool)
    mask[1:6, 1:6] = False
    mask[3, 3] = True
    assert sorted(len(polygon) for polygon in outlines(mask)) == [1, 2]


def test_nothing_has_no_outline():
    assert outlines(np.zeros((3, 3), dtype=bool)) == []


def test_corners_are_kept_only_where_the_outline_turns():
    ((ring,),) = outlines(np.ones((20, 30), dtype=bool))
    assert len(ring) == 4


def test_inside_agrees_with_a_triangle_s_half_planes():
    triangle = np.array([[0.0, 0.0], [8.0, 1.0], [2.0, 7.0]])
    points = np.random.default_rng(0).uniform(-1, 9, size=(500, 2))

    def left_of(start, end):
        way, there = end - start, points - start
        return way[0] * there[:, 1] - way[1] * there[:, 0] > 0

    corners = [*triangle, triangle[0]]
    sides = [left_of(a, b) for a, b in pairwise(corners)]
    expected = np.all(sides, axis=0)
    np.testing.assert_array_equal(inside(points, [triangle]), expected)
    closed = np.concatenate([triangle, triangle[:1]])
    np.testing.assert_array_equal(inside(points, [closed]), expected)
