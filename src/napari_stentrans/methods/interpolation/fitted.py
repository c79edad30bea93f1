"""What the classical methods know of one section, and the fields they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.methods.interpolation.noise import CountNoise
from napari_stentrans.methods.interpolation.weights import Rule
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
    noise
        Spread of counts around the prediction.
    """

    section: Section
    between: Rule
    at_spots: Rule
    noise: CountNoise

    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:
        """Weigh the spots around each position."""
        yield Progress("Interpolating", 0, 1)
        return self._field(self.between, self.section.lattice.to_pitch(array_rc))

    def spot_field_steps(self) -> Steps[ExpressionField]:
        """Weigh the spots around each spot, itself included."""
        yield Progress("Interpolating", 0, 1)
        return self._field(self.at_spots, self.section.pitch_rc)

    def _field(self, rule: Rule, positions_rc: FloatArray) -> ExpressionField:
        weights = rule(self.section.pitch_rc, positions_rc)
        return InterpolatedField(weights, self.section.by_gene, self.noise)


@dataclass(frozen=True, eq=False)
class InterpolatedField(ExpressionField):
    """Counts of the spots, and how much each counts at each position.

    Attributes
    ----------
    weights : csr_matrix, shape (position, spot)
    counts : csc_matrix, shape (spot, gene)
    noise
        Spread of counts around the prediction.
    """

    weights: sparse.csr_matrix
    counts: sparse.csc_matrix
    noise: CountNoise

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return int(self.weights.shape[0])

    def read(self, genes: IntArray) -> Prediction:
        """Interpolate genes, in that order; a cubic curve below zero is zero."""
        mean = self.weights @ self.counts[:, genes].toarray()
        mean = np.maximum(mean, 0, dtype=np.float32)
        return Prediction(mean, self.noise.sd(mean, genes))
