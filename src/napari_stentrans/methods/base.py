"""The one interface of every method, and the registry of them.

An `Enhancer` learns from a section and gives a `Fitted`; that one turns positions into
an `ExpressionField`, from which genes are read. The work is split so because positions
are dear and genes are cheap: a field is computed once, then each gene is a lookup or a
small product. Whatever must not be seen is not in the section handed to `fit`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.imports import importing
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Prediction:
    """Expected expression and its uncertainty, in units of the input.

    Attributes
    ----------
    mean : ndarray of float32, shape (position, gene)
        Non-negative.
    sd : ndarray of float32, shape (position, gene)
        Standard deviation of *a count measured there*: counting noise included.
    """

    mean: NDArray[np.float32]
    sd: NDArray[np.float32]


class ExpressionField(ABC):
    """Expression of any gene at fixed positions."""

    @property
    @abstractmethod
    def n_positions(self) -> int:
        """Number of positions."""

    @property
    def depth(self) -> NDArray[np.float32] | None:
        """Library size over that of the median spot, shape (position,).

        None, if the method does not take library size apart.
        """
        return None

    @abstractmethod
    def read(self, genes: IntArray) -> Prediction:
        """Predict genes (columns of the section), in that order."""


class Fitted(ABC):
    """A method that has learnt from one section."""

    section: Section
    """What it learnt from: measured, visible spots only."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the provenance of a result should say of this fit, JSON-able."""
        return {}

    @abstractmethod
    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:
        """Expression at array coordinates, shape (position, 2).

        As if nothing was measured exactly there: a spot's own noise is not reproduced.
        """

    @abstractmethod
    def spot_field_steps(self) -> Steps[ExpressionField]:
        """Improved expression at the spots it learnt from, in the order of `section`.

        From a spot's own counts *and* its surroundings.
        """

    def gene_scores(self, genes: IntArray) -> pd.DataFrame:
        """What the fit found out about how well genes are predicted.

        Parameters
        ----------
        genes : ndarray, shape (gene,)
            Columns of `section`.

        Returns
        -------
        DataFrame, one row a gene
            Columns by the names of `napari_stentrans.keys`; none, if the method does
            not know.
        """
        return pd.DataFrame(index=self.section.genes[genes])

    def left_out_field(self) -> ExpressionField | None:
        """Each spot it learnt from, predicted from all others, in their order.

        None, if the method does not know.
        """
        return None

    def field(self, array_rc: FloatArray) -> ExpressionField:
        """`field_steps`, run to the end."""
        return run_to_end(self.field_steps(array_rc))

    def spot_field(self) -> ExpressionField:
        """`spot_field_steps`, run to the end."""
        return run_to_end(self.spot_field_steps())

    def predict(
        self, array_rc: FloatArray, genes: Iterable[str] | None = None
    ) -> Prediction:
        """Predict genes (all, if not named) at array coordinates."""
        return self.field(array_rc).read(self._columns(genes))

    def denoise(self, genes: Iterable[str] | None = None) -> Prediction:
        """Improve genes (all, if not named) at the measured spots."""
        return self.spot_field().read(self._columns(genes))

    def _columns(self, genes: Iterable[str] | None) -> IntArray:
        if genes is None:
            return np.arange(self.section.n_genes)
        return self.section.gene_index(genes)


class Enhancer(ABC):
    """A method. Stateless: what a person may choose comes with the configuration."""

    name: str
    """Name in the registry, on the command line and in provenance."""
    summary: str
    """One line for a person who has to choose."""

    @abstractmethod
    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Learn from counts. A true value sent in stops early and keeps the best.

        May yield `Progress` with ``partial`` set to a `Fitted` that is usable already.
        """

    def fit_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """`learn_steps`, of values that are no counts as well."""
        from napari_stentrans.methods.units import in_counts_steps

        return (yield from in_counts_steps(self.learn_steps, section, config))

    def has_seen(self, section: Section, config: RunConfig) -> str:  # noqa: ARG002
        """Say what of the configuration was made of this section; "" for nothing."""
        return ""

    def fit(
        self,
        section: Section,
        config: RunConfig | None = None,
        on_progress: Callable[[Progress], bool | None] | None = None,
    ) -> Fitted:
        """`fit_steps`, run to the end."""
        return run_to_end(self.fit_steps(section, config or RunConfig()), on_progress)


_REGISTRY: dict[str, str] = {
    "stentrans": "napari_stentrans.methods.stentrans.enhancer:StEnTrans",
    "kriging": "napari_stentrans.methods.kriging.enhancer:Kriging",
    "gaussian": "napari_stentrans.methods.interpolation:Gaussian",
    "cubic": "napari_stentrans.methods.interpolation:Cubic",
    "linear": "napari_stentrans.methods.interpolation:Linear",
    "nearest": "napari_stentrans.methods.interpolation:Nearest",
    "published": "napari_stentrans.methods.published.enhancer:Published",
    "dist": "napari_stentrans.methods.dist.enhancer:Dist",
}
"""Name to ``module:class``, the default first. A new method is one line here."""


def method_names() -> list[str]:
    """Names of all methods, the default first."""
    return list(_REGISTRY)


def get_method(name: str) -> Enhancer:
    """Return the method of that name.

    Raises
    ------
    InvalidRequestError
        Naming the methods there are.
    """
    if name not in _REGISTRY:
        msg = f"there is no method {name!r}; choose from {', '.join(_REGISTRY)}"
        raise InvalidRequestError(msg)
    module, _, attribute = _REGISTRY[name].partition(":")
    with importing():
        imported = import_module(module)
    method: Enhancer = getattr(imported, attribute)()
    return method


def rows_of(field: ExpressionField, rows: IntArray) -> ExpressionField:
    """View of some positions of a field, in the given order."""
    if np.array_equal(rows, np.arange(field.n_positions)):
        return field
    return _Rows(field, rows)


@dataclass(frozen=True, eq=False)
class _Rows(ExpressionField):
    whole: ExpressionField
    rows: IntArray

    @property
    def n_positions(self) -> int:
        return len(self.rows)

    @property
    def depth(self) -> NDArray[np.float32] | None:
        depth = self.whole.depth
        return None if depth is None else depth[self.rows]

    def read(self, genes: IntArray) -> Prediction:
        everything = self.whole.read(genes)
        return Prediction(everything.mean[self.rows], everything.sd[self.rows])
