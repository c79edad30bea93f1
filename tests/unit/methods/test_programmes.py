"""Gene programmes: recovered, cross-fitted, and brought back to counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods import programmes as module
from napari_stentrans.methods.programmes import (
    cross_fitted_scores,
    find_programmes,
)


def test_scores_are_standardised(simulated: SimulatedSection) -> None:
    found = find_programmes(simulated.section, 10, seed=0)
    assert found.n_channels == 11
    np.testing.assert_allclose(found.scores.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.scores.std(axis=0), 1, atol=1e-5)


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


def test_a_known_programme_is_found(rng: np.random.Generator, bare_section) -> None:
    """Counts of one programme with hardly any noise: the score is that programme."""
    rows, cols = np.mgrid[:12, :12]
    positions = np.column_stack([rows.ravel(), cols.ravel()])
    from napari_stentrans.section.lattice import Lattice, LatticeKind

    programme = np.sin(positions[:, 0] / 3)
    expected = 200 * np.exp(np.outer(programme, rng.normal(0, 0.5, 40)))
    shell = bare_section(positions, Lattice(LatticeKind.SQUARE))
    import pandas as pd

    section = replace(
        shell,
        counts=sparse.csr_matrix(rng.poisson(expected).astype(np.float32)),
        var=pd.DataFrame(index=[f"G{g}" for g in range(40)]),
    )
    found = find_programmes(section, 3, seed=0)
    assert abs(np.corrcoef(found.scores[:, 1], programme)[0, 1]) > 0.98


def test_both_solvers_find_the_same(
    simulated: SimulatedSection, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = find_programmes(simulated.section, 3, seed=0)
    monkeypatch.setattr(module, "_SMALL", 0)
    iterated = find_programmes(simulated.section, 3, seed=0)
    for k in range(1, 4):
        match = np.corrcoef(exact.scores[:, k], iterated.scores[:, k])[0, 1]
        assert abs(match) > 0.999


def test_cross_fitted_scores_see_less_noise(rng: np.random.Generator, bare_section):
    """On pure noise, fitted scores are as large as signal; cross-fitted are not."""
    import pandas as pd

    from napari_stentrans.section.lattice import Lattice, LatticeKind

    positions = np.column_stack([a.ravel() for a in np.mgrid[:8, :8]])
    shell = bare_section(positions, Lattice(LatticeKind.SQUARE))
    section = replace(
        shell,
        counts=sparse.csr_matrix(rng.poisson(3.0, (64, 500)).astype(np.float32)),
        var=pd.DataFrame(index=[f"G{g}" for g in range(500)]),
    )
    fitted = find_programmes(section, 5, seed=0)
    crossed = cross_fitted_scores(section, fitted, seed=0)
    assert crossed[:, 1:].std(axis=0).max() < 0.6


def test_cross_fitted_scores_keep_signal(simulated: SimulatedSection) -> None:
    fitted = find_programmes(simulated.section, 5, seed=0)
    crossed = cross_fitted_scores(simulated.section, fitted, seed=0)
    assert np.corrcoef(fitted.scores[:, 1], crossed[:, 1])[0, 1] > 0.95
    assert crossed[:, 1].std() > 0.85
