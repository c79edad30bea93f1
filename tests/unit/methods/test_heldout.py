"""Scores of genes at left-out spots know nothing of the spot, not even by loadings."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.keys import HAS_SIGNAL, HELDOUT_PCC
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.heldout import (
    centred,
    correlation,
    evidence,
    heldout_scores,
)
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.left_out import LeftOut, LeftOutField
from napari_stentrans.methods.programmes import log_normalised

SIDE, N_OTHERS, N_NOISE = 14, 60, 40
N_SPOTS = SIDE**2
HALVES, CONSTANT = 0, 1
FLAT = np.arange(2, 2 + N_NOISE)
LONELY = np.arange(2 + N_NOISE, 2 + 2 * N_NOISE)


@pytest.fixture(scope="module")
def decoder(square_section) -> GeneDecoder:
    """A gene of one half, a constant; flat ones; some of one spot each; programmes."""
    rng = np.random.default_rng(4)
    row, col = np.divmod(np.arange(N_SPOTS), SIDE)
    patterns = np.stack([np.sin(row / 4), np.cos(col / 5), row > col])
    others = np.exp(0.5 * patterns.T @ rng.normal(size=(3, N_OTHERS)))
    others *= 1000 / others.sum(axis=1, keepdims=True)  # all genes share the library
    library = rng.lognormal(0, 0.3, (N_SPOTS, 1))
    lonely = np.zeros((N_SPOTS, N_NOISE))
    lonely[rng.integers(N_SPOTS, size=N_NOISE), np.arange(N_NOISE)] = 20
    counts = np.concatenate(
        [
            rng.poisson(np.where(row < SIDE / 2, 20.0, 4.0)[:, None] * library),
            np.full((N_SPOTS, 1), 5),
            rng.poisson(2.0 * np.ones(N_NOISE) * library),
            lonely,
            rng.poisson(others * library),
        ],
        axis=1,
    )
    fitted = get_method("kriging").fit(square_section(counts))
    assert isinstance(fitted, FittedKriging)
    return fitted.decoder


def test_left_out_spots_are_predicted_by_loadings_learnt_without_them(
    decoder: GeneDecoder,
) -> None:
    """The naive way: a regression without each spot, one after another."""
    genes = np.array([HALVES, FLAT[0], LONELY[0]])
    log = log_normalised(decoder.section)[0].toarray()[:, genes]
    scores = decoder.programmes.scores[:, 1:]
    expected = np.empty((N_SPOTS, len(genes)))
    for spot in range(N_SPOTS):
        rest = np.arange(N_SPOTS) != spot
        design = np.column_stack([np.ones(N_SPOTS - 1), scores[rest]])
        loadings = np.linalg.lstsq(design, log[rest])[0][1:]
        predicted = decoder.left_out.mean[spot, 1:] @ loadings + log.mean(axis=0)
        expected[spot] = np.expm1(np.maximum(predicted, 0))
    expected *= LeftOut(decoder).library_share[:, None]
    expected *= decoder.composition.factor(decoder.left_out)[:, None]
    expected *= decoder.counts(genes).sum(axis=0) / expected.sum(axis=0)
    found = LeftOutField(decoder).read(genes)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-3, atol=1e-4)


def test_a_strong_pattern_has_signal(decoder: GeneDecoder) -> None:
    score = heldout_scores(decoder, np.array([HALVES])).iloc[0]
    assert score[HAS_SIGNAL]
    assert score[HELDOUT_PCC] > 0.6


@pytest.mark.parametrize("genes", [FLAT, LONELY], ids=["flat", "of one spot"])
def test_noise_scores_nothing(decoder: GeneDecoder, genes: np.ndarray) -> None:
    """Flat genes follow the library, which is noise here; loadings would show them."""
    scores = heldout_scores(decoder, genes)
    assert scores[HAS_SIGNAL].mean() < 0.06
    assert abs(scores[HELDOUT_PCC].mean()) < 0.06


def test_what_does_not_follow_the_library_may_be_flat(square_section) -> None:
    """Such as a background: beside the library it has a pattern, on a map none."""
    rng = np.random.default_rng(3)
    row, col = np.divmod(np.arange(N_SPOTS), SIDE)
    library = np.exp(np.sin(row / 4) + np.cos(col / 5))[:, None]
    tissue = rng.poisson(library * rng.gamma(1, 2, 60))
    background = rng.poisson(np.full((N_SPOTS, 200), 4.0))
    counts = np.concatenate([tissue, background], axis=1)
    fitted = get_method("kriging").fit(square_section(counts))
    assert isinstance(fitted, FittedKriging)
    scores = heldout_scores(fitted.decoder, np.arange(60, 260))
    assert scores[HAS_SIGNAL].mean() < 0.15


def test_what_does_not_vary_has_no_score(decoder: GeneDecoder) -> None:
    score = heldout_scores(decoder, np.array([CONSTANT])).iloc[0]
    assert np.isnan(score[HELDOUT_PCC])
    assert not score[HAS_SIGNAL]


def test_genes_may_be_asked_for_in_any_order(decoder: GeneDecoder, monkeypatch) -> None:
    whole = heldout_scores(decoder, np.arange(12))
    monkeypatch.setattr("napari_stentrans.portions._MOST_GENES", 2)
    mixed = heldout_scores(decoder, np.array([9, 5, 0, 9]))
    expected = whole.iloc[[9, 5, 0, 9]]
    assert list(mixed.index) == list(expected.index)
    np.testing.assert_allclose(mixed[HELDOUT_PCC], expected[HELDOUT_PCC], atol=1e-4)
    assert heldout_scores(decoder, np.array([], dtype=int)).empty


def test_a_constant_has_no_correlation(rng: np.random.Generator) -> None:
    measured = rng.normal(size=(2, 10)).astype(np.float32)
    flat = measured * np.array([[1], [0]], dtype=np.float32) + np.float32(0.1)
    found = correlation(centred(flat), centred(measured))
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


def test_correlation_of_very_large_numbers(rng: np.random.Generator) -> None:
    """Intensities that are taken for counts: their squares have no room twice."""
    values = rng.random((3, 40), dtype=np.float32)
    other = values + rng.random((3, 40), dtype=np.float32)
    expected = correlation(centred(values), centred(other))
    assert np.all(expected < 0.9)
    large = np.float32(1e10)
    of_large = correlation(centred(values * large), centred(other * large))
    np.testing.assert_allclose(of_large, expected, rtol=1e-5)
    np.testing.assert_allclose(
        evidence(values * large, other * large), evidence(values, other), rtol=1e-4
    )


def test_correlations_of_many_spots_are_as_in_double_precision(
    rng: np.random.Generator,
) -> None:
    """Small differences between large values, summed over many spots."""
    values = (100 + rng.random((4, 50_000))).astype(np.float32)
    other = values + rng.random(values.shape, dtype=np.float32)
    found = correlation(centred(values), centred(other))
    expected = [np.corrcoef(*pair)[0, 1] for pair in zip(values, other, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_evidence_is_in_standard_errors(rng: np.random.Generator) -> None:
    """Also where the spots of a strong pattern are the noisy ones."""
    pattern = rng.normal(size=(4000, 200))
    noise = rng.normal(size=pattern.shape) * np.abs(pattern)
    assert evidence(pattern, noise).std() == pytest.approx(1, abs=0.05)
