"""Cross-fitted scores: free of a spot's own noise, and a measure of what is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods.cross_fitting import (
    CrossFitted,
    Division,
    _halves,
    _rotation_onto,
    cross_fit,
    scored_by_others,
)
from napari_stentrans.methods.programmes import find_programmes, scores_on


@pytest.fixture
def pure_noise(rng: np.random.Generator, square_section):
    return square_section(rng.poisson(3.0, (256, 300)))


@pytest.fixture
def free_of_noise(rng: np.random.Generator, square_section):
    """Spots differ for no spatial reason, but truly: deep counts of two programmes."""
    own = rng.normal(size=(256, 2)) * [1.0, 0.5]
    expected = 3000 * np.exp(own @ rng.normal(0, 0.5, (2, 60)))
    return square_section(expected.round())


def test_scores_do_not_see_noise(pure_noise) -> None:
    """On pure noise, fitted scores are as large as signal; cross-fitted are not."""
    found = find_programmes(pure_noise, 5, seed=0)
    crossed = cross_fit(found, Division.of(pure_noise, seed=0))
    assert crossed.scores[:, 1:].std(axis=0).max() < 0.7


def test_scores_keep_signal(simulated: SimulatedSection) -> None:
    found = find_programmes(simulated.section, 5, seed=0)
    crossed = cross_fit(found, Division.of(simulated.section, seed=0)).scores
    assert np.corrcoef(found.scores[:, 1], crossed[:, 1])[0, 1] > 0.95
    assert crossed[:, 1].std() > 0.85


def test_surprises_of_pure_noise_are_not_true(pure_noise) -> None:
    found = find_programmes(pure_noise, 5, seed=0)
    crossed = cross_fit(found, Division.of(pure_noise, seed=0))
    # by chance the halves of so few spots agree in the strongest of them
    assert crossed.true_share(np.zeros_like(found.scores))[1:].mean() < 0.15


def test_surprises_without_noise_are_true(free_of_noise) -> None:
    found = find_programmes(free_of_noise, 2, seed=0)
    crossed = cross_fit(found, Division.of(free_of_noise, seed=0))
    assert crossed.true_share(np.zeros_like(found.scores)).min() > 0.95


def test_halves_are_on_the_scale_of_the_whole(square_section, rng) -> None:
    """Half the counts are no smaller pattern: expectations are of the whole's."""
    own = rng.normal(size=256)
    section = square_section(rng.poisson(np.exp(np.outer(own, rng.normal(0, 1, 400)))))
    found = find_programmes(section, 1, seed=0)
    crossed = cross_fit(found, Division.of(section, seed=0))
    whole = crossed.scores[:, 1]
    for half in crossed.halves:
        assert (half[:, 1] * whole).sum() / (whole**2).sum() > 0.92


def test_halves_do_not_agree_for_being_halves() -> None:
    """The logarithm of fewer counts has another mean, which tells nothing of a spot."""
    section = simulated_section(
        lattice="square", n_rows=18, n_cols=18, n_genes=400, seed=3, mean_library=300
    ).section
    own, others = np.arange(0, section.n_spots, 2), np.arange(1, section.n_spots, 2)
    mine = section.subset(own)
    found = find_programmes(section.subset(others), 8, seed=0)
    scored = replace(found, scores=scores_on(mine, found))
    for half in scored_by_others(mine, scored, seed=0).halves:
        shift = half.mean(axis=0) - scored.scores.mean(axis=0)
        np.testing.assert_allclose(shift, 0, atol=1e-9)


def test_what_was_expected_is_no_surprise(rng: np.random.Generator) -> None:
    """Half of the variance of a surprise is noise: half is true."""
    expected, own = rng.normal(size=(2, 5000, 3))
    first, second = rng.normal(size=(2, 5000, 3)) * np.sqrt(2)
    crossed = CrossFitted(
        expected + own + (first + second) / 2,
        (expected + own + first, expected + own + second),
        sparse.csc_matrix((5000, 1)),
    )
    np.testing.assert_allclose(crossed.true_share(expected), 0.5, atol=0.05)


def test_halves_make_the_whole(simulated: SimulatedSection, rng) -> None:
    section = simulated.section
    first, second = _halves(section, rng)
    total = first.counts + second.counts
    np.testing.assert_array_equal(total.toarray(), section.counts.toarray())
    for half in (first, second):
        assert (half.counts.data >= 0).all()
        np.testing.assert_array_equal(half.counts.data, np.round(half.counts.data))
        assert half.counts.sum() == pytest.approx(section.counts.sum() / 2, rel=0.01)


def test_halves_of_corrected_counts(square_section, rng: np.random.Generator) -> None:
    """Counts need not be whole numbers."""
    section = square_section(rng.gamma(1.0, 2.0, (16, 5)))
    first, second = _halves(section, rng)
    total = (first.counts + second.counts).toarray()
    np.testing.assert_allclose(total, section.counts.toarray(), rtol=1e-6)
    assert min(first.counts.min(), second.counts.min()) >= 0


def test_a_rotation_is_found_again(rng: np.random.Generator) -> None:
    scores = rng.normal(size=(50, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    np.testing.assert_allclose(_rotation_onto(scores, scores @ turn), turn)


@pytest.mark.parametrize("n_spots", [1, 2, 7])
def test_hardly_any_spots(simulated: SimulatedSection, n_spots: int) -> None:
    few = simulated.section.subset(np.arange(n_spots))
    found = find_programmes(few, 5, seed=0)
    crossed = cross_fit(found, Division.of(few, seed=0))
    assert crossed.scores.shape == found.scores.shape
    assert np.isfinite(crossed.true_share(np.zeros_like(found.scores))).all()


def test_channels_mean_the_same_in_every_fold(square_section, rng) -> None:
    """Programmes of equal strength come out turned: each fold's are turned back."""
    own = rng.normal(size=(256, 3))
    section = square_section(
        rng.poisson(40 * np.exp(own @ rng.normal(0, 0.3, (3, 90))))
    )
    found = find_programmes(section, 3, seed=0)
    crossed = cross_fit(found, Division.of(section, seed=0))
    for k in range(1, 4):
        assert np.corrcoef(found.scores[:, k], crossed.scores[:, k])[0, 1] > 0.95
