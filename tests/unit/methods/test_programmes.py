"""Gene programmes: recovered, repeatable, and brought back to counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods import programmes as module
from napari_stentrans.methods.programmes import find_programmes, scores_on


def test_scores_are_standardised(simulated: SimulatedSection) -> None:
    found = find_programmes(simulated.section, 10, seed=0)
    assert found.n_channels == 11
    np.testing.assert_allclose(found.scores.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.scores.std(axis=0), 1, atol=1e-5)


def test_failed_spots_do_not_decide_on_programmes_and_library(
    simulated: SimulatedSection, rng: np.random.Generator
) -> None:
    """Of every fortieth spot hardly a count is left: the others are as before."""
    section = simulated.section
    failed = np.arange(section.n_spots) % 40 == 0
    counts = section.counts.toarray()
    counts[failed] = rng.random(counts[failed].shape) < 0.01
    with_failed = section.with_counts(sparse.csr_matrix(counts))
    before = find_programmes(section, 3, seed=0)
    after = find_programmes(with_failed, 3, seed=0)
    for channel in range(4):
        both = before.scores[~failed, channel], after.scores[~failed, channel]
        assert abs(np.corrcoef(*both)[0, 1]) > 0.95
    assert after.scores[failed, 0].max() < after.scores[~failed, 0].min()
    assert after.scale[0] < 2 * before.scale[0]


def test_few_spots_get_few_programmes(simulated: SimulatedSection) -> None:
    found = find_programmes(simulated.section.subset(np.arange(20)), 20, seed=0)
    assert found.n_channels == 1 + 3


def test_the_library_channel_gives_back_the_library(
    simulated: SimulatedSection,
) -> None:
    section = simulated.section
    found = find_programmes(section, 5, seed=0)
    library = found.library(found.scores) * found.median_library
    np.testing.assert_allclose(library, section.library_size, rtol=1e-5)


def test_a_known_programme_is_found(rng: np.random.Generator, square_section) -> None:
    """Counts of one programme with hardly any noise: the score is that programme."""
    programme = np.sin(np.repeat(np.arange(12), 12) / 3)
    expected = 200 * np.exp(np.outer(programme, rng.normal(0, 0.5, 40)))
    found = find_programmes(square_section(rng.poisson(expected)), 3, seed=0)
    assert abs(np.corrcoef(found.scores[:, 1], programme)[0, 1]) > 0.98


def test_no_programme_is_made_of_rounding_errors(
    simulated: SimulatedSection, square_section
) -> None:
    """Twelve genes, ten times each, have twelve patterns at most."""
    few = simulated.section.counts[:144, :12].toarray()
    repeated = square_section(np.repeat(few, 10, axis=1))
    assert find_programmes(repeated, 20, seed=0).n_channels <= 1 + 12
    assert (
        find_programmes(square_section(np.full((144, 40), 3)), 20, seed=0).n_channels
        == 1
    )


@pytest.fixture
def three_programmes(rng: np.random.Generator, square_section):
    """Four hundred spots, three programmes of clearly different strength."""
    scores = rng.normal(size=(400, 3)) * [1.0, 0.6, 0.3]
    expected = 30 * np.exp(scores @ rng.normal(0, 0.5, (3, 80)))
    return square_section(rng.poisson(expected))


def test_both_solvers_find_the_same(
    three_programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = find_programmes(three_programmes, 3, seed=0)
    monkeypatch.setattr(module, "_SMALL", 0)
    iterated = find_programmes(three_programmes, 3, seed=0)
    np.testing.assert_allclose(iterated.scores, exact.scores, atol=2e-3)  # signs too
    np.testing.assert_allclose(iterated.loadings, exact.loadings, atol=2e-3)


def test_any_start_of_the_search_ends_the_same(
    three_programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SMALL", 0)
    one, other = (find_programmes(three_programmes, 3, seed=seed) for seed in (0, 7))
    np.testing.assert_allclose(one.scores, other.scores, atol=2e-3)


def test_scores_of_the_same_spots_come_back(simulated: SimulatedSection) -> None:
    found = find_programmes(simulated.section, 5, seed=0)
    again = scores_on(simulated.section, found)
    for channel in range(found.n_channels):
        match = np.corrcoef(again[:, channel], found.scores[:, channel])[0, 1]
        assert match > 0.99, channel
