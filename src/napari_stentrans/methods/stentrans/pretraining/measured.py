"""Scenes from measured sections: some of their spots and genes, at some depth."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io import read_section
from napari_stentrans.methods.stentrans.pretraining.scenes import (
    REPLICATES,
    KrigedScene,
    kriged_scene,
)
from napari_stentrans.section.section import Section

_FEWEST_SPOTS, _MOST_SPOTS = 150, 700
_FEWEST_GENES = 0.3
"""Share of the genes that is looked at, at least."""
_LEAST_DEPTH, _MOST_DEPTH = 0.1, 0.7
"""Share of the counts that is left where they are thinned."""


def measured_scene(seed: int, path: Path) -> KrigedScene:
    """Take a part of a measured section, hide some of its spots and krige them.

    Every other part is thinned to a lesser depth, where the truth is known better than
    one measurement knows it.
    """
    rng = np.random.default_rng(seed)
    part = _random_part(_read(path), rng)
    if rng.random() < 0.5:
        return kriged_scene(part, [part], rng)
    share = float(np.exp(rng.uniform(np.log(_LEAST_DEPTH), np.log(_MOST_DEPTH))))
    seen = _thinned(part, share, rng)
    again = (_thinned(part, share, rng) for _ in range(REPLICATES))
    return kriged_scene(seen, again, rng)


@lru_cache(maxsize=1)
def _read(path: Path) -> Section:
    section = read_section(path)
    if not section.is_counted:
        msg = f"the values of {path} are no counts: give sections of counts"
        raise InvalidRequestError(msg)
    return section


def _random_part(section: Section, rng: np.random.Generator) -> Section:
    """Spots around a random one, and a random share of the genes."""
    most = min(_MOST_SPOTS, section.n_spots)
    n_spots = int(rng.integers(min(_FEWEST_SPOTS, most), most, endpoint=True))
    middle = section.pitch_rc[rng.integers(section.n_spots)]
    distance = ((section.pitch_rc - middle) ** 2).sum(axis=1)
    part = section.subset(np.argsort(distance, kind="stable")[:n_spots])
    n_genes = int(rng.uniform(_FEWEST_GENES, 1) * section.n_genes)
    genes = np.sort(rng.choice(section.n_genes, n_genes, replace=False))
    return replace(part, counts=part.counts[:, genes], var=part.var.iloc[genes])


def _thinned(section: Section, share: float, rng: np.random.Generator) -> Section:
    """Keep each count with this probability."""
    counts = section.counts.copy()
    counts.data = rng.binomial(counts.data.astype(np.int64), share).astype(np.float32)
    return section.with_counts(counts)
