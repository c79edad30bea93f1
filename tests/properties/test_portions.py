"""Work in portions: everything once, in order, never too much at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans.portions import gene_portions, portions


@given(n=st.integers(0, 500), at_once=st.integers(1, 600))
def test_everything_comes_once_and_in_order(n: int, at_once: int) -> None:
    parts = [np.arange(n)[part] for part in portions(n, at_once)]
    np.testing.assert_array_equal(np.concatenate([[], *parts]), np.arange(n))
    assert all(len(part) == at_once for part in parts[:-1])
    assert all(0 < len(part) <= at_once for part in parts)


@given(n_rows=st.integers(0, 10**6), values=st.integers(1, 2**24))
def test_of_many_rows_fewer_genes_come_at_once(n_rows: int, values: int) -> None:
    widths = [part.stop - part.start for part in gene_portions(2000, n_rows, values)]
    assert sum(widths) == 2000
    assert max(widths) <= 256
    assert min(widths[:-1]) >= 16
    if widths[0] > 16:
        assert widths[0] * n_rows <= values
