"""Signatures of gene sets: their values, their uncertainty and their scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from anndata import AnnData

from napari_stentrans import EnhancedSection, enhance, keys
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.depth import evened
from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.signature import measured_signature
from napari_stentrans.signatures import scores_steps

N_GENES, N_SETS = 120, 24


@pytest.fixture(scope="module")
def simulated():
    return simulated_section(
        lattice="square", n_rows=20, n_cols=20, n_genes=N_GENES, seed=3
    )


@pytest.fixture(scope="module")
def hidden(simulated) -> np.ndarray:
    return np.random.default_rng(1).random(simulated.section.n_spots) < 0.3


@pytest.fixture(scope="module")
def result(simulated, hidden) -> EnhancedSection:
    return enhance(simulated.section, missing=hidden, refine=1, preset="instant")


@pytest.fixture(scope="module")
def sets(simulated) -> dict[str, list[str]]:
    """Large and small sets, of genes that belong together and of any."""
    rng = np.random.default_rng(2)
    genes = simulated.section.genes
    drawn = {
        f"any {number}": rng.choice(genes, rng.integers(3, 40), replace=False)
        for number in range(N_SETS)
    }
    together = {
        word: [gene for gene in genes if gene.startswith(word)]
        for word in ("DOMAIN1", "DOMAIN2", "GRADIENT1")
    }
    return {name: list(found) for name, found in (drawn | together).items()}


def test_values_are_those_of_the_genes(result, sets) -> None:
    genes, section = sets["any 0"], result.section
    adata = result.signatures({"a": genes}, even_depth=False)
    sd = np.array([section.gene_counts(gene).std() for gene in genes])
    expected = (result.read(genes).mean / sd).mean(axis=1)
    np.testing.assert_allclose(adata.X[:, 0], expected, rtol=1e-4)
    measured, seen = adata.layers[keys.MEASURED][:, 0], result.targets.measured
    expected = measured_signature(section, genes)[result.targets.spot]
    np.testing.assert_allclose(measured[seen], expected[seen], rtol=1e-4)
    assert np.isnan(measured[~seen]).all()


def test_positions_are_those_of_the_result(result, sets) -> None:
    adata, whole = result.signatures(sets), result.to_anndata()
    assert adata.obs.equals(whole.obs)
    np.testing.assert_array_equal(adata.obsm["spatial"], whole.obsm["spatial"])
    assert list(adata.var_names) == list(sets)


def test_one_depth_is_that_of_the_result(result, sets) -> None:
    raw, even = (result.signatures(sets, even_depth=even) for even in (False, True))
    np.testing.assert_allclose(even.X, evened(raw.X, result.depth), rtol=1e-5)


def test_measured_and_predicted_are_on_one_scale(simulated, sets) -> None:
    """Of a method, too, that does not tell depth apart: it gives spots their counts."""
    nearest = enhance(simulated.section, method="nearest")
    adata, seen = nearest.signatures(sets), nearest.targets.measured
    assert nearest.depth is None
    np.testing.assert_allclose(
        adata.layers[keys.MEASURED][seen], adata.X[seen], rtol=1e-4, atol=1e-5
    )


def at_hidden(result, sets, hidden, *, even: bool) -> tuple[np.ndarray, AnnData]:
    """Measured signatures of the hidden spots, and what is predicted there."""
    adata, spot = result.signatures(sets, even_depth=even), result.targets.spot
    matched = GeneSets.of(result.section, sets)
    truth = matched.measured_evenly if even else matched.measured
    at = np.isin(spot, np.flatnonzero(hidden))
    return truth[spot[at]], adata[at]


def held(truth: np.ndarray, predicted: AnnData) -> np.ndarray:
    """Which are within their 90 % intervals."""
    return np.abs(truth - predicted.X) <= 1.645 * predicted.layers[keys.SD]


@pytest.mark.parametrize("even", [False, True])
def test_intervals_hold_hidden_signatures(result, sets, hidden, even) -> None:
    """Errors that genes share do not cancel: as independent, half would be held."""
    within = held(*at_hidden(result, sets, hidden, even=even))
    assert 0.86 < within.mean() < 0.96
    assert within.mean(axis=0).min() > 0.75


def test_intervals_of_values_that_are_no_counts(simulated, sets, hidden) -> None:
    section = simulated.section
    values = section.with_counts(section.counts / 100)
    result = enhance(values, missing=hidden, refine=1, preset="instant")
    within = held(*at_hidden(result, sets, hidden, even=True))
    assert 0.86 < within.mean() < 0.96


def test_scores_are_those_of_hidden_spots(result, sets, hidden) -> None:
    truth, predicted = at_hidden(result, sets, hidden, even=True)
    found = [
        np.corrcoef(truth[:, number], predicted.X[:, number])[0, 1]
        for number in range(predicted.n_vars)
    ]
    scores = predicted.var[keys.HELDOUT_PCC]
    assert np.median(scores - found) == pytest.approx(0, abs=0.1)
    assert np.corrcoef(scores, found)[0, 1] > 0.6


def test_a_method_without_scores_has_signatures(simulated, sets) -> None:
    result = enhance(simulated.section, refine=1, method="linear")
    adata = result.signatures(sets)
    assert adata.var[keys.HELDOUT_PCC].isna().all()
    assert np.isfinite(adata.layers[keys.SD]).all()


def test_sets_may_come_from_a_file(result, sets, tmp_path: Path) -> None:
    path = tmp_path / "sets.gmt"
    lines = ["\t".join([name, "", *genes]) for name, genes in sets.items()]
    path.write_text("\n".join(lines))
    adata = result.signatures(path)
    np.testing.assert_array_equal(adata.X, result.signatures(sets).X)
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        result.signatures(tmp_path / "absent.gmt")
    with pytest.raises(InvalidRequestError, match="mapping of names to genes"):
        result.signatures([["DOMAIN1-01", "DOMAIN1-02"]])


def test_many_sets_come_in_parts(result, sets, monkeypatch) -> None:
    whole = result.signatures(sets)
    monkeypatch.setattr("napari_stentrans.section.gene_sets._VALUES_AT_ONCE", 2000)
    parts = result.signatures(sets)
    np.testing.assert_allclose(parts.X, whole.X, rtol=1e-5)
    np.testing.assert_allclose(parts.layers[keys.SD], whole.layers[keys.SD], rtol=1e-5)
    assert parts.var.drop(columns=keys.HELDOUT_PCC).equals(
        whole.var.drop(columns=keys.HELDOUT_PCC)
    )
    matched = GeneSets.of(result.section, sets)
    scores = run_to_end(scores_steps(result, matched))
    np.testing.assert_allclose(scores, whole.var[keys.HELDOUT_PCC], atol=1e-5)


def test_they_can_be_written(result, sets, tmp_path: Path) -> None:
    import anndata

    adata = result.signatures(sets)
    adata.write_h5ad(tmp_path / "signatures.h5ad")
    again = anndata.read_h5ad(tmp_path / "signatures.h5ad")
    np.testing.assert_array_equal(again.X, adata.X)
