"""Lists of genes in text files."""

from __future__ import annotations

import re
from pathlib import Path

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.text import opened


def read_gene_list(path: str | Path) -> list[str]:
    """Gene names of a text file: one a line, or separated by commas or tabs.

    Blank lines, repeated names and lines that begin with # are left out.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read or names no gene.
    """
    path = at_home(path)
    try:
        with opened(path) as file:
            lines = [line for line in file if not line.lstrip().startswith("#")]
    except DAMAGE as error:
        msg = f"the gene list {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error
    names = [
        cell.strip().strip("\"'") for cell in re.split(r"[,;\t\r\n]+", "".join(lines))
    ]
    genes = list(dict.fromkeys(name for name in names if name))
    if not genes:
        msg = f"the gene list {path} names no gene; write one name a line"
        raise InvalidRequestError(msg)
    if any("\0" in gene for gene in genes):
        msg = f"the gene list {path} is not a text file"
        raise InvalidRequestError(msg)
    return genes
