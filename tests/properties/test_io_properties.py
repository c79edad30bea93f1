"""Readers give the same section whatever the order and orientation of the input."""

from __future__ import annotations

import gzip

import anndata as ad
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_stentrans.io import read_section
from napari_stentrans.io.assembly.counts import unique_names
from napari_stentrans.io.assembly.spot_names import (
    pair_key,
    parse_spot,
    spelt,
    spot_key,
)
from napari_stentrans.io.files.many_names import as_names
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.section.section import Section

ORDERS = st.permutations(range(20))
QUICK = settings(max_examples=15, deadline=None)


def table(seed: int) -> pd.DataFrame:
    """20 of 25 spots of a 5 x 5 array, 4 genes."""
    rng = np.random.default_rng(seed)
    sites = np.argwhere(np.ones((5, 5)))[np.sort(rng.choice(25, 20, replace=False))]
    names = [f"{row + 1}x{col + 1}" for row, col in sites]
    return pd.DataFrame(rng.poisson(1.5, (20, 4)), names, ["A", "B", "C", "D"])


def by_name(section: Section) -> pd.DataFrame:
    frame = pd.DataFrame(
        section.counts.toarray(), section.barcodes, section.genes
    ).assign(row=section.array_rc[:, 0], col=section.array_rc[:, 1])
    return frame.sort_index(axis=0)


@given(
    st.integers(0, 99), ORDERS, st.booleans(), st.booleans(), st.sampled_from(",\t;")
)
@QUICK
def test_tables(tmp_path_factory, seed, order, transposed, packed, sep):
    folder = tmp_path_factory.mktemp("table")
    plain = table(seed)
    shuffled = plain.iloc[list(order)]
    (folder / "plain.csv").write_text(plain.to_csv())
    raw = (shuffled.T if transposed else shuffled).to_csv(sep=sep).encode()
    (folder / "other").write_bytes(gzip.compress(raw) if packed else raw)
    first, second = (read_section(folder / name) for name in ("plain.csv", "other"))
    pd.testing.assert_frame_equal(by_name(first), by_name(second))
    assert first.lattice == second.lattice
    assert list(second.barcodes) == list(shuffled.index)


@given(st.integers(0, 99), ORDERS)
@QUICK
def test_order_of_the_list_beside_a_table_does_not_matter(
    tmp_path_factory, seed, order
):
    folder = tmp_path_factory.mktemp("beside")
    counts = table(seed)
    counts.to_csv(folder / "a.csv")
    x, y = np.array([parse_spot(name) for name in counts.index]).T
    listed = pd.DataFrame({"x": x, "y": y, "pixel_x": x * 9, "pixel_y": y * 9})
    listed.iloc[list(order)].to_csv(folder / "a_selection.tsv", sep="\t", index=False)
    section = read_section(folder / "a.csv")
    assert list(section.barcodes) == list(counts.index)
    np.testing.assert_array_equal(section.array_rc, np.column_stack([y, x]))
    np.testing.assert_array_equal(section.pixel_xy, section.array_rc[:, ::-1] * 9)


@given(st.integers(0, 99), ORDERS)
@QUICK
def test_anndata(seed, order):
    counts = table(seed)
    adata = ad.AnnData(
        counts.to_numpy(np.float32),
        obs=pd.DataFrame(index=counts.index),
        var=pd.DataFrame(index=counts.columns),
    )
    positions = np.array([parse_spot(name) for name in counts.index])
    adata.obs[["array_row", "array_col"]] = positions
    first = section_from_anndata(adata)
    second = section_from_anndata(adata[list(order)])
    pd.testing.assert_frame_equal(by_name(first), by_name(second))
    assert first.lattice == second.lattice


@given(st.lists(st.sampled_from(["A", "B", "A-1", "A-2", "B-1", ""]), max_size=12))
def test_unique_names_are_unique_and_keep_what_was_unique(names):
    found, notes = unique_names(pd.Index(names, dtype=object))
    assert found.is_unique
    assert len(found) == len(names)
    assert bool(notes) == (len(set(names)) < len(names))
    for name, new in zip(names, found, strict=True):
        assert new == name or (names.count(name) > 1 and new.startswith(f"{name}-"))
    assert set(names) <= set(found)


NUMBERS = st.integers(0, 999) | st.floats(0, 999).map(lambda value: round(value, 3))


@given(NUMBERS, NUMBERS)
def test_spot_names_are_read_back(first, second):
    name = pair_key(first, second)
    assert parse_spot(name) == (first, second)
    assert spot_key(f"X{name}_2") == name


BARCODES = ["ACGTACGT.1", " ACGTACGT-12", "ACGT.1", "ACGTACGT", "x.1", "sample_A-1"]
PLACES = ["10x13", "X9.50x4", "1x2_3 ", "1x2x3", "10 x13"]


@given(
    st.lists(st.sampled_from(BARCODES), max_size=6)
    | st.lists(st.sampled_from(BARCODES + PLACES), max_size=6)
)
def test_many_names_are_spelt_as_each_is(names):
    assert spelt(as_names(names)).to_pylist() == [spot_key(name) for name in names]
