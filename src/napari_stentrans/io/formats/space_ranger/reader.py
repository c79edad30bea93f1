"""Space Ranger output, Visium and Visium HD: counts, positions, image, scale factors.

Finds the parts of an output folder from wherever in it a person points. Which
arrangement the spots have is known from the instrument, not guessed from the few that
may be left: Visium numbers a hexagonal array so that row + col is even, Visium HD is a
full square array.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io.assembly.counts import normalised_notes
from napari_stentrans.io.assembly.kept import kept_beside
from napari_stentrans.io.assembly.spot_names import ListedNames
from napari_stentrans.io.files.damage import attempt
from napari_stentrans.io.files.many_names import give_memory_back
from napari_stentrans.io.formats.space_ranger.bins import (
    bins_note,
    bins_of,
    choose_bins,
    size_notes,
)
from napari_stentrans.io.formats.space_ranger.cells import cells_beside
from napari_stentrans.io.formats.space_ranger.layout import Output, find_outputs
from napari_stentrans.io.formats.space_ranger.missing import missing
from napari_stentrans.io.formats.space_ranger.pictures import best_image, scale_factors
from napari_stentrans.io.formats.space_ranger.positions import Positions, read_positions
from napari_stentrans.io.formats.tenx_matrix import CountMatrix, read_matrix
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.images import misfit_note
from napari_stentrans.section.detection import Detected
from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice, LatticeKind
from napari_stentrans.section.section import Section
from napari_stentrans.section.technology import ENHANCED_NOTE

TITLE: Final = "Space Ranger output"
TAKES: Final = frozenset({"bin_size"})


def sniff(path: Path) -> bool:
    """Whether this is a Space Ranger output, a part of one, or a folder of them."""
    return len(find_outputs(path)) > 0


def read(path: Path, options: ReadOptions) -> Section:
    """Read the one section that a path means.

    Raises
    ------
    ReadError
        Naming every problem; or the sections there are, where there are several.
    """
    outputs = find_outputs(path)
    bins = bins_of(outputs)
    if bins:
        chosen = choose_bins(bins, options.bin_size, path.name)
        section = _read_output(bins[chosen], options, source=path)
        cells = cells_beside(bins[chosen].root)
        also = [] if cells is None else [f"For cells instead of bins, open {cells}."]
        notes = (bins_note(bins, chosen), *also, *section.notes)
        return replace(section, notes=notes)
    if options.bin_size is not None:
        msg = f"{path.name} is no Visium HD output, so it has no bins to choose from"
        raise InvalidRequestError(msg)
    if len(outputs) > 1:
        if all(each.is_among_others and not each.is_complete for each in outputs):
            raise ReadError(
                "\n".join(text for each in outputs for text in missing(each))
            )
        above = next(
            folder
            for folder in (path, *path.parents)
            if all(output.shown.is_relative_to(folder) for output in outputs)
        )
        listed = "\n".join(f"  {output.shown.relative_to(above)}" for output in outputs)
        msg = f"{path.name} holds {len(outputs)} sections; open one of them:\n{listed}"
        raise ReadError(msg)
    return _read_output(outputs[0], options, source=path)


def _read_output(output: Output, options: ReadOptions, source: Path) -> Section:
    problems = missing(output)
    matrix = positions = None
    if output.matrix is not None:
        matrix = attempt(
            problems, output.matrix.name, partial(read_matrix, output.matrix)
        )
    if output.positions is not None:
        positions = attempt(
            problems,
            output.positions.name,
            partial(read_positions, output.positions),
        )
    if matrix is None or positions is None:
        raise ReadError("\n".join(problems))

    notes = [*matrix.notes]
    rows, places = _matched(matrix, positions, notes)
    obs = positions.table.iloc[places]
    obs.index = _taken(matrix.barcodes, rows)
    seen = _on_checkerboard(positions.table)
    del positions, places  # of millions of bins: before room is made for the rest
    give_memory_back()
    pixel_xy = obs[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy(np.float64)
    factors = scale_factors(output.spatial, notes, output.prefix)
    image = best_image(output.spatial, factors, notes, output.prefix)
    if image is not None:
        notes += misfit_note(image, pixel_xy)
    array_rc = obs[[keys.ARRAY_ROW, keys.ARRAY_COL]].to_numpy(np.float64)
    kept = kept_beside(output.spatial, array_rc)
    placed = (
        kept.placed(array_rc)
        if kept is not None and options.lattice is None
        else _placed(array_rc, pixel_xy, factors, options, on_checkerboard=seen)
    )
    counts = _taken(matrix.counts, rows)
    if kept is not None and kept.expected:
        notes.append(ENHANCED_NOTE)
    else:
        notes += normalised_notes(counts, allowed=options.allow_normalised)
    notes += size_notes(counts.shape[0], output.root)
    return Section(
        name=options.name_for(_naming(output)),
        counts=counts,
        obs=obs,
        var=matrix.var,
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy if kept is None or kept.has_pixel_xy else None,
        spot_diameter=factors.get("spot_diameter_fullres")
        if kept is None or kept.has_spot_diameter
        else None,
        image=image,
        source=str(source),
        files=tuple(map(str, (*matrix.files, output.positions, *output.places))),
        notes=tuple(notes),
    )


def _naming(output: Output) -> Path:
    """Path to name the section after: bins of Visium HD carry the sample's name too."""
    root = output.root
    if output.prefix and output.is_among_others:
        return root / output.prefix.strip("_.- ")
    if root.parent.name != "binned_outputs":
        return root
    sample = ReadOptions().name_for(root.parent)
    return root.with_name(f"{sample}_{root.name}")


def _matched(
    matrix: CountMatrix, positions: Positions, notes: list[str]
) -> tuple[IntArray, IntArray]:
    """Rows of the matrix under tissue, and their rows among the positions."""
    listed = positions.barcodes
    found = ListedNames(listed).find(matrix.barcodes)
    found.refuse_several("the list of positions")
    place = found.place
    known = place >= 0
    if not known.any():
        msg = (
            f"none of the {len(matrix.barcodes)} barcodes of the counts (first: "
            f"{matrix.barcodes[:1].tolist()}) is among the {len(listed)} positions "
            f"(first: {listed[:1].to_pylist()}): "
            "they belong to different sections"
        )
        raise ReadError(msg)
    notes += found.notes("the list of positions")
    under_tissue = known & (positions.table["in_tissue"].to_numpy()[place] == 1)
    if not under_tissue.any():
        msg = (
            "no spot with counts is marked as in tissue among the positions (in_tissue "
            "= 1): the file may be of another section, or tissue was not found; write "
            "1 there for the spots under tissue"
        )
        raise ReadError(msg)
    if not known.all():
        notes.append(f"{(~known).sum()} barcodes without a position left out.")
    n_off = int((known & ~under_tissue).sum())
    if n_off:
        notes.append(f"{n_off} spots that are not under tissue left out.")
    rows = np.flatnonzero(under_tissue)
    return rows, place[rows]


def _taken(whole: Any, rows: IntArray) -> Any:
    """Some rows in order, without a copy where these are all."""
    return whole if len(rows) == whole.shape[0] else whole[rows]


def _on_checkerboard(positions: pd.DataFrame) -> bool:
    """Whether only every second place exists: rows and columns, in tissue or not."""
    steps = positions[keys.ARRAY_ROW].to_numpy() + positions[keys.ARRAY_COL].to_numpy()
    return not (steps % 2).any()


def _placed(
    array_rc: FloatArray,
    pixel_xy: FloatArray,
    factors: dict[str, Any],
    options: ReadOptions,
    *,
    on_checkerboard: bool,
) -> Detected:
    if options.lattice is not None:
        return options.place(array_rc, pixel_xy)
    on_hex = "bin_size_um" not in factors and on_checkerboard
    return Detected(
        Lattice(LatticeKind.HEX if on_hex else LatticeKind.SQUARE), array_rc
    )
