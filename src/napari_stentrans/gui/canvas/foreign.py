"""Layers of other plugins that carry an AnnData, as napari-spatialdata's do.

What lies in their metadata under "adata" has one row for each point, shape or label of
the layer; where these lie in the world is where the spots are to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer, Points, Shapes

from napari_stentrans import keys
from napari_stentrans.gui.canvas.moved import to_world
from napari_stentrans.section.lattice import FloatArray

if TYPE_CHECKING:
    from anndata import AnnData

_MOST_LABELS = 50_000_000
"""Pixels of a labels layer that are looked through."""


def carried(layer: Layer) -> AnnData | None:
    """Return the AnnData that a layer of another plugin carries, or None."""
    metadata = layer.metadata
    found: Any = metadata.get(keys.FOREIGN_ADATA)
    if keys.LAYER_TAG in metadata or not _is_anndata(found):
        return None
    adata: AnnData = found
    return adata


def carriers(layers: Iterable[Layer]) -> tuple[str, ...]:
    """Names of the layers that carry one, one layer for each AnnData."""
    first: dict[int, str] = {}
    for layer in layers:
        adata = carried(layer)
        if adata is not None:
            first.setdefault(id(adata), layer.name)
    return tuple(first.values())


@dataclass(frozen=True, eq=False)
class Things:
    """What a layer shows for the rows of an AnnData: taken from it for a job.

    Attributes
    ----------
    middles
        Finds the middle of each thing, in the layer's coordinates: (thing, axis).
    affine : ndarray, shape (axis + 1, axis + 1)
        From these to the world.
    n_rows
        Of the AnnData.
    """

    middles: Callable[[], FloatArray | None]
    affine: FloatArray
    n_rows: int

    @classmethod
    def of(cls, layer: Layer, adata: AnnData) -> Things:
        """Take what there is from a layer, in the main thread; quick."""
        return cls(_middles(layer, adata), to_world(layer), adata.n_obs)

    def spots_xy(self) -> FloatArray | None:
        """World (x, y) of what is shown for each row, shape (row, 2); may take long.

        None where the layer does not show one thing a row.
        """
        found = self.middles()
        if found is None or len(found) != self.n_rows or not self.n_rows:
            return None
        world = found @ self.affine[:-1, :-1].T + self.affine[:-1, -1]
        xy: FloatArray = world[:, [-1, -2]]
        return xy if np.isfinite(xy).all() else None


def _middles(layer: Layer, adata: AnnData) -> Callable[[], FloatArray | None]:
    """Return what finds the middles of the things of a layer."""
    if isinstance(layer, Points):
        points = np.array(layer.data, dtype=np.float64)
        return lambda: points
    if isinstance(layer, Shapes):
        shapes = list(layer.data)
        return lambda: np.array([_middle_of_outline(each) for each in shapes])
    key = layer.metadata.get(keys.FOREIGN_INSTANCE)
    plain = isinstance(layer, Labels) and not layer.multiscale and layer.ndim == 2
    if not plain or not isinstance(key, str) or key not in adata.obs:
        return lambda: None
    if layer.data.size > _MOST_LABELS:
        return lambda: None
    return partial(_middles_of_labels, layer.data, adata.obs[key].to_numpy())


def _middle_of_outline(corners: Any) -> FloatArray:
    """Centre of what corners enclose, shape (axis,); the mean of those of a line.

    Corners lie closer together on one side than on another, and the last of many a
    polygon repeats the first: their mean is not its centre.
    """
    middle: FloatArray = np.mean(corners, axis=0, dtype=np.float64)
    y, x = (np.asarray(corners) - middle)[:, -2:].T
    next_y, next_x = np.roll(y, -1), np.roll(x, -1)
    twice_area = y * next_x - next_y * x
    whole = twice_area.sum()
    if abs(whole) > 1e-9 * np.abs(twice_area).sum():
        middle[-2] += ((y + next_y) * twice_area).sum() / (3 * whole)
        middle[-1] += ((x + next_x) * twice_area).sum() / (3 * whole)
    return middle


def _middles_of_labels(picture: Any, wanted: np.ndarray) -> FloatArray | None:
    """Middle of each wanted label; None where these are no labels."""
    from scipy.ndimage import center_of_mass

    if not np.issubdtype(wanted.dtype, np.integer):
        return None
    labels = np.asarray(picture)
    return np.array(center_of_mass(labels > 0, labels, wanted), dtype=np.float64)


def _is_anndata(found: Any) -> bool:
    return all(hasattr(found, part) for part in ("obs", "var", "obsm", "n_obs"))
