"""How long work is cut into portions that fit into memory."""

from __future__ import annotations

_MOST_GENES, _FEWEST_GENES = 256, 16


def portions(n: int, at_once: int) -> list[slice]:
    """Cut ``n`` things, in order, into slices of so many; the last may be shorter."""
    return [slice(at, min(at + at_once, n)) for at in range(0, n, at_once)]


def gene_portions(n_genes: int, n_rows: int, values: int) -> list[slice]:
    """Cut genes into slices of about so many values, at so many spots or positions.

    Between 16 and 256 genes: fewer take as long, more would show no progress.
    """
    fitting = max(_FEWEST_GENES, values // max(n_rows, 1))
    return portions(n_genes, min(_MOST_GENES, fitting))
