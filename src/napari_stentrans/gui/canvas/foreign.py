"""Layers of other plugins that carry an AnnData, as napari-spatialdata's do.

What lies in their metadata under "adata" has one row for each point, shape or label of
the layer; where these lie in the world is where the spots are to be drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer, Points, Shapes

from napari_stentrans import keys
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


def spots_xy(layer: Layer, adata: AnnData) -> FloatArray | None:
    """World (x, y) of what a layer shows for each row, shape (row, 2).

    None where the layer does not show one thing a row.
    """
    data_yx = _middles(layer, adata)
    if data_yx is None or len(data_yx) != adata.n_obs or not adata.n_obs:
        return None
    world = np.array([layer.data_to_world(each)[-2:] for each in data_yx])
    xy: FloatArray = world[:, ::-1].astype(np.float64)
    return xy if np.isfinite(xy).all() else None


def _middles(layer: Layer, adata: AnnData) -> FloatArray | None:
    """Middles (y, x) of the things of a layer, in its own coordinates."""
    if isinstance(layer, Points):
        return np.asarray(layer.data, dtype=np.float64)
    if isinstance(layer, Shapes):
        return np.array([np.mean(each, axis=0) for each in layer.data])
    key = layer.metadata.get(keys.FOREIGN_INSTANCE)
    plain = isinstance(layer, Labels) and not layer.multiscale and layer.ndim == 2
    if not plain or key not in adata.obs or layer.data.size > _MOST_LABELS:
        return None
    from scipy.ndimage import center_of_mass

    labels = np.asarray(layer.data)
    wanted = adata.obs[key].to_numpy()
    if not np.issubdtype(wanted.dtype, np.integer):
        return None
    return np.array(center_of_mass(labels > 0, labels, wanted), dtype=np.float64)


def _is_anndata(found: Any) -> bool:
    return all(hasattr(found, part) for part in ("obs", "var", "obsm", "n_obs"))
