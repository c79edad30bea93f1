"""The positions that the released stEnTrans code keeps, on its own sections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_stentrans.section.detection import detect_lattice
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.tissue import TissueRule, interior_holes, refined_sites

pytestmark = pytest.mark.oracle


def melanoma(data: Path) -> np.ndarray:
    table = pd.read_csv(data / "mel1_rep1" / "coords.csv", index_col=0)
    return table[["array_row", "array_col"]].to_numpy(float)


def colon(data: Path) -> np.ndarray:
    path = data / "crc16_visium" / "outs" / "spatial" / "tissue_positions_list.csv"
    table = pd.read_csv(path, header=None)
    return table.loc[table[1] == 1, [2, 3]].to_numpy(float)


CASES = [
    pytest.param("square_mel1", melanoma, LatticeKind.SQUARE, id="melanoma"),
    pytest.param("hex_crc16", colon, LatticeKind.HEX, id="colon"),
]


@pytest.mark.parametrize(("name", "spots", "kind"), CASES)
def test_adjacent_rule_keeps_the_same_positions(
    name, spots, kind, shared_data, shared_reference
):
    array_rc = spots(shared_data)
    with np.load(shared_reference / f"lattice_{name}.npz") as kept:
        wanted = np.column_stack([kept["kept_row"], kept["kept_col"]])
    lattice = detect_lattice(array_rc).lattice
    assert lattice.kind is kind
    found = refined_sites(lattice, array_rc, 2, TissueRule.ADJACENT)
    by_row_and_col = np.lexsort(found.array_rc.T[::-1])
    np.testing.assert_array_equal(
        found.array_rc[by_row_and_col], wanted[np.lexsort(wanted.T[::-1])]
    )


@pytest.mark.parametrize(("name", "spots", "kind"), CASES)
def test_filled_rule_adds_only_what_the_tissue_encloses(
    name, spots, kind, shared_data, shared_reference
):
    array_rc = spots(shared_data)
    lattice = detect_lattice(array_rc).lattice
    adjacent = refined_sites(lattice, array_rc, 2, TissueRule.ADJACENT)
    filled = refined_sites(lattice, array_rc, 2, TissueRule.FILLED)
    before = {tuple(position) for position in adjacent.array_rc}
    after = {tuple(position) for position in filled.array_rc}
    holes = {tuple(position) for position in interior_holes(lattice, array_rc)}
    assert before <= after
    assert holes <= after - before
    with_holes = np.concatenate([array_rc, interior_holes(lattice, array_rc)])
    assert len(interior_holes(lattice, with_holes)) == 0
