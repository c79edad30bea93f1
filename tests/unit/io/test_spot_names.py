"""Barcodes found in a list: in any spelling, and only where one can be meant."""

from __future__ import annotations

import pytest

from napari_stentrans.io.assembly.spot_names import ListedNames


@pytest.mark.parametrize(
    ("listed", "wanted", "place"),
    [
        pytest.param("A-1 B-1", "B-1 A-1 X-1", [1, 0, -1], id="as written"),
        pytest.param("ACGTACGT-1 B-1", "ACGTACGT.1 B-1", [0, 1], id="of R"),
        pytest.param("10x13 9.5x4", "X10x13 9.50x4_1", [0, 1], id="places"),
        pytest.param("A-1 B-1", "B A", [1, 0], id="wanted without number"),
        pytest.param("A B", "B-2 A-2 B-2", [1, 0, 1], id="listed without number"),
        pytest.param("A-1 B-1", "B-2 A-2", [1, 0], id="aggregated"),
        pytest.param("A-1 B-1", "A B-1", [-1, 1], id="bare only if none is there"),
        pytest.param("A-1 B-1", "A-1 A-2 B-3", [0, -1, -1], id="several captures"),
        pytest.param("A-1 B-1", "A-2 B-3", [-1, -1], id="none of several captures"),
        pytest.param("A-1 A-2", "A", [-1], id="either of two"),
        pytest.param("A-1 B-2", "A B", [-1, -1], id="one of two captures"),
        pytest.param("A B", "A-1 A-2", [-1, -1], id="two on one"),
        pytest.param("A B", "", [], id="nothing"),
    ],
)
def test_a_name_is_found_where_one_can_be_meant(listed, wanted, place):
    found = ListedNames(listed.split()).find(wanted.split())
    assert found.place.tolist() == place


@pytest.mark.parametrize(
    ("listed", "wanted", "captures"),
    [
        ("A-1 B-1", "A-2 B-2", ("-2", "-1")),
        ("A-1 B-1", "A B", None),
        ("A B", "A-2 B-2", None),
        ("A-1 B-1", "A-1", None),
        ("A-1 B-1", "C-2", None),
    ],
)
def test_numbers_of_captures_that_contradict_are_told(listed, wanted, captures):
    found = ListedNames(listed.split()).find(wanted.split())
    assert found.captures == captures
    told = "".join(found.notes("coords.csv"))
    assert ("end with -2, those of coords.csv with -1" in told) == bool(captures)


@pytest.mark.parametrize(
    ("listed", "wanted", "told"),
    [
        ("A-1 B-1", "A-1 A-2", ("A-2", "A-1")),
        ("A-1 B-1", "A-1 C-2", None),
        ("A-1 B-1", "A-1 B", None),
        ("A-1 A-2", "A-1 A-3", None),
        ("bead-1 bead-2", "bead-2 bead-9", None),
    ],
)
def test_names_of_other_captures_are_told(listed, wanted, told):
    found = ListedNames(listed.split()).find(wanted.split())
    assert found.elsewhere == told
