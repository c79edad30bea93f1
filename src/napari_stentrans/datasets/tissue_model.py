"""A tissue that never was: its outline and expected expression at any point.

Everything is a continuous function of pitch coordinates, made of smooth random fields,
so that the truth is known between the spots as well as at them. Knows nothing about
spots, noise or images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.lattice import FloatArray, IntArray

_WAVES = 48
"""Cosines that make up one smooth field."""
_SHARP, _SOFT = 40.0, 2.5
"""Steepness of domain borders: a sixth of a pitch wide, and a few pitches wide."""
_N_GRADIENTS = 2


@dataclass(frozen=True, eq=False)
class SmoothFields:
    """Random functions of the plane, of mean 0 and variance 1: sums of cosines.

    Attributes
    ----------
    waves : ndarray, shape (field, wave, 2)
        Radians a pitch along rows and columns.
    phases : ndarray, shape (field, wave)
    """

    waves: FloatArray
    phases: FloatArray

    @classmethod
    def draw(
        cls, rng: np.random.Generator, n_fields: int, length: float
    ) -> SmoothFields:
        """Fields that vary over distances of ``length`` pitches."""
        waves = rng.normal(scale=1 / length, size=(n_fields, _WAVES, 2))
        return cls(waves, rng.uniform(0, 2 * np.pi, size=(n_fields, _WAVES)))

    def __call__(self, pitch_rc: FloatArray) -> FloatArray:
        """Values at points, shape (position, field)."""
        values = [
            np.cos(pitch_rc @ waves.T + phases).sum(axis=1)
            for waves, phases in zip(self.waves, self.phases, strict=True)
        ]
        fields: FloatArray = np.stack(values, axis=1) * np.sqrt(2 / _WAVES)
        return fields


@dataclass(frozen=True, eq=False)
class TissueModel:
    """Outline, domains and gene programmes of one simulated tissue.

    Attributes
    ----------
    extent
        Size (row, col) of the capture area in pitches, from (0, 0).
    sharp : ndarray of bool, shape (domain,)
        Domains whose genes change abruptly at their border.
    log_base : ndarray, shape (gene,)
        Logarithm of each gene's expression where no programme is active.
    loadings : ndarray, shape (programme, gene)
        What a fully active programme adds to it. Domains first, then gradients, then
        small scattered foci.
    programme_of : ndarray, shape (gene,)
        The programme each gene is a marker of; -1 for background genes.
    library
        Expected counts, over all genes, where capture is neither good nor bad.
    """

    extent: tuple[float, float]
    sharp: NDArray[np.bool_]
    log_base: FloatArray
    loadings: FloatArray
    programme_of: IntArray
    library: float
    outline_field: SmoothFields
    domain_fields: SmoothFields
    gradient_fields: SmoothFields
    foci_field: SmoothFields
    library_field: SmoothFields

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        extent: tuple[float, float],
        n_genes: int,
        sharp: float,
        library: float,
    ) -> TissueModel:
        """Draw a tissue; ``sharp`` is the share of its domains with sharp borders."""
        size = max(min(extent), 4.0)
        n_domains = int(rng.integers(4, 9))
        n_programmes = n_domains + _N_GRADIENTS + 1
        programme_of, loadings = _draw_programmes(rng, n_programmes, n_genes)
        return cls(
            extent=extent,
            sharp=rng.permutation(n_domains) < round(sharp * n_domains),
            log_base=rng.normal(scale=1.3, size=n_genes),
            loadings=loadings,
            programme_of=programme_of,
            library=library,
            outline_field=SmoothFields.draw(rng, 1, 0.25 * size),
            domain_fields=SmoothFields.draw(rng, n_domains, 0.2 * size),
            gradient_fields=SmoothFields.draw(rng, _N_GRADIENTS, 0.5 * size),
            foci_field=SmoothFields.draw(rng, 1, max(0.05 * size, 1.2)),
            library_field=SmoothFields.draw(rng, 1, 0.3 * size),
        )

    @property
    def n_domains(self) -> int:
        """Number of domains."""
        return len(self.sharp)

    def programme_names(self) -> list[str]:
        """Name of each programme, in the order of the loadings."""
        domains = [f"DOMAIN{number}" for number in range(1, self.n_domains + 1)]
        gradients = [f"GRADIENT{number}" for number in range(1, _N_GRADIENTS + 1)]
        return [*domains, *gradients, "FOCI"]

    def depth(self, pitch_rc: FloatArray) -> FloatArray:
        """How far inside the tissue, shape (position,): positive inside, no unit."""
        half = np.asarray(self.extent) / 2
        rounded = (np.abs(pitch_rc - half) / (half + 0.7)) ** 3
        uneven = 0.4 * self.outline_field(pitch_rc)[:, 0]
        depth: FloatArray = 0.8 - rounded.sum(axis=1) + uneven
        return depth

    def domain(self, pitch_rc: FloatArray) -> IntArray:
        """Domain of each point, shape (position,)."""
        domain: IntArray = np.argmax(self.domain_fields(pitch_rc), axis=1)
        return domain

    def activity(self, pitch_rc: FloatArray) -> FloatArray:
        """Activity of each programme, shape (position, programme): 0 to 1 or so."""
        fields = self.domain_fields(pitch_rc)
        domains = np.where(
            self.sharp, _shares(_SHARP * fields), _shares(_SOFT * fields)
        )
        foci = 1 / (1 + np.exp(-6 * (self.foci_field(pitch_rc) - 1.2)))
        return np.concatenate([domains, self.gradient_fields(pitch_rc), foci], axis=1)

    def expected(self, pitch_rc: FloatArray) -> NDArray[np.float32]:
        """Expected counts, shape (position, gene), whether tissue is there or not."""
        log_rate = self.log_base + self.activity(pitch_rc) @ self.loadings
        expected = self.expected_library(pitch_rc) * _shares(log_rate)
        as_counts: NDArray[np.float32] = expected.astype(np.float32)
        return as_counts

    def expected_library(self, pitch_rc: FloatArray) -> FloatArray:
        """Expected counts over all genes, shape (position, 1)."""
        library: FloatArray = self.library * np.exp(0.35 * self.library_field(pitch_rc))
        return library


def _draw_programmes(
    rng: np.random.Generator, n_programmes: int, n_genes: int
) -> tuple[IntArray, FloatArray]:
    """Marker assignment of each gene and sparse loadings, shape (programme, gene)."""
    n_markers = round(0.6 * n_genes)
    programme_of = np.full(n_genes, -1)
    programme_of[:n_markers] = np.sort(np.arange(n_markers) % n_programmes)
    minor = rng.random((n_programmes, n_genes)) < 0.1
    loadings = np.where(minor, rng.normal(scale=0.4, size=minor.shape), 0.0)
    strength = rng.uniform(1.0, 3.0, size=n_markers)
    gradients = np.arange(n_programmes - 1 - _N_GRADIENTS, n_programmes - 1)
    is_gradient = np.isin(programme_of[:n_markers], gradients)
    strength[is_gradient] *= 0.4 * rng.choice([-1, 1], size=int(is_gradient.sum()))
    loadings[programme_of[:n_markers], np.arange(n_markers)] = strength
    return programme_of, loadings


def _shares(logits: FloatArray) -> FloatArray:
    """Softmax over the last axis."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return shares
