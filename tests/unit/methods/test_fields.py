"""Expression at measured spots, and intervals of counts that are measured anew."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation.thinning import split_counts
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.fields import ProgrammeField, SpotField
from napari_stentrans.methods.kriging import enhancer
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.progress import run_to_end

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


def test_halves_tell_how_far_programmes_are_to_be_believed(
    square_section, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spots that differ from their surroundings, as two programmes say: no dispersion.

    Surroundings tell nothing, so that left-out spots are far from what is predicted.
    """
    rate = 30 * np.exp(rng.normal(size=(256, 2)) @ rng.normal(0, 0.5, (2, 100)))
    fitted = get_method("kriging").fit(square_section(rng.poisson(rate)))

    def error() -> float:
        return float(((fitted.denoise().mean - rate) ** 2 / rate).mean())

    learnt = error()
    assert learnt < 0.4  # of the counts themselves it is one
    monkeypatch.setattr(enhancer, "prior_share", lambda *_: 0.25)
    assert learnt < 0.7 * error()


def test_no_more_dispersion_is_taken_for_tissue_than_before_halves_were_asked(
    square_section, rng: np.random.Generator
) -> None:
    """What every gene of a spot does for itself, both halves have, tissue or not."""
    rate = 20 * rng.gamma(2, 0.5, (256, 100))
    fitted = get_method("kriging").fit(square_section(rng.poisson(rate)))
    field = run_to_end(fitted.spot_field_steps())
    assert isinstance(field, SpotField)
    assert field.prior_share == 0.25


def test_places_known_as_well_as_left_out_spots_have_their_deviation(
    kriging: FittedKriging,
) -> None:
    """And others more or less, as they are known worse or better."""
    decoder, genes = kriging.decoder, np.arange(kriging.section.n_genes)
    left_out = decoder.left_out
    typical = np.broadcast_to(left_out.variance.mean(axis=0), left_out.variance.shape)

    def spread(variance: np.ndarray) -> np.ndarray:
        estimate = ChannelEstimate(left_out.mean, variance)
        return ProgrammeField(decoder, estimate, None).read(genes).sd

    rate = decoder.rates(left_out, genes)
    expected = decoder.deviation(rate, genes) * decoder.statistics(genes).stretch
    np.testing.assert_allclose(spread(typical), expected, rtol=1e-3)
    assert (spread(2 * typical) >= expected).all()
    assert spread(2 * typical).mean() > 1.01 * expected.mean()
    assert spread(0 * typical).mean() < expected.mean()
