"""Cells at one place are made one, as a naive loop would do it, and that is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_stentrans.errors import InvalidSectionError, ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.assembly.cells import matched_rows
from napari_stentrans.io.assembly.together import section_of_parts
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.lattice import LatticeKind


def parts_of(array_rc, counts, kind=LatticeKind.IRREGULAR):
    n = len(array_rc)
    array_rc = np.asarray(array_rc, dtype=np.float64)
    return {
        "name": "cells",
        "counts": sparse.csr_matrix(np.asarray(counts, dtype=np.float32)),
        "obs": pd.DataFrame({"area": np.arange(n)}, index=[f"c{k}" for k in range(n)]),
        "var": pd.DataFrame(index=["A", "B"]),
        "array_rc": array_rc,
        "lattice": impose_lattice(array_rc, kind),
        "pixel_xy": array_rc[:, ::-1].copy(),
        "notes": ("before",),
    }


@given(st.lists(st.integers(0, 30), min_size=8, max_size=40), st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_counts_at_one_place_are_added_up(places, seed):
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(31, 2))
    counts = rng.poisson(2.0, (len(places), 2))
    parts = parts_of(corners[places], counts)
    shared = [place for place in places if places.count(place) > 1]
    if len(shared) > len(places) / 2:
        told = "at one place" if len({*places}) == 1 else "several captures"
        with pytest.raises(InvalidSectionError, match=told):
            section_of_parts(**parts)
        return

    found = section_of_parts(**parts)

    order = list(dict.fromkeys(places))
    expected = [counts[np.equal(places, place)].sum(axis=0) for place in order]
    np.testing.assert_array_equal(found.counts.toarray(), expected)
    np.testing.assert_array_equal(found.array_rc, corners[order])
    np.testing.assert_array_equal(found.pixel_xy, corners[order][:, ::-1])
    assert list(found.barcodes) == [f"c{places.index(place)}" for place in order]
    assert list(found.obs["area"]) == [places.index(place) for place in order]
    assert ("joined" in found.obs) == bool(shared) == (len(found.notes) == 2)
    for place, names in zip(order, found.obs.get("joined", [""] * 0), strict=False):
        others = [f"c{k}" for k, each in enumerate(places) if each == place][1:]
        assert names == ";".join(others)


@pytest.mark.parametrize("step", [100, 137.3])
def test_a_place_that_occurs_twice_leaves_a_section_its_lattice(step, rng):
    row, col = np.mgrid[:12, :12].reshape(2, -1)
    xy = np.column_stack([col + 0.5 * (row % 2), row * np.sqrt(0.75)]) * step
    twice = [*range(144), 5, 30]
    counts = rng.poisson(3.0, (146, 2)).astype(np.float32)
    adata = AnnData(counts, obsm={"spatial": xy[twice]})

    found = section_from_anndata(adata)

    alone = section_from_anndata(AnnData(counts[:144], obsm={"spatial": xy}))
    assert found.lattice == alone.lattice
    assert found.lattice.kind is LatticeKind.HEX
    np.testing.assert_array_equal(found.array_rc, alone.array_rc)
    np.testing.assert_array_equal(found.counts.toarray()[5], counts[5] + counts[144])
    assert found.obs["joined"].iloc[30] == "145"
    assert "several spots: 2 (4 in all)" in found.notes[-1]


@pytest.mark.parametrize(("far", "is_told"), [(9.0, False), (1e4, True)])
def test_a_stray_cell_is_named(rng, far, is_told):
    places = np.concatenate([rng.random((60, 2)), [[0.5, far]]])
    found = section_of_parts(**parts_of(places, np.ones((61, 2))))
    assert any("'c60' at row=0.5" in note for note in found.notes) == is_told


def test_what_is_no_counts_is_averaged():
    parts = parts_of(
        [[0, 0], [0, 0], [1.5, 0], [0, 2.5], [3.1, 1]],
        [[0.5, 1], [1.5, 2], [1, 0], [0, 1], [1, 1]],
    )
    found = section_of_parts(**parts)
    np.testing.assert_allclose(found.counts.toarray()[0], [1, 1.5])
    assert "averaged" in found.notes[-1]


@pytest.mark.parametrize(
    "pixel_xy",
    [
        pytest.param(None, id="array coordinates alone"),
        pytest.param(np.arange(10.0).reshape(5, 2), id="two slides"),
    ],
)
def test_on_a_lattice_several_captures_are_refused(pixel_xy):
    grid = [[0, 0], [0, 1], [1, 0], [1, 1], [0, 0]]
    parts = parts_of(grid, np.ones((5, 2)), LatticeKind.SQUARE) | {"pixel_xy": pixel_xy}
    with pytest.raises(InvalidSectionError, match="more than one spot"):
        section_of_parts(**parts)


@pytest.mark.parametrize("written", ["h5ad", "tables"])
def test_files_with_cells_at_one_place_open_and_can_be_enhanced(tmp_path, rng, written):
    xy = rng.uniform(0, 100, (60, 2)).round(3)
    xy[[7, 20]] = xy[3]
    counts = rng.poisson(3.0, (60, 4)).astype(np.float32)
    names = [f"cell{k}" for k in range(60)]
    if written == "h5ad":
        adata = AnnData(counts, obs=pd.DataFrame(index=names), obsm={"spatial": xy})
        path = tmp_path / "cells.h5ad"
        adata.write_h5ad(path)
    else:
        path = tmp_path / "counts.csv"
        columns = [f"G{k}" for k in range(4)]
        pd.DataFrame(counts, names, columns).astype(int).to_csv(path)
        places = pd.DataFrame(xy, names, ["x", "y"])
        places.to_csv(tmp_path / "coords.csv")

    found = read_section(path)

    assert found.n_spots == 58
    assert found.obs["joined"]["cell3"] == "cell7;cell20"
    assert any("several cells or beads: 1 (3 in all)" in note for note in found.notes)
    np.testing.assert_array_equal(
        found.counts.toarray()[3], counts[[3, 7, 20]].sum(axis=0)
    )
    assert np.isfinite(enhance(found, method="kriging").read(found.genes).mean).all()


@pytest.mark.parametrize("written", ["h5ad", "tables", "merscope"])
def test_a_cell_that_is_listed_twice_is_not_added_up(tmp_path, rng, written):
    xy = rng.uniform(0, 100, (60, 2)).round(3)
    counts = rng.poisson(3.0, (60, 4)).astype(np.float32)
    names = [f"cell{k}" for k in range(60)]
    table = pd.DataFrame(counts, names, [f"G{k}" for k in range(4)]).astype(int)
    table = table.iloc[[*range(60), 3, 7]]
    if written == "h5ad":
        path = tmp_path / "cells.h5ad"
        obs = pd.DataFrame(index=table.index)
        places = xy[[*range(60), 3, 7]]
        AnnData(table.to_numpy(np.float32), obs, obsm={"spatial": places}).write(path)
    elif written == "tables":
        path = tmp_path / "counts.csv"
        table.to_csv(path)
        pd.DataFrame(xy, names, ["x", "y"]).to_csv(tmp_path / "coords.csv")
    else:
        path = tmp_path
        table.to_csv(path / "cell_by_gene.csv", index_label="cell")
        places = pd.DataFrame(xy, names, ["center_x", "center_y"])
        places.to_csv(path / "cell_metadata.csv")
    with pytest.raises(InvalidSectionError, match="2 barcode names occur more than"):
        read_section(path)


def test_cells_without_counts_are_counted_once():
    table = pd.DataFrame(index=["a", "b", "c"])
    place, notes = matched_rows(pd.Index(["a", "a", "b"]), table, "cells.csv")
    assert place.tolist() == [0, 0, 1]
    assert notes == ["1 cells of cells.csv have no counts."]


def test_a_list_of_no_cells_is_told_as_such():
    with pytest.raises(ReadError, match="lists no cell"):
        matched_rows(pd.Index(["a"]), pd.DataFrame({"x": []}), "cells.csv")
