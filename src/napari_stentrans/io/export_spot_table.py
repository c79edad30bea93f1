"""A measured section as one text table: names, coordinates, then the genes.

Goes out spot by spot, straight from the sparse counts: most of them are zero. Every
number is written to its last digit; `io.spot_table` reads it again.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from napari_stentrans import keys
from napari_stentrans.io.replacing import replacing
from napari_stentrans.io.spot_table import NO_GENES
from napari_stentrans.section.section import Section


def write_spot_table(path: Path, section: Section) -> Path:
    """Write a table, separated as its ending says: csv or tsv, with gz to compress.

    A gene that is called as one of the columns of places has ``_gene`` behind its name.

    Raises
    ------
    InvalidRequestError
        If it cannot be written there.
    """
    endings = "".join(path.suffixes[-2:]).lower()
    mark = "\t" if ".tsv" in endings else ","
    with (
        replacing(path, section.source) as unfinished,
        _opened(unfinished, packed=endings.endswith(".gz")) as file,
    ):
        csv.writer(file, delimiter=mark, lineterminator="\n").writerow(_header(section))
        for names, values in _rows(section):
            csv.writer(file, delimiter=mark, lineterminator=mark).writerow(names)
            file.write(mark.join(values))
            file.write("\n")
    return path


def _header(section: Section) -> list[str]:
    places = [keys.BARCODE, keys.ARRAY_ROW, keys.ARRAY_COL]
    if section.pixel_xy is not None:
        places += ["x", "y"]
    genes = [str(gene) for gene in section.genes]
    return places + [f"{gene}_gene" if gene in NO_GENES else gene for gene in genes]


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


def _opened(path: Path, *, packed: bool) -> TextIO:
    if packed:
        return cast("TextIO", gzip.open(path, "wt", 4, encoding="utf-8", newline=""))
    return path.open("w", encoding="utf-8", newline="")
