"""The `stentrans` method: kriging, corrected by a Transformer where that pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import ComputeError
from napari_stentrans.methods.base import Enhancer, Fitted
from napari_stentrans.methods.decoder import ProgrammeField, SpotField
from napari_stentrans.methods.device import resolve_device
from napari_stentrans.methods.kriging.channels import Estimate
from napari_stentrans.methods.kriging.enhancer import FittedKriging, Kriging
from napari_stentrans.methods.stentrans.adaptation import Adapted, adaptation_steps
from napari_stentrans.methods.stentrans.correction import corrections
from napari_stentrans.methods.stentrans.gate import gated
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

_FEWEST_SPOTS = 40
"""With fewer visible spots corrections cannot be judged: kriging answers alone."""


@dataclass(frozen=True, eq=False)
class FittedStEnTrans(Fitted):
    """Kriging of one section, and a network judged on it."""

    section: Section
    kriging: FittedKriging
    adapted: Adapted

    @property
    def facts(self) -> dict[str, Any]:
        """Length of the training, and how far its corrections are believed (0 to 1)."""
        near, far = self.adapted.gate.mean(axis=1)
        return {
            "training_steps": len(self.adapted.losses),
            "stopped_early": self.adapted.stopped_early,
            "gate_near": round(float(near), 3),
            "gate_far": round(float(far), 3),
        }

    def field_steps(self, array_rc: FloatArray) -> Steps[ProgrammeField]:
        """Expression at any positions."""
        query_rc = self.section.lattice.to_pitch(array_rc)
        kriged = yield from self.kriging.estimate_steps(query_rc)
        corrected = yield from self._corrected_steps(query_rc, kriged)
        left = yield from self.kriging.residual_steps(query_rc)
        return ProgrammeField(self.kriging.decoder, corrected, left)

    def spot_field_steps(self) -> Steps[SpotField]:
        """Posterior expression at the spots.

        The correction of a spot is predicted without its own counts, then weighed
        against them as kriging weighs its own prediction: by the share of variance
        that is left once the spot is seen.
        """
        query_rc = self.section.pitch_rc
        seen = yield from self.kriging.channels.predict_steps(query_rc)
        unseen = self.kriging.decoder.left_out
        moved = yield from self._corrected_steps(query_rc, unseen, exclude_self=True)
        open_share = np.clip(seen.variance / unseen.variance, 0.0, 1.0)
        mean = seen.mean + open_share * (moved.mean - unseen.mean)
        left = yield from self.kriging.residual_steps(query_rc)
        with_own = self.kriging.with_own(Estimate(mean, seen.variance))
        return SpotField(self.kriging.decoder, with_own, left)

    def _corrected_steps(
        self, query_rc: FloatArray, kriged: Estimate, *, exclude_self: bool = False
    ) -> Steps[Estimate]:
        tokens = VisibleSpots(
            self.section.pitch_rc,
            self.kriging.programmes.scores,
            self.kriging.decoder.left_out,
            self.kriging.programmes.strength,
            self.adapted.network.shape.neighbours,
        )
        scene, remoteness = tokens.scene(query_rc, kriged, exclude_self=exclude_self)
        found = []
        for done, part in corrections(self.adapted.network, scene):
            found.append(part.cpu().numpy())
            yield Progress("Transformer: predicting", done, len(query_rc))
        moved = np.concatenate(found).astype(np.float64)
        believed = gated(moved, self.adapted.gate, remoteness)
        return Estimate(kriged.mean + believed, kriged.variance)


class StEnTrans(Enhancer):
    """A pre-trained Transformer that corrects kriging as far as the section agrees."""

    name = "stentrans"
    summary = "Pre-trained Transformer on top of kriging: the default."

    def fit_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Krige, offer that as a first result, then adapt. Stopping keeps the best."""
        device = resolve_device(config.device)
        kriging = yield from Kriging().fit_steps(section, config)
        n_programmes = kriging.programmes.n_channels - 1
        if section.n_spots < _FEWEST_SPOTS or n_programmes < 1:
            return kriging
        stop = yield Progress("Kriging: ready", 1, 1, partial=kriging)
        if stop:
            return kriging
        try:
            adapted = yield from adaptation_steps(kriging, config, device)
        except torch.OutOfMemoryError as error:
            msg = (
                f"the device {device} ran out of memory ({error}). Choose device "
                "'cpu', or a smaller window."
            )
            raise ComputeError(msg) from error
        return FittedStEnTrans(section, kriging, adapted)
