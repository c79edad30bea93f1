from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import (
    InvalidRequestError,
    InvalidSectionError,
    UnknownGeneError,
)
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section


@pytest.fixture
def section() -> Section:
    return simulated_section(n_rows=9, n_cols=9, n_genes=30, seed=3).section


def test_totals_and_detection_count_each_value_once(section):
    dense = section.counts.toarray()
    np.testing.assert_array_equal(section.library_size, dense.sum(axis=1))
    np.testing.assert_array_equal(section.detected_in, (dense > 0).sum(axis=0))
    np.testing.assert_array_equal(section.gene_counts("GENE0003"), dense[:, -10])


@pytest.mark.parametrize("kind", [sparse.csc_matrix, sparse.coo_matrix, np.asarray])
def test_counts_of_any_kind_are_rows_of_single_precision(section, kind):
    other = kind(section.counts.toarray().astype(np.int64))
    made = section.with_counts(other)
    assert made.counts.format == "csr"
    assert made.counts.dtype == np.float32
    np.testing.assert_array_equal(made.detected_in, section.detected_in)


def test_spots_a_little_beside_their_sites_lie_on_them(section):
    rng = np.random.default_rng(0)
    shift = rng.uniform(-0.045, 0.045, section.array_rc.shape)
    beside = replace(section, array_rc=section.array_rc + shift)
    np.testing.assert_allclose(beside.array_rc, section.array_rc, atol=1e-9)
    assert beside.lattice.refined(3).is_site(beside.array_rc).all()


def test_a_section_is_shown_in_one_line(section):
    assert repr(section) == (
        f"<Section {section.name}: {section.n_spots} spots x 30 genes, hex>"
    )


def test_subset_by_mask_and_by_indices(section):
    mask = np.arange(section.n_spots) % 3 == 0
    by_mask = section.subset(mask)
    by_index = section.subset(np.flatnonzero(mask)[::-1])
    assert by_mask.barcodes.tolist() == section.barcodes[mask].tolist()
    assert by_index.barcodes.tolist() == section.barcodes[mask].tolist()[::-1]
    np.testing.assert_array_equal(
        by_mask.counts.toarray(), section.counts.toarray()[mask]
    )
    np.testing.assert_array_equal(by_index.array_rc, section.array_rc[mask][::-1])
    np.testing.assert_array_equal(by_index.pixel_xy, section.pixel_xy[mask][::-1])
    assert by_mask.lattice == section.lattice


def test_an_empty_subset_is_no_section(section):
    for nothing in ([], np.zeros(section.n_spots, bool)):
        with pytest.raises(InvalidSectionError, match="0 spots"):
            section.subset(nothing)


def test_subsets_do_not_write_into_the_whole(section):
    before = section.counts.toarray()
    part = section.subset([0, 1])
    part.counts.data[:] = 99
    part.array_rc[:] = -1
    np.testing.assert_array_equal(section.counts.toarray(), before)


def test_gene_index_follows_the_order_asked_for(section):
    names = ["GENE0002", "DOMAIN1-01", "GENE0001"]
    assert section.genes[section.gene_index(names)].tolist() == names
    assert section.gene_index([]).shape == (0,)


def test_unknown_genes_are_all_named_with_the_nearest_spelling(section):
    with pytest.raises(UnknownGeneError) as caught:
        section.gene_index(["gene0002", "GENE0001", "zzz"])
    message = str(caught.value)
    assert "'gene0002' (did you mean 'GENE0002'?)" in message
    assert "'zzz'" in message
    assert "GENE0001'" not in message
    assert "30 genes" in message
    assert isinstance(caught.value, KeyError)


def test_many_unknown_genes_are_counted(section):
    with pytest.raises(UnknownGeneError, match="and 3 more"):
        section.gene_index([f"zzz{k}" for k in range(8)])


def scrambled(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same matrix, stored backwards, with zeros and values split in two."""
    data, indices, indptr = [], [], [0]
    for row in range(counts.shape[0]):
        part = counts[row]
        empty = np.setdiff1d(np.arange(counts.shape[1]), part.indices)[:2]
        data += [*(part.data[::-1] - 1), *np.ones(part.nnz), *np.zeros(len(empty))]
        indices += [*part.indices[::-1], *part.indices, *empty]
        indptr.append(len(data))
    return sparse.csr_matrix(
        (np.array(data, np.float32), indices, indptr), shape=counts.shape
    )


def test_the_same_counts_stored_otherwise_are_the_same_section(section):
    other_counts = scrambled(section.counts)
    n_stored = other_counts.nnz
    other = section.with_counts(other_counts)
    assert other.fingerprint == section.fingerprint
    np.testing.assert_array_equal(other.detected_in, section.detected_in)
    assert other_counts.nnz == n_stored, "the caller's matrix was written to"


@pytest.mark.parametrize("part", ["counts", "genes", "barcodes", "positions"])
def test_the_fingerprint_tells_sections_apart(section, part):
    changed = {
        "counts": {"counts": section.counts * 2},
        "genes": {"var": section.var.rename(index={"GENE0001": "OTHER"})},
        "barcodes": {"obs": section.obs.rename(index={section.barcodes[0]: "other"})},
        "positions": {"array_rc": section.array_rc + np.array([2, 0])},
    }[part]
    assert replace(section, **changed).fingerprint != section.fingerprint


def test_every_problem_is_listed_at_once():
    counts = sparse.csr_matrix(
        np.array([[1, np.nan], [-1, 2], [0, 1e30]], dtype=np.float32)
    )
    with pytest.raises(InvalidSectionError) as caught:
        Section(
            name="broken",
            counts=counts,
            obs=pd.DataFrame(index=["a", "a"]),
            var=pd.DataFrame(index=["G", "G"]),
            array_rc=np.array([[0, 0], [1, 1], [1, 1]], float),
            lattice=Lattice(LatticeKind.SQUARE),
            pixel_xy=np.zeros((2, 2)),
        )
    message = str(caught.value)
    for told in (
        "2 spot names for 3 rows",
        "NaN or infinite",
        "negative",
        "1 counts are beyond 1e+12 (up to 1e+30)",
        "1 barcode names",
        "1 gene names",
        "more than one spot",
        "pixel positions have shape (2, 2)",
    ):
        assert told in message
    assert len(caught.value.problems) == 8


def test_spots_in_one_place_are_named(section):
    array_rc = section.array_rc.copy()
    array_rc[5] = array_rc[2]
    with pytest.raises(InvalidSectionError) as caught:
        replace(section, array_rc=array_rc)
    first, second = section.barcodes[[2, 5]]
    assert f"{first!r}, {second!r}" in str(caught.value)
    assert "1 position holds more than one spot" in str(caught.value)


def test_all_spots_in_one_place_are_no_several_captures(section):
    here = np.repeat(section.array_rc[:1], section.n_spots, axis=0)
    told = rf"^all {section.n_spots} spots lie at one place"
    with pytest.raises(InvalidSectionError, match=told):
        replace(section, array_rc=here)


def test_spots_off_the_lattice_are_refused_with_a_way_out(section):
    with pytest.raises(InvalidSectionError, match=r"not on a hex lattice.*'irregular'"):
        replace(section, array_rc=section.array_rc + np.array([0, 1]))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_sections_without_spots_or_genes_are_refused(shape):
    with pytest.raises(
        InvalidSectionError, match=f"{shape[0]} spots and {shape[1]} genes"
    ):
        Section(
            name="empty",
            counts=sparse.csr_matrix(shape, dtype=np.float32),
            obs=pd.DataFrame(index=list("abc"[: shape[0]])),
            var=pd.DataFrame(index=list("ABC"[: shape[1]])),
            array_rc=np.argwhere(np.ones((shape[0], 1))).astype(float),
            lattice=Lattice(LatticeKind.SQUARE),
        )


def test_pixels_of_any_position_follow_the_spots(section):
    between = (section.array_rc[0] + section.array_rc[1]) / 2
    expected = (section.pixel_xy[0] + section.pixel_xy[1]) / 2
    np.testing.assert_allclose(section.to_pixel([between])[0], expected, atol=1e-6)


def test_without_pixels_a_pitch_is_100_units(bare_section):
    section = bare_section([[0, 0], [0, 1], [1, 0]], Lattice(LatticeKind.SQUARE))
    np.testing.assert_allclose(section.to_pixel([[2, 3]]), [[300, 200]])


@pytest.mark.parametrize("n_spots", [1, 2, 7])
def test_spots_on_one_line_keep_their_pixels_and_an_upright_map(bare_section, n_spots):
    array_rc = np.column_stack([np.full(n_spots, 3), np.arange(n_spots)])
    pixel_xy = np.column_stack([500 + 40 * np.arange(n_spots), np.full(n_spots, 90)])
    section = bare_section(array_rc, Lattice(LatticeKind.SQUARE), pixel_xy)
    scale = 40 if n_spots > 1 else 100
    np.testing.assert_allclose(section.to_pixel(array_rc), pixel_xy, atol=1e-6)
    np.testing.assert_allclose(
        section.to_pixel([[4, 0]]), [[500, 90 + scale]], atol=1e-6
    )


def test_pixels_all_in_one_place_still_give_an_invertible_map(bare_section):
    array_rc = [[0, 0], [0, 1], [1, 0], [1, 1]]
    section = bare_section(array_rc, Lattice(LatticeKind.SQUARE), np.zeros((4, 2)))
    assert abs(np.linalg.det(section.pitch_to_pixel[:2])) > 1


@pytest.mark.parametrize(
    ("kind", "other"),
    [("hex", "quincunx"), ("quincunx", "hex"), ("square", "irregular")],
)
def test_a_person_may_overrule_the_lattice_and_take_it_back(kind, other):
    section = simulated_section(lattice=kind, n_rows=9, n_cols=8, n_genes=5).section
    overruled = section.on_lattice(LatticeKind(other))
    assert overruled.lattice.kind == other
    assert overruled.counts is section.counts
    back = overruled.on_lattice(LatticeKind(kind))
    assert back.lattice.kind == kind
    pairs = back.lattice.neighbours(back.array_rc)
    np.testing.assert_array_equal(pairs, section.lattice.neighbours(section.array_rc))


@pytest.mark.parametrize(
    ("kind", "other"), [("square", "hex"), ("hex", "square"), ("irregular", "square")]
)
def test_a_lattice_that_cannot_be_is_refused(kind, other):
    section = simulated_section(lattice=kind, n_rows=9, n_cols=8, n_genes=5).section
    with pytest.raises(InvalidSectionError, match=f"on a {other} lattice"):
        section.on_lattice(LatticeKind(other))


def test_a_stray_spot_is_named_where_its_lattice_would_fill_memory(bare_section):
    grid = np.argwhere(np.ones((20, 20), bool)).astype(float)
    square = Lattice(LatticeKind.SQUARE)
    near = np.concatenate([[[900, 20]], grid])
    assert bare_section(near, square).n_spots == 401
    stray = np.concatenate([grid[:7], [[8000, 8000]], grid[7:]])
    with pytest.raises(InvalidSectionError, match=r"'spot7' at array_row=8000.*far"):
        bare_section(stray, square)
    assert bare_section(stray, Lattice(LatticeKind.IRREGULAR)).n_spots == 401


@pytest.mark.parametrize("what", ["array_rc", "pixel_xy"])
def test_positions_beyond_any_unit_are_refused(section, what):
    far = section.array_rc.copy()
    far[3, 1] = 1e300
    with pytest.raises(InvalidSectionError, match=r"positions are as large as 1e\+300"):
        replace(section, **{what: far})


@pytest.mark.parametrize("length", [3, 1000])
def test_a_mask_of_other_spots_is_refused(section, length):
    with pytest.raises(InvalidRequestError, match=f"{length},.* {section.n_spots} sp"):
        section.subset(np.ones(length, bool))
