"""Jobs about sections: reading one, counting, another lattice or a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.io import read_section
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.facts import SectionFacts
from napari_stentrans.section.lattice import FloatArray, LatticeKind
from napari_stentrans.section.part import Box, positions_xy, within
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData


def reading(path: Path, *, allow_normalised: bool = False) -> Steps[Section]:
    """Read a section."""
    yield Progress("Reading", 0, 1)
    return looked_through(read_section(path, allow_normalised=allow_normalised))


def counting(section: Section) -> Steps[SectionFacts]:
    """Count what a section holds."""
    yield Progress("Counting", 0, 1)
    return SectionFacts.of(section)


def relaying(section: Section, kind: LatticeKind) -> Steps[Section]:
    """Put the spots of a section on another lattice."""
    yield Progress("Fitting the lattice", 0, 1)
    return looked_through(section.on_lattice(kind))


def parting(section: Section, spots: NDArray[np.bool_]) -> Steps[Section]:
    """Make a section of its own of the spots that lie about where these do."""
    yield Progress("Taking a part", 0, 1)
    box = Box.around(positions_xy(section)[spots]).rounded()
    return looked_through(replace(within(section, box), name=f"{section.name} part"))


def picturing(section: Section, path: Path) -> Steps[Section]:
    """Read a picture and lay it under the spots of a section."""
    from napari_stentrans.io.given_picture import with_picture

    yield Progress("Reading the picture", 0, 1)
    wishes = {**section.wishes, "image": str(path.absolute())}
    wishes.pop("image_alignment", None)  # that was of the picture before
    return looked_through(replace(with_picture(section, path), wishes=wishes))


def adopting(
    adata: AnnData,
    name: str,
    find_spots: Callable[[], FloatArray | None],
    *,
    allow_normalised: bool,
) -> Steps[Section]:
    """Make a section of an AnnData that another plugin holds, which stays as it is.

    Parameters
    ----------
    adata, name
        What it is to be made of, and its name.
    find_spots
        Finds where its rows lie in the window: (x, y), shape (row, 2); None where that
        is not known.
    allow_normalised
        Take values that are no counts.
    """
    from anndata import AnnData

    from napari_stentrans import keys
    from napari_stentrans.io.formats.h5ad.matrices import layers_of
    from napari_stentrans.io.formats.h5ad.reader import section_from_anndata

    yield Progress("Reading", 0, 1)
    obsm, uns, spots_xy = dict(adata.obsm), dict(adata.uns), find_spots()
    if spots_xy is not None:
        obsm[keys.SPATIAL] = spots_xy
        uns.pop(keys.SPATIAL, None)  # the picture is a layer already, at its own place
    seen = AnnData(
        adata.X,
        obs=adata.obs,
        var=adata.var,
        uns=uns,
        obsm=obsm,
        layers=layers_of(adata),
    )
    if adata.raw is not None:
        seen.raw = adata.raw.to_adata()
    made = section_from_anndata(seen, name=name, allow_normalised=allow_normalised)
    return looked_through(made)


def looked_through(section: Section) -> Section:
    """Find here what the window asks of a section at once, and would wait for."""
    _ = section.detected_in
    return section
