"""What a network knows of one section, and the fields that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.methods.gene_images.network import image_portions, refine
from napari_stentrans.methods.gene_images.noise import ImageNoise
from napari_stentrans.methods.gene_images.raster import Raster
from napari_stentrans.methods.gene_images.training import Trained
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class FittedImages(Fitted):
    """A section, its raster, and a network trained on it.

    The network gives the raster at twice its resolution. A position takes the pixel of
    that which is nearest to it: its own, on a lattice refined by two, and the nearest
    at the border for positions outside the raster.

    Attributes
    ----------
    section
        Measured, visible spots.
    raster
        Where its spots lie in the picture.
    trained
        The network.
    noise
        Spread of counts around the prediction.
    rare_share
        Genes detected in no larger share of the spots get their mean.
    """

    section: Section
    raster: Raster
    trained: Trained
    noise: ImageNoise
    rare_share: float

    @property
    def facts(self) -> dict[str, Any]:
        """Length and end of the training, and how much the spread was widened."""
        losses = self.trained.losses
        return {
            "epochs": len(losses),
            "stopped_early": self.trained.stopped_early,
            "training_loss": losses[-1] if losses else float("nan"),
            "sd_factor_at_sites": round(self.noise.at_sites, 3),
            "sd_factor_between": round(self.noise.between, 3),
        }

    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:
        """Find the pixel of each position; genes go through the network when read."""
        yield Progress("Finding pixels", 0, 1)
        pixels = self.raster.nearest(self.section.lattice.to_pitch(array_rc))
        return self._field(pixels)

    def spot_field_steps(self) -> Steps[ExpressionField]:
        """Give the network's output at the spots: it redraws what it was given."""
        yield Progress("Finding pixels", 0, 1)
        return self._field(self.raster.pixel_of_spot)

    def _field(self, pixels: IntArray) -> ExpressionField:
        at_site = self.raster.is_site
        at_site[self.raster.pixel_of_spot] = False
        return ImageField(self, pixels, at_site[pixels])


@dataclass(frozen=True, eq=False)
class ImageField(ExpressionField):
    """Pixels of the network's output.

    Attributes
    ----------
    fitted
        Section and network.
    pixels : ndarray, shape (position,)
        Pixel of each position in the doubled raster.
    at_site : ndarray of bool, shape (position,)
        Which of them are sites without a spot.
    """

    fitted: FittedImages
    pixels: IntArray
    at_site: NDArray[np.bool_]
    _measured: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_measured", self.fitted.raster.spots.occupied)

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return len(self.pixels)

    def read(self, genes: IntArray) -> Prediction:
        """Send genes through the network, in that order; rare ones are flat."""
        counts = self.fitted.section.by_gene[:, genes]
        n_spots = counts.shape[0]
        detected = np.diff(counts.indptr)
        drawn = np.flatnonzero(detected > self.fitted.rare_share * n_spots)
        flat = np.asarray(counts.mean(axis=0), dtype=np.float32)
        mean = np.repeat(flat.reshape(1, -1), self.n_positions, axis=0)

        def refined(part: slice) -> NDArray[np.float32]:
            images = self.fitted.raster.spots.images(counts[:, drawn[part]])
            whole = refine(self.fitted.trained.network, images, self._measured)
            return whole.reshape(len(whole), -1)[:, self.pixels].T

        parts = image_portions(len(drawn), self._measured.shape)
        for part, values in zip(parts, map_in_order(refined, parts), strict=True):
            mean[:, drawn[part]] = values
        return Prediction(mean, self.fitted.noise.sd(mean, genes, self.at_site))
