"""A section as `stentrans` has learnt it: kriging, and corrections judged on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from napari_stentrans.methods.base import ExpressionField, Fitted
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.fields import ProgrammeField, SpotField
from napari_stentrans.methods.heldout import heldout_scores
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.kriging.residual_fields import (
    residual_steps,
    spot_residual_steps,
)
from napari_stentrans.methods.kriging.residuals import ResidualKriging
from napari_stentrans.methods.left_out import LeftOutField
from napari_stentrans.methods.stentrans.adaptation import Adapted
from napari_stentrans.methods.stentrans.correction import correction_steps
from napari_stentrans.methods.stentrans.gate import gated
from napari_stentrans.methods.stentrans.masking import remoteness
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class FittedStEnTrans(Fitted):
    """Kriging of one section, and a network judged on it."""

    section: Section
    kriging: FittedKriging
    adapted: Adapted
    decoder: GeneDecoder
    residuals: ResidualKriging | None

    @property
    def facts(self) -> dict[str, Any]:
        """As of kriging; length of the training; how far corrections are believed."""
        near, far = self.adapted.gate.mean(axis=1)
        return self.kriging.facts | {
            "training_steps": len(self.adapted.losses),
            "stopped_early": self.adapted.stopped_early,
            "gate_near": round(float(near), 3),
            "gate_far": round(float(far), 3),
            "wider_far": round(self.adapted.widening.far, 3),
        }

    def field_steps(self, array_rc: FloatArray) -> Steps[ProgrammeField]:
        """Expression at any positions."""
        query_rc = self.section.lattice.to_pitch(array_rc)
        kriged = yield from self.kriging.estimate_steps(query_rc)
        corrected = yield from corrected_steps(
            self.kriging, self.adapted, query_rc, kriged
        )
        left = yield from residual_steps(self.residuals, query_rc)
        remote = remoteness(query_rc, self.section.pitch_rc)
        wider = self.adapted.widening.at(remote)
        return ProgrammeField(self.decoder, corrected, left, wider)

    def spot_field_steps(self) -> Steps[SpotField]:
        """Posterior expression at the spots.

        The correction of a spot is predicted without its own counts, then weighed
        against them as kriging weighs its own prediction: by the share of variance
        that is left once the spot is seen.
        """
        seen = self.kriging.smoothed
        kriged, corrected = self.kriging.decoder.left_out, self.decoder.left_out
        open_share = np.clip(seen.variance / kriged.variance, 0.0, 1.0)
        mean = seen.mean + open_share * (corrected.mean - kriged.mean)
        left = yield from spot_residual_steps(self.residuals)
        expected = ChannelEstimate(mean, seen.variance)
        return self.kriging.posterior_field(self.decoder, expected, left)

    def left_out_field(self) -> ExpressionField:
        """Each spot, predicted from all others."""
        return LeftOutField(self.decoder)

    def gene_scores(self, genes: IntArray) -> pd.DataFrame:
        """Score of each gene at left-out spots, beside that of kriging alone."""
        return heldout_scores(self.decoder, genes, self.kriging.decoder)


def corrected_steps(
    kriging: FittedKriging,
    adapted: Adapted,
    query_rc: FloatArray,
    kriged: ChannelEstimate,
    *,
    exclude_self: bool = False,
) -> Steps[ChannelEstimate]:
    """Kriged channels with the corrections that are believed."""
    spots = VisibleSpots(
        kriging.section.pitch_rc,
        kriging.programmes.scores,
        kriging.decoder.left_out,
        kriging.programmes.strength,
        adapted.network.shape.neighbours,
    )
    # finding all neighbours takes seconds, of 100,000 spots
    yield Progress("Transformer: reading the spots", 0, kriging.section.n_spots)
    scene, remoteness = spots.scene(query_rc, kriged, exclude_self=exclude_self)
    moved = yield from correction_steps(adapted.network, scene)
    believed = gated(moved, adapted.gate, remoteness)
    return ChannelEstimate(kriged.mean + believed, kriged.variance)


def fitted_steps(kriging: FittedKriging, adapted: Adapted) -> Steps[FittedStEnTrans]:
    """Learn about the genes from corrected predictions of each spot without itself."""
    left_out = yield from corrected_steps(
        kriging,
        adapted,
        kriging.section.pitch_rc,
        kriging.decoder.left_out,
        exclude_self=True,
    )
    decoder = GeneDecoder(kriging.section, kriging.programmes, left_out)
    residuals = None
    if kriging.residuals:
        yield from kriging.residuals.spectra_steps()
        residuals = kriging.residuals.of(decoder)
    return FittedStEnTrans(kriging.section, kriging, adapted, decoder, residuals)
