"""AnnData: where counts, positions and images are found, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError, InvalidSectionError, ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.lattice import LatticeKind


@pytest.fixture
def adata(hexagonal):
    obs = pd.DataFrame(
        hexagonal.array_rc, hexagonal.barcodes, ["array_row", "array_col"]
    )
    found = ad.AnnData(
        sparse.csr_matrix(hexagonal.counts, dtype=np.float32),
        obs=obs,
        var=pd.DataFrame(index=hexagonal.genes),
    )
    pixel = hexagonal.array_rc * (np.sqrt(3) * 10, 10)
    found.obsm["spatial"] = pixel[:, ::-1].copy()
    return found


def normalised(adata):
    adata.X = adata.X.multiply(0.37).tocsr().astype(np.float32)
    return adata


def test_everything_is_found(adata, hexagonal):
    adata.uns["spatial"] = {
        "lib": {
            "images": {
                "hires": np.full((40, 60, 3), 0.5),
                "lowres": np.zeros((4, 6, 3)),
            },
            "scalefactors": {
                "tissue_hires_scalef": 0.5,
                "tissue_lowres_scalef": 0.05,
                "spot_diameter_fullres": np.float32(6.5),
            },
        }
    }
    section = section_from_anndata(adata, name="mine")
    assert section.name == "mine"
    assert section.lattice.kind is LatticeKind.HEX
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)
    np.testing.assert_array_equal(section.array_rc, hexagonal.array_rc)
    np.testing.assert_array_equal(section.pixel_xy, adata.obsm["spatial"])
    assert section.spot_diameter == 6.5
    assert (section.image.name, section.image.scale) == ("hires", 0.5)
    assert section.image.data.dtype == np.uint8
    assert section.image.data.max() == 127


@pytest.mark.parametrize("dense", [False, True])
def test_the_callers_anndata_stays_as_it_is(adata, dense):
    if dense:
        adata.X = adata.X.toarray()
    adata.obs["kind"] = pd.Categorical(["a", "b"] * 18)
    adata.uns["spatial"] = {"lib": {"images": {}, "scalefactors": {}}}
    before = adata.copy()
    section = section_from_anndata(adata)
    for array in (section.counts.data, section.array_rc, section.pixel_xy):
        array += 1
    section.obs["array_row"] = 0.0
    section.var["new"] = 1
    pd.testing.assert_frame_equal(adata.obs, before.obs)
    pd.testing.assert_frame_equal(adata.var, before.var)
    values = (adata.X, before.X) if dense else (adata.X.toarray(), before.X.toarray())
    np.testing.assert_array_equal(*values)
    np.testing.assert_array_equal(adata.obsm["spatial"], before.obsm["spatial"])


@pytest.mark.parametrize("layer", ["counts", "umi"])
def test_counts_in_a_layer(adata, hexagonal, layer):
    adata.layers[layer] = adata.X.copy()
    section = section_from_anndata(normalised(adata))
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)
    assert layer in section.notes[0]


def test_counts_in_raw_bring_their_genes(adata, hexagonal):
    adata.raw = adata.copy()
    section = section_from_anndata(normalised(adata[:, :2].copy()))
    assert list(section.genes) == hexagonal.genes
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)
    assert "raw" in section.notes[0]


def test_normalised_values_are_refused_unless_insisted(adata):
    adata.layers["log"] = normalised(adata).X.copy()
    with pytest.raises(
        ReadError, match=r'X holds fractions.*layers\["log"\]'
    ) as caught:
        section_from_anndata(adata)
    assert "allow_normalised" in str(caught.value)
    section = section_from_anndata(adata, allow_normalised=True)
    assert "normalised" in section.notes[0]
    np.testing.assert_array_equal(section.counts.toarray(), adata.X.toarray())


@pytest.mark.parametrize(("value", "word"), [(-1.5, "negative"), (np.nan, "NaN")])
def test_broken_values_are_refused_though_insisted(adata, value, word):
    adata.X.data[0] = value
    with pytest.raises(ReadError, match=f"X holds {word}"):
        section_from_anndata(adata, allow_normalised=True)


def test_a_section_enhanced_before_opens(adata):
    adata.uns[keys.PROVENANCE] = {"seed": 0}
    section = section_from_anndata(normalised(adata))
    assert "enhanced before" in section.notes[0]


@pytest.mark.parametrize("where", ["spatial", "X_spatial", "obs"])
def test_free_positions_are_fitted(adata, hexagonal, where):
    pixel = adata.obsm.pop("spatial")
    adata.obs = adata.obs[[]]
    if where == "obs":
        adata.obs[["x", "y"]] = pixel
    else:
        adata.obsm[where] = pixel
    section = section_from_anndata(adata)
    assert section.lattice.kind is LatticeKind.HEX
    np.testing.assert_allclose(section.to_pixel(section.array_rc), pixel, atol=1e-6)
    assert where in section.notes[0]


def test_scattered_cells_are_irregular(adata, rng):
    adata.obs = adata.obs[[]]
    adata.obsm["spatial"] = rng.uniform(0, 500, (36, 3))
    section = section_from_anndata(adata)
    assert section.lattice.kind is LatticeKind.IRREGULAR
    np.testing.assert_array_equal(section.array_rc, adata.obsm["spatial"][:, 1::-1])


def test_quincunx_is_told_by_its_pixels(adata, hexagonal):
    adata.obsm["spatial"] = hexagonal.array_rc[:, ::-1] * 20.0
    assert section_from_anndata(adata).lattice.kind is LatticeKind.QUINCUNX
    del adata.obsm["spatial"]
    assert section_from_anndata(adata).lattice.kind is LatticeKind.HEX


def test_the_user_overrules_the_lattice(adata):
    section = section_from_anndata(adata, lattice="irregular")
    assert section.lattice.kind is LatticeKind.IRREGULAR
    np.testing.assert_array_equal(section.array_rc, adata.obsm["spatial"][:, ::-1])
    with pytest.raises(InvalidRequestError, match="square, hex, quincunx, irregular"):
        section_from_anndata(adata, lattice="honeycomb")


def test_sparse_columns_become_plain(adata):
    share = np.arange(adata.n_obs) % 3 / 2
    adata.obs["share"] = pd.arrays.SparseArray(share)
    adata.obs["few"] = pd.arrays.SparseArray(share == 0)
    found = section_from_anndata(adata).obs
    np.testing.assert_array_equal(found["share"], share)
    np.testing.assert_array_equal(found["few"], share == 0)
    assert [found[name].dtype for name in ("share", "few")] == [float, bool]


@pytest.mark.parametrize("kind", ["int", "bool", "category", "text", "R"])
def test_spots_off_tissue_are_left_out(adata, hexagonal, kind):
    mask = hexagonal.array_rc[:, 0] < 4
    values = {
        "int": mask.astype(int),
        "bool": mask,
        "category": pd.Categorical(mask.astype(int)),
        "text": mask.astype(int).astype(str),
        "R": np.where(mask, "TRUE", "FALSE"),
    }
    adata.obs["in_tissue"] = values[kind]
    section = section_from_anndata(adata)
    np.testing.assert_array_equal(section.array_rc, hexagonal.array_rc[mask])
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts[mask])


def test_marks_of_no_spot_are_passed_over_and_told(adata):
    adata.obs["in_tissue"] = 0
    section = section_from_anndata(adata)
    assert section.n_spots == adata.n_obs
    assert any("in_tissue" in note for note in section.notes)


@pytest.mark.parametrize("on_array", [True, False])
def test_depths_are_left_out_and_told_where_they_differ(adata, on_array):
    if not on_array:
        adata.obs = adata.obs.drop(columns=["array_row", "array_col"])
    flat = section_from_anndata(adata)
    xy, depth = adata.obsm["spatial"], np.full(adata.n_obs, 3.0)
    adata.obsm["spatial"] = np.column_stack([xy, depth])
    assert section_from_anndata(adata).notes == flat.notes
    depth[0] = 4
    adata.obsm["spatial"] = np.column_stack([xy, depth])
    told = set(section_from_anndata(adata).notes) - set(flat.notes)
    assert "third number" in told.pop()
    np.testing.assert_array_equal(section_from_anndata(adata).pixel_xy, flat.pixel_xy)


def test_no_counts_and_no_positions_are_told_together(adata):
    del adata.obsm["spatial"]
    adata.obs = adata.obs[[]]
    with pytest.raises(ReadError) as caught:
        section_from_anndata(normalised(adata))
    assert "no raw counts" in str(caught.value)
    assert "no spot positions" in str(caught.value)


def test_several_captures_in_one_file_are_told(adata):
    both = ad.concat([adata, adata], index_unique="-")
    with pytest.raises(InvalidSectionError, match="several captures"):
        section_from_anndata(both)


@pytest.mark.parametrize("axis", ["obs", "var"])
def test_an_empty_anndata_is_told(adata, axis):
    empty = adata[:0].copy() if axis == "obs" else adata[:, :0].copy()
    with pytest.raises(InvalidSectionError, match="nothing to show"):
        section_from_anndata(empty)


def test_spots_without_a_position_are_left_out(adata):
    adata.obs.loc[adata.obs_names[0], "array_row"] = np.nan
    adata.obsm["spatial"][1] = np.inf
    section = section_from_anndata(adata)
    assert list(section.obs.index) == list(adata.obs_names[2:])
    assert "2 spots without a position left out." in section.notes


@pytest.mark.parametrize("kind", ["text", "half empty", "all the same"])
def test_columns_that_are_no_array_coordinates_are_passed_over(adata, kind):
    rows, cols = {
        "text": (["A", "B"] * 18, range(36)),
        "half empty": (["1", ""] * 18, range(36)),
        "all the same": ([0] * 36, [0] * 36),
    }[kind]
    adata.obs = pd.DataFrame({"row": rows, "col": cols}, adata.obs_names)
    section = section_from_anndata(adata)
    assert section.n_spots == 36
    np.testing.assert_allclose(section.pixel_xy, adata.obsm["spatial"])
    assert section.notes == (
        'Positions were taken from obsm["spatial"]; obs row, col hold no array '
        "coordinates of most spots.",
    )


def test_an_x_of_zeros_is_passed_over_for_counts(adata, hexagonal):
    zeros = sparse.csr_matrix(adata.shape, dtype=np.float32)
    adata.layers["counts"], adata.X = adata.X, zeros
    section = section_from_anndata(adata)
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)
    assert section.notes == (
        'Raw counts were taken from layers["counts"]; X holds zeros alone.',
    )
    adata.layers["counts"] = zeros
    assert section_from_anndata(adata).counts.nnz == 0
    adata.layers["counts"] = adata.X + sparse.csr_matrix(np.full(adata.shape, 0.5))
    with pytest.raises(ReadError, match="there are no raw counts"):
        section_from_anndata(adata)


def test_few_array_coordinates_may_be_missing(adata):
    adata.obs.loc[adata.obs_names[0], "array_row"] = np.nan
    section = section_from_anndata(adata)
    assert section.n_spots == 35
    assert section.notes == ("1 spots without a position left out.",)


def test_a_list_of_few_spots_chooses_them(adata, hexagonal, tmp_path):
    adata.write_h5ad(tmp_path / "a.h5ad")
    few = adata.obs[["array_row", "array_col"]].iloc[:12]
    few.to_csv(tmp_path / "few.csv", index_label="barcode")
    section = read_section(tmp_path / "a.h5ad", positions=tmp_path / "few.csv")
    np.testing.assert_array_equal(section.array_rc, hexagonal.array_rc[:12])
    np.testing.assert_array_equal(section.pixel_xy, adata.obsm["spatial"][:12])


def test_at_least_some_spot_has_a_position(adata):
    adata.obsm["spatial"][:] = np.nan
    adata.obs = adata.obs[[]]
    with pytest.raises(ReadError, match="no finite position"):
        section_from_anndata(adata)


@pytest.mark.parametrize(
    "column", ["feature_name", "SYMBOL", "Gene_Symbols", "gene_name", "features"]
)
def test_genes_are_named_by_symbol_where_the_index_holds_ids(adata, column):
    adata.var[column] = pd.Categorical(["A", "B", "A", "C", "D"])
    adata.var_names = [f"ENSG{i:011d}.2" for i in range(5)]
    section = section_from_anndata(adata)
    assert list(section.genes) == ["A", "B", "A-1", "C", "D"]
    assert list(section.var["gene_ids"]) == list(adata.var_names)
    assert any(f"var['{column}']" in note for note in section.notes)


def test_columns_that_hold_no_names_name_no_genes(adata):
    adata.var_names = [f"ENSG{i:011d}" for i in range(5)]
    adata.var["features"] = list(adata.var_names)  # as R repeats them
    adata.var["Symbol"] = np.arange(5)
    section = section_from_anndata(adata)
    assert list(section.genes) == list(adata.var_names)
    assert section.notes == ()


def test_columns_become_plain(adata):
    adata.obs["area"] = pd.Categorical(["cortex", None] * 18)
    adata.obs["depth"] = pd.array([1, None] * 18, dtype="Int64")
    adata.obs["flag"] = pd.array([True, False] * 18, dtype="boolean")
    adata.obs["mixed"] = [1, "x"] * 18
    obs = section_from_anndata(adata).obs
    assert obs["area"].tolist()[:2] == ["cortex", ""]
    assert obs["depth"].dtype == np.float64
    assert obs["flag"].dtype == bool
    assert obs["mixed"].tolist()[:2] == ["1", "x"]


@pytest.mark.parametrize(
    "library",
    [
        {},
        {"images": None, "scalefactors": None},
        {"images": {"hires": np.zeros(4)}, "scalefactors": {"tissue_hires_scalef": 1}},
        {"images": {"hires": np.zeros((4, 4, 3))}, "scalefactors": {}},
        {"images": {"hires": "lost"}, "scalefactors": {"tissue_hires_scalef": "x"}},
    ],
)
def test_broken_image_entries_do_no_harm(adata, library):
    adata.uns["spatial"] = {"lib": library, "note": "text"}
    assert section_from_anndata(adata).image is None


def test_the_library_of_the_sample_is_chosen(adata):
    entry = {"images": {}, "scalefactors": {"spot_diameter_fullres": 1.0}}
    mine = {"images": {}, "scalefactors": {"spot_diameter_fullres": 2.0}}
    adata.uns["spatial"] = {"a": entry, "b": mine}
    assert "2 pictures" in section_from_anndata(adata).notes[-1]
    adata.obs["library_id"] = "b"
    assert section_from_anndata(adata).spot_diameter == 2.0


def test_reading_a_file(adata, tmp_path):
    path = tmp_path / "brain.h5ad"
    adata.write_h5ad(path)
    misnamed = path.rename(tmp_path / "brain.data")
    assert can_read(misnamed)
    section = read_section(misnamed, name="mine")
    assert (section.name, section.source) == ("mine", str(misnamed))
    assert section.fingerprint == section_from_anndata(adata).fingerprint


@pytest.mark.parametrize("kept", [10, 2000, -100])
def test_a_cut_off_file_is_told(adata, tmp_path, kept):
    path = tmp_path / "brain.h5ad"
    adata.write_h5ad(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ReadError, match=r"brain\.h5ad"):
        read_section(path)


# -- files of ours that others changed ---------------------------------------------


def test_the_pitch_of_cells_follows_what_was_done_to_them(rng):
    section = simulated_section(lattice="irregular", n_rows=20, n_cols=20).section
    ours = section_to_anndata(section)
    assert section_from_anndata(ours).lattice == section.lattice

    few = ours[np.sort(rng.choice(ours.n_obs, 30, replace=False))].copy()
    assert len(neighbours(section_from_anndata(few))) > 30

    ours.obs[["array_row", "array_col"]] *= 4.7  # µm to pixels
    scaled = section_from_anndata(ours)
    np.testing.assert_array_equal(neighbours(scaled), neighbours(section))


def neighbours(section):
    return section.lattice.neighbours(section.array_rc)


@pytest.mark.parametrize("number", ["step_rc", "origin_rc"])
def test_a_lattice_of_no_numbers_is_found_anew(number):
    section = simulated_section(lattice="irregular", n_rows=9, n_cols=9).section
    ours = section_to_anndata(section)
    told = json.loads(ours.uns[keys.SECTION]) | {number: [float("nan")] * 2}
    ours.uns[keys.SECTION] = json.dumps(told)
    assert section_from_anndata(ours).lattice == section.lattice


@pytest.mark.parametrize("kind", LatticeKind)
def test_pixels_that_were_made_up_are_told_from_those_given_later(kind, tmp_path):
    true = simulated_section(lattice=kind, n_rows=9, n_cols=9).section
    ours = section_to_anndata(replace(true, pixel_xy=None, image=None))
    assert section_from_anndata(ours).pixel_xy is None
    ours.write_h5ad(tmp_path / "a.h5ad")

    places = pd.DataFrame(true.array_rc, true.barcodes, ["array_row", "array_col"])
    places["pixel_x"], places["pixel_y"] = true.pixel_xy.T
    places.to_csv(tmp_path / "selection.csv")
    listed = read_section(tmp_path / "a.h5ad", positions=tmp_path / "selection.csv")
    np.testing.assert_allclose(listed.pixel_xy, true.pixel_xy)

    ours.obsm["spatial"] = true.pixel_xy * 3 + 40
    given = section_from_anndata(ours).pixel_xy
    np.testing.assert_array_equal(given, true.pixel_xy * 3 + 40)


@pytest.mark.parametrize("kind", LatticeKind)
@pytest.mark.parametrize("refine", [1, 2, 3])
def test_a_result_of_a_section_without_pixels_has_none_either(kind, refine):
    true = simulated_section(lattice=kind, n_rows=9, n_cols=9, n_genes=4).section
    bare = replace(true, pixel_xy=None, image=None)
    result = enhance(bare, method="nearest", refine=refine, genes="all")
    assert section_from_anndata(result.to_anndata()).pixel_xy is None
