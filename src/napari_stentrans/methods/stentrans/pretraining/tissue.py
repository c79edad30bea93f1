"""Simulated tissue of great variety, whose true expression is known everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.methods.stentrans.pretraining.patterns import (
    random_field,
    random_patterns,
)
from napari_stentrans.methods.stentrans.pretraining.positions import random_positions
from napari_stentrans.section.lattice import FloatArray, Lattice, LatticeKind
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Tissue:
    """What is true of a simulated section; counts are drawn from it.

    Attributes
    ----------
    pitch_rc : ndarray, shape (spot, 2)
        Positions of the spots.
    log_share : ndarray, shape (spot, gene)
        Logarithm of each gene's share of the counts, but for a constant.
    log_library : ndarray, shape (spot,)
        Logarithm of the expected library size.
    modules : ndarray, shape (module, gene)
        Directions in which single spots differ for no spatial reason.
    spot_noise, library_noise
        Standard deviation of those differences, and of the log library size.
    dispersion
        Of the negative-binomial counts.
    """

    pitch_rc: FloatArray
    log_share: FloatArray
    log_library: FloatArray
    modules: FloatArray
    spot_noise: float
    library_noise: float
    dispersion: float

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """Counts of one experiment, shape (spot, gene)."""
        n_spots = len(self.pitch_rc)
        own = rng.normal(0, self.spot_noise, (n_spots, len(self.modules)))
        log_share = self.log_share + own @ self.modules
        share = np.exp(log_share - log_share.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        library = np.exp(self.log_library + rng.normal(0, self.library_noise, n_spots))
        rate = share * library[:, None]
        if self.dispersion > 0:
            shape = 1 / self.dispersion
            rate = rate * rng.gamma(shape, self.dispersion, rate.shape)
        counts: FloatArray = rng.poisson(rate).astype(np.float64)
        return counts


def random_tissue(rng: np.random.Generator, n_spots: int) -> Tissue:
    """Draw a tissue: its outline, patterns, genes, depth and noise."""
    pitch_rc = random_positions(rng, n_spots)
    patterns = random_patterns(pitch_rc, rng)
    n_genes = int(rng.integers(250, 700))
    n_modules = int(rng.integers(3, 12))
    modules = _sparse_normal(rng, (n_modules, n_genes), rng.uniform(0.1, 0.6))
    strength = np.exp(rng.uniform(np.log(0.1), np.log(1.0)))
    follows = rng.normal(size=(patterns.shape[1], n_modules)) * strength
    own = _sparse_normal(rng, (patterns.shape[1], n_genes), 0.1) * 0.5 * strength
    level = rng.normal(0, rng.uniform(0.8, 1.8), n_genes)
    depth = np.exp(rng.uniform(np.log(300), np.log(8000)))
    return Tissue(
        pitch_rc=pitch_rc,
        log_share=level + patterns @ (follows @ modules / np.sqrt(n_modules) + own),
        log_library=np.log(depth) + _library_pattern(pitch_rc, patterns, rng),
        modules=modules,
        spot_noise=float(rng.choice([0.0, 0.05, 0.15, 0.3])),
        library_noise=rng.uniform(0.05, 0.4),
        dispersion=float(rng.choice([0.0, 0.05, 0.3])),
    )


def section_of(tissue: Tissue, counts: FloatArray) -> Section:
    """Make a section of counts drawn from a tissue."""
    names = pd.Index([f"gene{j}" for j in range(counts.shape[1])])
    spots = pd.Index([f"spot{i}" for i in range(len(counts))])
    return Section(
        name="simulated tissue",
        counts=sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame(index=spots),
        var=pd.DataFrame(index=names),
        array_rc=tissue.pitch_rc,
        lattice=Lattice(LatticeKind.IRREGULAR),
    )


def _library_pattern(
    rc: FloatArray, patterns: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Depth follows the same patterns in part, and varies smoothly besides."""
    follows = rng.normal(size=patterns.shape[1]) / np.sqrt(patterns.shape[1])
    smooth = random_field(rc, rng.uniform(2, 15), 1, rng)[:, 0]
    found: FloatArray = rng.uniform(0, 0.4) * (patterns @ follows)
    return found + rng.uniform(0, 0.3) * smooth


def _sparse_normal(
    rng: np.random.Generator, shape: tuple[int, int], share: float
) -> FloatArray:
    """Normal values, of which only a share is not zero."""
    values: FloatArray = rng.normal(size=shape) * (rng.random(shape) < share)
    return values
