"""Results of ours that others worked on: what of them still are expected counts."""

from __future__ import annotations

import numpy as np
import pytest
import scanpy as sc
from anndata import AnnData, read_h5ad
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.technology import was_enhanced

SECTION = simulated_section(n_rows=8, n_cols=8, n_genes=12).section


@pytest.fixture
def result() -> AnnData:
    return enhance(SECTION, method="linear", refine=2, genes="all").to_anndata()


@pytest.fixture
def exported(result) -> AnnData:
    """A result that was read as a section and written again: it has no provenance."""
    found = section_to_anndata(section_from_anndata(result))
    assert keys.PROVENANCE not in found.uns
    return found


def logged(adata: AnnData) -> AnnData:
    sc.pp.normalize_total(adata)
    sc.pp.log1p(adata)
    return adata


def test_a_result_that_nobody_touched_is_read_from_x(result):
    section = section_from_anndata(result)
    np.testing.assert_array_equal(section.counts.toarray(), result.X)
    assert was_enhanced(section)


@pytest.mark.parametrize("kind", ["result", "exported"])
@pytest.mark.parametrize("where", ["memory", "file"])
def test_logarithms_of_a_result_are_no_counts(request, tmp_path, kind, where):
    adata = logged(request.getfixturevalue(kind))
    adata.write_h5ad(tmp_path / "logged.h5ad")
    read = {
        "file": lambda: read_section(tmp_path / "logged.h5ad"),
        "memory": lambda: enhance(adata),
    }
    with pytest.raises(ReadError, match=r'X holds logarithms \(uns\["log1p"\]\)'):
        read[where]()
    found = read_section(tmp_path / "logged.h5ad", allow_normalised=True)
    np.testing.assert_allclose(found.counts.toarray(), read_x(adata), rtol=1e-6)
    assert found.notes[0].startswith("The values are normalised")


def read_x(adata: AnnData) -> np.ndarray:
    return adata.X.toarray() if sparse.issparse(adata.X) else adata.X


def test_a_result_scaled_to_one_library_size_is_no_expected_counts(result):
    sc.pp.normalize_total(result)
    with pytest.raises(ReadError, match="X holds values scaled to one library size"):
        section_from_anndata(result)


@pytest.mark.parametrize("n_genes", [1, 2])
def test_few_genes_alike_everywhere_are_expected_counts(result, n_genes):
    """Such are predicted of genes without a pattern where all spots are one size."""
    few = result[:, :n_genes].copy()
    few.X = np.full(few.shape, 1.7, dtype=np.float32)
    assert was_enhanced(section_from_anndata(few))


def test_normalised_values_that_a_run_was_given_are_read_as_it_wrote_them():
    adata = section_to_anndata(SECTION)
    adata = adata[np.asarray(adata.X.sum(axis=1)).ravel() > 0].copy()
    sc.pp.normalize_total(adata)
    section = section_from_anndata(adata, allow_normalised=True)
    again = enhance(section, method="linear", refine=2, genes="all").to_anndata()
    assert np.ptp(again.X.sum(axis=1)) < 1e-3  # as if it had been normalised later
    found = section_from_anndata(again)
    np.testing.assert_array_equal(found.counts.toarray(), again.X)


@pytest.mark.parametrize("rounded", [False, True])
def test_expected_counts_that_were_kept_in_a_layer_are_taken(result, rounded):
    kept = np.round(result.X) if rounded else result.X.copy()
    result.layers["counts"] = kept
    section = section_from_anndata(logged(result))
    np.testing.assert_array_equal(section.counts.toarray(), kept)
    assert was_enhanced(section)
    assert (
        'Expected counts were taken from layers["counts"]; X holds logarithms '
        '(uns["log1p"]).'
    ) in section.notes


def test_a_layer_that_is_not_for_counts_is_not_taken_for_expected_ones(result):
    result.layers["scaled"] = result.X * 3
    with pytest.raises(ReadError, match=r'layers\["scaled"\] holds fractions'):
        section_from_anndata(logged(result))


def measured(result: AnnData) -> AnnData:
    """The measured spots of a result, with their counts put back."""
    found = result[result.obs["origin"] == "measured"].copy()
    spots = SECTION.barcodes.get_indexer(found.obs["barcode"])
    found.X = SECTION.counts[spots]
    return found


@pytest.mark.parametrize("is_logged", [False, True])
def test_counts_put_back_into_a_result_are_measured(tmp_path, result, is_logged):
    adata = measured(result)
    if is_logged:
        adata.layers["counts"] = adata.X.copy()
        logged(adata)
    adata.write_h5ad(tmp_path / "measured.h5ad")
    section = read_section(tmp_path / "measured.h5ad")
    put_back = measured(result).X
    np.testing.assert_array_equal(section.counts.toarray(), put_back.toarray())
    assert not was_enhanced(section)
    assert section.is_counted
    assert not any("expected" in note for note in section.notes)
    adata = read_h5ad(tmp_path / "measured.h5ad")
    again = enhance(adata, method="nearest", refine=1)
    assert again.uns["stentrans"]["units"] == "counts of the input"


@pytest.mark.parametrize("kind", [*LatticeKind][:3])
def test_measured_spots_of_a_finer_result_are_neighbours_again(kind):
    section = simulated_section(lattice=kind, n_rows=8, n_cols=8, n_genes=4).section
    result = enhance(section, method="nearest", refine=2, genes="all").to_anndata()
    found = section_from_anndata(result[result.obs["origin"] == "measured"].copy())
    assert found.lattice == section.lattice
    assert found.spot_diameter == pytest.approx(section.spot_diameter)
    np.testing.assert_array_equal(found.array_rc, section.array_rc)
    whole = section_from_anndata(result)
    assert whole.lattice.pitch_in(section.lattice) == pytest.approx(0.5)
    assert whole.spot_diameter == pytest.approx(section.spot_diameter / 2)


def test_whole_numbers_between_the_spots_are_no_measured_counts(result):
    result.X = np.round(result.X)
    assert was_enhanced(section_from_anndata(result))


def test_negative_values_made_of_a_result_are_told(result):
    sc.pp.scale(result)
    with pytest.raises(ReadError, match="X holds negative, so scaled values"):
        section_from_anndata(result)
