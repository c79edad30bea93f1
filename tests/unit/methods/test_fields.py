"""Expression at measured spots, and intervals of counts that are measured anew."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation.thinning import split_counts
from napari_stentrans.methods.base import get_method

Z_90 = 1.645


@pytest.mark.parametrize(
    ("mean_library", "least"), [(600, 0.86), (60_000, 0.88)], ids=["shallow", "deep"]
)
def test_intervals_hold_counts_measured_anew(mean_library: int, least: float) -> None:
    """Nine in ten of another half of the counts, and hardly any gene far from it."""
    simulated = simulated_section(
        lattice="square",
        n_rows=20,
        n_cols=20,
        n_genes=100,
        seed=5,
        mean_library=mean_library,
    )
    trial = split_counts(simulated.section, seed=2)
    again = trial.counts.toarray()
    common = again.mean(axis=0) > 1  # rarer counts are too coarse to say nine in ten
    found = get_method("kriging").fit(trial.reduced).denoise()
    covered = (np.abs(again - found.mean) <= Z_90 * found.sd).mean(axis=0)[common]
    assert least < covered.mean() < 0.92
    assert np.quantile(covered, 0.1) > 0.8


def test_the_library_of_few_genes_does_not_tell_their_counts() -> None:
    """Where two genes are the library, the whole of it would tell the other half."""
    simulated = simulated_section(n_rows=18, n_cols=18, n_genes=2, mean_library=20)
    trial = split_counts(simulated.section, seed=2)
    found = get_method("kriging").fit(trial.reduced).denoise()
    covered = np.abs(trial.counts.toarray() - found.mean) <= Z_90 * found.sd
    assert 0.85 < covered.mean() < 0.95
