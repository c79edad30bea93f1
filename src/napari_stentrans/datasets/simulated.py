"""Simulated sections: believable tissue, measured with noise, whose truth is known.

Lays spots of any lattice over a `TissueModel` and draws negative-binomial counts with
dropout. Every aspect has a random stream of its own: asking for an image or for holes
changes nothing else about the section.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.spatial import KDTree

from napari_stentrans.datasets.picture import IMAGE_SCALE, PIXELS_PER_PITCH, draw_tissue
from napari_stentrans.datasets.tissue_model import TissueModel
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.portions import portions
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray, Lattice, LatticeKind
from napari_stentrans.section.section import Section
from napari_stentrans.wording import counted

_MARGIN = 2.0
"""Pitches between the first pixel of the image and the first spot."""
_SPOT_DIAMETER = 55.0
"""Full-resolution pixels: a little over half a pitch, as on Visium slides."""
_SPOT_FACTOR_SD = 0.25
"""Spread of the capture efficiency of single spots, on a log scale."""
_DROPOUT = 0.1
"""Chance that the count of a weak gene is lost altogether."""
_DISPERSION = 6.0
"""Shape of the negative binomial of a typical gene: variance = mean + mean^2 / 6."""
_LARGEST_LIBRARY = 1e9
"""Counts are kept in single precision, and noise is drawn in whole numbers."""
_SPOTS_AT_ONCE = 20_000
"""Spots whose counts are drawn together, to bound memory."""
_TISSUE, _POSITIONS, _COUNTS, _HOLES, _IMAGE = range(5)


@dataclass(frozen=True, eq=False)
class SimulatedSection:
    """A section and what it would show without noise.

    Attributes
    ----------
    section
        The measured section.
    tissue
        The tissue that was measured, as functions of pitch coordinates.
    frame
        Lattice that turns array coordinates into those: origin (0, 0), step 1.
    spot_factor : ndarray, shape (spot,)
        Capture efficiency of each spot, around 1: noise, not part of the truth.
    removed_rc : ndarray, shape (position, 2)
        Array coordinates of the spots that were lost in holes.
    """

    section: Section
    tissue: TissueModel
    frame: Lattice
    spot_factor: FloatArray
    removed_rc: FloatArray

    def __repr__(self) -> str:
        section = self.section
        return (
            f"<SimulatedSection {section.name}: {counted(section.n_spots, 'spot')} x "
            f"{counted(section.n_genes, 'gene')}, {len(self.removed_rc):,} lost>"
        )

    @cached_property
    def truth(self) -> NDArray[np.float32]:
        """Expected counts at the spots, shape (spot, gene): see `truth_at`."""
        return self.truth_at(self.section.array_rc)

    def truth_at(self, array_rc: ArrayLike) -> NDArray[np.float32]:
        """Expected counts at any array coordinates, shape (position, gene).

        Includes the smooth variation of library size over the tissue, but not the
        capture efficiency of single spots: the mean of many measurements there.
        """
        return self.tissue.expected(self.frame.to_pitch(array_rc))


def simulated_section(  # noqa: PLR0913 - all have defaults and are given by name
    *,
    lattice: LatticeKind | str = LatticeKind.HEX,
    n_rows: int = 30,
    n_cols: int = 30,
    n_genes: int = 200,
    seed: int = 0,
    mean_library: float = 2000,
    holes: int = 0,
    image: bool = False,
    sharp: float = 0.5,
) -> SimulatedSection:
    """Simulate a section of tissue with 4 to 8 domains, gradients and small foci.

    Parameters
    ----------
    lattice
        Arrangement of the spots: "square", "hex", "quincunx" or "irregular".
    n_rows, n_cols
        Rows of spots and spots a row, before the tissue's outline is cut out.
    n_genes
        Genes; three in five are markers of a programme and named after it.
    seed
        The same seed, the same section.
    mean_library
        Expected counts of a spot, over all genes, on average over the tissue.
    holes
        Round interior holes of 1.5 to 2.5 pitches radius, whose spots are dropped.
    image
        Whether to draw an H&E-like image.
    sharp
        Share of the domains with sharp borders; the others fade into each other.

    Returns
    -------
    SimulatedSection
        The section and its noise-free truth, at the spots and anywhere else.

    Raises
    ------
    InvalidRequestError
        If there can be no such section.
    """
    if lattice not in list(LatticeKind):
        msg = f"there is no lattice {lattice!r}; choose from {', '.join(LatticeKind)}"
        raise InvalidRequestError(msg)
    numbers = (n_rows, n_cols, n_genes, holes)
    are_whole = all(number % 1 == 0 for number in numbers)
    is_library = 0 < mean_library <= _LARGEST_LIBRARY
    if not are_whole or min(n_rows, n_cols, n_genes) < 1 or holes < 0 or not is_library:
        msg = (
            f"cannot simulate {n_rows} x {n_cols} spots, {n_genes} genes, {holes} "
            f"holes and {mean_library:g} counts a spot; give positive whole numbers "
            f"and at the most {_LARGEST_LIBRARY:g} counts"
        )
        raise InvalidRequestError(msg)
    if not 0 <= sharp <= 1:
        msg = f"sharp is the share of sharp borders, 0 to 1, not {sharp}"
        raise InvalidRequestError(msg)
    if seed < 0 or seed % 1:
        msg = f"a seed is a whole number, 0 or more, not {seed}"
        raise InvalidRequestError(msg)
    kind = LatticeKind(lattice)
    frame = Lattice(kind)
    sites = _sites(kind, n_rows, n_cols, _stream(seed, _POSITIONS))
    pitch_rc = frame.to_pitch(sites)
    extent = (float(pitch_rc[:, 0].max()), float(pitch_rc[:, 1].max()))
    tissue = TissueModel.draw(
        _stream(seed, _TISSUE), extent, n_genes, sharp, mean_library
    )
    depth = tissue.depth(pitch_rc)
    inside = depth > min(0.0, depth.max() - 1e-9)  # a speck of tissue is left, whatever
    array_rc, pitch_rc = sites[inside], pitch_rc[inside]
    excess = tissue.expected_library(pitch_rc).mean() / mean_library
    tissue = replace(tissue, library=mean_library / excess)
    counts, spot_factor = _measure(tissue, pitch_rc, _stream(seed, _COUNTS))
    kept = ~_in_holes(tissue, pitch_rc, holes, _stream(seed, _HOLES))
    picture = draw_tissue(tissue, _MARGIN, _stream(seed, _IMAGE)) if image else None
    section = Section(
        name=f"simulated {kind} (seed {seed})",
        counts=counts[kept],
        obs=_spot_table(tissue, array_rc[kept], pitch_rc[kept]),
        var=_gene_table(tissue),
        array_rc=array_rc[kept],
        lattice=frame if frame.is_regular else impose_lattice(array_rc[kept], kind),
        pixel_xy=(pitch_rc[kept, ::-1] + _MARGIN) * PIXELS_PER_PITCH,
        spot_diameter=_SPOT_DIAMETER,
        image=None if picture is None else TissueImage(picture, IMAGE_SCALE, "hires"),
        source="simulated",
        notes=(f"simulated with seed {seed}; not a real tissue",),
    )
    return SimulatedSection(section, tissue, frame, spot_factor[kept], array_rc[~kept])


def _stream(seed: int, aspect: int) -> np.random.Generator:
    return np.random.default_rng([seed, aspect])


def _sites(
    kind: LatticeKind, n_rows: int, n_cols: int, rng: np.random.Generator
) -> FloatArray:
    """Array coordinates of a full capture area, by row and column."""
    row, col = np.mgrid[:n_rows, :n_cols].reshape(2, -1).astype(np.float64)
    if Lattice(kind).is_checkerboard:
        col = 2 * col + row % 2
    array_rc = np.column_stack([row, col])
    if kind is LatticeKind.IRREGULAR:
        array_rc += rng.uniform(0, 0.7, size=array_rc.shape)
    return array_rc


def _measure(
    tissue: TissueModel, pitch_rc: FloatArray, rng: np.random.Generator
) -> tuple[sparse.csr_matrix, FloatArray]:
    """Counts whose mean is the truth, and the capture efficiency of each spot."""
    n_spots, n_genes = len(pitch_rc), len(tissue.log_base)
    shape = _DISPERSION * np.exp(rng.normal(scale=0.4, size=n_genes))
    factor = np.exp(
        rng.normal(-(_SPOT_FACTOR_SD**2) / 2, _SPOT_FACTOR_SD, size=n_spots)
    )
    blocks = []
    for block in portions(n_spots, _SPOTS_AT_ONCE):
        mean = tissue.expected(pitch_rc[block]) * factor[block, None]
        # Dropout spares strong genes; what is kept makes up for what is lost.
        lost = _DROPOUT * np.exp(-mean / 5)
        rate = rng.gamma(shape, mean / (1 - lost) / shape)
        counted = rng.poisson(rate) * (rng.random(rate.shape) >= lost)
        blocks.append(sparse.csr_matrix(counted.astype(np.float32)))
    return sparse.vstack(blocks, format="csr"), factor


def _in_holes(
    tissue: TissueModel, pitch_rc: FloatArray, n_holes: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Spots of round holes, apart from each other and from the tissue's edge."""
    lost = np.zeros(len(pitch_rc), dtype=bool)
    if n_holes == 0:
        return lost
    around = np.stack(
        [np.cos(angles := np.arange(12) * np.pi / 6), np.sin(angles)], axis=1
    )
    tree = KDTree(pitch_rc)
    for candidate in rng.permutation(len(pitch_rc)):
        radius = rng.uniform(1.5, 2.5)
        rim = pitch_rc[candidate] + (radius + 1.5) * around
        gap, _ = tree.query(rim)
        if np.max(gap) > 0.75 or tissue.depth(rim).min() <= 0:
            continue
        if lost[tree.query_ball_point(pitch_rc[candidate], 2 * radius + 2)].any():
            continue
        lost[tree.query_ball_point(pitch_rc[candidate], radius)] = True
        n_holes -= 1
        if n_holes == 0:
            return lost
    msg = f"{n_holes} holes do not fit into the tissue; ask for fewer, or more spots"
    raise InvalidRequestError(msg)


def _spot_table(
    tissue: TissueModel, array_rc: FloatArray, pitch_rc: FloatArray
) -> pd.DataFrame:
    names = [f"{row:g}x{col:g}" for row, col in array_rc.round(3)]
    domain = np.asarray(tissue.programme_names())[tissue.domain(pitch_rc)]
    return pd.DataFrame({"domain": domain}, index=pd.Index(names, name="barcode"))


def _gene_table(tissue: TissueModel) -> pd.DataFrame:
    programmes = [*tissue.programme_names(), "GENE"]
    of_gene = [programmes[number] for number in tissue.programme_of]
    number = pd.Series(of_gene).groupby(of_gene).cumcount() + 1
    names = [
        f"{programme}{count:04d}" if programme == "GENE" else f"{programme}-{count:02d}"
        for programme, count in zip(of_gene, number, strict=True)
    ]
    return pd.DataFrame({"programme": of_gene}, index=pd.Index(names, name="gene"))
