"""Names of genes as people give them, and those of them that the section has."""

from __future__ import annotations

from collections.abc import Iterable

from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.control.bench import Bench


def known_genes(bench: Bench, genes: Iterable[str]) -> list[str]:
    """Return the genes that the current section has, each once; complain of others."""
    section, names = bench.session.section, list(dict.fromkeys(genes))
    if section is None:
        return []
    try:
        section.gene_index(names)
    except StEnTransError as error:
        bench.background.complain(error)
        return [name for name in names if name in section.genes]
    return names


def wished_genes(bench: Bench, genes: Iterable[str]) -> list[str]:
    """Return the same; where nothing is amiss, earlier complaints are taken back."""
    names = list(dict.fromkeys(genes))
    known = known_genes(bench, names)
    if known and known == names:
        bench.background.say("")
    return known
