"""Collections of gene sets in files, as MSigDB, Enrichr and others give them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.text import opened
from napari_stentrans.section.names import free_name

_SYMBOLS = "geneSymbols"
"""Where the json of MSigDB has the genes of a set."""


def read_gene_sets(path: str | Path) -> dict[str, list[str]]:
    """Read gene sets from a ``.gmt`` or ``.json``, gzipped or not.

    GMT has a set a line, with tabs between: its name, a description, its genes (of
    Enrichr with weights behind a comma, which are left out). Json maps names to lists
    of genes, or is that of MSigDB. The content tells which it is.

    Returns
    -------
    dict
        Genes by the name of the set, each gene once.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read, or has no sets.
    """
    path = at_home(path)
    try:
        with opened(path) as file:
            text = file.read()
        is_json = text.lstrip().startswith("{")
        named = _from_json(text) if is_json else _from_gmt(text)
    except DAMAGE as error:
        msg = f"the gene sets {path} cannot be read: {said(error)}"
        raise InvalidRequestError(msg) from error
    sets: dict[str, list[str]] = {}
    for name, genes in named:
        if genes:
            sets[free_name(name, sets)] = list(dict.fromkeys(genes))
    if not sets:
        msg = (
            f"{path} has no gene sets: write a set a line, with tabs between its name, "
            "a description and its genes (.gmt)"
        )
        raise InvalidRequestError(msg)
    return sets


def _from_gmt(text: str) -> list[tuple[str, list[str]]]:
    if "\0" in text:
        raise ValueError("it is not a text file")  # noqa: EM101
    named = []
    for line in text.splitlines():
        name, *rest = line.split("\t")
        genes = [gene for cell in rest[1:] if (gene := _gene(cell))]
        named.append((name.strip(), genes))
    return named


def _gene(cell: str) -> str:
    """Name of a gene, without a weight behind it."""
    return cell.split(",")[0].strip().strip('"')


def _from_json(text: str) -> list[tuple[str, list[str]]]:
    return [(str(name), _genes_of(entry)) for name, entry in json.loads(text).items()]


def _genes_of(entry: Any) -> list[str]:
    genes = entry.get(_SYMBOLS) if isinstance(entry, dict) else entry
    if not isinstance(genes, list):
        raise ValueError("its sets are no lists of genes")  # noqa: EM101
    return [str(gene).strip() for gene in genes]
