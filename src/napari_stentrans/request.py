"""What a person asked for, checked against the section before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from napari_stentrans import keys
from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.gene_names import as_names
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Targets, enhancement_targets, targets_at

GeneChoice: TypeAlias = Literal["expressed", "all"] | Sequence[str]
MissingLike: TypeAlias = MissingRegions | ArrayLike | pd.Series | str | Path | None
PositionsLike: TypeAlias = ArrayLike | pd.DataFrame | str | Path | None

_NEAR = 25.0
"""Steps of the array from a section, within which a position is never a mistake."""
_EXPRESSED_SHARE = 0.01
_EXPRESSED_SPOTS = 3


def resolve_genes(section: Section, genes: GeneChoice | None) -> IntArray:
    """Columns of the genes that were asked for; None leaves the choice out."""
    genes = "expressed" if genes is None else genes
    if isinstance(genes, str):
        if genes == "all":
            return np.arange(section.n_genes)
        if genes == "expressed":
            needed = max(_EXPRESSED_SPOTS, _EXPRESSED_SHARE * section.n_spots)
            found = np.flatnonzero(section.detected_in >= needed)
            return found if len(found) else np.arange(section.n_genes)
    names = dict.fromkeys(as_names(genes))
    if not names:
        msg = "no gene was asked for; name some, or leave the choice of genes out"
        raise InvalidRequestError(msg)
    return section.gene_index(names)


def resolve_missing(section: Section, missing: MissingLike) -> MissingRegions:
    """`MissingRegions` from whatever a person gave."""
    if missing is None:
        return MissingRegions.none(section)
    if isinstance(missing, MissingRegions):
        return missing
    if isinstance(missing, str | Path):
        from napari_stentrans.io.regions.masks import read_missing

        return read_missing(missing, section)
    if isinstance(missing, pd.Series):
        missing = _by_name(section, missing)
    array = np.asarray(missing)
    if array.ndim == 2:
        return MissingRegions.from_labels(array, raster_of(section))
    if array.dtype == bool and array.shape == (section.n_spots,):
        return MissingRegions.from_spots(section, array)
    msg = (
        f"missing has shape {array.shape} and type {array.dtype}; give a labels "
        f"picture of the section's raster, or one bool a spot ({section.n_spots})"
    )
    raise InvalidRequestError(msg)


def _by_name(section: Section, marks: pd.Series) -> pd.Series:
    """Put marks of spots in the order of the section, by the names in their index.

    Of an index that merely counts the lines, the order is that of the section already.
    More names than the section has are welcome: reading may have left spots out.
    """
    counted = pd.RangeIndex(len(marks))
    if isinstance(marks.index, pd.RangeIndex) and marks.index.equals(counted):
        return marks
    names = pd.Index(marks.index.astype(str), dtype=object)
    unknown = section.barcodes[~section.barcodes.isin(names)]
    if len(unknown) or not names.is_unique:
        twice = names[names.duplicated()]
        what = f"lacks {unknown[0]!r}" if len(unknown) else f"has {twice[0]!r} twice"
        msg = (
            f"the index of missing {what}; it must name every spot of {section.name} "
            "once. Give an ndarray to go by the order of the spots."
        )
        raise InvalidRequestError(msg)
    return marks.set_axis(names).loc[section.barcodes]


def resolve_at(at: PositionsLike) -> FloatArray | None:
    """Array coordinates to predict at, from whatever a person gave."""
    if at is None:
        return None
    if isinstance(at, str | Path):
        from napari_stentrans.io.regions.masks import read_positions

        return read_positions(at)
    if isinstance(at, pd.DataFrame):
        wanted = [keys.ARRAY_ROW, keys.ARRAY_COL]
        if not set(wanted) <= set(at.columns):
            msg = (
                f"positions to predict have the columns {', '.join(map(str, at))}; "
                f"give {' and '.join(wanted)}"
            )
            raise InvalidRequestError(msg)
        at = at[wanted]
    try:
        return np.asarray(at, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"positions to predict are no numbers: {error}"
        raise InvalidRequestError(msg) from None


def resolve_targets(
    section: Section, config: RunConfig, missing: MissingRegions, at: FloatArray | None
) -> Targets:
    """Positions to predict."""
    if at is None:
        return enhancement_targets(section, missing, config.refine, config.tissue)
    if at.ndim != 2 or at.shape[1] != 2 or len(at) == 0 or not np.isfinite(at).all():
        msg = (
            f"positions to predict have shape {at.shape}; give finite (array_row, "
            "array_col) numbers of shape (position, 2), at least one position"
        )
        raise InvalidRequestError(msg)
    _refuse_far(section, at)
    return targets_at(section, at, missing)


def _refuse_far(section: Section, at: FloatArray) -> None:
    """Refuse positions farther from the section than it is long.

    They cannot be meant: pixels in place of array coordinates, or another section.
    """
    low, high = section.array_rc.min(axis=0), section.array_rc.max(axis=0)
    reach = max((high - low).max(), _NEAR)
    far = ((at < low - reach) | (at > high + reach)).any(axis=1)
    if far.any():
        first = ", ".join(f"{number:g}" for number in at[far][0])
        msg = (
            f"{far.sum()} positions lie far from the section (first: {first}), which "
            f"goes from {low[0]:g}, {low[1]:g} to {high[0]:g}, {high[1]:g}. Are they "
            "array coordinates (row, col), as those of the spots?"
        )
        raise InvalidRequestError(msg)
