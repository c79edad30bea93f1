"""The result: an enhanced section, read a gene at a time or written out whole.

Holds the fitted fields, not a matrix: tens of thousands of positions by tens of
thousands of genes would not fit in memory, while any one gene is a small product.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.portions import gene_portions
from napari_stentrans.progress import Progress, run_to_end
from napari_stentrans.request import resolve_genes
from napari_stentrans.section.gene_names import as_names
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Targets

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure

    from napari_stentrans.signatures import SetsLike

_VALUES_AT_ONCE = 2**22
"""Of many positions fewer genes are predicted at once: 20 MB, and 130 on the way."""
_BLOCKS_AT_A_TIME = 8
_Array = TypeVar("_Array", bound=NDArray[Any])


@dataclass(frozen=True, eq=False)
class EnhancedSection:
    """Expression of any gene at every target position.

    Attributes
    ----------
    section
        The section it was made from, whole.
    targets
        The positions.
    fitted
        The method, as learnt from the visible spots.
    spot_field
        Expression at the measured targets, in their order among the targets.
    new_field
        Expression at the other targets, in their order; None where there are none.
    chosen : ndarray, shape (gene,)
        Columns of the section's genes that are written out.
    provenance
        Configuration, seed, versions, input fingerprint, seconds: JSON-able.
    """

    section: Section
    targets: Targets
    fitted: Fitted
    spot_field: ExpressionField | None
    new_field: ExpressionField | None
    chosen: IntArray
    provenance: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        return (
            f"<EnhancedSection of {self.section.name}: {len(self):,} positions x "
            f"{len(self.genes):,} genes>"
        )

    @property
    def genes(self) -> pd.Index:
        """Names of the genes that are written out."""
        return self.section.genes[self.chosen]

    def read(self, genes: str | Iterable[str]) -> Prediction:
        """Mean and sd of any genes of the section, shape (position, gene)."""
        return self._read(self.section.gene_index(genes))

    def image(self, gene: str, *, sd: bool = False) -> NDArray[np.float32]:
        """Picture of one gene on `raster`, NaN outside the tissue."""
        if not isinstance(gene, str):
            msg = f"image draws one gene, given by its name, not {gene!r}"
            raise InvalidRequestError(msg)
        prediction = self.read([gene])
        return self.raster.image((prediction.sd if sd else prediction.mean)[:, 0])

    @cached_property
    def raster(self) -> SpotRaster:
        """Where each position is drawn."""
        lattice, array_rc = self.targets.lattice, self.targets.array_rc
        if not lattice.is_site(array_rc).all():  # positions that a person chose
            lattice = lattice.without_sites()
        raster = SpotRaster.from_positions(self.section, lattice, array_rc)
        _keep(raster.index)
        _keep(raster.affine)
        return raster

    @cached_property
    def pixel_xy(self) -> FloatArray:
        """Positions (x, y) in full-resolution pixels; measured spots keep their own.

        Kept and saved as it is, so read-only: change a copy of it.
        """
        pixel_xy = self.section.to_pixel(self.targets.array_rc)
        if self.section.pixel_xy is not None:
            at_spot = self.targets.spot >= 0
            pixel_xy[at_spot] = self.section.pixel_xy[self.targets.spot[at_spot]]
        return _keep(pixel_xy)

    @cached_property
    def depth(self) -> NDArray[np.float32] | None:
        """Library size at each position over that of the median spot.

        Measured spots have their own, other positions the one estimated there. None,
        if the method does not take library size apart. Read-only: change a copy of it.
        """
        depth = np.empty(len(self), dtype=np.float32)
        for rows, source in self._sources():
            if source.depth is None:
                return None
            depth[rows] = source.depth
        measured = self.targets.measured
        if measured.any():  # what the method saw, or a model, may have another median
            own = self.section.depth[self.targets.spot[measured]]
            depth *= own.sum() / max(float(depth[measured].sum()), 1e-9)
        return _keep(depth)

    def blocks(self) -> Generator[tuple[slice, Prediction], None, None]:
        """Yield the chosen genes in blocks: (output columns, their prediction).

        On all cores; a few are predicted ahead of those that were taken, until the
        generator is closed.
        """
        blocks = gene_portions(len(self.chosen), len(self), _VALUES_AT_ONCE)
        if len(blocks) == 1:  # which methods may divide among the cores themselves
            yield blocks[0], self._read(self.chosen)
            return
        chosen = (self.chosen[block] for block in blocks)
        with closing(map_in_order(self._read, chosen, _BLOCKS_AT_A_TIME)) as predicted:
            yield from zip(blocks, predicted, strict=True)

    @property
    def gene_scores(self) -> pd.DataFrame:
        """How well each chosen gene is predicted, one row a gene.

        Found at the visible spots, each predicted from all the others; columns as
        ``keys.HELDOUT_*`` and ``keys.HAS_SIGNAL``; none, if the method does not know.
        Values that are no counts have no known ceiling (NaN).
        """
        return self._gene_scores.copy()

    @cached_property
    def _gene_scores(self) -> pd.DataFrame:
        from napari_stentrans.evaluation.metrics import expected_ceiling

        scores = self.fitted.gene_scores(self.chosen)
        if scores.shape[1] == 0:
            return scores
        seen = self.fitted.section
        scores[keys.HELDOUT_CEILING] = (
            expected_ceiling(seen.by_gene, self.chosen) if seen.is_counted else np.nan
        )
        scores[keys.HELDOUT_RANK] = scores[keys.HELDOUT_PCC].rank(
            ascending=False, method="first"
        )
        return scores

    def signatures(self, sets: SetsLike, *, even_depth: bool = True) -> AnnData:
        """Return the signatures of gene sets, such as pathways, as a new AnnData.

        A signature is the mean of the counts of its genes, each in units of its
        standard deviation over the spots.

        Parameters
        ----------
        sets
            Genes by the name of the set, or a file of gene sets (``.gmt``, or the json
            of MSigDB). Genes that the section does not have are left out, and sets with
            fewer than two genes.
        even_depth
            At one sequencing depth, which large sets would follow before all else.

        Returns
        -------
        AnnData, position x set
            ``X``; ``layers["sd"]`` its standard deviation; ``layers["measured"]`` the
            signature of the counts, NaN at other positions. ``var`` has ``n_genes`` of
            the set, ``n_found`` of them in the section, ``genes``, ``moran`` (Moran's I
            of the measured signature) and ``heldout_pcc`` (r of the measured signature
            with the one predicted from all other spots). ``obs``, ``obsm`` and ``uns``
            are those of `to_anndata`.

        Raises
        ------
        InvalidRequestError
            If the file has no gene sets, or the section none of their genes.
        """
        from napari_stentrans.signatures import signatures_of

        return signatures_of(self, sets, even_depth=even_depth)

    def to_anndata(self) -> AnnData:
        """Return the chosen genes as a new AnnData.

        ``X`` is the expected count; ``layers["sd"]`` its standard deviation; ``obs``
        has array_row, array_col, origin and barcode, and the columns of the section's
        spots, missing at other positions; ``obsm["spatial"]`` (x, y) in full-resolution
        pixels; ``var`` what is known of each gene's score (see
        `gene_scores`); ``uns["stentrans"]`` the provenance.
        """
        mean = np.empty((len(self), len(self.chosen)), dtype=np.float32)
        sd = np.empty_like(mean)
        with closing(self.blocks()) as blocks:
            for columns, prediction in blocks:
                mean[:, columns], sd[:, columns] = prediction.mean, prediction.sd
        adata = self.annotations()
        adata.X = mean
        adata.layers[keys.SD] = sd
        return adata

    def annotations(self) -> AnnData:
        """Return everything of `to_anndata` but the matrices."""
        from napari_stentrans.annotations import annotations_of

        return annotations_of(self)

    def only(self, genes: str | Iterable[str]) -> EnhancedSection:
        """Return the same result, of which these genes alone are written out."""
        return replace(self, chosen=resolve_genes(self.section, as_names(genes)))

    def of_section(self, section: Section) -> EnhancedSection:
        """Return the same result of the same section with another picture."""
        made = replace(self, section=section)
        known = vars(self).keys() & {"raster", "pixel_xy", "_gene_scores"}
        vars(made).update({name: vars(self)[name] for name in known})
        return made

    def save(
        self,
        path: str | Path,
        on_progress: Callable[[Progress], object] | None = None,
        genes: str | Iterable[str] | None = None,
    ) -> Path:
        """Write a file of the kind that its ending says; returns the path.

        ``.h5ad`` for scanpy, ``.csv``, ``.csv.gz`` or ``.tsv`` for a table, ``.png``,
        ``.svg`` or ``.pdf`` for a figure, ``.ome.tif`` for image programs; see
        `saving.ENDINGS` for all. The file appears under its name only once it is
        complete.

        Parameters
        ----------
        path
            Where to; a file that is there is replaced.
        on_progress
            Told how far it is.
        genes
            What to write; by default all genes, in pictures three telling ones of many.

        Raises
        ------
        InvalidRequestError
            If there is no such kind of file, it cannot be written there, or no gene
            was named.
        """
        from napari_stentrans.saving import SaveChoices, save_steps

        chosen = None if genes is None else tuple(as_names(genes))

        def report(progress: Progress) -> None:
            if on_progress is not None:
                on_progress(progress)

        return run_to_end(save_steps(self, path, SaveChoices(genes=chosen)), report)

    def plot(self, genes: str | Iterable[str] | None = None) -> Figure:
        """Draw genes as measured and enhanced, side by side.

        Parameters
        ----------
        genes
            Their names; by default all genes, of many three telling ones.

        Returns
        -------
        Figure
            Of matplotlib: shown in a notebook, or saved by ``savefig``.
        """
        from napari_stentrans.saving.choices import SaveChoices
        from napari_stentrans.saving.pictures import figure_of

        chosen = None if genes is None else tuple(as_names(genes))
        return figure_of(self, SaveChoices(genes=chosen))

    def save_model(self, path: str | Path) -> Path:
        """Keep what was learnt, to enhance other sections of the same tissue with.

        Pass the file to ``enhance(other, model=path)``.

        Parameters
        ----------
        path
            Where to, ending in ``.npz``; a file that is there is replaced, but not what
            the section or the model of this result was read from.

        Raises
        ------
        InvalidRequestError
            If the method is not ``stentrans``, or it cannot be written there.
        """
        from napari_stentrans.methods.stentrans.model import StEnTransModel

        used = self.provenance.get("config", {}).get("model", "")
        inputs = [*self.section.inputs, used] if used else self.section.inputs
        return StEnTransModel.of(self.fitted).save(path, inputs)

    def _read(self, genes: IntArray) -> Prediction:
        mean = np.empty((len(self), len(genes)), dtype=np.float32)
        sd = np.empty_like(mean)
        for rows, source in self._sources():
            part = source.read(genes)
            mean[rows], sd[rows] = part.mean, part.sd
        return Prediction(mean, sd)

    def _sources(self) -> Iterator[tuple[NDArray[np.bool_], ExpressionField]]:
        """Yield the fields that there are, with the positions they are for."""
        measured = self.targets.measured
        for rows, source in ((measured, self.spot_field), (~measured, self.new_field)):
            if source is not None:
                yield rows, source


def _keep(array: _Array) -> _Array:
    """Make an array read-only: it is handed out more than once."""
    array.setflags(write=False)
    return array
