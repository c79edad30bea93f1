"""Lists of spots and places as other programs write them: names, numbers, encodings."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.masks import read_missing, read_positions
from napari_stentrans.section.section import Section

CHOSEN = [5, 1]


@pytest.fixture(scope="module")
def section() -> Section:
    """Spots that are called as by Space Ranger: AAAAAAAAA-1, ..."""
    made = simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=8).section
    letters = ["".join(word) for word in product("ACGT", repeat=9)]
    return renamed(made, [f"{word}-1" for word in letters[: made.n_spots]])


def renamed(section, names) -> Section:
    return replace(section, obs=section.obs.set_axis(names))


def spots_in(tmp_path, section, text):
    (tmp_path / "m.csv").write_text(text)
    return np.flatnonzero(read_missing(tmp_path / "m.csv", section).unmeasured).tolist()


@pytest.mark.parametrize("spelling", ["{0}-1", "{0}.1", "{0}"])
@pytest.mark.parametrize("known", ["{0}-1", "{0}"])
@pytest.mark.parametrize("header", ["barcode\n", "", "Barcode,damage\n"])
def test_barcodes_in_any_spelling(tmp_path, section, spelling, known, header):
    bare = [name.removesuffix("-1") for name in section.barcodes]
    end = ",yes" if "damage" in header else ""
    # The same spot twice is no other spot.
    lines = [spelling.format(bare[spot]) + end for spot in [*CHOSEN, CHOSEN[0]]]
    given = renamed(section, [known.format(word) for word in bare])
    assert spots_in(tmp_path, given, header + "\n".join(lines)) == [1, 5]


@pytest.mark.parametrize(
    ("known", "listed"), [("-1", "-2"), ("", "-1 -2"), ("-1 -2", "")]
)
def test_another_capture_is_another_spot(tmp_path, section, known, listed):
    bare = [name.removesuffix("-1") for name in section.barcodes]
    ends = known.split(" ") * len(bare)
    words = bare if len(known.split(" ")) == 1 else np.repeat(bare, 2)
    names = [f"{word}{end}" for word, end in zip(words, ends, strict=False)]
    given = renamed(section, names[: section.n_spots])
    lines = [f"{bare[0]}{end}" for end in listed.split(" ")]
    with pytest.raises(InvalidRequestError, match="barcodes are not in the section"):
        spots_in(tmp_path, given, "\n".join(["barcode", *lines]))


def test_a_list_of_another_capture_says_why(tmp_path, section):
    lines = [name.replace("-1", "-2") for name in section.barcodes[:3]]
    with pytest.raises(
        InvalidRequestError, match=r"3 of 3 .* end with -2, .* with -1.*Write -1"
    ):
        spots_in(tmp_path, section, "\n".join(["barcode", *lines]))


@pytest.mark.parametrize(
    "header", ['"","x"', ",barcode", "cell,barcode", "sample,Barcode", "index,V1", None]
)
def test_names_may_stand_further_right(tmp_path, section, header):
    first = "mine" if header == "sample,Barcode" else None
    lines = [f"{first or n},{section.barcodes[spot]}" for n, spot in enumerate(CHOSEN)]
    lines = lines if header is None else [header, *lines]
    assert spots_in(tmp_path, section, "\n".join(lines)) == [1, 5]


def test_what_stands_behind_the_names_marks_them(tmp_path, section):
    lines = [
        f"{n},{name},{int(n in CHOSEN)}" for n, name in enumerate(section.barcodes)
    ]
    assert spots_in(tmp_path, section, "\n".join([",barcode,x", *lines])) == [1, 5]
    assert spots_in(tmp_path, section, "\n".join(lines)) == [1, 5]


def test_marks_are_not_taken_for_names_that_are_numbers(tmp_path, section):
    numbered = renamed(section, [*map(str, range(section.n_spots))])
    assert spots_in(tmp_path, numbered, "barcode,damage\n5,1\n3,0\n1,1\n") == [1, 5]
    with pytest.raises(InvalidRequestError, match="first: 'NOBODY'"):
        spots_in(tmp_path, numbered, "barcode,damage\nNOBODY,1\nANYBODY,0\n")


@pytest.mark.parametrize("header", ["row,col", "Row,COL", "ARRAY_ROW,array_col"])
def test_names_of_columns_of_places(tmp_path, section, header):
    row, col = section.array_rc[3]
    text = f"{header}\n{row},{col}\n"
    assert spots_in(tmp_path, section, text) == [3]
    np.testing.assert_array_equal(read_positions(tmp_path / "m.csv"), [[row, col]])


def test_names_of_spots_go_before_row_and_col(tmp_path, section):
    text = f"row,col,barcode\n1234.5,2345.5,{section.barcodes[3]}\n"
    assert spots_in(tmp_path, section, text) == [3]


@pytest.mark.parametrize("header", ["x,y", "pixel_x,pixel_y", "imagerow,imagecol"])
def test_pixels_are_no_places_on_the_array(tmp_path, section, header):
    text = f"{header}\n{section.array_rc[3, 0]},{section.array_rc[3, 1]}\n"
    with pytest.raises(InvalidRequestError, match="not in the section"):
        spots_in(tmp_path, section, text)
    with pytest.raises(InvalidRequestError, match="array_row and array_col, or row"):
        read_positions(tmp_path / "m.csv")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_decimal_commas(tmp_path, section, mark):
    lines = [f"array_row{mark}array_col", f"5,5{mark}6", f"2,0{mark}1,25", f"3{mark}4"]
    (tmp_path / "at.csv").write_text("\n".join(lines))
    found = read_positions(tmp_path / "at.csv")
    np.testing.assert_array_equal(found, [[5.5, 6], [2, 1.25], [3, 4]])
    row, col = section.array_rc[3]
    text = f"{lines[0]}\n{row:.1f}{mark}{col:.1f}\n".replace(".", ",")
    assert spots_in(tmp_path, section, text) == [3]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('"5,5",6\n1,2', r"1 position is no number \(first: line 2, 5,5 and 6\)"),
        ('"5,5",6\n"1,5",2', r"2 positions are no numbers .*Write decimals as 5\.5"),
        ("5\t1,250", r"line 2, 5 and 1,250\)\. Write decimals as 5\.5"),
        ("5;1.250,5", r"line 2, 5 and 1\.250,5\)\. Write decimals as 5\.5"),
    ],
)
def test_other_commas_are_told(tmp_path, lines, told):
    mark = next(mark for mark in ";\t," if mark in lines)
    (tmp_path / "at.csv").write_text(f"array_row{mark}array_col\n{lines}\n")
    with pytest.raises(InvalidRequestError, match=told):
        read_positions(tmp_path / "at.csv")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("array_row,array_col\n1,1\n", "utf-16"),
        ("barcode,größe\nAAAC-1,1\n", "latin-1"),
        ('{"type": "Polygon", "coordinates": []}', "utf-16"),
        ('{"type": "Größe", "coordinates": []}\n', "latin-1"),
    ],
)
def test_text_that_is_not_utf8_is_told(tmp_path, section, text, encoding):
    path = tmp_path / "m"
    path.write_text(text, encoding=encoding)
    with pytest.raises(InvalidRequestError, match=r"not in UTF-8.* save it"):
        read_missing(path, section)
    if "{" not in text:
        with pytest.raises(InvalidRequestError, match=r"not in UTF-8.* save it"):
            read_positions(path)
