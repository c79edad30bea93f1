"""Predictors of the other half of the counts of measured spots.

All are honest alone: *raw*, *pca20* (1), *kriging*, *stentrans*, *40 programmes*
(kriging with up to so many), and two with which the study began before this programme
was written: *plain kriging*, kriged shares at kriged library sizes; and *first recipe*,
kriged shares at the spot's own library size, kriged residuals of genes added, and the
posterior of the spot's own count, half of the dispersion taken as the prior's. The sum
of some that suits the other half best, gene by gene, cheats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hidden_cheats import with_kriging

from napari_stentrans.config import RunConfig
from napari_stentrans.evaluation.plan import find_method
from napari_stentrans.evaluation.thinning import CountSplit
from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.fields import Residuals
from napari_stentrans.methods.kriging.enhancer import FittedKriging, kriged_steps
from napari_stentrans.methods.kriging.residual_fields import spot_residual_steps
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import IntArray

_MANY = 40
_PRIOR_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class DenoisingCheats:
    """Predictors of one trial.

    Attributes
    ----------
    trial
        The half that is seen, and the other.
    config
        With the seed of the trial.
    """

    trial: CountSplit
    config: RunConfig

    reference = "pca20"
    mixed = "raw", "pca20", "kriging", "40 programmes", "first recipe"

    def fields(self) -> dict[str, ExpressionField]:
        """Every predictor, at the spots."""
        more = with_kriging(self.config, n_programmes=_MANY)
        names = "raw", "pca20", "kriging", "stentrans"
        return {name: self._denoised(name, self.config) for name in names} | {
            "40 programmes": self._denoised("kriging", more),
            "plain kriging": self._plain_kriging(),
            "first recipe": self._first_recipe(),
        }

    def _denoised(self, name: str, config: RunConfig) -> ExpressionField:
        fitted = find_method(name).fit(self.trial.reduced, config)
        return run_to_end(self.trial.field_steps(fitted))

    def _plain_kriging(self) -> ExpressionField:
        config = with_kriging(self.config, residuals=False)
        fitted = find_method("kriging").fit(self.trial.reduced, config)
        return fitted.field(self.trial.reduced.array_rc)

    def _first_recipe(self) -> ExpressionField:
        fitted = run_to_end(kriged_steps(self.trial.reduced, self.config, None))
        residuals = run_to_end(spot_residual_steps(fitted.residuals))
        return _FirstRecipe(fitted, fitted.smoothed, residuals)


@dataclass(frozen=True, eq=False)
class _FirstRecipe(ExpressionField):
    """Posterior mean by the first recipe; of its spread nothing is said."""

    fitted: FittedKriging
    expected: ChannelEstimate
    residuals: Residuals | None

    @property
    def n_positions(self) -> int:
        return len(self.expected.mean)

    def read(self, genes: IntArray) -> Prediction:
        decoder = self.fitted.decoder
        added = None if self.residuals is None else self.residuals.read(genes)
        rate = decoder.rates_at(decoder.own_library, self.expected, genes)
        rate = decoder.with_residual(rate, added, genes)
        spread = _PRIOR_SHARE * decoder.statistics(genes).dispersion
        mean = rate * (1 + spread * decoder.counts(genes)) / (1 + spread * rate)
        return Prediction(mean, np.full_like(mean, np.nan))
