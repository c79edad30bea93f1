"""The `kriging` method: gene programmes, kriged, and decoded to counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.cross_fitting import CrossFitted, Division, cross_fit
from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.fields import (
    ProgrammeField,
    Residuals,
    SeenHalf,
    SpotField,
    prior_share,
)
from napari_stentrans.methods.heldout import heldout_scores
from napari_stentrans.methods.kriging.appearance import Appearance
from napari_stentrans.methods.kriging.channels import ChannelKriging
from napari_stentrans.methods.kriging.mixture import mixture_steps
from napari_stentrans.methods.kriging.residual_fields import (
    residual_steps,
    spot_residual_steps,
)
from napari_stentrans.methods.kriging.residuals import ResidualKriging
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.left_out import LeftOutField
from napari_stentrans.methods.parallel import both
from napari_stentrans.methods.programmes import Programmes, find_programmes
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_MAX_SLOPE = 1.2


@dataclass(frozen=True, eq=False)
class FittedKriging(Fitted):
    """Kriging that has learnt from one section.

    Attributes
    ----------
    section, programmes
        The visible spots and their programmes.
    appearance
        What the tissue looks like, or None.
    crossed
        Scores from loadings found without the spot: honest targets.
    channels
        Their kriging.
    smoothed
        Channels at the spots, each from all of them.
    slope : ndarray, shape (channel,)
        How much of a kriged channel is borne out by cross-fitted scores.
    decoder
        From channels to counts.
    residuals
        Kriging of what programmes leave, or None.
    stopped_early
        Whether more was to follow, had it not been told to stop.
    """

    section: Section
    appearance: Appearance | None
    programmes: Programmes
    crossed: CrossFitted
    channels: ChannelKriging
    smoothed: ChannelEstimate
    slope: FloatArray
    decoder: GeneDecoder
    residuals: ResidualKriging | None
    stopped_early: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """Whether it was stopped early, and single genes are kriged besides."""
        return {
            "stopped_early": self.stopped_early,
            "gene_residuals": self.residuals is not None,
        }

    def field_steps(self, array_rc: FloatArray) -> Steps[ProgrammeField]:
        """Expression at any positions."""
        query_rc = self.section.lattice.to_pitch(array_rc)
        estimate = yield from self.estimate_steps(query_rc)
        left = yield from residual_steps(self.residuals, query_rc)
        return ProgrammeField(self.decoder, estimate, left)

    def spot_field_steps(self) -> Steps[SpotField]:
        """Posterior expression at the spots."""
        left = yield from spot_residual_steps(self.residuals)
        return self.posterior_field(self.decoder, self.smoothed, left)

    def left_out_field(self) -> ExpressionField:
        """Each spot, predicted from all others."""
        return LeftOutField(self.decoder)

    def gene_scores(self, genes: IntArray) -> pd.DataFrame:
        """Score of each gene at left-out spots."""
        return heldout_scores(self.decoder, genes)

    def posterior_field(
        self,
        decoder: GeneDecoder,
        expected: ChannelEstimate,
        residuals: Residuals | None,
    ) -> SpotField:
        """Posterior of the spots, of which the surroundings make one expect so much.

        Kriging takes for noise whatever a spot does not share with its surroundings;
        much of it is the spot's own tissue: what is true of its surprise is taken in.
        Of all this counts what one half of the counts says and the other bears out:
        a programme that is mostly noise is faint at the spots as well.
        """
        own = self.crossed.true_share(expected.mean)
        scores, (half_scores, other_half) = self.crossed.scores, self.crossed.halves
        mean = expected.mean + own * (scores - expected.mean)
        # What is expected knows of all counts of the spot: here it may not.
        blind = decoder.left_out
        weight = np.clip(1 - expected.variance / blind.variance, 0, 1)
        half_mean = blind.mean + weight * (half_scores - blind.mean)
        half_mean += own * (half_scores - half_mean)
        slope = cross_fitted_slope(half_mean, other_half)
        posterior = sloped(ChannelEstimate(mean, expected.variance), slope)
        of_half = sloped(ChannelEstimate(half_mean, expected.variance), slope)
        half = SeenHalf(of_half, self.crossed.half_counts)
        share = prior_share(decoder, half)
        return SpotField(decoder, posterior, residuals, half, share)

    def estimate_steps(self, query_rc: FloatArray) -> Steps[ChannelEstimate]:
        """Channels at any positions in pitches, as far as cross-fitting bears out."""
        queries = placed(query_rc, self.appearance)
        kriged = yield from self.channels.predict_steps(queries)
        return sloped(kriged, self.slope)


def placed(pitch_rc: FloatArray, appearance: Appearance | None) -> FloatArray:
    """Positions, and how they look beside, shape (position, 2 + direction)."""
    if appearance is None:
        return pitch_rc
    return np.concatenate([pitch_rc, appearance.at(pitch_rc)], axis=1)


class Kriging(Enhancer):
    """Gene programmes interpolated by kriging, averaged over covariance parameters."""

    name = "kriging"
    summary = "Gene programmes and kriging: seconds, a strong baseline."

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[FittedKriging]:
        """Learn programmes and covariances; nothing here can usefully stop early."""
        return (yield from kriged_steps(section, config, None))


def kriged_steps(
    section: Section, config: RunConfig, appearance: Appearance | None
) -> Steps[FittedKriging]:
    """Find programmes and krige them, with regard to appearance if it is given."""
    yield Progress("Kriging: gene programmes", 0, 2)
    n_programmes, seed = config.kriging.n_programmes, config.seed
    programmes, division = both(
        lambda: find_programmes(section, n_programmes, seed),
        lambda: Division.of(section, seed),
    )
    yield Progress("Kriging: gene programmes", 1, 2)
    crossed = cross_fit(programmes, division)
    return (
        yield from fit_programmes_steps(
            section, programmes, crossed, config, appearance
        )
    )


def fit_programmes_steps(
    section: Section,
    programmes: Programmes,
    crossed: CrossFitted,
    config: RunConfig,
    appearance: Appearance | None = None,
) -> Steps[FittedKriging]:
    """Krige programmes that were found already, whose scores are the section's."""
    choice, scores = config.kriging, programmes.scores
    spectra = WindowSpectra(placed(section.pitch_rc, appearance), choice.window)
    mixture = yield from mixture_steps(spectra, scores)
    spectra.keep(mixture.kernels)
    channels = ChannelKriging(spectra, scores, mixture)
    kriged = yield from channels.at_spots_steps()
    slope = cross_fitted_slope(kriged.left_out.mean, crossed.scores)
    decoder = GeneDecoder(section, programmes, sloped(kriged.left_out, slope))
    residuals = ResidualKriging(decoder, choice.window) if choice.residuals else None
    if residuals is not None and not residuals.affordable:
        residuals = None
    return FittedKriging(
        section,
        appearance,
        programmes,
        crossed,
        channels,
        kriged.smoothed,
        slope,
        decoder,
        residuals,
    )


def cross_fitted_slope(predicted: FloatArray, crossed: FloatArray) -> FloatArray:
    """Regression of cross-fitted scores on predictions without them, shape (channel,).

    Programme scores are over-fitted to their own spots, so whatever is predicted from
    them believes in them too much; a slope below one takes that back.

    Parameters
    ----------
    predicted : ndarray, shape (spot, channel)
        From other spots, or from half of the counts.
    crossed : ndarray, shape (spot, channel)
        Cross-fitted scores of all counts, or of the other half.
    """
    agreement = (predicted * crossed).sum(axis=0)
    slope = agreement / np.maximum((predicted**2).sum(axis=0), 1e-9)
    clipped: FloatArray = np.clip(slope, 0.0, _MAX_SLOPE)
    return clipped


def sloped(estimate: ChannelEstimate, slope: FloatArray) -> ChannelEstimate:
    """Scale the means; the variance keeps what kriging says."""
    return ChannelEstimate(estimate.mean * slope, estimate.variance)
