"""What the classical methods know of one section, and the fields they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.methods.interpolation.noise import CountNoise
from napari_stentrans.methods.interpolation.operators import Interpolator, Operator
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Interpolated(Fitted):
    """A section with a rule to interpolate it.

    Attributes
    ----------
    section
        Measured, visible spots.
    between
        The rule for any position.
    at_spots
        The rule at the spots themselves, their own counts included.
    counts : csc_matrix, shape (spot, gene)
        Of the section, quick to read by gene.
    noise
        Spread of counts around the prediction.
    """

    section: Section
    between: Interpolator
    at_spots: Interpolator
    counts: sparse.csc_matrix
    noise: CountNoise

    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:
        """Weigh the spots around each position."""
        yield Progress("Interpolating", 0, 1)
        pitch_rc = self.section.lattice.to_pitch(array_rc)
        return self._field(self.between(self.section.pitch_rc, pitch_rc), len(pitch_rc))

    def spot_field_steps(self) -> Steps[ExpressionField]:
        """Weigh the spots around each spot, itself included."""
        yield Progress("Interpolating", 0, 1)
        pitch_rc = self.section.pitch_rc
        return self._field(self.at_spots(pitch_rc, pitch_rc), len(pitch_rc))

    def _field(self, operator: Operator, n_positions: int) -> InterpolatedField:
        return InterpolatedField(self.counts, operator, self.noise, n_positions)


@dataclass(frozen=True, eq=False)
class InterpolatedField(ExpressionField):
    """Counts of the spots, and the operator that carries them to the positions."""

    counts: sparse.csc_matrix
    operator: Operator
    noise: CountNoise
    n_wanted: int

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return self.n_wanted

    def read(self, genes: IntArray) -> Prediction:
        """Interpolate genes, in that order."""
        values = self.counts[:, genes].toarray()
        mean = np.maximum(self.operator(values), np.float32(0))
        return Prediction(mean, self.noise.sd(mean, genes))
