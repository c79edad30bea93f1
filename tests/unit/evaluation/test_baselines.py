"""The baselines of denoising."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import evaluate, split_counts
from napari_stentrans.evaluation.baselines import PCA20, Raw
from napari_stentrans.evaluation.metrics import pearson


@pytest.fixture(scope="module")
def simulated():
    return simulated_section(n_rows=24, n_cols=24, n_genes=120, seed=2)


def test_raw_is_the_counts(simulated):
    section = simulated.section
    found = Raw().fit(section).denoise()
    np.testing.assert_array_equal(found.mean, section.counts.toarray())
    assert np.isnan(found.sd).all()


@pytest.mark.parametrize(("n_genes", "n_components"), [(120, 20), (8, 7)])
def test_pca_is_that_of_the_dense_matrix(simulated, n_genes, n_components):
    whole = simulated.section
    counts, var = whole.counts[:, :n_genes], whole.var.iloc[:n_genes]
    section = replace(whole, counts=counts, var=var)
    found = PCA20().fit(section, RunConfig(seed=3)).denoise(section.genes[:50])
    depth = section.library_size / np.median(section.library_size)
    log = np.log1p(section.counts.toarray().astype(float) / depth[:, None])
    mean = log.mean(axis=0)
    u, s, vt = np.linalg.svd(log - mean, full_matrices=False)
    u, s, vt = u[:, :n_components], s[:n_components], vt[:n_components]
    kept = (u * s) @ vt + mean
    expected = np.expm1(np.maximum(kept, 0)) * depth[:, None]
    np.testing.assert_allclose(found.mean, expected[:, :50], rtol=1e-3, atol=1e-3)


def test_a_lone_gene_has_no_component_and_keeps_its_counts(simulated):
    """At one depth every spot with counts has the same, which is the mean."""
    whole = simulated.section
    lone = replace(whole, counts=whole.counts[:, [3]], var=whole.var.iloc[[3]])
    found = PCA20().fit(lone).denoise().mean
    np.testing.assert_allclose(found[:, 0], lone.library_size, rtol=1e-5)


def test_pca_comes_nearer_to_the_truth_than_the_counts(simulated):
    truth = simulated.truth
    raw, pca = (
        np.median(pearson(truth, method().fit(simulated.section).denoise().mean))
        for method in (Raw, PCA20)
    )
    assert pca > raw + 0.05


def test_both_are_scored_beside_the_methods_for_denoise_alone(simulated):
    section = simulated.section
    methods = ["gaussian", "raw", "pca20"]
    report = evaluate(section, methods, ["dropout", "denoise"])
    assert list(report.summary("dropout").index) == ["gaussian"]
    with pytest.raises(InvalidRequestError, match="'upsample' was not evaluated"):
        report.summary("upsample")
    assert list(report.summary("denoise").index) == methods
    # raw is the other half itself: its r with this half has a ceiling of its square
    summary = report.summary("denoise")
    halves = split_counts(section, 0)
    expected = pearson(halves.counts.toarray(), halves.reduced.counts.toarray())
    table = report.table("pearson", "denoise")["raw"]
    at = section.gene_index(table.index)
    np.testing.assert_allclose(table, expected[at], rtol=1e-5)
    assert np.isnan(summary.loc["raw", "coverage"])


def test_a_baseline_for_hidden_spots_is_refused(simulated):
    with pytest.raises(InvalidRequestError, match="denoise"):
        evaluate(simulated.section, ["raw"], "dropout")
    with pytest.raises(InvalidRequestError, match="denoise"):
        Raw().fit(simulated.section).field(np.zeros((1, 2)))
