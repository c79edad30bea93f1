"""Regions as a table: one line for each site of each region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.columns import ENABLED, KIND, LABEL, REGION
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import OUTSIDE, PREDICT
from napari_stentrans.section.regions import Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

_LABEL_OF = {RegionKind.PREDICT: PREDICT, RegionKind.OUTSIDE: OUTSIDE}
_NO = ("0", "false", "no", "off")


def names_regions(columns: pd.Index | list[str]) -> bool:
    """Whether a table with these columns says what its regions are."""
    return {REGION, KIND} <= set(columns)


def to_table(regions: Regions) -> pd.DataFrame:
    """Write down each region: position, label, name, kind, and whether it is on.

    The label is for readers that know no regions: 1 predict, 2 outside, 0 nothing.
    """
    parts = [_lines(regions, region) for region in regions.listed]
    return pd.concat(parts or [_lines(regions, Region(0, ""))], ignore_index=True)


def from_table(
    table: pd.DataFrame, array_rc: FloatArray, sites: PaintSites, path: Path
) -> Regions:
    """Read what `to_table` wrote.

    Parameters
    ----------
    table, array_rc
        The lines, and the position of each, shape (line, 2).
    sites
        What can be painted on the section.
    path
        For messages.

    Raises
    ------
    InvalidRequestError
        Naming the first line that does not fit.
    """
    kinds = table[KIND].astype(str).str.strip().str.lower()
    strange = np.flatnonzero(~kinds.isin(list(RegionKind)))
    if len(strange):
        msg = (
            f"{path.name}: line {strange[0] + 2} is of kind "
            f"{table[KIND].iloc[strange[0]]!r}; choose {', '.join(RegionKind)}"
        )
        raise InvalidRequestError(msg)
    at = sites.find(array_rc)
    refuse_strangers(at, array_rc, path)
    on = np.ones(len(table), dtype=bool)
    if ENABLED in table:
        on = ~table[ENABLED].astype(str).str.strip().str.lower().isin(_NO).to_numpy()
    names = table[REGION].astype(str).str.strip()
    regions = Regions.none(sites)
    of_line = list(zip(names, kinds, strict=True))
    for name, kind in dict.fromkeys(of_line):
        lines = [line == (name, kind) for line in of_line]
        regions = regions.with_area(
            name or kind,
            RegionKind(kind),
            at[lines],
            enabled=bool(on[lines].all()),
        )
    return regions


def refuse_strangers(at: IntArray, array_rc: FloatArray, path: Path) -> None:
    """Raise if positions are no sites that can be painted.

    Raises
    ------
    InvalidRequestError
        Naming the first one.
    """
    lost = np.flatnonzero(at < 0)
    if len(lost):
        row, col = array_rc[lost[0]]
        msg = (
            f"{path.name}: {len(lost)} of {len(at)} positions are no sites in or "
            f"beside this section (first: array_row={row:g}, array_col={col:g}). "
            "Is the file of another section?"
        )
        raise InvalidRequestError(msg)


def _lines(regions: Regions, region: Region) -> pd.DataFrame:
    at = regions.covered_by(region.label) & (region.label > 0)
    array_rc = regions.sites.array_rc[at]
    label = _LABEL_OF.get(region.kind, 0) if region.enabled else 0
    return pd.DataFrame(
        {
            keys.ARRAY_ROW: array_rc[:, 0],
            keys.ARRAY_COL: array_rc[:, 1],
            LABEL: np.full(len(array_rc), label),
            REGION: np.full(len(array_rc), region.name, dtype=object),
            KIND: str(region.kind),
            ENABLED: int(region.enabled),
        }
    )
