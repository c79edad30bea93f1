"""Names of spots compared without Python texts: held against pandas' own index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_stentrans.io.files.many_names import (
    as_names,
    n_repeated,
    places_of,
    without_suffix,
)

LETTERS = np.array(list("ACGT"))


def barcodes(n, seed=0):
    rng = np.random.default_rng(seed)
    drawn = {"".join(rng.choice(LETTERS, 9)) + "-1" for _ in range(n)}
    return rng.permutation(sorted(drawn)).astype(object)


@pytest.mark.parametrize("order", ["ascending", "shuffled"])
def test_places_are_those_of_pandas(order):
    listed = barcodes(300)
    wanted = np.concatenate([listed[40:200:3], ["nowhere-1"], barcodes(50, seed=1)])
    if order == "ascending":
        listed, wanted = np.sort(listed), np.sort(wanted)

    found = places_of(as_names(wanted), as_names(listed))

    np.testing.assert_array_equal(found, pd.Index(listed).get_indexer(wanted))


def test_a_name_wanted_twice_is_found_twice():
    listed, wanted = as_names(["a", "b", "c"]), as_names(["c", "x", "c", "a"])
    assert places_of(wanted, listed).tolist() == [2, -1, 2, 0]


@pytest.mark.parametrize(
    ("names", "repeats"),
    [([], 0), (["a"], 0), (["a", "b"], 0), (["b", "a"], 0), (["b", "a", "b", "b"], 2)],
)
def test_repeats_are_counted(names, repeats):
    assert n_repeated(as_names(names)) == repeats


def test_only_the_number_of_the_library_is_a_suffix():
    found = without_suffix(as_names(["AC-1", "s_002um_00001_00002-12", "AC", "A-1-C"]))
    assert found.to_pylist() == ["AC", "s_002um_00001_00002", "AC", "A-1-C"]
