"""AnnData: which matrix is taken for the counts, where several could be."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import rankdata

from napari_stentrans.errors import ReadError
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata

COUNTS = np.array([[0, 3, 1, 9], [2, 0, 7, 1], [5, 1, 0, 2], [0, 4, 6, 8]])


@pytest.fixture
def normalised():
    """Log-normalised values in X, and no counts anywhere."""
    depth = COUNTS.sum(axis=1, keepdims=True)
    obs = pd.DataFrame({"array_row": [0, 0, 1, 1], "array_col": [0, 1, 0, 1]})
    return ad.AnnData(
        sparse.csr_matrix(np.log1p(100 * COUNTS / depth), dtype=np.float32),
        obs=obs.set_index(pd.Index(["a", "b", "c", "d"])),
        var=pd.DataFrame(index=["A", "B", "C", "D"]),
    )


def corrected():
    """Counts with one fraction, as programs write that take out ambient RNA."""
    found = COUNTS.astype(np.float32)
    found[0, 1] = 2.7
    return found


WHOLE = {
    "mask": COUNTS > 0,
    "binary": (COUNTS > 0).astype(np.float32),
    "binary_counts": (COUNTS > 1).astype(np.int64),
    "ranks": rankdata(COUNTS, method="dense", axis=1),
}
"""Layers of whole numbers that are no counts."""


@pytest.mark.parametrize("layer", WHOLE)
@pytest.mark.parametrize("allowed", [False, True])
def test_whole_numbers_alone_make_no_counts(normalised, layer, allowed):
    normalised.layers[layer] = WHOLE[layer]
    if not allowed:
        with pytest.raises(ReadError, match=rf'layers\["{layer}"\] holds') as caught:
            section_from_anndata(normalised)
        assert 'Put the counts into layers["counts"]' in str(caught.value)
        return
    section = section_from_anndata(normalised, allow_normalised=True)
    np.testing.assert_array_equal(section.counts.toarray(), normalised.X.toarray())
    assert layer in section.notes[1]


@pytest.mark.parametrize("layer", ["mask", "ranks"])
def test_corrected_counts_are_never_passed_over_in_silence(normalised, layer):
    normalised.layers["counts"], normalised.layers[layer] = corrected(), WHOLE[layer]
    with pytest.raises(ReadError) as caught:
        section_from_anndata(normalised)
    for place in ("X", 'layers["counts"]', f'layers["{layer}"]'):
        assert f"{place} holds" in str(caught.value)
    section = section_from_anndata(normalised, allow_normalised=True)
    np.testing.assert_array_equal(section.counts.toarray(), corrected())
    assert 'taken from layers["counts"]' in section.notes[1]
    assert f'layers["{layer}"] holds' in section.notes[1]


@pytest.mark.parametrize("layer", ["raw", "X_counts", "UMIs", "nUMI", "rawCounts"])
def test_a_name_that_says_counts_is_believed(normalised, layer):
    normalised.layers["mask"], normalised.layers[layer] = WHOLE["mask"], COUNTS
    section = section_from_anndata(normalised)
    np.testing.assert_array_equal(section.counts.toarray(), COUNTS)
    assert f'layers["{layer}"]; X holds fractions' in section.notes[0]


@pytest.mark.parametrize("layer", ["illumina", "drawn", "account"])
def test_a_part_of_a_word_says_nothing(normalised, layer):
    normalised.layers[layer] = COUNTS
    with pytest.raises(ReadError, match="its name does not say"):
        section_from_anndata(normalised)


def test_counts_elsewhere_are_taken_and_what_was_passed_over_is_told(normalised):
    normalised.layers["counts"], normalised.layers["mask"] = corrected(), WHOLE["mask"]
    counted = ad.AnnData(sparse.csr_matrix(COUNTS, dtype=np.float32))
    counted.obs_names, counted.var_names = normalised.obs_names, normalised.var_names
    normalised.raw = counted
    section = section_from_anndata(normalised)
    np.testing.assert_array_equal(section.counts.toarray(), COUNTS)
    assert 'layers["counts"] holds fractions' in section.notes[0]


def test_nothing_is_taken_for_expression_though_insisted(normalised):
    normalised.layers["mask"] = WHOLE["mask"]
    normalised.X = normalised.X.toarray() - 1
    with pytest.raises(ReadError) as caught:
        section_from_anndata(normalised, allow_normalised=True)
    assert "X holds negative" in str(caught.value)
    assert "insist" not in str(caught.value)


def in_a_square(counts):
    """Counts as X, at the sites of a square."""
    n_spots = counts.shape[0]
    row, col = np.divmod(np.arange(n_spots), int(np.sqrt(n_spots)))
    obs = pd.DataFrame({"array_row": row, "array_col": col})
    return ad.AnnData(counts, obs=obs.set_index(obs.index.astype(str)))


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_truth_values_are_taken_for_counts_with_a_word(kind):
    (note,) = section_from_anndata(in_a_square(kind(COUNTS > 0))).notes
    assert note.startswith("X holds true and false: it may say whether a gene was")


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_ones_without_any_two_are_taken_for_counts_with_a_word(dtype, rng):
    counts = rng.poisson(0.5, (100, 20)).astype(dtype)
    (note,) = section_from_anndata(in_a_square(np.minimum(counts, 1))).notes
    assert note.startswith("X holds 0 and 1 alone")
    assert "taken as counts" in note
    assert section_from_anndata(in_a_square(counts)).notes == ()


def test_a_sparse_section_may_have_no_two(rng):
    counts = rng.permuted(np.eye(100, 50, dtype=np.float32), axis=0)
    assert section_from_anndata(in_a_square(counts)).notes == ()


def test_a_mask_in_a_layer_for_counts_is_told(normalised):
    normalised.layers["counts"] = COUNTS > 0
    *_, note = section_from_anndata(normalised).notes
    assert note.startswith('layers["counts"] holds true and false')
