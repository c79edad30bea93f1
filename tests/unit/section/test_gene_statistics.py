from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.gene_statistics import (
    mean_counts,
    moran_steps,
    neighbour_graph,
    share_of_spots,
)
from napari_stentrans.section.lattice import Lattice
from napari_stentrans.section.section import Section


def test_totals_are_exact_beyond_what_single_precision_holds():
    pattern = np.ones((1, 2, 2), dtype=np.float32)
    pattern[0, 0, 0] = 2**24
    section = square_section(pattern)
    assert section.gene_totals.tolist() == [2**24 + 3]
    assert mean_counts(section).tolist() == [(2**24 + 3) / 4]


def square_section(patterns: np.ndarray) -> Section:
    """Spots of a square, with one gene for each pattern of shape (row, col)."""
    n_genes, rows, cols = patterns.shape
    counts = patterns.reshape(n_genes, -1).T.astype(np.float32)
    return Section(
        name="square",
        counts=sparse.csr_matrix(counts),
        obs=pd.DataFrame(index=[f"s{n}" for n in range(rows * cols)]),
        var=pd.DataFrame(index=[f"g{n}" for n in range(n_genes)]),
        array_rc=np.indices((rows, cols)).reshape(2, -1).T.astype(float),
        lattice=Lattice("square"),
    )


def test_means_and_shares_are_those_of_the_counts():
    section = simulated_section(n_rows=6, n_cols=6, n_genes=20, seed=2).section
    counts = section.counts.toarray()

    np.testing.assert_allclose(mean_counts(section), counts.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(share_of_spots(section), (counts > 0).mean(axis=0))


def test_a_half_and_a_chessboard_have_the_moran_of_the_textbook():
    rows, cols = np.indices((10, 10))
    patterns = np.stack([cols < 5, (rows + cols) % 2 == 0])
    # The same library everywhere: what is left of it goes to a third gene.
    rest = 3 - patterns.sum(axis=0, keepdims=True)
    section = square_section(np.concatenate([patterns, rest]))

    half, chess, _ = run_to_end(moran_steps(section))

    # 180 neighbouring pairs; a half has 10 unlike ones, a chessboard no like ones.
    assert half == pytest.approx((170 - 10) / 180)
    assert chess == pytest.approx(-1)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["hex", "square", "quincunx", "irregular"])
def test_moran_is_the_double_sum_over_neighbours(kind):
    made = simulated_section(lattice=kind, n_rows=7, n_cols=6, n_genes=12, seed=4)
    section = made.section
    counts = section.counts.toarray().astype(float)
    library = counts.sum(axis=1)
    values = np.log1p(counts / library[:, None] * np.median(library))
    pairs = section.lattice.neighbours(section.array_rc)

    found = run_to_end(moran_steps(section))

    for gene in np.flatnonzero((counts > 0).sum(axis=0) >= 3):
        z = values[:, gene] - values[:, gene].mean()
        both_ways = sum(2 * z[first] * z[second] for first, second in pairs)
        expected = len(z) / (2 * len(pairs)) * both_ways / (z**2).sum()
        assert found[gene] == pytest.approx(expected, abs=1e-6)


def test_genes_without_a_pattern_to_speak_of_are_not_known():
    patterns = np.ones((4, 4, 4))
    patterns[0] = 0  # nowhere
    patterns[1] = 0
    patterns[1, 0, :2] = 5  # in two spots
    patterns[3, 0] = 3

    found = run_to_end(moran_steps(square_section(patterns)))

    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[3])


def test_spots_without_neighbours_have_no_moran():
    section = square_section(np.arange(1, 17).reshape(1, 4, 4)).subset([0, 10])
    assert neighbour_graph(section).nnz == 0
    assert np.isnan(run_to_end(moran_steps(section))).all()


def test_the_search_for_patterns_can_be_given_up():
    section = simulated_section(n_rows=6, n_cols=6, n_genes=600, seed=2).section
    steps = moran_steps(section)

    signs = [next(steps), next(steps)]
    steps.close()

    assert signs[0].step < signs[1].step < signs[1].n_steps == 600
