"""Depth is no pattern to be predicted where all spots are equally deep."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation.genes import ceilings, scored_genes
from napari_stentrans.evaluation.holdout import hold_out
from napari_stentrans.evaluation.metrics import log_normalised, pearson
from napari_stentrans.evaluation.one_depth import OneDepth

N_GENES = 60


@pytest.fixture(scope="module")
def trial():
    """A trial on 900 spots that differ in depth alone, a hundredfold."""
    section = simulated_section(n_rows=30, n_cols=30, n_genes=N_GENES, seed=3).section
    rng = np.random.default_rng(0)
    depth = np.exp(rng.uniform(np.log(30), np.log(3000), section.n_spots))
    shares = rng.dirichlet(np.ones(N_GENES))
    counts = rng.poisson(depth[:, None] * shares).astype(np.float32)
    return hold_out(section.with_counts(sparse.csr_matrix(counts)), "dropout", 0)


def predicts_depth(trial):
    """Expected log-normalised value of each gene at each depth, as a prediction.

    Its totals are made alike by the last gene, so that they take nothing out again.
    """
    counts = trial.counts.toarray()
    target = np.median(trial.library)
    logs = log_normalised(counts, trial.library, target)
    order = np.argsort(trial.library)
    smooth = np.empty_like(logs)
    for gene in range(N_GENES):
        smooth[order, gene] = np.convolve(
            np.pad(logs[order, gene], 20, mode="edge"), np.full(41, 1 / 41), "valid"
        )
    mean = np.expm1(smooth)
    mean[:, -1] += mean.sum(axis=1).max() - mean.sum(axis=1)
    return mean.astype(np.float32)


def test_whoever_predicts_depth_gains_nothing(trial):
    mean = predicts_depth(trial)
    library = mean.sum(axis=1, dtype=np.float64)
    genes = np.argsort(-trial.counts.toarray().mean(axis=0))[20:50]
    target = np.median(trial.library)
    as_scored = pearson(
        log_normalised(trial.truth(genes), trial.library, target),
        log_normalised(mean[:, genes], library, target),
    )
    found = OneDepth.of(trial).pearson_log(genes, mean[:, genes], library)
    assert np.nanmedian(as_scored) > 0.2
    assert abs(np.nanmedian(found)) < 0.05


def test_spots_are_equally_deep_and_shallow_ones_left_out(trial):
    found = OneDepth.of(trial)
    assert found.depth == np.quantile(trial.library, 0.1)
    np.testing.assert_array_equal(found.kept, trial.library >= found.depth)
    noise = (found.library - found.depth) / np.sqrt(found.depth)
    assert np.abs(noise).max() < 5
    measured = trial.counts[found.kept].toarray()
    assert (found.counts.toarray() <= measured).all()
    share = found.counts.toarray().sum(axis=0) / found.library.sum()
    np.testing.assert_allclose(share, measured.sum(axis=0) / measured.sum(), atol=0.01)


def test_spots_that_are_equally_deep_already_are_scored_as_they_are(trial):
    counts = np.zeros((trial.section.n_spots, N_GENES), dtype=np.float32)
    counts[:, 0] = 5 + np.arange(len(counts)) % 7
    counts[:, 1] = 20 - counts[:, 0]
    section = trial.section.with_counts(sparse.csr_matrix(counts))
    even = hold_out(section, "dropout", 0)
    found = OneDepth.of(even)
    assert found.kept.all()
    np.testing.assert_array_equal(found.counts.toarray(), even.counts.toarray())


def test_truth_beats_what_is_wrong_about_every_second_spot():
    section = simulated_section(n_rows=24, n_cols=24, n_genes=40, seed=4).section
    trial = hold_out(section, "dropout", 1)
    one_depth, genes = OneDepth.of(trial), np.arange(40)
    truth = trial.truth(genes)
    wrong = truth.copy()
    wrong[::2] = wrong[::-2][: len(wrong[::2])]
    right, less = (
        one_depth.pearson_log(genes, each, each.sum(axis=1, dtype=np.float64))
        for each in (truth, wrong)
    )
    assert np.nanmedian(right) > np.nanmedian(less) + 0.1


def test_values_that_are_no_counts_cannot_be_thinned(trial):
    section = trial.section
    halved = section.with_counts(section.counts * np.float32(0.5))
    assert OneDepth.of(hold_out(halved, "dropout", 0)) is None


def test_the_ceiling_on_counts_knows_depth_and_the_one_on_logs_hardly(trial):
    found = ceilings(trial, scored_genes(trial.section))
    assert found["ceiling"].median() > 0.8
    assert found["ceiling_log"].median() < 0.6
