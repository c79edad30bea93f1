"""A measured section as one text table: names, coordinates, then the genes.

Goes out spot by spot, straight from the sparse counts: most of them are zero. Every
number is written to its last digit; `io.tables.text_reader` reads it again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_stentrans import keys
from napari_stentrans.io.assembly.kept import Kept
from napari_stentrans.io.files.text import check_names
from napari_stentrans.io.tables.beside import (
    Beside,
    mark_of,
    replacing_both,
    to_write,
    write_beside,
)
from napari_stentrans.io.tables.columns import column_of
from napari_stentrans.section.section import Section


def write_spot_table(path: Path, section: Section) -> Path:
    """Write a table, separated as its ending says: csv or tsv, with gz to compress.

    A gene that is called as one of the columns of places has ``_gene`` behind its name.

    Raises
    ------
    InvalidRequestError
        If it cannot be written there.
    """
    check_names([*section.barcodes, *section.genes], path)
    mark = mark_of(path)
    told: dict[str, Any] = {"section": Kept.of(section).as_text()}
    if section.spot_diameter is not None:
        told |= {"scalefactors": {"spot_diameter_fullres": section.spot_diameter}}
    with replacing_both(path, section.inputs) as (unfinished, folder):
        with to_write(unfinished, path) as file:
            csv.writer(file, delimiter=mark, lineterminator="\n").writerow(
                _header(section)
            )
            for names, values in _rows(section):
                csv.writer(file, delimiter=mark, lineterminator="").writerow(names)
                file.write(f"{mark}{mark.join(values)}\n")
        beside = Beside(section.obs, section.var, told)
        write_beside(path, unfinished, folder, beside)
    return path


def _header(section: Section) -> list[str]:
    places = [keys.BARCODE, keys.ARRAY_ROW, keys.ARRAY_COL]
    if section.pixel_xy is not None:
        places += ["x", "y"]
    return places + [column_of(str(gene)) for gene in section.genes]


def _rows(section: Section) -> Iterator[tuple[list[str], list[str]]]:
    """Yield (name and coordinates, values) of each spot."""
    counts, silent = section.counts, ["0"] * section.n_genes
    places = section.array_rc
    if section.pixel_xy is not None:
        places = np.column_stack([places, section.pixel_xy])
    for spot, barcode in enumerate(section.barcodes):
        stored = slice(counts.indptr[spot], counts.indptr[spot + 1])
        values = silent.copy()
        for gene, value in zip(
            counts.indices[stored].tolist(), counts.data[stored].tolist(), strict=True
        ):
            values[gene] = f"{value:.9g}"
        yield [str(barcode), *map(repr, places[spot].tolist())], values
