"""Tables of a result that were moved without the folder beside them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.pipeline import enhance


@pytest.mark.parametrize("name", ["r.csv", "r.tsv.gz"])
@pytest.mark.parametrize("n_genes", [1, 2])
def test_a_result_that_was_moved_alone_opens(tmp_path, name, n_genes):
    made = simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=8)
    genes = list(made.section.genes[:n_genes])
    result = enhance(made.section, method="nearest", refine=1, genes=genes)
    result.save(tmp_path / name)
    (tmp_path / "moved").mkdir()
    moved = shutil.move(tmp_path / name, tmp_path / "moved" / name)
    assert can_read(moved)
    found = read_section(moved, allow_normalised=True)
    assert list(found.genes) == genes
    np.testing.assert_allclose(found.counts.toarray(), result.to_anndata().X, rtol=1e-6)


def test_a_list_of_positions_is_still_one(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("barcode,array_row,array_col,label\na,0,1,1\nb,1,1,2\n")
    told = r"lists positions but no counts.* put list\.csv\.tables beside it"
    with pytest.raises(ReadError, match=told):
        read_section(path)
