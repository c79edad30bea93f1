"""The kriging method, on simulated sections with known truth."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest
from scipy.special import softmax

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.kriging import (
    channels,
    enhancer,
    residual_fields,
    residuals,
)
from napari_stentrans.methods.kriging.enhancer import (
    FittedKriging,
    cross_fitted_slope,
    fit_programmes_steps,
)
from napari_stentrans.methods.kriging.residual_fields import (
    residual_steps,
    spot_residual_steps,
)
from napari_stentrans.methods.kriging.residuals import ResidualKriging
from napari_stentrans.progress import run_to_end

GENES = np.arange(120)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Median over genes of the Pearson correlation."""
    with np.errstate(invalid="ignore"):
        each = [np.corrcoef(a[:, g], b[:, g])[0, 1] for g in range(a.shape[1])]
    return float(np.nanmedian(each))


def kriged_residuals(
    found: ResidualKriging, at: np.ndarray, genes: np.ndarray
) -> np.ndarray:
    """Residuals of genes at positions, in pitches."""
    fields = run_to_end(residual_steps(found, at))
    assert fields is not None
    return fields.read(genes)


def test_hidden_spots_are_nearer_to_the_truth_than_their_own_counts(
    simulated: SimulatedSection, hidden: np.ndarray
) -> None:
    """Prediction from neighbours beats even the (noisy) measurement that was hidden."""
    section = simulated.section
    fitted = get_method("kriging").fit(section.subset(~hidden))
    predicted = fitted.predict(section.array_rc[hidden]).mean
    truth = simulated.truth_at(section.array_rc[hidden])
    measured = section.counts[np.flatnonzero(hidden)].toarray()
    assert correlation(predicted, truth) > correlation(measured, truth) + 0.05


def test_denoised_spots_are_nearer_to_the_truth(simulated: SimulatedSection) -> None:
    fitted = get_method("kriging").fit(simulated.section)
    measured = simulated.section.counts.toarray()
    denoised = fitted.denoise().mean
    assert correlation(denoised, simulated.truth) > correlation(
        measured, simulated.truth
    )


def test_what_other_counts_do_not_bear_out_would_harm_measured_spots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulated = simulated_section(
        lattice="square", n_rows=18, n_cols=18, n_genes=120, seed=3, mean_library=600
    )
    fitted = get_method("kriging").fit(simulated.section)
    truth = simulated.truth / simulated.truth.sum(axis=1, keepdims=True)

    def error() -> float:
        """Squared error of each gene's share, relative to its mean."""
        found = fitted.denoise().mean
        share = found / found.sum(axis=1, keepdims=True)
        return float(((share - truth) ** 2 / truth.mean(axis=0)).sum())

    with_slope = error()
    all_of_it = Mock(side_effect=lambda predicted, _: np.ones(predicted.shape[1]))
    monkeypatch.setattr(enhancer, "cross_fitted_slope", all_of_it)
    assert with_slope < 0.98 * error()
    all_of_it.assert_called_once()


def test_intervals_cover(simulated: SimulatedSection, hidden: np.ndarray) -> None:
    section = simulated.section
    fitted = get_method("kriging").fit(section.subset(~hidden))
    predicted = fitted.predict(section.array_rc[hidden])
    counts = section.counts[np.flatnonzero(hidden)].toarray()
    inside = np.abs(counts - predicted.mean) <= 1.645 * predicted.sd
    well_expressed = counts.mean(axis=0) > 2
    assert 0.85 < inside[:, well_expressed].mean() < 0.96


@pytest.mark.parametrize("lattice", ["square", "hex", "quincunx", "irregular"])
def test_every_lattice(lattice: str) -> None:
    section = simulated_section(
        lattice=lattice, n_rows=9, n_cols=9, n_genes=60, seed=1
    ).section
    prediction = get_method("kriging").fit(section).predict(section.array_rc + 0.3)
    assert prediction.mean.shape == (section.n_spots, 60)
    assert np.isfinite(prediction.mean).all()
    assert np.isfinite(prediction.sd).all()
    assert (prediction.mean >= 0).all()
    assert (prediction.sd >= 0).all()


@pytest.mark.parametrize("n_spots", [1, 2, 3, 7])
def test_hardly_any_spots(simulated: SimulatedSection, n_spots: int) -> None:
    few = simulated.section.subset(np.arange(n_spots))
    prediction = get_method("stentrans").fit(few).predict(np.array([[3.5, 3.5]]))
    assert np.isfinite(prediction.mean).all()
    assert np.isfinite(prediction.sd).all()


def test_a_gene_without_counts_stays_at_zero(simulated: SimulatedSection) -> None:
    section = simulated.section
    silenced = section.counts.toarray()
    silenced[:, 5] = 0
    from scipy import sparse

    quiet = section.with_counts(sparse.csr_matrix(silenced))
    fitted = get_method("kriging").fit(quiet)
    assert fitted.predict(section.array_rc[:10] + 0.5).mean[:, 5].max() < 1e-3


def test_genes_do_not_depend_on_those_read_with_them(
    simulated: SimulatedSection,
) -> None:
    field = (
        get_method("kriging")
        .fit(simulated.section)
        .field(simulated.section.array_rc[:20] + 0.5)
    )
    together = field.read(GENES).mean
    for gene in (0, 17, 119):
        alone = field.read(np.array([gene])).mean
        np.testing.assert_allclose(alone[:, 0], together[:, gene], rtol=1e-4)


def test_slope_is_that_of_a_regression(rng: np.random.Generator) -> None:
    predicted = rng.normal(size=(500, 2))
    crossed = predicted * [0.5, -1.0]
    np.testing.assert_allclose(cross_fitted_slope(predicted, crossed), [0.5, 0.0])


def test_residuals_can_be_switched_off(simulated: SimulatedSection) -> None:
    plain = RunConfig.model_validate({"kriging": {"residuals": False}})
    with_them = get_method("kriging").fit(simulated.section)
    without = get_method("kriging").fit(simulated.section, plain)
    at = simulated.section.array_rc[:5] + 0.5
    assert not np.allclose(with_them.predict(at).mean, without.predict(at).mean)


def test_residuals_are_kriged_as_by_the_textbook(kriging: FittedKriging) -> None:
    """Each pattern by dense solves, weighed by its evidence against noise alone."""
    left_out = kriging.decoder.left_out
    blunt = ChannelEstimate(0 * left_out.mean, left_out.variance)  # much is left
    decoder = GeneDecoder(kriging.section, kriging.programmes, blunt)
    found = ResidualKriging(decoder, 1000)
    genes = found.eligible[[0, 3, 40, 90]]
    at = kriging.section.pitch_rc[:30] + 0.4
    spots_rc, residual = kriging.section.pitch_rc, found.standardised(genes)
    n_spots = len(spots_rc)
    half = -0.5 * n_spots
    log = [half * np.log((residual**2).mean(axis=0)) + np.log(residuals._ODDS_OF_NOISE)]
    predicted = [np.zeros((len(at), len(genes)))]
    for kernel in residuals._KERNELS:
        covariance = kernel.between(spots_rc, spots_rc).astype(float)
        to_spots = kernel.between(at, spots_rc).astype(float)
        for noise in residuals.NOISE_RATIOS:
            noisy = covariance + noise * np.eye(n_spots)
            solved = np.linalg.solve(noisy, residual)
            variance = (residual * solved).sum(axis=0) / n_spots
            log_det = np.linalg.slogdet(noisy).logabsdet
            log.append(half * np.log(variance) - 0.5 * log_det)
            predicted.append(to_spots @ solved)
    weights = softmax(np.array(log), axis=0)
    expected = (weights[:, None] * np.array(predicted)).sum(axis=0)
    expected *= residual_fields._TAKEN
    kriged = kriged_residuals(found, at, genes)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(kriged, expected, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("size", [1000, 60])
def test_residuals_at_spots_are_those_of_any_place(
    kriging: FittedKriging, size: int
) -> None:
    """Spectra have what positions need a covariance for; in one window, in several."""
    found = ResidualKriging(kriging.decoder, size)
    genes = np.arange(12)
    at_spots = run_to_end(spot_residual_steps(found))
    assert at_spots is not None
    expected = kriged_residuals(found, kriging.section.pitch_rc, genes)
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(at_spots.read(genes), expected, atol=1e-4)


@pytest.mark.parametrize("size", [1000, 60])
def test_spectra_are_affordable_where_they_fit_in_memory(
    kriging: FittedKriging, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """In one window, and in several of them."""
    found = ResidualKriging(kriging.decoder, size)
    taken = sum(one.vectors.nbytes for window in found.spectra for one in window)
    monkeypatch.setattr(residuals, "_MAX_BYTES", taken)
    assert not found.affordable
    monkeypatch.setattr(residuals, "_MAX_BYTES", taken + 1)
    assert found.affordable


def test_residuals_that_do_not_fit_in_memory_are_left_out(
    simulated: SimulatedSection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = RunConfig.model_validate({"kriging": {"residuals": False}})
    without = get_method("kriging").fit(simulated.section, plain)
    monkeypatch.setattr(residuals, "_MAX_BYTES", 1000)
    found = get_method("kriging").fit(simulated.section)
    at = simulated.section.array_rc[:5] + 0.5
    np.testing.assert_array_equal(found.predict(at).mean, without.predict(at).mean)


def test_spots_keep_what_is_true_of_their_own(kriging: FittedKriging) -> None:
    """Between what is expected of a spot and its score, as far as halves agree."""
    expected = kriging.decoder.left_out
    own = kriging.crossed.true_share(expected.mean)
    assert own[0] > 0.99  # the library of a spot is its own
    found = kriging.posterior_field(kriging.decoder, expected, None).estimate
    between = expected.mean + own * (kriging.crossed.scores - expected.mean)
    slope = (found.mean * between).sum(axis=0) / (between**2).sum(axis=0)
    np.testing.assert_allclose(found.mean, slope * between, atol=1e-9)
    assert slope[0] == pytest.approx(1, abs=0.01)  # what is sure stays as it is
    assert slope[-1] < 0.7 < 0.95 < slope[1]  # of the last programmes much is noise
    np.testing.assert_array_equal(found.variance, expected.variance)


def test_known_programmes_krige_as_found_ones(kriging: FittedKriging) -> None:
    steps = fit_programmes_steps(
        kriging.section, kriging.programmes, kriging.crossed, RunConfig()
    )
    at = kriging.section.pitch_rc[:20] + 0.5
    again = run_to_end(run_to_end(steps).estimate_steps(at))
    expected = run_to_end(kriging.estimate_steps(at))
    np.testing.assert_array_equal(again.mean, expected.mean)
    np.testing.assert_array_equal(again.variance, expected.variance)


def test_residuals_of_another_decoder(kriging: FittedKriging) -> None:
    """Only the spectra are shared: as good as made anew for that decoder."""
    assert kriging.residuals is not None
    blunt = ChannelEstimate(
        0 * kriging.decoder.left_out.mean, kriging.decoder.left_out.variance
    )
    other = GeneDecoder(kriging.section, kriging.programmes, blunt)
    shared = kriging.residuals.of(other)
    anew = ResidualKriging(other, kriging.residuals.size)
    assert shared.spectra is kriging.residuals.spectra
    at = kriging.section.pitch_rc[:20] + 0.5
    of_shared, of_anew, before = (
        kriged_residuals(some, at, GENES) for some in (shared, anew, kriging.residuals)
    )
    np.testing.assert_allclose(of_shared, of_anew, rtol=1e-5, atol=1e-6)
    assert not np.allclose(of_shared, before, atol=0.01)


def test_fewer_patterns_than_programmes(
    simulated: SimulatedSection, square_section
) -> None:
    """Spots that repeat each other, or genes that do, keep their counts."""
    counts = simulated.section.counts[:144].toarray()
    for repeated in (np.repeat(counts[::16], 16, axis=0), np.tile(counts[:, :9], 12)):
        section = square_section(repeated)
        denoised = get_method("kriging").fit(section).denoise().mean
        assert denoised.sum() == pytest.approx(repeated.sum(), rel=0.05)


def test_what_no_spot_has_shown_is_not_ruled_out(
    simulated: SimulatedSection, square_section
) -> None:
    counts = simulated.section.counts[:144].toarray()
    counts[:, 0] = 0
    for shown in (counts, 0 * counts):
        fitted = get_method("kriging").fit(section := square_section(shown))
        for found in (fitted.predict(section.array_rc + 0.5), fitted.denoise()):
            assert (found.mean[:, 0] == 0).all()
            assert np.isfinite(found.mean).all()
            assert (found.sd > 0).all()
            assert found.sd[:, 0].max() < 0.2


def test_many_positions_are_predicted_in_portions(
    kriging: FittedKriging, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is too much to keep is computed whenever genes are read."""
    array_rc, genes = rng.uniform(0, 17, (90, 2)), np.arange(12)
    whole = kriging.field(array_rc).read(genes)
    monkeypatch.setattr(channels, "QUERIES_AT_ONCE", 16)
    monkeypatch.setattr(residual_fields, "QUERIES_AT_ONCE", 16)
    monkeypatch.setattr(residual_fields, "_MAX_BYTES", 1000)
    field = kriging.field(array_rc)
    assert isinstance(field.residuals, residual_fields._Anywhere)
    assert field.residuals.kept is None
    portioned = field.read(genes)
    np.testing.assert_allclose(portioned.mean, whole.mean, rtol=2e-4)
    np.testing.assert_allclose(portioned.sd, whole.sd, rtol=2e-4)
