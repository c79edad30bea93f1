"""Names of genes as people give them, and those of them that the section has."""

from __future__ import annotations

from collections.abc import Iterable

from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.control.bench import Bench

_NAMES = "names of genes"


def known_genes(bench: Bench, genes: Iterable[str]) -> list[str]:
    """Return the genes that the current section has, each once; complain of others.

    Where nothing is amiss, an earlier complaint of this kind is taken back.
    """
    section, names = bench.session.section, list(dict.fromkeys(genes))
    if section is None:
        return []
    try:
        section.gene_index(names)
    except StEnTransError as error:
        bench.background.complain(error, about=_NAMES)
        return [name for name in names if name in section.genes]
    bench.background.take_back(_NAMES)
    return names
