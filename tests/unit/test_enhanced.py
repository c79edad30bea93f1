"""What an enhanced section reads, draws and hands to AnnData."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans import enhance, keys, portions
from napari_stentrans.annotations import position_names
from napari_stentrans.datasets import simulated_section
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods import parallel
from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import enhancement_targets, targets_at

ROWS, COLS, GENES = 3, 4, 7
PIXELS_PER_STEP = 10.0


class ScorelessFit(Fitted):
    """A fit that says nothing of its genes, and is not asked for fields."""

    def __init__(self, section):
        self.section = section

    def field_steps(self, array_rc):
        raise NotImplementedError

    def spot_field_steps(self):
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class TableField(ExpressionField):
    """A table of means; the sd is their tenth."""

    table: np.ndarray

    @property
    def n_positions(self):
        return len(self.table)

    def read(self, genes):
        mean = self.table[:, genes].astype(np.float32)
        return Prediction(mean, mean / 10)


@pytest.fixture
def section() -> Section:
    row, col = np.mgrid[:ROWS, :COLS].reshape(2, -1)
    array_rc = np.column_stack([row, col]).astype(np.float64)
    return Section(
        name="small/part",
        counts=sparse.csr_matrix(np.ones((ROWS * COLS, GENES), dtype=np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(ROWS * COLS)]),
        var=pd.DataFrame(
            {"gene_id": np.arange(GENES)}, index=[f"G{i}" for i in range(GENES)]
        ),
        array_rc=array_rc,
        lattice=Lattice(LatticeKind.SQUARE),
        pixel_xy=array_rc[:, ::-1] * PIXELS_PER_STEP + 0.125,
        spot_diameter=6.0,
        image=TissueImage(np.full((20, 30, 3), 200, dtype=np.uint8), scale=0.5),
    )


def enhanced_section(section, targets, chosen=tuple(range(GENES))):
    """Position p has p + gene / 100, whether measured or not."""
    table = np.arange(len(targets))[:, None] + np.arange(GENES) / 100
    measured = targets.measured
    return EnhancedSection(
        section=section,
        targets=targets,
        fitted=ScorelessFit(section),
        spot_field=TableField(table[measured]) if measured.any() else None,
        new_field=None if measured.all() else TableField(table[~measured]),
        chosen=np.array(chosen),
        provenance={"seed": 0, "config": {"refine": 2}},
    )


@pytest.fixture
def result(section) -> EnhancedSection:
    hidden = MissingRegions.from_spots(section, [5])
    return enhanced_section(section, enhancement_targets(section, hidden, refine=2))


def test_fields_of_measured_and_new_positions_are_put_in_order(result):
    mean = result.read(["G3", "G0"]).mean
    np.testing.assert_allclose(mean[:, 0], np.arange(len(result)) + 0.03, rtol=1e-6)
    np.testing.assert_allclose(mean[:, 1], np.arange(len(result)), rtol=1e-6)


def test_blocks_cover_every_chosen_gene_once(result, monkeypatch):
    monkeypatch.setattr(portions, "_MOST_GENES", 3)
    columns = [np.arange(GENES)[block] for block, _ in result.blocks()]
    assert [len(c) for c in columns] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(columns), np.arange(GENES))


def test_blocks_are_predicted_at_the_same_time_and_let_go(section, monkeypatch):
    spots = enhancement_targets(section, MissingRegions.none(section), refine=1)
    monkeypatch.setattr(portions, "_MOST_GENES", 2)
    monkeypatch.setattr(parallel, "_n_workers", lambda: 2)
    two_at_work = threading.Barrier(2, timeout=20)
    read = TableField.read

    def meeting(field, genes):
        if 0 in genes or 2 in genes:
            two_at_work.wait()
        return read(field, genes)

    monkeypatch.setattr(TableField, "read", meeting)
    blocks = enhanced_section(section, spots).blocks()
    next(blocks)
    assert parallel._blas._n_holders == 1
    blocks.close()
    assert parallel._blas._n_holders == 0


def test_anndata_holds_the_chosen_genes(section, result, monkeypatch):
    monkeypatch.setattr(portions, "_MOST_GENES", 2)
    few = enhanced_section(section, result.targets, chosen=(6, 0, 3))

    adata = few.to_anndata()

    assert list(adata.var_names) == ["G6", "G0", "G3"]
    assert list(adata.var["gene_id"]) == [6, 0, 3]
    np.testing.assert_array_equal(adata.X, few.read(["G6", "G0", "G3"]).mean)
    np.testing.assert_allclose(adata.layers["sd"], adata.X / 10, rtol=1e-6)


def test_anndata_says_how_each_position_came_to_be(section, result):
    obs = result.to_anndata().obs

    assert obs["origin"].value_counts().to_dict() == {
        "midpoint": 35 - 12,
        "measured": 11,
        "painted": 1,
    }
    at_spot = obs["barcode"] != ""
    assert set(obs["barcode"][at_spot]) == set(section.barcodes)
    assert (obs.index[at_spot] == obs["barcode"][at_spot]).all()
    assert obs.loc["spot5", "origin"] == "painted"
    assert obs.loc["0x0.5", ["array_row", "array_col"]].tolist() == [0, 0.5]
    assert obs.index.is_unique


def test_positions_are_given_in_full_resolution_pixels(section, result):
    adata = result.to_anndata()
    row, col = adata.obs["array_row"], adata.obs["array_col"]
    expected = np.column_stack([col, row]) * PIXELS_PER_STEP + 0.125
    np.testing.assert_allclose(adata.obsm["spatial"], expected, atol=1e-9)


def test_measured_spots_keep_their_own_pixels(section):
    section.pixel_xy[[0, 3]] += 0.4  # as printed arrays do: not quite on the lattice
    targets = enhancement_targets(section, MissingRegions.none(section), refine=2)
    adata = enhanced_section(section, targets).to_anndata()
    np.testing.assert_array_equal(
        adata[["spot0", "spot3"]].obsm["spatial"], section.pixel_xy[[0, 3]]
    )


def test_the_image_is_handed_on_as_scverse_spells_it(section, result):
    library = result.to_anndata().uns["spatial"]
    assert list(library) == ["small_part"]
    factors = library["small_part"]["scalefactors"]
    assert factors["tissue_hires_scalef"] == 0.5
    assert factors["spot_diameter_fullres"] == pytest.approx(3.0)  # half, as the pitch
    image = library["small_part"]["images"]["hires"]
    np.testing.assert_array_equal(image, section.image.data)


def test_what_is_done_to_the_anndata_stays_there(section, result):
    adata = result.to_anndata()
    adata.uns["spatial"]["small_part"]["images"]["hires"][:] = 0
    adata.obsm["spatial"][:] = -1
    adata.obs["array_row"] = -1.0
    adata.uns["stentrans"]["config"]["refine"] = 99

    again = result.to_anndata()

    assert section.image.data.min() == 200
    assert again.obsm["spatial"].min() > 0
    assert again.obs["array_row"].min() == 0
    assert again.uns["stentrans"]["config"] == {"refine": 2}


def test_scores_of_an_earlier_run_are_not_those_of_this_one(section):
    of_before = section.var.assign(**dict.fromkeys(keys.OF_A_RUN, 0.5), kind="own")
    result = enhance(replace(section, var=of_before), method="nearest")
    var = result.to_anndata().var
    assert "kind" in var
    assert not set(var) & set(keys.OF_A_RUN)


@pytest.mark.parametrize("genes", [None, 3, [["G0"]], [True, False]])
def test_genes_are_read_by_their_names(result, genes):
    with pytest.raises(InvalidRequestError, match="by their names, not by"):
        result.read(genes)


@pytest.mark.parametrize("gene", [None, 3, ["G0"]])
def test_one_gene_is_drawn_by_its_name(result, gene):
    with pytest.raises(InvalidRequestError, match="draws one gene, given by its name"):
        result.image(gene)


def test_a_gene_is_drawn_where_its_positions_are(result):
    picture = result.image("G0")
    row, col = result.raster.pixel_of(result.targets.array_rc).T
    np.testing.assert_allclose(picture[row, col], np.arange(len(result)))
    assert np.isfinite(picture).sum() == len(result)
    np.testing.assert_allclose(result.image("G2", sd=True)[row[9], col[9]], 0.902)


@pytest.mark.parametrize("kind", [LatticeKind.SQUARE, LatticeKind.HEX])
def test_chosen_positions_between_sites_are_drawn_apart(section, kind):
    even = section.subset(section.array_rc.sum(axis=1) % 2 == 0)
    even = replace(even, lattice=Lattice(kind), pixel_xy=None)
    at = np.array([[0.2, 0.3], [1.3, 1.6], [2.0, 2.0]])
    targets = targets_at(even, at, MissingRegions.none(even))

    shown = enhanced_section(even, targets).raster

    assert set(np.unique(shown.index)) == {-1, 0, 1, 2}
    world_yx = even.to_pixel(at)[:, ::-1]
    assert [shown.position_at(tuple(yx)) for yx in world_yx] == [0, 1, 2]


def test_names_are_unique_whatever_is_asked_for():
    at_spot = np.array(["", "1x2", "", "", "1x2", ""])
    array_rc = np.array([[0.5, 1], [1, 2], [0.5, 1], [3, 3], [1, 2], [12345.678, 0.25]])

    names = position_names(at_spot, array_rc, taken=["1x2", "3x3"])

    assert names == ["0.5x1", "1x2", "0.5x1_1", "3x3_1", "1x2_1", "12345.678x0.25"]


def test_places_asked_for_many_times_are_named_in_no_time():
    array_rc = np.tile([0.5, 0.5], (20_000, 1))
    names = position_names(np.full(20_000, ""), array_rc, taken=["0.5x0.5_3"])
    assert len(set(names)) == 20_000
    assert names[:4] == ["0.5x0.5", "0.5x0.5_1", "0.5x0.5_2", "0.5x0.5_4"]


def test_saving_tells_how_many_genes_are_written(result, tmp_path, monkeypatch):
    pytest.importorskip("napari_stentrans.io.writers.h5ad")
    monkeypatch.setattr(portions, "_MOST_GENES", 3)
    seen = []

    result.save(tmp_path / "x.h5ad", on_progress=seen.append)

    assert [(p.step, p.n_steps) for p in seen] == [(0, 7), (3, 7), (6, 7), (7, 7)]


def test_depth_is_that_of_the_spot_or_estimated_between():
    section = simulated_section(n_rows=9, n_cols=8, n_genes=30, seed=3).section
    result = enhance(section, method="kriging", refine=2)
    at_spot = result.targets.spot >= 0
    own = section.library_size[result.targets.spot[at_spot]]

    np.testing.assert_allclose(
        result.depth[at_spot], own / np.median(section.library_size), rtol=1e-5
    )
    between = result.depth[~at_spot] * np.median(section.library_size)
    assert own.min() <= between.min() < between.max() <= own.max()


def test_depth_is_unknown_to_methods_that_take_no_library_apart():
    section = simulated_section(n_rows=9, n_cols=8, n_genes=30, seed=3).section

    assert enhance(section, method="linear").depth is None
