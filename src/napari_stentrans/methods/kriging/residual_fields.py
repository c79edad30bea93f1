"""Kriged residuals of genes at positions, to be added to what programmes say."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from napari_stentrans.methods.fields import Residuals
from napari_stentrans.methods.kriging.channels import QUERIES_AT_ONCE
from napari_stentrans.methods.kriging.covariance import Spectrum
from napari_stentrans.methods.kriging.residuals import ResidualKriging
from napari_stentrans.methods.kriging.windows import Answered, answered_by, largest
from napari_stentrans.methods.parallel import map_in_order, one_blas_thread
from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

_TAKEN = 0.5
"""Share of the kriged residual that is added."""
_MAX_BYTES = 500_000_000


def residual_steps(
    source: ResidualKriging | None, query_rc: FloatArray
) -> Steps[Residuals | None]:
    """What programmes leave of each gene, at any positions in pitches."""
    if source is None:
        return None
    spectra = yield from source.spectra_steps()
    parts = answered_by(source.windows, source.pitch_rc, query_rc)
    n_rows = sum(len(part.rows) for part in parts)
    if 4 * n_rows * largest(source.windows) * len(spectra[0]) > _MAX_BYTES:
        return _Anywhere(source, query_rc, parts, None)

    def in_window(number: int) -> list[Float32Array]:
        here = query_rc[parts[number].rows]
        return [_along_directions(spectrum, here) for spectrum in spectra[number]]

    kept = []
    for along in map_in_order(in_window, range(len(parts))):
        kept.append(along)
        yield Progress("Kriging: residuals", len(kept), len(parts))
    return _Anywhere(source, query_rc, parts, kept)


def spot_residual_steps(source: ResidualKriging | None) -> Steps[Residuals | None]:
    """What programmes leave of each gene, at the visible spots."""
    if source is None:
        return None
    yield from source.spectra_steps()
    return _AtSpots(source)


@dataclass(frozen=True, eq=False)
class _Kriged(Residuals):
    """Kriged residuals at fixed positions, a product away for each gene.

    Attributes
    ----------
    source
        What was learnt.
    """

    source: ResidualKriging

    @property
    @abstractmethod
    def _n_positions(self) -> int: ...

    @abstractmethod
    def _krige(self, genes: IntArray) -> Float32Array:
        """Kriged residual of eligible genes, shape (position, gene)."""

    def read(self, genes: IntArray) -> Float32Array:
        """Standardised residual to add, shape (position, gene); 0 for lesser genes."""
        found = np.zeros((self._n_positions, len(genes)), dtype=np.float32)
        columns = np.flatnonzero(np.isin(genes, self.source.eligible))
        if len(columns):
            with one_blas_thread():
                found[:, columns] = _TAKEN * self._krige(genes[columns])
        return found


class _AtSpots(_Kriged):
    """At the visible spots, where a spectrum says all: nothing need be kept."""

    @property
    def _n_positions(self) -> int:
        return len(self.source.pitch_rc)

    def _krige(self, genes: IntArray) -> Float32Array:
        found = np.zeros((self._n_positions, len(genes)), dtype=np.float32)
        windows = self.source.windows
        cores = [np.searchsorted(window.spots, window.core) for window in windows]
        for number, _, spectrum, along in self.source.coefficients(genes):
            at = spectrum.along_spots(cores[number])
            found[windows[number].core] += at @ along
        return found


@dataclass(frozen=True, eq=False)
class _Anywhere(_Kriged):
    """At any positions.

    Attributes
    ----------
    query_rc : ndarray, shape (position, 2)
        In pitches.
    parts
        Positions that each window answers for.
    kept
        Covariance of these with the directions of each spectrum of the window, shape
        (position, direction); None of more positions than can be kept.
    """

    query_rc: FloatArray
    parts: list[Answered]
    kept: list[list[Float32Array]] | None

    @property
    def _n_positions(self) -> int:
        return len(self.query_rc)

    def _krige(self, genes: IntArray) -> Float32Array:
        found = np.zeros((self._n_positions, len(genes)), dtype=np.float32)
        for number, k, spectrum, along in self.source.coefficients(genes):
            part = self.parts[number]
            share = part.share.astype(np.float32)[:, None]
            if self.kept is not None:
                found[part.rows] += share * (self.kept[number][k] @ along)
                continue
            of_spots = spectrum.vectors @ along
            for some in portions(len(part.rows), QUERIES_AT_ONCE):
                here = part.rows[some]
                covariance = spectrum.to_queries(self.query_rc[here])
                found[here] += share[some] * (covariance @ of_spots)
        return found


def _along_directions(spectrum: Spectrum, query_rc: FloatArray) -> Float32Array:
    """Covariance of positions with the directions, shape (position, direction)."""
    found = np.empty((len(query_rc), len(spectrum.values)), dtype=np.float32)
    for some in portions(len(query_rc), QUERIES_AT_ONCE):
        found[some] = spectrum.along(query_rc[some])
    return found
