"""Depth of spots is theirs alone: genes sum to it, and nothing else follows it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.composition import _HIGHEST, Composition, _summed
from napari_stentrans.methods.depth import following_depth
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.section.section import Section

N_SPOTS, N_GENES = 400, 300


@pytest.fixture(scope="module")
def even(square_section: Callable[..., Section]) -> FittedKriging:
    """Of a section whose spots differ by nothing but their depth."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(N_GENES, 0.3))
    depth = 1500 * np.exp(rng.normal(0, 0.8, N_SPOTS))
    counts = rng.poisson(np.outer(depth, share))
    fitted = get_method("kriging").fit(square_section(counts))
    assert isinstance(fitted, FittedKriging)
    return fitted


def ends(values: np.ndarray, depth: np.ndarray) -> float:
    """Values of the shallowest tenth per depth, over those of the deepest."""
    low, high = np.quantile(depth, [0.1, 0.9])
    shallow, deep = depth <= low, depth >= high
    of_shallow = values[shallow].sum() / depth[shallow].sum()
    return float(of_shallow / (values[deep].sum() / depth[deep].sum()))


def test_measured_spots_keep_their_depth(even: FittedKriging) -> None:
    depth = even.section.library_size
    found = even.denoise().mean
    total = found.sum(axis=1)
    assert ends(total, depth) == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(total, depth, rtol=0.1)


def test_no_gene_follows_depth_where_none_does(even: FittedKriging) -> None:
    """Strong ones, and those of which a shallow spot mostly shows none."""
    section = even.section
    found = even.denoise().mean
    order = np.argsort(-section.gene_totals)
    for genes in (order[:20], order[20:100], order[100:]):
        kept = ends(found[:, genes].sum(axis=1), section.library_size)
        assert kept == pytest.approx(1, abs=0.15)


def test_expected_counts_sum_to_the_expected_library(kriging: FittedKriging) -> None:
    """Also between the spots."""
    at = kriging.section.array_rc[:50] + 0.5
    field = kriging.field(at)
    total = field.read(np.arange(kriging.section.n_genes)).mean.sum(axis=1)
    expected = field.depth * kriging.decoder.programmes.median_library
    np.testing.assert_allclose(total, expected, rtol=0.05)


@pytest.mark.parametrize(
    ("whole", "factor"), [(1, 1), (4, 0.25), (0.5, 2), (0.05, 10), (0.001, 10)]
)
def test_shares_are_made_whole_but_next_to_nothing_is_not_blown_up(
    whole: float, factor: float
) -> None:
    """Shares that are known beforehand, and a tenth of them at least."""
    of_gene = np.array([500.0, 300.0, 150.0, 50.0])
    programmes = SimpleNamespace(
        median_library=1000.0, share=lambda mean, genes: mean[:, :1] * of_gene[genes]
    )
    section = SimpleNamespace(gene_totals=7 * of_gene)
    left_out, there = (
        ChannelEstimate(np.full((n, 1), level), np.zeros((n, 1)))
        for n, level in ((7, 1.0), (2, whole))
    )
    composition = Composition(section, programmes, left_out, np.ones(7))
    np.testing.assert_allclose(composition.factor(left_out), 1)
    np.testing.assert_allclose(composition.factor(there), factor, rtol=1e-6)


def test_few_genes_stand_for_all() -> None:
    totals = np.concatenate([np.zeros(7), np.random.default_rng(0).pareto(1, 9000)])
    genes, weights = _summed(totals)
    assert len(genes) == len(np.unique(genes)) < 2.1 * _HIGHEST
    assert weights @ totals[genes] == pytest.approx(totals.sum())
    few, alone = _summed(totals[:50])
    assert sorted(few) == list(range(7, 50))
    assert (alone == 1).all()


def test_rates_follow_depth_as_the_counts_do(rng: np.random.Generator) -> None:
    depth = rng.lognormal(0, 0.7, 500).astype(np.float32)
    slope = np.array([-0.5, 0.0, 0.4])
    truth = 30 * depth[:, None] ** (1 + slope)
    rate = np.repeat(10 * depth[:, None], 3, axis=1).astype(np.float32)
    counts = rng.poisson(truth).astype(np.float32)
    found = following_depth(rate, counts, depth)
    np.testing.assert_allclose(found.sum(axis=0), counts.sum(axis=0), rtol=1e-4)
    np.testing.assert_allclose(found, truth, rtol=0.25)


def test_of_a_rare_gene_no_slope_is_learnt(rng: np.random.Generator) -> None:
    depth = rng.lognormal(0, 0.7, 500).astype(np.float32)
    counts = np.zeros((500, 2), dtype=np.float32)
    counts[np.argmin(depth), 0] = 1
    rate = np.full((500, 2), 0.01, dtype=np.float32)
    found = following_depth(rate, counts, depth)
    assert np.isfinite(found).all()
    assert found[:, 0].max() < 2.5 * found[:, 0].min()
    assert (found[:, 1] == 0).all()


def test_spots_without_counts_and_single_spots(rng: np.random.Generator) -> None:
    counts = rng.poisson(3, (6, 4)).astype(np.float32)
    counts[2] = 0
    found = following_depth(counts + 0.5, counts, counts.sum(axis=1))
    assert np.isfinite(found).all()
    one = following_depth(counts[:1] + 0.5, counts[:1], counts[:1].sum(axis=1))
    np.testing.assert_allclose(one, counts[:1], rtol=1e-5)


def test_a_simulated_section_keeps_its_depth() -> None:
    simulated = simulated_section(n_rows=16, n_cols=16, n_genes=150, mean_library=800)
    section = simulated.section
    total = get_method("kriging").fit(section).denoise().mean.sum(axis=1)
    assert ends(total, section.library_size) == pytest.approx(1, abs=0.05)
