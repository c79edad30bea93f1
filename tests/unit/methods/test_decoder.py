"""From channels to counts: intervals, rare genes, broken spots."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.decoder import (
    GeneDecoder,
    conformal_stretch,
)
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.programmes import Programmes
from napari_stentrans.progress import run_to_end

N_FLAT = 30
HALVES, FLAT, RARE, SILENT = 0, np.arange(1, 1 + N_FLAT), 1 + N_FLAT, 2 + N_FLAT


@pytest.fixture(scope="module")
def decoder(square_section) -> GeneDecoder:
    """Of 400 spots: a gene of one half, flat ones, a rare one, a silent one; others."""
    rng = np.random.default_rng(4)
    row = np.repeat(np.arange(20), 20)
    patterns = np.stack([np.sin(row / 4), np.cos(np.tile(np.arange(20), 20) / 5)])
    others = 10 * np.exp(0.5 * patterns.T @ rng.normal(size=(2, 60)))
    rate = np.concatenate(
        [
            np.where(row < 10, 20.0, 4.0)[:, None],
            np.full((400, N_FLAT), 5.0),
            np.zeros((400, 2)),
            others,
        ],
        axis=1,
    )
    counts = rng.poisson(rate * rng.lognormal(0, 0.3, (400, 1)))
    counts[[3, 70, 260], RARE] = 1
    fitted = get_method("kriging").fit(square_section(counts))
    assert isinstance(fitted, FittedKriging)
    return fitted.decoder


def test_of_a_gene_without_counts_all_is_known_before(decoder: GeneDecoder) -> None:
    genes = np.array([SILENT])
    told = np.array(list(vars(decoder.statistics(genes)).values()))
    np.testing.assert_array_equal(told, decoder._learn(genes))


def test_intervals_hold_what_they_promise() -> None:
    """Nine in ten counts of spots that no part of the fit has seen."""
    simulated = simulated_section(
        lattice="square", n_rows=24, n_cols=24, n_genes=120, seed=3, mean_library=3000
    )
    section = simulated.section
    hidden = np.random.default_rng(1).random(section.n_spots) < 0.3
    fitted = get_method("kriging").fit(section.subset(~hidden))
    found = fitted.predict(section.array_rc[hidden])
    counts = section.counts[np.flatnonzero(hidden)].toarray()
    covered = (np.abs(counts - found.mean) <= 1.645 * found.sd).mean(axis=0)
    assert 0.87 < covered.mean() < 0.93
    assert np.quantile(covered, 0.1) > 0.82  # for nearly every single gene


def test_the_stretch_holds_nine_in_ten(rng: np.random.Generator) -> None:
    """Even where errors are far from normal."""
    ratio = np.abs(rng.laplace(size=(5000, 3)) * [0.7, 1.0, 1.4])
    covered = (ratio <= 1.645 * conformal_stretch(ratio)).mean(axis=0)
    np.testing.assert_allclose(covered, 0.9, atol=0.001)


@pytest.mark.parametrize("n_spots", [1, 2, 9])
def test_few_spots_stretch_to_the_largest(n_spots: int) -> None:
    ratio = np.linspace(1.0, 2.0, n_spots)[:, None]
    np.testing.assert_allclose(conformal_stretch(ratio), ratio.max() / 1.645, rtol=1e-6)


def test_a_rare_gene_stays_at_its_mean_share(decoder: GeneDecoder) -> None:
    estimate, genes = decoder.left_out, np.array([RARE, HALVES])
    library = decoder.programmes.library(estimate.mean)
    rare, patterned = (decoder.rates(estimate, genes) / library[:, None]).T
    np.testing.assert_allclose(rare, 3 / library.sum(), rtol=1e-4)
    assert patterned.std() > 0.3 * patterned.mean()


def test_a_silent_gene_stays_at_zero(decoder: GeneDecoder) -> None:
    assert not decoder.rates(decoder.left_out, np.array([SILENT])).any()


def test_levels_are_borne_out(decoder: GeneDecoder) -> None:
    genes = np.array([HALVES, *FLAT])
    rates, counts = decoder.rates(decoder.left_out, genes), decoder.counts(genes)
    np.testing.assert_allclose(rates.sum(axis=0), counts.sum(axis=0), rtol=1e-3)


@pytest.mark.parametrize("at_once", [2, 256])
def test_genes_may_be_asked_for_in_any_order(
    decoder: GeneDecoder, monkeypatch, at_once: int
) -> None:
    monkeypatch.setattr("napari_stentrans.portions._MOST_GENES", at_once)
    fresh = GeneDecoder(decoder.section, decoder.programmes, decoder.left_out)
    fresh.statistics(np.array([5]))
    mixed, straight = np.array([9, 5, 0, 9]), np.arange(12)
    found, expected = fresh.statistics(mixed), decoder.statistics(straight)
    for name in ("level", "dispersion", "stretch", "mean_share"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name)[mixed], rtol=1e-4
        )


def test_programmes_say_which_genes_move(decoder: GeneDecoder) -> None:
    programmes: Programmes = decoder.programmes
    variance = programmes.log_variance(np.ones((1, programmes.n_channels)), FLAT)
    assert variance.shape == (1, N_FLAT)
    moved = programmes.log_variance(
        np.ones((1, programmes.n_channels)), np.array([HALVES])
    )
    assert moved[0, 0] > 2 * variance.mean()


@pytest.mark.parametrize("method", ["kriging", "stentrans"])
def test_denoised_spots_keep_the_total_of_every_common_gene(method):
    """Library sizes are skew: exponentials of kriged logarithms alone sum to less."""
    section = simulated_section(n_rows=14, n_cols=12, n_genes=60, seed=5).section
    uneven = np.random.default_rng(2).lognormal(0, 0.8, section.n_spots)
    counts = np.random.default_rng(3).poisson(
        section.counts.toarray() * uneven[:, None]
    )
    section = section.with_counts(sparse.csr_matrix(counts.astype(np.float32)))
    fitted = get_method(method).fit(section)
    common = np.flatnonzero(counts.sum(axis=0) > 200)

    denoised = run_to_end(fitted.spot_field_steps()).read(common).mean

    np.testing.assert_allclose(
        denoised.sum(axis=0) / counts[:, common].sum(axis=0), 1, atol=0.05
    )


@pytest.mark.parametrize("times", [100, 10_000])
def test_a_broken_spot_raises_no_other(square_section, times: int) -> None:
    rng = np.random.default_rng(1)
    libraries = rng.lognormal(0, 0.3, (196, 1))
    counts = rng.poisson(rng.lognormal(1, 1, 40) * libraries)
    far = np.array([[12.5, 12.5], [0.5, 12.5]])
    broken = counts.copy()
    broken[100] *= times
    usual, found = (
        get_method("kriging").fit(square_section(each)).predict(far)
        for each in (counts, broken)
    )
    np.testing.assert_allclose(found.mean.sum(), usual.mean.sum(), rtol=0.15)
    np.testing.assert_allclose(found.sd.sum(), usual.sd.sum(), rtol=0.3)
