"""A fitted model as a file, to be used on another section of the same tissue.

It holds the gene programmes of the section it was fitted on and the network. On another
section the spots are scored on those programmes, and kriged there: a shallow or small
section profits from programmes that a better one has shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, is_zipfile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.replacing import check_place
from napari_stentrans.methods.base import Fitted
from napari_stentrans.methods.cross_fitting import CrossFitted, scored_by_others
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.programmes import (
    SPOTS_PER_PROGRAMME,
    Programmes,
    library_channel,
    log_normalised,
    regress,
    scores_on,
)
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.marks import SpotMarks
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.methods.stentrans.weights import (
    arrays_of,
    network_of,
    save_arrays,
)
from napari_stentrans.methods.units import FittedInCounts
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

FEWEST_SPOTS = 40
"""With fewer visible spots corrections cannot be judged: kriging answers alone."""
_FORMAT = 3
_LEAST_SHARED = 0.3
"""Share of the programmes' weight that must lie on genes of the other section."""
_LEAST_OWN = 0.2
"""Share of a programme that no stronger ones must have among the shared genes."""
_NETWORK = "network/"


@dataclass(frozen=True, eq=False)
class StEnTransModel:
    """Gene programmes of one section and a network, to fit to others.

    Attributes
    ----------
    genes
        Names of the genes of the loadings.
    loadings : ndarray of float32, shape (programme, gene)
        Change of log-normalised expression with one standard deviation of a score.
    network
        Trained further on that section, if that was asked for.
    section_name
        Where it comes from.
    marks
        What its spots are known again by.
    """

    genes: list[str]
    loadings: NDArray[np.float32]
    network: SpotTransformer
    section_name: str
    marks: SpotMarks

    @classmethod
    def of(cls, fitted: Fitted) -> StEnTransModel:
        """Take the model out of a fit.

        Raises
        ------
        InvalidRequestError
            If kriging answers alone or another method made the fit: there is nothing
            to keep of those.
        """
        learnt = fitted.learnt if isinstance(fitted, FittedInCounts) else fitted
        if not isinstance(learnt, FittedStEnTrans):
            msg = (
                "only a fit of the method 'stentrans' can be kept as a model"
                f"{_why_not(learnt)}"
            )
            raise InvalidRequestError(msg)
        section, loadings = fitted.section, learnt.kriging.programmes.loadings
        names = [str(gene) for gene in section.genes]
        # Genes of the programmes: without most of those the model cannot be used.
        marks = SpotMarks.of(section, _power(loadings))
        return cls(names, loadings, learnt.adapted.network, section.name, marks)

    def save(self, path: str | Path, inputs: Iterable[str] = ()) -> Path:
        """Write the model (npz); the file appears once it is complete.

        Parameters
        ----------
        path
            Where to, ending in ``.npz``.
        inputs
            Files and folders that were read, which are never written to.

        Raises
        ------
        InvalidRequestError
            If it cannot be written there.
        """
        path = at_home(path)
        if path.suffix.lower() != ".npz":
            msg = f"cannot keep the model as {path}: the name must end in .npz"
            raise InvalidRequestError(msg)
        check_place(path, inputs)
        about = {"format": _FORMAT, "section": self.section_name}
        arrays: dict[str, NDArray[Any]] = {
            "about": np.array(json.dumps(about)),
            "genes": np.array(self.genes),
            "loadings": self.loadings,
            "marked_genes": np.array(self.marks.genes),
            "marks": self.marks.values,
            "marked_share": np.array(self.marks.drawn),
        }
        arrays |= {_NETWORK + k: v for k, v in arrays_of(self.network).items()}
        save_arrays(arrays, path)
        return path

    @classmethod
    def load(cls, path: str | Path) -> StEnTransModel:
        """Read a model that was written by `save`.

        Raises
        ------
        InvalidRequestError
            If the file is not there, or is no such model.
        """
        path = at_home(path)
        try:
            with path.open("rb") as file, np.load(_archive(file)) as stored:
                arrays = {name: stored[name] for name in stored.files}
            about = json.loads(str(arrays["about"]))
            if about["format"] != _FORMAT:
                msg = f"format {about['format']}"
                raise ValueError(msg)
            network = {
                name.removeprefix(_NETWORK): array
                for name, array in arrays.items()
                if name.startswith(_NETWORK)
            }
            marked = [str(gene) for gene in arrays["marked_genes"]]
            return cls(
                [str(gene) for gene in arrays["genes"]],
                arrays["loadings"],
                network_of(network),
                about["section"],
                SpotMarks(marked, arrays["marks"], float(arrays["marked_share"])),
            )
        except FileNotFoundError:
            msg = f"there is no model file {path}: name another one, or none"
        except (*DAMAGE, BadZipFile) as error:
            msg = (
                f"{path} is no model of this program ({said(error)}). Make one with "
                "stentrans enhance ... --save-model FILE.npz"
            )
        raise InvalidRequestError(msg)

    def programmes_of(
        self, section: Section, seed: int
    ) -> tuple[Programmes, CrossFitted]:
        """Score another section on these programmes, with loadings of its own.

        Parameters
        ----------
        section
            Visible spots.
        seed
            Of the division of counts into halves.

        Returns
        -------
        programmes
            As found on that section.
        crossed
            The same scores, and those of halves of the counts: the loadings are of
            another section, so that no spot takes part in its own.

        Raises
        ------
        InvalidRequestError
            If the genes of the section are others.
        """
        scored = self.programmes_on(section)
        crossed = scored_by_others(section, scored, seed)
        return with_own_loadings(section, scored), crossed

    def programmes_on(self, section: Section) -> Programmes:
        """Score a section on the model's programmes.

        Mean expression is the section's own, and scores are standardised anew: levels
        differ for technical reasons.

        Raises
        ------
        InvalidRequestError
            If the genes of the section are others.
        """
        loadings = self._loadings_for(section)
        loadings = loadings[: section.n_spots // SPOTS_PER_PROGRAMME]
        loadings = loadings[self._told_apart(loadings)]
        log, library, median = log_normalised(section)
        first = Programmes(
            scores=np.zeros((section.n_spots, 1 + len(loadings))),
            centre=np.zeros(1 + len(loadings)),
            scale=np.ones(1 + len(loadings)),
            loadings=loadings,
            gene_mean=np.asarray(log.mean(axis=0), dtype=np.float32).ravel(),
            median_library=median,
        )
        raw = scores_on(section, first)[:, 1:]
        spread = np.maximum(raw.std(axis=0), 1e-3)
        channel, centre, scale = library_channel(library, median)
        return Programmes(
            scores=np.concatenate([channel[:, None], raw / spread], axis=1),
            centre=np.concatenate([[centre], np.zeros(len(spread))]),
            scale=np.concatenate([[scale], np.ones(len(spread))]),
            loadings=(loadings * spread[:, None]).astype(np.float32),
            gene_mean=first.gene_mean,
            median_library=median,
        )

    def _told_apart(self, loadings: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which programmes the shared genes tell from all stronger ones, (programme,).

        The others would be scored on rounding errors.
        """
        own = np.zeros(len(loadings))
        triangle = np.linalg.qr(loadings.T.astype(np.float64), mode="r")
        own[: len(triangle)] = np.abs(np.diag(triangle))
        whole = np.linalg.norm(self.loadings[: len(loadings)], axis=1)
        return np.asarray(own > _LEAST_OWN * whole)

    def _loadings_for(self, section: Section) -> NDArray[np.float32]:
        """Loadings of the section's genes; zero for those the model does not know."""
        at = section.genes.get_indexer(pd.Index(self.genes))
        known = at >= 0
        power = _power(self.loadings)
        shared = power[known].sum() / max(power.sum(), 1e-12)
        if shared < _LEAST_SHARED:
            msg = (
                f"the model of {self.section_name} and {section.name} share "
                f"{known.sum()} of {len(self.genes)} genes, too few: is it the same "
                "organism, and are genes named in the same way?"
            )
            raise InvalidRequestError(msg)
        loadings = np.zeros((len(self.loadings), section.n_genes), dtype=np.float32)
        loadings[:, at[known]] = self.loadings[:, known]
        return loadings


def _archive(file: BinaryIO) -> BinaryIO:
    """Return a file that is an archive; of others numpy would advise to trust them."""
    if not is_zipfile(file):
        msg = "it is another kind of file, or damaged"
        raise ValueError(msg)
    file.seek(0)
    return file


def _power(loadings: NDArray[np.float32]) -> FloatArray:
    """How much each gene has of the programmes, shape (gene,)."""
    power: FloatArray = (loadings.astype(np.float64) ** 2).sum(axis=0)
    return power


def _why_not(fitted: Fitted) -> str:
    """Say why there is no model to keep of a fit, to go on a sentence with."""
    if not isinstance(fitted, FittedKriging):
        return "; choose that method"
    section = fitted.section
    if section.n_spots < FEWEST_SPOTS:
        return (
            f", on {FEWEST_SPOTS} spots or more, and {section.name} has "
            f"{section.n_spots} with counts: take a larger section"
        )
    if fitted.programmes.n_channels == 1:
        return (
            f", and no gene programme was found on {section.name}, of "
            f"{section.n_genes} genes, to be kept: take a section of more genes or "
            "more counts"
        )
    return "; choose that method, and let it run to its end"


def with_own_loadings(section: Section, scored: Programmes) -> Programmes:
    """How much each gene changes with a programme, on the section itself.

    The model says which genes go together; on the log scale, how much they change
    depends on the depth of a section.
    """
    log, _, _ = log_normalised(section, scored.median_library)
    return replace(scored, loadings=regress(scored.scores[:, 1:], log))
