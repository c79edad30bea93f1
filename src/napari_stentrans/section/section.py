"""A section: counts at spots on a lattice, with their image. Valid once it is built.

The one type that every reader makes and every method takes. Knows nothing about file
formats, torch or napari, and never writes to the arrays that it was given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from napari_stentrans.errors import (
    InvalidRequestError,
    InvalidSectionError,
    UnknownGeneError,
)
from napari_stentrans.section.affine_fit import affine_between
from napari_stentrans.section.counts import canonical, in_rows, pieces
from napari_stentrans.section.detection import place_spots
from napari_stentrans.section.gene_names import as_names, unknown_genes
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import (
    FloatArray,
    IntArray,
    Lattice,
    LatticeKind,
)
from napari_stentrans.section.quality import section_problems

_EXACT: Final = 1e-6
"""Grid steps that are rounding errors."""


@dataclass(frozen=True, eq=False)
class Section:
    """One measured section of tissue.

    Attributes
    ----------
    name
        What to call it.
    counts : csr_matrix of float32, shape (spot, gene)
        Non-negative counts.
    obs : DataFrame, one row a spot
        Indexed by barcode, with whatever columns the input had.
    var : DataFrame, one row a gene
        Indexed by gene name (unique), with whatever columns the input had.
    array_rc : ndarray, shape (spot, 2)
        Array coordinates (row, col); on a regular lattice exactly those of sites.
    lattice
        The lattice those coordinates lie on.
    pixel_xy : ndarray, shape (spot, 2), optional
        Spot centres (x, y) in full-resolution pixels.
    spot_diameter
        Diameter of a spot in full-resolution pixels, where it is known.
    system
        Name of the coordinate system that these are of, where a file names several.
    image
        A picture of the tissue, if there is one.
    source
        Where it was read from.
    files
        What was found beside the source and read, too.
    notes
        What a person should know about this input, in plain words.
    wishes
        What was asked for besides the source, named as `read_section` has it: enough
        to get the same section again.

    Raises
    ------
    InvalidSectionError
        Naming every problem of the data at once.
    """

    name: str
    counts: sparse.csr_matrix
    obs: pd.DataFrame
    var: pd.DataFrame
    array_rc: FloatArray
    lattice: Lattice
    pixel_xy: FloatArray | None = None
    spot_diameter: float | None = None
    system: str | None = None
    image: TissueImage | None = None
    source: str | None = None
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wishes: Mapping[str, str | bool | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", in_rows(self.counts))
        parts = self.counts, self.obs, self.var, self.array_rc, self.pixel_xy
        if problems := section_problems(*parts, self.lattice):
            raise InvalidSectionError(problems)
        object.__setattr__(self, "counts", canonical(self.counts))
        object.__setattr__(self, "array_rc", self._exact_rc())

    def __repr__(self) -> str:
        image = ", with an image" if self.image else ""
        return (
            f"<Section {self.name}: {self.n_spots:,} spots x {self.n_genes:,} genes, "
            f"{self.lattice.kind}{image}>"
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files and folders that it was read from; nothing is ever written to them."""
        wishes = (self.wishes.get(name) for name in ("positions", "image"))
        return tuple(str(each) for each in (self.source, *self.files, *wishes) if each)

    @property
    def n_spots(self) -> int:
        """Number of spots."""
        return len(self.obs)

    @property
    def n_genes(self) -> int:
        """Number of genes."""
        return len(self.var)

    @property
    def genes(self) -> pd.Index:
        """Gene names."""
        return self.var.index

    @property
    def barcodes(self) -> pd.Index:
        """Spot names."""
        return self.obs.index

    @cached_property
    def library_size(self) -> FloatArray:
        """Total counts of each spot, shape (spot,)."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.float64).ravel()

    @cached_property
    def depth(self) -> FloatArray:
        """Library size of each spot over that of the median spot, shape (spot,)."""
        return self.library_size / (float(np.median(self.library_size)) or 1.0)

    @cached_property
    def pitch_rc(self) -> FloatArray:
        """Spot positions (row, col) in units of the pitch, shape (spot, 2)."""
        return self.lattice.to_pitch(self.array_rc)

    @cached_property
    def pitch_to_pixel(self) -> FloatArray:
        """Affine map of pitch (row, col, 1) to pixel (x, y), shape (3, 2).

        Least squares over the spots. Spots on one line leave the other direction open:
        then it is upright and to the same scale. Without pixel positions, x = col and
        y = row in units of 100 a pitch.
        """
        if self.pixel_xy is None:
            return np.array([[0.0, 100.0], [100.0, 0.0], [0.0, 0.0]])
        return affine_between(self.pitch_rc, self.pixel_xy)

    def to_pixel(self, array_rc: ArrayLike) -> FloatArray:
        """Full-resolution pixel (x, y) of array coordinates, shape (position, 2)."""
        pitch = self.lattice.to_pitch(array_rc)
        return np.column_stack([pitch, np.ones(len(pitch))]) @ self.pitch_to_pixel

    @cached_property
    def fingerprint(self) -> str:
        """Hash of counts, genes, barcodes and positions: same data, same text."""
        digest = hashlib.sha256()
        counts = self.counts
        for array in (counts.data, counts.indices, counts.indptr, self.array_rc):
            for piece in pieces(array):
                digest.update(np.ascontiguousarray(piece).astype("<f8").tobytes())
        for names in (self.genes, self.barcodes):
            for number, piece in enumerate(pieces(names)):
                digest.update(b"\n" if number else b"")
                digest.update("\n".join(map(str, piece)).encode())
        return digest.hexdigest()[:16]

    def gene_index(self, genes: str | Iterable[str]) -> IntArray:
        """Column of each named gene.

        Raises
        ------
        UnknownGeneError
            Naming every gene that is not there, with the nearest spelling.
        """
        names = as_names(genes)
        columns = self.genes.get_indexer(pd.Index(names, dtype=object))
        unknown = [name for name, at in zip(names, columns, strict=True) if at < 0]
        if unknown:
            raise UnknownGeneError(unknown_genes(self.name, self.genes, unknown))
        return columns.astype(np.int64)

    def gene_counts(self, gene: str) -> NDArray[np.float32]:
        """Counts of one gene, shape (spot,)."""
        column = self.gene_index([gene])[0]
        return self.by_gene[:, [column]].toarray().ravel()

    @cached_property
    def by_gene(self) -> sparse.csc_matrix:
        """The counts, with those of a gene beside each other, shape (spot, gene)."""
        return self.counts.tocsc()

    @cached_property
    def is_counted(self) -> bool:
        """Whether all values are whole numbers."""
        stored = pieces(self.counts.data)
        return all(bool((values % 1 == 0).all()) for values in stored)

    @cached_property
    def detected_in(self) -> IntArray:
        """Number of spots with a count of each gene, shape (gene,)."""
        return np.bincount(self.counts.indices, minlength=self.n_genes).astype(np.int64)

    @cached_property
    def gene_totals(self) -> FloatArray:
        """Total counts of each gene, shape (gene,): exact, however many there are."""
        totals = np.zeros(self.n_genes)
        stored = zip(pieces(self.counts.indices), pieces(self.counts.data), strict=True)
        for genes, counts in stored:
            totals += np.bincount(genes, weights=counts, minlength=self.n_genes)
        return totals

    def on_lattice(self, kind: LatticeKind) -> Section:
        """Return the section with its spots on a lattice of another kind.

        Raises
        ------
        InvalidSectionError
            If they do not lie on such a lattice.
        """
        placed = place_spots(self.array_rc, self.pixel_xy, kind=kind)
        found = replace(
            self,
            array_rc=placed.array_rc,
            lattice=placed.lattice,
            wishes={**self.wishes, "lattice": str(kind)},
        )
        if kind is not LatticeKind.IRREGULAR and self.n_spots > 1:
            beside = np.unique(found.lattice.neighbours(found.array_rc))
            if len(beside) < self.n_spots / 2:
                msg = (
                    f"on a {kind} lattice {self.n_spots - len(beside)} of "
                    f"{self.n_spots} spots have no neighbour beside them, so it is "
                    "not theirs"
                )
                raise InvalidSectionError(msg)
        return found

    def subset(self, spots: ArrayLike) -> Section:
        """Return the section reduced to some spots: a mask, or indices in order.

        Raises
        ------
        InvalidRequestError
            If a mask is not of these spots.
        """
        chosen = np.asarray(spots)
        if chosen.dtype == bool:
            if chosen.shape != (self.n_spots,):
                msg = (
                    f"a mask of shape {chosen.shape} does not say which of "
                    f"{self.n_spots} spots to keep: give one bool a spot"
                )
                raise InvalidRequestError(msg)
            chosen = np.flatnonzero(chosen)
        elif not chosen.size:
            chosen = chosen.astype(np.int64)  # an empty list is one of fractions
        return replace(
            self,
            counts=self.counts[chosen],
            obs=self.obs.iloc[chosen],
            array_rc=self.array_rc[chosen],
            pixel_xy=None if self.pixel_xy is None else self.pixel_xy[chosen],
        )

    def with_counts(self, counts: sparse.csr_matrix) -> Section:
        """Return the same spots and genes with other counts."""
        return replace(self, counts=counts)

    def _exact_rc(self) -> FloatArray:
        """Array coordinates exactly on the sites: a refined lattice has finer ones."""
        lattice, array_rc = self.lattice, self.array_rc
        if not lattice.is_regular or lattice.is_site(array_rc, _EXACT).all():
            return array_rc
        return lattice.to_array(lattice.to_grid(array_rc))
