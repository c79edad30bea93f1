"""Several genes in one set of layers: their signature, or each of them on a slider.

Pure: knows neither napari nor Qt. The layers are drawn as those of a single gene.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.layers import (
    LayerData,
    LayerTag,
    Limits,
    Role,
    contrast_limits,
    expression_options,
    gene_limits,
    layer_name,
    limits_of_spots,
)
from napari_stentrans.readings import counts_of, shown_reading
from napari_stentrans.section.depth import evened
from napari_stentrans.section.raster import SpotRaster, raster_of
from napari_stentrans.section.section import Section
from napari_stentrans.section.signature import (
    measured_signature,
    signature_weights,
)
from napari_stentrans.signatures import signatures

Values: TypeAlias = NDArray[np.floating[Any]]


class Pictures:
    """Pictures of several genes, each drawn when it is looked at.

    As much of an array, of shape (gene, row, col), as a viewer needs: a thousand genes
    on the slider cost no more than one.

    Parameters
    ----------
    n
        Number of genes.
    raster
        Where values are drawn.
    draw
        Picture of a gene, given its number: ndarray, shape (row, col).
    """

    dtype = np.dtype(np.float32)
    ndim = 3

    def __init__(
        self, n: int, raster: SpotRaster, draw: Callable[[int], NDArray[np.float32]]
    ) -> None:
        self.shape = (n, *raster.shape)
        self._draw = draw

    @property
    def size(self) -> int:
        """Number of pixels in all."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        which, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(which, int | np.integer):
            return self._draw(range(len(self))[int(which)])[tuple(rest)]
        numbers = np.arange(len(self))[which]
        drawn = [self._draw(int(number)) for number in numbers]
        whole = np.stack(drawn) if drawn else np.empty((0, *self.shape[1:]))
        return whole.astype(self.dtype)[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - numpy's own protocol
        return np.asarray(self[:], dtype=dtype)

    def astype(self, dtype: Any) -> NDArray[Any]:
        """All pictures at once, of another type: napari's conversions ask for them.

        Whole numbers have no NaN: where there is no tissue they are zero.
        """
        whole = np.asarray(self[:])
        if np.issubdtype(dtype, np.integer):
            whole = np.nan_to_num(whole)
        return whole.astype(dtype)


@dataclass(frozen=True)
class GeneSet(ABC):
    """Genes that are shown together.

    Attributes
    ----------
    name
        What a person calls them.
    genes
        At least one.
    """

    name: str
    genes: tuple[str, ...]

    @abstractmethod
    def measured_layer(self, section: Section, *, even: bool = False) -> LayerData:
        """Layer of what was measured; ``even``: at one sequencing depth."""

    @abstractmethod
    def enhanced_layers(
        self, result: EnhancedSection, limits: Limits, *, even: bool = False
    ) -> tuple[LayerData, LayerData]:
        """Layers of a result and of its sd, with the limits of what was measured."""

    def _name(self, tag: LayerTag) -> str:
        return layer_name(tag.role, self.name, even=tag.even)


@dataclass(frozen=True)
class Signature(GeneSet):
    """The mean of the genes, each in units of its standard deviation."""

    def measured_layer(self, section: Section, *, even: bool = False) -> LayerData:
        """Layer of what was measured."""
        raster = raster_of(section)
        values: Values = measured_signature(section, self.genes)
        if even:
            values = evened(values, section.depth)
        tag = LayerTag(section, Role.GENE, of=self, even=even)
        limits = limits_of_spots(section, values, even=even)
        options = expression_options(tag, raster, self._name(tag), limits)
        return raster.image(values), options, "image"

    def enhanced_layers(
        self, result: EnhancedSection, limits: Limits, *, even: bool = False
    ) -> tuple[LayerData, LayerData]:
        """Layers of a result and of its sd."""
        section, raster = result.section, result.raster
        weights = sparse.csr_matrix(signature_weights(section, self.genes)[:, None])
        columns = section.gene_index(self.genes)
        found = signatures(result, columns, weights, even_depth=even)

        def layer(role: Role, values: Values, limits: Limits) -> LayerData:
            tag = LayerTag(section, role, of=self, even=even)
            options = expression_options(tag, raster, self._name(tag), limits)
            options["visible"] = role is not Role.SD
            return raster.image(values), options, "image"

        mean, sd = found.mean[:, 0], found.sd[:, 0]
        of_sd = layer(Role.SD, sd, contrast_limits(sd))
        return layer(Role.ENHANCED, mean, limits), of_sd


@dataclass(frozen=True)
class PassingSignature(Signature):
    """A signature that is looked at: the next one takes its place."""


@dataclass(frozen=True)
class GeneSlider(GeneSet):
    """One gene at a time; napari's slider flips through them."""

    def measured_layer(self, section: Section, *, even: bool = False) -> LayerData:
        """Layer of what was measured."""
        raster = raster_of(section)
        tag = LayerTag(section, Role.GENE, of=self, even=even)
        limits = self.limits(section, 0, even=even)
        options = expression_options(tag, raster, self._name(tag), limits)

        def draw(number: int) -> NDArray[np.float32]:
            return raster.image(counts_of(section, self.genes[number], even=even))

        return self._stacked(raster, draw, options)

    def enhanced_layers(
        self, result: EnhancedSection, limits: Limits, *, even: bool = False
    ) -> tuple[LayerData, LayerData]:
        """Layers of a result and of its sd."""
        section, raster = result.section, result.raster

        def layer(role: Role, limits: Limits) -> LayerData:
            tag = LayerTag(section, role, of=self, even=even)
            options = expression_options(tag, raster, self._name(tag), limits)
            options["visible"] = role is not Role.SD

            def draw(number: int) -> NDArray[np.float32]:
                reading = shown_reading(result, self.genes[number], even=even)
                shown = reading.sd if role is Role.SD else reading.mean
                return raster.image(shown[:, 0])

            return self._stacked(raster, draw, options)

        return layer(Role.ENHANCED, limits), layer(Role.SD, limits)

    def limits(self, section: Section, number: int, *, even: bool = False) -> Limits:
        """Contrast limits of one of the genes, as if it were shown alone."""
        return gene_limits(section, self.genes[number], even=even)

    def _stacked(
        self,
        raster: SpotRaster,
        draw: Callable[[int], NDArray[np.float32]],
        options: dict[str, Any],
    ) -> LayerData:
        affine = np.eye(4)
        affine[1:, 1:] = raster.affine
        pictures = Pictures(len(self.genes), raster, draw)
        return pictures, options | {"affine": affine}, "image"
