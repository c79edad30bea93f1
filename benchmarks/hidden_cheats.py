"""Predictors of hidden spots, honest ones and such as have seen what is scored.

Honest: *kriging* (1), *stentrans*, *gaussian*, and *programmes alone*: kriging without
residuals of single genes.

*best covariance*: *programmes alone*, but each channel has the covariance, noise ratio
and slope that suit its hidden scores best. *programmes that saw*: hidden counts take
part when programmes are found, not when these are kriged. *... and best covariance*:
both. *scores that saw*: the programme scores that the hidden counts themselves have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from napari_stentrans.config import RunConfig
from napari_stentrans.evaluation.holdout import HoldOut
from napari_stentrans.methods.base import ExpressionField, get_method
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.cross_fitting import Division, cross_fit
from napari_stentrans.methods.fields import ProgrammeField
from napari_stentrans.methods.kriging.channels import ChannelKriging
from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    candidate_kernels,
)
from napari_stentrans.methods.kriging.enhancer import (
    FittedKriging,
    fit_programmes_steps,
    kriged_steps,
)
from napari_stentrans.methods.kriging.mixture import Mixture
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.programmes import (
    Programmes,
    find_programmes,
    scores_on,
)
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray


def with_kriging(config: RunConfig, **settings: Any) -> RunConfig:
    """Change settings of kriging."""
    kriging = config.kriging.model_copy(update=settings)
    return config.model_copy(update={"kriging": kriging})


@dataclass(frozen=True, eq=False)
class HiddenCheats:
    """Predictors of one trial.

    Attributes
    ----------
    trial
        What is visible, and what is hidden.
    config
        With the seed of the trial.
    """

    trial: HoldOut
    config: RunConfig

    reference = "kriging"
    mixed = "gaussian", "kriging", "stentrans", "programmes that saw"

    def fields(self) -> dict[str, ExpressionField]:
        """Every predictor, at the hidden spots."""
        honest = {
            name: get_method(name).fit(self.trial.reduced, self.config)
            for name in ("kriging", "stentrans", "gaussian")
        }
        places = self.trial.hidden_rc
        alone, saw = self._alone, self._saw
        hidden = self.trial.section.subset(self.trial.hidden)
        return {name: fitted.field(places) for name, fitted in honest.items()} | {
            "programmes alone": alone.field(places),
            "best covariance": self._best(alone, scores_on(hidden, alone.programmes)),
            "programmes that saw": saw.field(places),
            "... and best covariance": self._best(saw, self._own_scores),
            "scores that saw": _certain(saw, self._own_scores),
        }

    @cached_property
    def _config_alone(self) -> RunConfig:
        """Without residuals of single genes."""
        return with_kriging(self.config, residuals=False)

    @cached_property
    def _alone(self) -> FittedKriging:
        return run_to_end(kriged_steps(self.trial.reduced, self._config_alone, None))

    @cached_property
    def _programmes(self) -> Programmes:
        """Of all spots, the hidden ones among them."""
        n_programmes = self.config.kriging.n_programmes
        return find_programmes(self.trial.section, n_programmes, self.config.seed)

    @cached_property
    def _saw(self) -> FittedKriging:
        """Programmes of all spots, kriged from the visible ones."""
        visible = self.trial.reduced
        seen = self._programmes.scores[self.trial.visible]
        programmes = replace(self._programmes, scores=seen)
        crossed = cross_fit(programmes, Division.of(visible, self.config.seed))
        steps = fit_programmes_steps(visible, programmes, crossed, self._config_alone)
        return run_to_end(steps)

    @property
    def _own_scores(self) -> FloatArray:
        """Of the hidden spots, on the programmes that saw them."""
        return self._programmes.scores[self.trial.hidden]

    def _best(self, fitted: FittedKriging, hidden: FloatArray) -> ProgrammeField:
        """Each channel as near to its hidden scores as one covariance gets it."""
        best, least = np.zeros_like(hidden), np.full(hidden.shape[1], np.inf)
        queries = fitted.section.lattice.to_pitch(self.trial.hidden_rc)
        for kriged in _with_each_covariance(fitted.channels, queries):
            power = np.maximum((kriged**2).sum(axis=0), 1e-9)
            slope = np.maximum((kriged * hidden).sum(axis=0) / power, 0)
            missed = ((hidden - slope * kriged) ** 2).sum(axis=0)
            better = missed < least
            best[:, better] = (slope * kriged)[:, better]
            least[better] = missed[better]
        return _certain(fitted, best)


def _with_each_covariance(
    channels: ChannelKriging, queries: FloatArray
) -> Iterator[FloatArray]:
    """Kriged channels, shape (query, channel), by each covariance and noise ratio."""
    n_ratios, n_channels = len(NOISE_RATIOS), channels.channels.shape[1]
    for kernel in candidate_kernels():
        spectra = WindowSpectra(channels.places, channels.spectra.size)
        for alone in np.eye(n_ratios):
            weights = np.tile(alone[None, :, None], (1, 1, n_channels))
            mixture = Mixture([kernel], weights)
            single = ChannelKriging(spectra, channels.channels, mixture)
            yield run_to_end(single.predict_steps(queries)).mean


def _certain(fitted: FittedKriging, scores: FloatArray) -> ProgrammeField:
    """Genes of given scores."""
    estimate = ChannelEstimate(scores, np.zeros_like(scores))
    return ProgrammeField(fitted.decoder, estimate, None)
