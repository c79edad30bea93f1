"""Results as files: what is in them, and that nothing half-written is left."""

from __future__ import annotations

import shutil
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_stentrans import enhance, read_section, simulated_section
from napari_stentrans.errors import InvalidRequestError, ReadError, UnknownGeneError
from napari_stentrans.figures import ComparisonLook, telling_genes
from napari_stentrans.io.tables import read_anndata
from napari_stentrans.io.tables.columns import PLACES
from napari_stentrans.saving import ENDINGS, SaveChoices, ending_of, save_steps
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.technology import pitch_px, was_enhanced


@pytest.fixture(scope="module", params=["hex", "square", "irregular"])
def result(request):
    section = simulated_section(
        lattice=request.param, n_rows=9, n_cols=8, n_genes=20, seed=3, image=True
    ).section
    return enhance(section, method="nearest", refine=2, genes="all")


@pytest.fixture(scope="module")
def genes(result):
    return tuple(map(str, result.section.genes[[4, 11]]))


def write(result, path, **choices):
    """Write, and return the path and the steps told."""
    steps, told = save_steps(result, path, SaveChoices(**choices)), []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


def refused_at_once(result, path, told, **choices):
    """Make sure that no work comes before the refusal."""
    steps = save_steps(result, path, SaveChoices(**choices))
    with pytest.raises(InvalidRequestError, match=told):
        next(steps)


def table_mark(ending):
    return "\t" if ending == ".tsv" else ","


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv"])
def test_a_table_holds_positions_and_genes(result, genes, tmp_path, ending):
    path, told = write(result, tmp_path / f"x{ending}", genes=genes, with_sd=True)

    table = pd.read_csv(path, sep=table_mark(ending), index_col=0)
    expected = result.only(genes).to_anndata()
    assert list(table.index) == list(expected.obs_names)
    assert table.index.name == "position"
    beside = tmp_path / f"x{ending}.tables"
    sd = pd.read_csv(beside / f"sd{ending}", sep=table_mark(ending), index_col=0)
    assert list(sd.index) == list(expected.obs_names)
    for gene in genes:
        truth = expected[:, gene]
        np.testing.assert_allclose(table[gene], truth.X[:, 0], rtol=1e-6)
        np.testing.assert_allclose(sd[gene], truth.layers["sd"][:, 0], 1e-6)
    np.testing.assert_allclose(table[["x", "y"]], expected.obsm["spatial"], rtol=1e-6)
    assert list(table["origin"]) == list(expected.obs["origin"])
    assert told[-1].fraction == 1


def test_a_sorted_table_keeps_the_sd_of_each_position(result, tmp_path):
    path, _ = write(result, tmp_path / "x.csv", with_sd=True)
    pd.read_csv(path, index_col=0, dtype=str)[::-1].to_csv(path)

    found = read_anndata(path)
    expected = result.to_anndata()[found.obs_names]
    np.testing.assert_allclose(found.X.toarray(), expected.X, rtol=1e-6)
    np.testing.assert_allclose(found.layers["sd"], expected.layers["sd"], rtol=1e-6)
    assert was_enhanced(read_section(path))


def test_a_table_that_lost_rows_has_no_sd_but_reads(result, tmp_path):
    path, _ = write(result, tmp_path / "x.csv", with_sd=True)
    pd.read_csv(path, index_col=0, dtype=str)[5:].to_csv(path)
    assert "sd" not in read_anndata(path).layers


def test_what_lies_beside_says_nothing_of_another_table_of_that_name(result, tmp_path):
    path, _ = write(result, tmp_path / "x.csv")
    section = result.section
    places = pd.DataFrame(section.array_rc, section.barcodes, list(PLACES))
    values = np.log1p(section.counts.toarray())
    values = pd.DataFrame(values, section.barcodes, section.genes)
    pd.concat([places, values], axis=1).to_csv(path)

    with pytest.raises(ReadError, match="normalised"):
        read_section(path)
    found = read_section(path, allow_normalised=True)
    assert not was_enhanced(found)
    assert any("x.csv was changed" in note for note in found.notes)
    assert "programme" in found.var  # genes are known by their names
    assert not {"stentrans", "sd"} & {
        *read_anndata(path).uns,
        *read_anndata(path).layers,
    }


def test_a_table_has_all_genes_unless_some_are_asked_for(result, tmp_path):
    path, _ = write(result, tmp_path / "x.csv")
    assert set(result.genes) <= set(pd.read_csv(path).columns)


def test_a_gene_called_like_a_column_of_positions(result, tmp_path):
    section = result.section
    names = ["x", *section.genes[1:]]
    renamed = replace(section, var=section.var.set_axis(names))
    path, _ = write(replace(result, section=renamed), tmp_path / "x.csv", genes=("x",))
    table = pd.read_csv(path)
    np.testing.assert_allclose(table["x"], result.pixel_xy[:, 0], rtol=1e-6)
    assert "x_gene" in table


def test_an_h5ad_can_be_of_some_genes(result, genes, tmp_path):
    path, _ = write(result, tmp_path / "x.h5ad", genes=genes)
    found = ad.read_h5ad(path)
    assert list(found.var_names) == list(genes)
    np.testing.assert_array_equal(found.X, result.read(genes).mean)


@pytest.mark.parametrize("pitch_um", [100.0, None])
def test_an_ome_tiff_shows_each_position_where_it_lies(
    result, genes, tmp_path, pitch_um
):
    path, _ = write(
        result,
        tmp_path / "x.ome.tif",
        genes=genes,
        with_sd=True,
        look=ComparisonLook(pitch_um=pitch_um),
    )

    with tifffile.TiffFile(path) as file:
        stack, text = file.asarray(), file.ome_metadata
    pixels = tifffile.xml2dict(text)["OME"]["Image"]["Pixels"]
    kinds = ("measured", "enhanced", "sd")
    names = [f"{gene} {kind}" for gene in genes for kind in kinds]
    assert [channel["Name"] for channel in pixels["Channel"]] == names
    assert stack.shape[0] == len(names)
    assert pixels["PhysicalSizeXUnit"] == ("µm" if pitch_um else "pixel")
    unit = pitch_um / pitch_px(result.section) if pitch_um else 1.0
    first = [pixels["Plane"][0][f"Position{side}"] for side in "XY"]
    at = np.rint((result.pixel_xy * unit - first) / pixels["PhysicalSizeX"]).astype(int)
    spots = result.section.to_pixel(result.section.array_rc)
    at_spots = np.rint((spots * unit - first) / pixels["PhysicalSizeX"]).astype(int)
    for number, gene in enumerate(genes):
        prediction = result.read([gene])
        measured, enhanced, sd = stack[3 * number : 3 * number + 3]
        counts = result.section.gene_counts(gene)
        agree = measured[at_spots[:, 1], at_spots[:, 0]] == counts
        assert agree.mean() > 0.98
        for picture, truth in ((enhanced, prediction.mean), (sd, prediction.sd)):
            there = picture[at[:, 1], at[:, 0]]
            assert np.isclose(there, truth[:, 0]).mean() > 0.98
    assert np.isnan(stack[0, 0, 0]) or result.section.lattice.kind == "square"


@pytest.mark.parametrize(
    ("ending", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_a_figure_is_written(result, genes, tmp_path, ending, magic):
    path, told = write(result, tmp_path / f"x{ending}", genes=genes[:1])
    assert path.read_bytes().startswith(magic)
    assert told


def test_only_genes_of_the_result_are_drawn():
    section = simulated_section(n_rows=9, n_cols=8, n_genes=40, seed=3).section
    telling = telling_genes(section)
    asked = [gene for gene in section.genes if gene not in telling][:13]
    result = enhance(section, method="nearest", genes=asked)

    panels = result.plot().axes

    drawn = [ax.get_title().split()[0] for ax in panels if "measured" in ax.get_title()]
    assert len(drawn) == 3
    assert set(drawn) <= set(asked)


@pytest.mark.parametrize("ending", [".csv", ".h5ad", ".parquet"])
def test_a_gene_named_twice_is_written_once(result, genes, tmp_path, ending):
    path = result.save(tmp_path / f"x{ending}", genes=[*genes, genes[0]])
    assert list(read_section(path).genes) == list(genes)


def test_a_gene_named_twice_is_drawn_once(result, genes):
    titles = [ax.get_title() for ax in result.plot([*genes, genes[0]]).axes]
    assert [title for title in titles if "measured" in title] == [
        f"{gene} measured" for gene in genes
    ]


@pytest.mark.parametrize("ending", [".csv", ".h5ad", ".parquet", ".png", ".ome.tif"])
def test_a_file_of_no_gene_is_refused(result, tmp_path, ending):
    with pytest.raises(InvalidRequestError, match="no gene was asked for"):
        result.save(tmp_path / f"x{ending}", genes=[])
    assert not list(tmp_path.iterdir())


def test_save_chooses_by_the_ending(result, genes, tmp_path):
    path = result.save(tmp_path / "x.csv", genes=genes[:1])
    assert genes[0] in pd.read_csv(path).columns
    with pytest.raises(InvalidRequestError, match="give it an ending"):
        result.save(tmp_path / "x.docx")
    with pytest.raises(UnknownGeneError, match="no gene 'nothing'"):
        result.save(tmp_path / "x.ome.tif", genes=["nothing"])


@pytest.mark.parametrize("ending", [".csv", ".h5ad", ".png", ".ome.tif"])
def test_given_up_nothing_is_left_and_the_old_file_stays(
    result, genes, tmp_path, ending
):
    path = tmp_path / f"x{ending}"
    path.write_bytes(b"an older file")
    (tmp_path / "whole").mkdir()
    _, told = write(result, tmp_path / "whole" / f"whole{ending}", genes=genes)
    shutil.rmtree(tmp_path / "whole")
    for stop_after in range(1, len(told)):
        steps = save_steps(result, path, SaveChoices(genes=genes))
        for _ in range(stop_after):
            next(steps)
        steps.close()
        assert [file.name for file in tmp_path.iterdir()] == [path.name]
        assert path.read_bytes() == b"an older file"


@pytest.mark.parametrize("ending", ENDINGS)
def test_places_that_cannot_be_written_are_named(result, genes, tmp_path, ending):
    path = tmp_path / "no" / f"x{ending}"
    refused_at_once(result, path, "there is no folder", genes=genes)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("what", ["source", "image"])
def test_what_was_read_is_never_written_to(result, genes, tmp_path, ending, what):
    path = tmp_path / f"input{ending}"
    path.write_bytes(b"precious")
    read_from = {"source": str(path), "wishes": {}}
    if what == "image":
        read_from = {"source": str(tmp_path / "counts.csv"), "wishes": {what: path}}
    again = replace(result, section=replace(result.section, **read_from))

    refused_at_once(again, path, "never changed", genes=genes[:1])

    assert path.read_bytes() == b"precious"


def test_every_ending_that_is_told_is_known(tmp_path):
    for ending in ENDINGS:
        assert ending_of(tmp_path / f"my.result{ending}") == ending
    assert ending_of(tmp_path / "X.OME.TIFF") == ".ome.tiff"


def test_too_much_for_a_table_is_said_before_computing(result, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_stentrans.io.tables.result_writer._MOST_VALUES", 50)
    refused_at_once(result, tmp_path / "x.csv", "choose fewer genes")


@pytest.mark.parametrize(
    "moved",
    [
        Alignment().flipped_left_right(),
        Alignment().turned(90),
        Alignment(turn=20, scale=1.2, shift_xy=(40, 25)),
    ],
)
def test_spots_lie_on_the_same_tissue_in_scanpy_after_aligning(result, moved):
    section = result.section
    image = section.image.aligned(moved)
    aligned = replace(result, section=replace(section, image=image)).annotations()

    [library] = aligned.uns["spatial"].values()
    scale = library["scalefactors"]["tissue_hires_scalef"]
    picture = library["images"]["hires"]
    col, row = np.rint(aligned.obsm["spatial"] * scale).astype(int).T
    shown = image.pixels_at(result.pixel_xy)
    inside = ((shown > 1) & (shown < np.array(image.data.shape[:2]) - 2)).all(axis=1)
    there = np.rint(shown[inside]).astype(int)
    expected = image.data[tuple(there.T)].astype(float)
    found = picture[row[inside], col[inside]].astype(float)
    assert np.median(np.abs(found - expected)) <= 6
    assert inside.sum() > 20
