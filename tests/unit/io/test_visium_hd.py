"""Visium HD as it comes: positions of a whole slide, few of them in tissue."""

from __future__ import annotations

import json
import tracemalloc

import h5py
import numpy as np
import pandas as pd
import pytest

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.formats.space_ranger.bins import size_notes
from napari_stentrans.io.formats.space_ranger.positions import read_positions
from napari_stentrans.io.formats.tenx_matrix import read_matrix
from napari_stentrans.section.lattice import LatticeKind

N_GENES = 40


def write_bins(root, *, um=2, side=60, n_in_tissue=500, seed=0, order=None):
    """Write bins as Space Ranger does; return their folder, counts and places."""
    rng = np.random.default_rng(seed)
    folder = root / "binned_outputs" / f"square_{um:03d}um"
    (folder / "spatial").mkdir(parents=True)
    row, col = np.divmod(np.arange(side**2), side)
    names = np.array(
        [f"s_{um:03d}um_{at // side:05d}_{at % side:05d}-1" for at in range(side**2)]
    )
    chosen = np.sort(rng.choice(side**2, n_in_tissue, replace=False))
    table = pd.DataFrame(
        {
            "barcode": names,
            "in_tissue": np.isin(np.arange(side**2), chosen).astype(np.int64),
            "array_row": row,
            "array_col": col,
            "pxl_row_in_fullres": 100 + 7.3 * row,
            "pxl_col_in_fullres": 80 + 7.3 * col,
        }
    )
    if order is not None:
        table = table.iloc[order(side**2)]
    table.to_parquet(folder / "spatial" / "tissue_positions.parquet", index=False)
    factors = {"bin_size_um": float(um), "spot_diameter_fullres": 7.3}
    (folder / "spatial" / "scalefactors_json.json").write_text(json.dumps(factors))
    counts = rng.poisson(0.3, (n_in_tissue, N_GENES))
    write_counts(folder / "filtered_feature_bc_matrix.h5", counts, names[chosen])
    return folder, counts, np.column_stack([row, col])[chosen]


def write_counts(path, counts, names):
    bins, genes = np.nonzero(counts)
    labels = np.array([f"G{gene}" for gene in range(counts.shape[1])], dtype="S")
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = names.astype("S")
        group["data"] = counts[bins, genes].astype(np.int32)
        group["indices"] = genes.astype(np.int64)
        group["indptr"] = np.searchsorted(bins, np.arange(len(counts) + 1))
        group["shape"] = np.array(counts.shape[::-1])
        group["features/id"] = group["features/name"] = labels


@pytest.mark.parametrize("order", [None, np.random.default_rng(1).permutation])
def test_bins_in_tissue_are_read_whatever_order_the_slide_is_in(tmp_path, order):
    folder, counts, array_rc = write_bins(tmp_path / "brain", order=order)

    section = read_section(folder)

    assert section.lattice.kind is LatticeKind.SQUARE
    np.testing.assert_array_equal(section.counts.toarray(), counts)
    np.testing.assert_array_equal(section.array_rc, array_rc)
    np.testing.assert_allclose(section.pixel_xy, array_rc[:, ::-1] * 7.3 + [80, 100])
    row, col = array_rc[7]
    assert section.barcodes[7] == f"s_002um_{row:05d}_{col:05d}-1"
    assert section.counts.indices.dtype == np.int32


def test_a_barcode_listed_twice_is_told(tmp_path):
    folder, _, _ = write_bins(tmp_path, order=lambda n: [*range(n), 3, 5])
    with pytest.raises(ReadError, match="lists 2 barcodes more than once"):
        read_section(folder)


def test_a_slide_takes_no_text_a_bin(tmp_path):
    side = 400
    folder, _, _ = write_bins(tmp_path, side=side)
    path = folder / "spatial" / "tissue_positions.parquet"
    read_positions(path)  # whatever is loaded once

    found, peak = traced(read_positions, path)

    assert len(found.barcodes) == len(found.table) == side**2
    assert peak < 80 * side**2  # 5 numbers are 40 bytes; a text and its place are 88


def test_counts_are_read_without_copies(tmp_path):
    counts = np.random.default_rng(0).poisson(3, (2000, 500))
    names = np.array([f"bin{number}" for number in range(len(counts))])
    write_counts(tmp_path / "matrix.h5", counts, names)
    read_matrix(tmp_path / "matrix.h5")

    found, peak = traced(read_matrix, tmp_path / "matrix.h5")

    np.testing.assert_array_equal(found.counts.toarray(), counts)
    assert peak < 12 * np.count_nonzero(counts) + 600 * len(counts)  # 8 are kept


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ((8, 16), "open the bins of 8 or 16 µm instead (folder square_008um"),
        ((), "open larger bins"),
    ],
)
def test_many_bins_come_with_what_to_open_instead(tmp_path, others, words):
    root = tmp_path / "square_002um"
    root.mkdir()
    for side in others:
        (tmp_path / f"square_{side:03d}um").mkdir()

    (note,) = size_notes(5_500_000, root)

    assert note.startswith("There are 5.5 million bins of 2 µm in tissue")
    assert words in note
    assert size_notes(100_000, root) == []


def traced(read, path):
    """Return what is read, and the most bytes that Python and NumPy held meanwhile."""
    tracemalloc.start()
    try:
        return read(path), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
