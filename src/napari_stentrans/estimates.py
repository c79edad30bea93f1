"""How long a run will take and what memory it needs, before it is started.

A sum of what each phase costs by the size of the section, measured on two-core
computers (``benchmarks/estimates.py`` makes the figures again). How much slower or
faster this computer is becomes known from its own runs: see `slowness_after`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.limits import machine_memory
from napari_stentrans.section.section import Section
from napari_stentrans.wording import memory_in_words

_MEGABYTE = 1e6
_FASTER_ON_GPU = 10.0
"""How many times faster a GPU does the networks' part; only the first guess."""
_MEMORY_OF_LATEST = 0.5
"""Weight of the latest run: one run says little, another program may have run too."""
_INTERPOLATION = {"nearest": 0.1e-3, "linear": 0.1e-3, "cubic": 6e-4, "gaussian": 4e-4}
"""Seconds a spot."""
_GENE_IMAGES = {"published": (0.5e-3, 0.25e-6), "dist": (1.3e-3, 0.45e-6)}
"""Seconds an epoch for each gene's image, and for each spot of it."""
_RARE_SHARE = 0.01
_MOST_KEPT = 700.0
"""Megabytes that kriging keeps at the most of what it would compute twice."""


@dataclass(frozen=True)
class Workload:
    """The size of a run.

    Attributes
    ----------
    spots
        Of the section.
    genes
        Found in 1 % of them.
    values
        Counts that are not zero.
    positions
        To predict, roughly.
    """

    spots: int
    genes: int
    values: int
    positions: int

    @classmethod
    def of(
        cls,
        section: Section,
        config: RunConfig,
        n_new: int = 0,
        n_given: int | None = None,
    ) -> Workload:
        """Size of a run on a section with ``n_new`` empty sites marked as missing.

        Or of one for so many given positions, in place of those of a finer lattice.
        """
        positions = (section.n_spots + n_new) * config.refine**2
        if n_given is not None:
            positions = section.n_spots + n_given
        n_genes = int((section.detected_in >= _RARE_SHARE * section.n_spots).sum())
        return cls(section.n_spots, n_genes, section.counts.nnz, positions)


@dataclass(frozen=True)
class Estimate:
    """What a run will cost.

    Attributes
    ----------
    seconds
        From start to result.
    memory
        Bytes, above what the program needs anyway.
    """

    seconds: float
    memory: float


def estimate(
    work: Workload,
    config: RunConfig,
    device: str = "cpu",
    slowness: Mapping[str, float] | None = None,
) -> Estimate:
    """Foretell the cost of a run.

    Parameters
    ----------
    work, config
        The run.
    device
        Where the networks are computed: "cpu" or a GPU.
    slowness
        What was learnt of this computer, by `slowness_after`.
    """
    plain, network = _seconds(work, config)
    seconds = plain + network / (1.0 if device == "cpu" else _FASTER_ON_GPU)
    factor = (slowness or {}).get(_kind(config, device), 1.0)
    return Estimate(seconds * factor, _memory(work, config))


def check_memory(
    section: Section, config: RunConfig, n_new: int = 0, n_given: int | None = None
) -> None:
    """Refuse a run that needs more memory than this computer has, before it is started.

    Raises
    ------
    InvalidRequestError
        Saying how much it would need, and how many spots would do.
    """
    there = machine_memory()
    work = Workload.of(section, config, n_new, n_given)
    needed = estimate(work, config).memory
    if there is None or needed <= there:
        return
    most = section.n_spots * there / needed
    step = 10 ** max(int(math.log10(max(most, 1))) - 1, 0)
    msg = (
        f"a run on the {section.n_spots:,} spots of {section.name} needs about "
        f"{memory_in_words(needed)} of memory, and this computer has "
        f"{memory_in_words(there)}: about {int(most / step) * step:,} spots would "
        "do. Open larger bins (of Visium HD 8 or 16 µm: bin_size), or a part of the "
        "section, or use a smaller refinement"
        + (" or the preset 'instant'." if config.method == "stentrans" else ".")
    )
    raise InvalidRequestError(msg)


def slowness_after(
    slowness: Mapping[str, float],
    work: Workload,
    config: RunConfig,
    device: str,
    seconds: float,
) -> dict[str, float]:
    """Learn from a run that took so long how slow this computer is.

    Returns
    -------
    dict
        By kind of run: seconds it took for each second that was foretold.
    """
    kind = _kind(config, device)
    found = seconds / max(estimate(work, config, device).seconds, 1e-3)
    before = slowness.get(kind, 1.0)
    now = before ** (1 - _MEMORY_OF_LATEST) * found**_MEMORY_OF_LATEST
    return {**slowness, kind: now}


def _kind(config: RunConfig, device: str) -> str:
    """Runs whose times stand in the same proportion on all computers."""
    return f"{config.method} {device}"


def _seconds(work: Workload, config: RunConfig) -> tuple[float, float]:
    """Seconds outside and inside networks."""
    kriging = _kriging_seconds(work)
    if config.method == "stentrans":
        choice = config.transformer
        predicting = 0.85e-3 * (work.positions + work.spots)
        judging = 0.16 * choice.episodes
        training = 0.03 * choice.steps
        return 1.3 * kriging, predicting + judging + training
    if config.method in _GENE_IMAGES:
        epochs = getattr(config, config.method).epochs
        each, each_spot = _GENE_IMAGES[config.method]
        return 1.0, epochs * work.genes * (each + each_spot * work.spots)
    if config.method in _INTERPOLATION:
        return 0.1 + _INTERPOLATION[config.method] * work.spots, 0.0
    return kriging, 0.0


def _kriging_seconds(work: Workload) -> float:
    return 0.3 + 0.95e-3 * work.spots + 0.052e-3 * work.positions + 0.8e-6 * work.values


def _memory(work: Workload, config: RunConfig) -> float:
    """Bytes at the most."""
    if config.method == "stentrans":
        network = 40 + 0.012 * work.spots + 0.004 * work.positions
        megabytes = _kriging_megabytes(work) + network
    elif config.method in _GENE_IMAGES:
        megabytes = 200 + 3e-6 * work.genes * work.spots
    elif config.method in _INTERPOLATION:
        megabytes = 60 + 0.002 * work.spots + 0.001 * work.positions
    else:
        megabytes = _kriging_megabytes(work)
    return megabytes * _MEGABYTE


def _kriging_megabytes(work: Workload) -> float:
    kept = min(0.055 * work.spots, _MOST_KEPT)
    return 30 + kept + 0.003 * work.spots + 0.002 * work.positions
