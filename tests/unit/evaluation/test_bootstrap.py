"""Confidence intervals: replicates by another computation, and what they cover."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation import bootstrap
from napari_stentrans.evaluation.bootstrap import (
    TissueBlocks,
    compared,
    interval,
    over_seeds,
)
from napari_stentrans.section.lattice import Lattice, LatticeKind


@pytest.fixture(scope="module")
def section():
    return simulated_section(lattice="square", n_rows=20, n_cols=20, n_genes=5).section


def test_replicates_are_weighted_correlations(section, rng):
    blocks = TissueBlocks.of(section, n_replicates=7)
    spots = np.sort(rng.choice(section.n_spots, 120, replace=False))
    truth, predicted = rng.normal(3, 1, (2, 120, 4))
    found = blocks.pearson(truth, predicted, spots)
    for replicate in range(7):
        weight = blocks.weights[replicate][blocks.block[spots]]
        for gene in range(4):
            both = np.cov(truth[:, gene], predicted[:, gene], aweights=weight, ddof=0)
            r = both[0, 1] / np.sqrt(both[0, 0] * both[1, 1])
            assert found[replicate, gene] == pytest.approx(r)


def test_equal_weights_give_the_score_itself(section, rng):
    blocks = TissueBlocks.of(section)
    flat = TissueBlocks(blocks.block, np.ones((1, blocks.weights.shape[1])))
    truth, predicted = rng.normal(size=(2, section.n_spots, 3))
    found = flat.pearson(truth, predicted, np.arange(section.n_spots))[0]
    expected = [np.corrcoef(truth[:, g], predicted[:, g])[0, 1] for g in range(3)]
    np.testing.assert_allclose(found, expected)


def test_flat_genes_are_treated_as_in_the_score(section, rng):
    blocks = TissueBlocks.of(section, n_replicates=3)
    truth, predicted = rng.normal(size=(2, section.n_spots, 2))
    truth[:, 0], predicted[:, 1] = 1.0, 1.0
    found = blocks.pearson(truth, predicted, np.arange(section.n_spots))
    assert np.isnan(found[:, 0]).all()
    assert (found[:, 1] == 0).all()


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_the_unit_of_values_does_not_matter(section, rng, unit):
    blocks = TissueBlocks.of(section, n_replicates=5)
    truth, predicted = rng.normal(3, 1, (2, section.n_spots, 3))
    spots = np.arange(section.n_spots)
    np.testing.assert_allclose(
        blocks.pearson(unit * truth, unit * predicted, spots),
        blocks.pearson(truth, predicted, spots),
    )


def test_blocks_are_squares_of_tissue(section):
    blocks = TissueBlocks.of(section)
    assert 15 <= len(np.unique(blocks.block)) <= 60
    for block in np.unique(blocks.block):
        extent = np.ptp(section.pitch_rc[blocks.block == block], axis=0)
        assert extent.max() <= 6


def test_four_times_the_spots_take_four_times_the_memory(bare_section, rng):
    def peak(side: int) -> int:
        array_rc = np.indices((side, side)).reshape(2, -1).T
        blocks = TissueBlocks.of(bare_section(array_rc, Lattice(LatticeKind.SQUARE)))
        truth, predicted = rng.normal(size=(2, side**2, 2))
        tracemalloc.start()
        blocks.pearson(truth, predicted, np.arange(side**2))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(120) < 6 * peak(60)


def test_squares_are_widened_where_they_would_be_too_many(section, monkeypatch):
    fine = TissueBlocks.of(section)
    monkeypatch.setattr(bootstrap, "_MOST_BLOCKS", 20)
    wide = TissueBlocks.of(section)
    assert 10 <= wide.weights.shape[1] <= 20 < fine.weights.shape[1]
    assert set(wide.block) == set(range(wide.weights.shape[1]))
    extents = [
        np.ptp(section.pitch_rc[wide.block == block], axis=0).max()
        for block in np.unique(wide.block)
    ]
    assert max(extents) < 6  # no wider than that takes


def test_interval_covers_the_true_difference(section):
    """Over many measurements, of the truth in nineteen of twenty, about.

    Errors are shared by all genes of a spot: who resamples genes covers far less.
    """
    blocks = TissueBlocks.of(section, n_replicates=200)
    everywhere = np.arange(section.n_spots)
    rng = np.random.default_rng(5)
    n_genes, covered, widths = 40, [], []
    shape = (section.n_spots, 1)
    for _ in range(60):
        signal = rng.normal(size=(section.n_spots, n_genes))
        shared, mine, other = (rng.normal(size=shape) for _ in range(3))
        # both methods see the truth with an error of the same size: no difference
        truth = signal + shared
        one, two = signal + 2 * mine, signal + 2 * other
        drawn = [
            np.median(blocks.pearson(truth, side, everywhere), axis=1)
            for side in (one, two)
        ]
        figures = [
            float(
                np.median(
                    [np.corrcoef(t, p)[0, 1] for t, p in zip(truth.T, s.T, strict=True)]
                )
            )
            for s in (one, two)
        ]
        found = compared(*figures, *drawn)
        covered.append(found["low"] <= 0 <= found["high"])
        widths.append(found["high"] - found["low"])
    assert 0.85 <= np.mean(covered) <= 1.0
    assert np.median(widths) < 0.3  # and is not wide for nothing


def test_what_both_share_cancels(rng):
    common = rng.normal(0.3, 0.1, 500)
    found = compared(0.32, 0.3, common + 0.02, common)
    assert found["difference"] == pytest.approx(0.02)
    assert found["high"] - found["low"] == pytest.approx(0, abs=1e-9)


def test_interval_lies_around_the_figure():
    low, high = interval(np.linspace(0, 1, 1001), around=3.0)
    assert (low, high) == (pytest.approx(2.525), pytest.approx(3.475))
    assert np.isnan(interval(np.full(3, np.nan), around=1.0)).all()


def test_seeds_are_resampled_too(rng):
    apart = np.repeat([[0.1], [0.2], [0.3]], 4000, axis=1)
    joined = over_seeds(apart)
    assert joined.mean() == pytest.approx(0.2, abs=0.005)
    assert 0.02 < joined.std() < 0.06
    np.testing.assert_array_equal(over_seeds(apart[:1]), apart[0])


def test_a_ratio_known_beforehand_has_its_interval():
    theirs = np.linspace(0.4, 0.6, 201)
    found = compared(1.0, 0.5, 2 * theirs, theirs)
    assert (found["ratio_low"], found["ratio_high"]) == pytest.approx((2, 2))
    ratios = np.linspace(1, 3, 201)
    found = compared(1.0, 0.5, ratios * theirs, theirs)
    assert (found["ratio_low"], found["ratio_high"]) == pytest.approx((1.05, 2.95))


def test_replicates_without_a_positive_divisor_leave_the_ratio():
    theirs = np.concatenate([np.linspace(0.4, 0.6, 201), [0.0, -1.0]])
    found = compared(1.0, 0.5, 2 * theirs, theirs)
    assert (found["ratio_low"], found["ratio_high"]) == pytest.approx((2, 2))
