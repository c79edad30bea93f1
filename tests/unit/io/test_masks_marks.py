"""Lists of sites and spots whose lines are marked by a column of their own."""

from __future__ import annotations

import re

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.masks import read_missing
from napari_stentrans.section.section import Section

MARKED = [2, 3, 7]
SOME, ALL = 12, 51


@pytest.fixture(scope="module")
def section() -> Section:
    made = simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=8)
    assert made.section.n_spots == ALL
    return made.section


def named(section, header, cells):
    """Write down a list of the first spots, with these cells behind each name."""
    lines = [
        f"{name},{cell}"
        for name, cell in zip(section.barcodes[: len(cells)], cells, strict=True)
    ]
    return "\n".join([header, *lines])


def of(n, marked, other):
    return [marked if spot in MARKED else other for spot in range(n)]


def found_in(tmp_path, section, text):
    path = tmp_path / "m.csv"
    path.write_text(text)
    found = read_missing(path, section)
    assert not found.n_new
    return (
        np.flatnonzero(found.unmeasured).tolist(),
        np.flatnonzero(found.outside).tolist(),
    )


@pytest.mark.parametrize(
    ("title", "marked", "other"),
    [
        ("missing", "1", "0"),
        ("damage", "yes", "no"),
        ("damage", "TRUE", "FALSE"),
        ("damage", "damaged", ""),
        ("Graph", "fold", "none"),
        ("missing", "1", ""),
        ("missing", "1.0", "0.0"),
        ("not_ok", "Y", "N"),
    ],
)
@pytest.mark.parametrize("n", [SOME, ALL])
def test_one_column_may_mark(tmp_path, section, title, marked, other, n):
    text = named(section, f"Barcode,{title}", of(n, marked, other))
    assert found_in(tmp_path, section, text) == (MARKED, [])


def test_a_column_may_mark_places(tmp_path, section):
    lines = [
        f"{row},{col},{int(spot in MARKED)}"
        for spot, (row, col) in enumerate(section.array_rc)
    ]
    text = "\n".join(["array_row,array_col,missing", *lines])
    assert found_in(tmp_path, section, text) == (MARKED, [])


@pytest.mark.parametrize(
    ("title", "marked", "other"),
    [("outside", "1", "0"), ("class", "Ignore*", ""), ("x", "Background", "no")],
)
def test_what_is_outside_is_told_by_the_names_that_polygons_have(
    tmp_path, section, title, marked, other
):
    text = named(section, f"Barcode,{title}", of(SOME, marked, other))
    assert found_in(tmp_path, section, text) == ([], MARKED)


@pytest.mark.parametrize(
    "columns",
    [
        "group",
        "in_tissue,x,y",
        "n_counts,percent",
        "Cluster",
        "leiden",
        "note",
        "",
        "passed_qc",
        "sample",
    ],
)
def test_columns_that_mark_nothing(tmp_path, section, columns):
    cells = {
        "group": ["fold"] * SOME,
        "in_tissue,x,y": [f"1,{spot % 2},{spot // 6}" for spot in range(SOME)],
        "n_counts,percent": [f"{spot % 5},{spot / 7}" for spot in range(SOME)],
        "Cluster": of(SOME, "1", "4"),
        "leiden": of(SOME, "1", "0"),
        "note": [f"seen {spot}" for spot in range(SOME)],
        "": [""] * SOME,
        "passed_qc": ["True"] * SOME,
        "sample": ["normal"] * SOME,
    }[columns]
    text = named(section, f"Barcode,{columns}", cells)
    assert found_in(tmp_path, section, text) == ([*range(SOME)], [])


def test_a_mark_is_found_among_what_is_measured(tmp_path, section):
    cells = [
        f"{spot * 31},{'AB'[spot % 2]},{flag}"
        for spot, flag in enumerate(of(SOME, "True", "False"))
    ]
    text = named(section, "Barcode,n_counts,group,damaged", cells)
    assert found_in(tmp_path, section, text) == (MARKED, [])


def test_label_wins_over_all_others(tmp_path, section):
    cells = [f"yes,{flag}" for flag in of(SOME, "2", "0")]
    text = named(section, "Barcode,fold,label", cells)
    assert found_in(tmp_path, section, text) == ([], MARKED)


def test_numbers_of_lines_mark_nothing(tmp_path, section):
    (row, col), (also_row, also_col) = section.array_rc[:2]
    text = f",array_row,array_col\n0,{row},{col}\n1,{also_row},{also_col}\n"
    assert found_in(tmp_path, section, text) == ([0, 1], [])


@pytest.mark.parametrize(
    ("title", "cells", "told"),
    [
        ("state", of(SOME, "damaged", "normal"), "'state' (normal, damaged)"),
        ("part", [*of(SOME, "fold", ""), "tear"], "'part' (nothing, fold, tear)"),
        ("mask", of(SOME, "2", "1"), "'mask' (1, 2)"),
        ("mask", of(SOME, "255", "0"), "'mask' (0, 255)"),
        ("keep", of(SOME, "0", "1"), "'keep' (1, 0)"),
        ("tissue", of(SOME, "no", "yes"), "'tissue' (yes, no)"),
        ("missing", ["0"] * SOME, "'missing' (0)"),
        ("missing", [""] * SOME, "'missing' (nothing)"),
    ],
)
def test_columns_that_may_be_a_mark_are_not_passed_over(
    tmp_path, section, title, cells, told
):
    text = named(section, f"Barcode,{title}", cells)
    told = rf"m\.csv: .* column {re.escape(told)}.*label, with 1"
    with pytest.raises(InvalidRequestError, match=told):
        found_in(tmp_path, section, text)


def test_of_several_marks_none_is_taken_unless_they_agree(tmp_path, section):
    cells = [f"{flag},{flag},0" for flag in of(SOME, "1", "0")]
    text = named(section, "Barcode,fold,tear,in_tissue", cells)
    assert found_in(tmp_path, section, text) == (MARKED, [])
    text = text.replace("1,1,0", "1,0,0", 1)
    with pytest.raises(InvalidRequestError, match=r"'fold' \(0, 1\) and 'tear' \(0, 1"):
        found_in(tmp_path, section, text)
