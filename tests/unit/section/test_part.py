"""A part of a section is what lies within a box, and can be read again as such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans import export, read_section
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.part import Box, positions_xy, within

PLACE = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.fixture(scope="module")
def section():
    return simulated_section(n_rows=12, n_cols=10, n_genes=5).section


@given(st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=20))
def test_the_box_around_positions_holds_them_also_as_text(places):
    xy = np.array(places)
    box = Box.around(xy)
    assert box.holds(xy).all()
    assert Box.of(str(box)) == box
    assert not box.holds(xy.max(axis=0)[None] + 1).any()


@given(st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=20))
def test_a_rounded_box_is_hardly_larger(places):
    xy = np.array(places)
    box = Box.around(xy)
    wide = box.rounded()
    side = max(box.x1 - box.x0, box.y1 - box.y0, 1e-3)
    assert wide.holds(xy).all()
    assert wide.x1 - wide.x0 <= box.x1 - box.x0 + 0.01 * side
    assert wide.y1 - wide.y0 <= box.y1 - box.y0 + 0.01 * side


def test_a_rounded_box_is_short():
    given = np.array([[2663.7543212890623, 1553.94982910156], [4012.123, 2890.9]])
    assert str(Box.around(given).rounded()) == "2663,1553,4013,2891"
    small = np.array([[0.1234567, 0.2], [0.3, 0.4567891]])
    assert str(Box.around(small).rounded()) == "0.1234,0.2,0.3,0.4568"


@given(st.data())
def test_a_part_has_the_spots_of_its_box_and_no_others(section, data):
    rows = st.integers(0, section.n_spots - 1)
    chosen = data.draw(st.lists(rows, min_size=1, max_size=3))
    part = within(section, Box.around(positions_xy(section)[chosen]))
    assert set(section.barcodes[chosen]) <= set(part.barcodes)
    low, high = (f(positions_xy(section)[chosen], axis=0) for f in (np.min, np.max))
    others = ~section.barcodes.isin(part.barcodes)
    outside = positions_xy(section)[others]
    assert ((outside < low) | (outside > high)).any(axis=1).all()
    assert part.lattice == section.lattice


def test_boxes_are_of_columns_and_rows_where_there_are_no_pixels(section):
    placed = replace(section, pixel_xy=None)
    col, row = 4.0, 3.0
    part = within(placed, Box(0, 0, col, row))
    assert (part.array_rc <= [row, col]).all()
    expected = (placed.array_rc <= [row, col]).all(axis=1)
    assert part.n_spots == expected.sum()


@pytest.mark.parametrize("ending", [".h5ad", ".csv"])
def test_what_it_asks_for_reads_it_again(section, tmp_path, ending):
    path = export(section, tmp_path / f"whole{ending}")
    box = Box.around(positions_xy(section)[section.n_spots // 3 :][:9])
    part = read_section(path, box=(box.x0, box.y0, box.x1, box.y1))
    assert 9 <= part.n_spots < section.n_spots
    assert part.wishes["box"] == str(box)
    assert f"{part.n_spots} of {section.n_spots} spots" in part.notes[-1]
    assert read_section(path, **part.wishes).fingerprint == part.fingerprint


@pytest.mark.parametrize(
    "box", ["1,2,3", "a,b,c,d", (4, 0, 1, 9), (0, 0, 1, np.nan), 7, "", "5,5,1,9"]
)
def test_what_is_no_box_is_refused_with_an_example(section, tmp_path, box):
    path = export(section, tmp_path / "whole.csv")
    with pytest.raises(InvalidRequestError, match=r"give four numbers x0,y0,x1,y1"):
        read_section(path, box=box)


def test_an_empty_part_says_where_the_spots_are(section):
    whole = Box.around(positions_xy(section)).rounded()
    with pytest.raises(InvalidRequestError, match=f"they lie within {whole}"):
        within(section, Box(-9, -9, -8, -8))
