"""Files as people have them: other names, other columns, several sections a folder."""

from __future__ import annotations

import gzip
import re
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section

GEO = "GSM1_A_"


def renamed(folder: Path, target: Path, prefix: str, packed: str = "") -> None:
    """Move all files of a folder into one, with a prefix, as GEO asks for."""
    target.mkdir(exist_ok=True)
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        name, content = f"{prefix}{file.name}", file.read_bytes()
        if packed and file.suffix in packed.split():
            name, content = f"{name}.gz", gzip.compress(content)
        (target / name).write_bytes(content)


def assert_same(section, sample):
    """All counts at their places, in the order of the sample."""
    order = pd.Index(section.obs.index).get_indexer(sample.names)
    assert (order >= 0).all()
    assert section.n_spots == len(sample.names)
    np.testing.assert_array_equal(section.counts.toarray()[order], sample.counts)
    assert list(section.genes) == sample.genes
    return order


@pytest.mark.parametrize("name", ["visium_1", "visium_2"])
def test_one_flat_folder_as_from_geo(writers, sample, tmp_path, name):
    (tmp_path / "whole").mkdir()
    writers[name](tmp_path / "whole", sample)
    spatial = next((tmp_path / "whole").rglob("spatial"))
    stained = np.random.default_rng(0).integers(0, 255, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(stained).save(spatial / "tissue_hires_image.png")
    renamed(tmp_path / "whole", tmp_path / "flat", GEO, ".csv .json .png")

    section = read_section(tmp_path / "flat")

    assert_same(section, sample)
    np.testing.assert_array_equal(section.image.data, stained)
    assert section.image.scale == 0.1


@pytest.mark.parametrize("name", ["visium_1", "visium_2"])
def test_sections_that_share_a_folder_are_never_mixed(writers, sample, tmp_path, name):
    # Barcodes of Visium are the same on every slide: nothing else would tell.
    other = replace(sample, counts=sample.counts * 3, array_rc=sample.array_rc[::-1])
    for prefix, each in ((GEO, sample), ("GSM2_B_", other)):
        (tmp_path / prefix).mkdir()
        writers[name](tmp_path / prefix, each)
        renamed(tmp_path / prefix, tmp_path / "flat", prefix, ".csv")

    with pytest.raises(ReadError, match="2 sections") as caught:
        read_section(tmp_path / "flat")
    listed = [line.strip() for line in str(caught.value).splitlines()[1:]]
    sections = [read_section(tmp_path / "flat" / each) for each in listed]

    assert [section.name for section in sections] == ["GSM1_A", "GSM2_B"]
    for section, each in zip(sections, (sample, other), strict=True):
        order = assert_same(section, each)
        np.testing.assert_array_equal(section.array_rc[order], each.array_rc)


def test_any_part_of_an_mtx_stands_for_the_section(writers, sample, tmp_path):
    writers["visium_2"](tmp_path, sample)
    for part in ("matrix.mtx.gz", "scalefactors_json.json", "tissue_positions.csv"):
        assert_same(read_section(next(tmp_path.rglob(part))), sample)


def test_a_matrix_with_a_row_a_barcode(writers, sample, tmp_path):
    from scipy import io as scipy_io
    from scipy import sparse

    path = writers["mtx_listed"](tmp_path, sample)
    with gzip.open(path / "matrix.mtx.gz", "wb") as file:
        scipy_io.mmwrite(file, sparse.csr_matrix(sample.counts))
    assert_same(read_section(path), sample)


def test_what_lies_there_packed_is_told(writers, sample, tmp_path):
    writers["visium_1"](tmp_path, sample)
    matrix = tmp_path / "filtered_feature_bc_matrix.h5"
    (tmp_path / "spatial").rename(tmp_path.parent / f"{tmp_path.name}_away")
    (tmp_path / "V1_spatial.tar.gz").write_bytes(b"")
    for path in (tmp_path, matrix):
        with pytest.raises(ReadError, match=r"Unpack V1_spatial\.tar\.gz"):
            read_section(path)


@pytest.mark.parametrize("begin", ["", "GSM7_"])
def test_xenium_by_any_of_its_parts(writers, sample, tmp_path, begin):
    (tmp_path / "whole").mkdir()
    whole = writers["xenium"](tmp_path / "whole", sample)
    (whole / "experiment.xenium").write_text("{}")
    renamed(whole, tmp_path / "flat", begin)
    flat = tmp_path / "flat"
    for path in (
        flat,
        flat / f"{begin}experiment.xenium",
        flat / f"{begin}cells.csv.gz",
    ):
        section = read_section(path)
        assert section.name == "flat" or section.name.startswith("GSM7")
        assert "Xenium" in section.notes[0]
        order = assert_same(section, sample)
        np.testing.assert_allclose(section.pixel_xy[order], sample.xy)


@pytest.mark.parametrize("header", ["EntityID", "cell", ""])
def test_merscope_cells_keep_their_names(writers, sample, tmp_path, header):
    path = writers["merscope"](tmp_path, sample)
    names = [f"{at:07d}" for at in range(len(sample.names))]
    for what in ("cell_by_gene", "cell_metadata"):
        frame = pd.read_csv(path / f"{what}.csv")
        frame = frame.set_axis([header, *frame.columns[1:]], axis=1)
        frame.iloc[:, 0] = names
        frame.to_csv(path / f"{what}.csv", index=False)
    assert list(read_section(path).obs.index) == names


def test_the_names_of_merscope_cells_may_be_in_any_column(writers, sample, tmp_path):
    path = writers["merscope"](tmp_path, sample)
    table = path / "cell_metadata.csv"
    frame = pd.read_csv(table, dtype=str)
    frame[["fov", "volume", "EntityID", "center_x", "center_y"]].to_csv(
        table, index=False
    )
    section = read_section(path)
    assert_same(section, sample)
    assert set(section.obs["fov"].astype(str)) == {"1"}
    assert "volume" in section.obs
    assert "EntityID" not in section.obs


@pytest.mark.parametrize("spelt", [str.lower, str.upper])
@pytest.mark.parametrize("name", ["cosmx", "merscope", "xenium"])
def test_centres_are_known_in_capital_and_small_letters(
    writers, sample, tmp_path, name, spelt
):
    path = writers[name](tmp_path, sample)
    before = read_section(path)
    (table,) = [*path.glob("*metadata*.csv"), *path.glob("cells.csv.gz")]
    frame = pd.read_csv(table, dtype=str)
    keys = {"cell_id"} if name == "xenium" else set()
    frame.columns = [each if each in keys else spelt(each) for each in frame.columns]
    frame.to_csv(table, index=False)
    after = read_section(path)
    np.testing.assert_array_equal(after.pixel_xy, before.pixel_xy)
    np.testing.assert_array_equal(after.obs.index, before.obs.index)


def test_cosmx_cells_are_numbers_however_written(writers, sample, tmp_path):
    path = writers["cosmx"](tmp_path, sample)
    path = path if path.is_dir() else path.parent
    before = read_section(path)
    table = next(path.glob("*metadata*"))
    frame = pd.read_csv(table)
    frame["cell_ID"] = frame["cell_ID"].astype(float)
    frame.to_csv(table, index=False)
    assert list(read_section(path).obs.index) == list(before.obs.index)


def test_scale_factors_that_are_no_numbers_are_told(writers, sample, tmp_path):
    path = writers["visium_1"](tmp_path, sample)
    file = path / "spatial" / "scalefactors_json.json"
    file.write_text('{"tissue_hires_scalef": Infinity, "spot_diameter_fullres": -3}')
    section = read_section(path)
    assert section.spot_diameter is None
    told = "no positive numbers: spot_diameter_fullres, tissue_hires_scalef"
    assert any(told in note for note in section.notes)


def test_cells_of_two_segmentations_are_never_mixed(writers, sample, tmp_path):
    writers["merscope"](tmp_path, sample)
    for what in ("cell_by_gene", "cell_metadata"):
        frame = pd.read_csv(tmp_path / f"{what}.csv")
        frame.iloc[::2].to_csv(tmp_path / f"a_{what}.csv", index=False)
    assert read_section(tmp_path).n_spots == 48
    assert read_section(tmp_path / "a_cell_metadata.csv").n_spots == 24
    assert read_section(tmp_path / "a_cell_by_gene.csv").n_spots == 24
    (tmp_path / "cell_by_gene.csv").rename(tmp_path / "b_cell_by_gene.csv")
    (tmp_path / "cell_metadata.csv").rename(tmp_path / "b_cell_metadata.csv")
    with pytest.raises(ReadError, match="4 sections"):
        read_section(tmp_path)


def test_cosmx_sections_are_not_seen_in_a_mirror(tmp_path):
    # An F as it lies on the slide; the origin of the instrument is bottom left.
    letter = ["####", "#...", "###.", "#...", "#..."]
    lit = np.array([[mark == "#" for mark in line] for line in letter])
    row, col = np.nonzero(lit)
    y_up = 1000 * (len(letter) - row)
    keys = {"fov": 1, "cell_ID": np.arange(len(row)) + 1}
    pd.DataFrame(keys | {"A": 3, "B": row}).to_csv(
        tmp_path / "S_exprMat_file.csv", index=False
    )
    pd.DataFrame(
        keys | {"CenterX_global_px": 1000 * col, "CenterY_global_px": y_up}
    ).to_csv(tmp_path / "S_metadata_file.csv", index=False)
    section = read_section(tmp_path)
    x, y = np.rint(section.pixel_xy.T / 120.28).astype(int)
    seen = np.zeros_like(lit)
    seen[y - y.min(), x - x.min()] = True  # as pictures are drawn
    np.testing.assert_array_equal(seen, lit)
    (note,) = (note for note in section.notes if "mirror" in note)
    told = float(note.split("y is ")[1].split(" µm")[0])
    listed = section.obs["CenterY_global_px"].to_numpy() * 0.12028
    np.testing.assert_allclose(section.pixel_xy[:, 1], told - listed, atol=1e-2)


def test_cosmx_with_names_of_cells_beside_their_numbers(writers, sample, tmp_path):
    writers["cosmx"](tmp_path, sample)
    path = tmp_path / "Run1_metadata_file.csv"
    cells = pd.read_csv(path)
    names = [f"c_1_7_{number}" for number in cells["cell_ID"]]
    cells.assign(cell_id=names, cell=names).to_csv(f"{path}.gz", index=False)
    path.unlink()
    section = read_section(tmp_path)
    np.testing.assert_array_equal(section.counts.toarray(), sample.counts)


def test_stereo_seq_of_a_whole_run(writers, sample, tmp_path):
    inside = tmp_path / "outs" / "feature_expression"
    inside.mkdir(parents=True)
    path = writers["gef"](inside, sample)
    path.rename(inside / "SN.tissue.gef")
    assert read_section(tmp_path / "outs").n_spots == 48
    writers["cell_gef"](inside, sample)
    with pytest.raises(ReadError, match=r"feature_expression/SN\.tissue\.gef"):
        read_section(tmp_path / "outs")


COLUMNS = [
    ("sdimx", "sdimy"),
    ("X_Centroid", "Y_Centroid"),
    ("pos_x", "pos_y"),
    ("x_location", "y_location"),
    ("CenterX_global_px", "CenterY_global_px"),
    ("imagecol", "imagerow"),
]


@pytest.mark.parametrize(("x", "y"), COLUMNS)
@pytest.mark.parametrize("kind", ["table", "h5ad"])
def test_columns_of_positions_by_any_name(sample, tmp_path, kind, x, y):
    import anndata

    places = pd.DataFrame({x: sample.xy[:, 0], y: sample.xy[:, 1]}, sample.names)
    counts = pd.DataFrame(sample.counts, sample.names, sample.genes)
    path = tmp_path / "counts.csv"
    if kind == "table":
        counts.to_csv(path)
        places.assign(cluster="a").to_csv(tmp_path / "metadata.csv")
    else:
        path = tmp_path / "a.h5ad"
        anndata.AnnData(counts.astype(np.float32), obs=places).write_h5ad(path)
    section = read_section(path)
    order = assert_same(section, sample)
    np.testing.assert_allclose(section.pixel_xy[order], sample.xy)


def test_positions_without_a_header(sample, tmp_path):
    pd.DataFrame(sample.counts, sample.names, sample.genes).to_csv(tmp_path / "c.csv")
    places = pd.DataFrame(sample.xy, sample.names)
    places.to_csv(tmp_path / "coords.csv", header=False)
    section = read_section(tmp_path / "c.csv")
    np.testing.assert_allclose(
        section.pixel_xy[assert_same(section, sample)], sample.xy
    )


def test_of_several_lists_that_with_a_name_for_it_is_taken(sample, tmp_path):
    counts = pd.DataFrame(sample.counts, sample.names, sample.genes)
    counts.to_csv(tmp_path / "mob.csv")
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "coords.csv")
    (places * 0.1).to_csv(tmp_path / "annotation.csv")
    section = read_section(tmp_path / "mob.csv")
    assert "Positions were taken from coords.csv." in section.notes
    np.testing.assert_allclose(
        section.pixel_xy[assert_same(section, sample)], sample.xy
    )


def test_decimal_commas(sample, tmp_path):
    counts = pd.DataFrame(sample.counts, sample.names, sample.genes)
    counts.to_csv(tmp_path / "counts.csv", sep=";")
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "coords.csv", sep=";", decimal=",")
    section = read_section(tmp_path / "counts.csv")
    np.testing.assert_allclose(
        section.pixel_xy[assert_same(section, sample)], sample.xy
    )


@pytest.mark.parametrize("sep", [",", "\t"])
def test_commas_between_thousands_are_not_taken_for_decimals(sample, tmp_path, sep):
    counts = pd.DataFrame(sample.counts, sample.names, sample.genes)
    counts.to_csv(tmp_path / "counts.csv")
    texts = [[f"{x * 9:,.0f}", f"{y:.0f}"] for x, y in sample.xy]
    places = pd.DataFrame(texts, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "coords.csv", sep=sep)
    with pytest.raises(ReadError, match="between thousands"):
        read_section(tmp_path / "counts.csv")


def test_names_of_numbers_keep_their_zeros(sample, tmp_path):
    names = [f"{number:04}" for number in range(48)]
    pd.DataFrame(sample.counts, names, sample.genes).to_csv(tmp_path / "counts.csv")
    pd.DataFrame(sample.xy, names, ["x", "y"]).to_csv(tmp_path / "coords.csv")
    section = read_section(tmp_path / "counts.csv")
    assert list(section.barcodes) == names
    np.testing.assert_allclose(section.pixel_xy, sample.xy)


def test_broken_positions_are_told_not_said_to_be_absent(sample, tmp_path):
    pd.DataFrame(sample.counts, sample.names, sample.genes).to_csv(tmp_path / "c.csv")
    places = pd.DataFrame(sample.xy.astype(object), sample.names, ["x", "y"])
    places.iloc[3, 0] = "there"
    places.to_csv(tmp_path / "coords.csv")
    with pytest.raises(ReadError, match=r"without numbers in y, x \(first: line 5\)"):
        read_section(tmp_path / "c.csv")


@pytest.mark.parametrize("axes", [("x", "y"), ("row", "col")])
def test_a_large_table_with_its_places(sample, tmp_path, axes):
    genes = [f"G{i}" for i in range(60)]
    counts = np.random.default_rng(0).poisson(2, (48, 60)) + 1
    frame = pd.DataFrame(counts, sample.names, genes)
    places = sample.xy if axes == ("x", "y") else sample.array_rc
    for at in (1, 0):
        frame.insert(0, axes[at], places[:, at])
    frame.to_csv(tmp_path / "all.csv", index_label="spot")
    section = read_section(tmp_path / "all.csv")
    assert list(section.genes) == genes
    found = section.pixel_xy if axes == ("x", "y") else section.array_rc
    np.testing.assert_allclose(found, places)


@pytest.mark.parametrize("marks", [(1, 0), ("TRUE", "FALSE")])
def test_a_large_table_says_what_is_under_tissue(sample, tmp_path, marks):
    frame = pd.DataFrame(sample.counts, sample.names, sample.genes)
    under = np.arange(48) < 30
    frame.insert(0, "in_tissue", np.where(under, *marks))
    frame.insert(0, "array_col", sample.array_rc[:, 1])
    frame.insert(0, "array_row", sample.array_rc[:, 0])
    frame.to_csv(tmp_path / "all.csv", index_label="spot")
    section = read_section(tmp_path / "all.csv")
    assert list(section.barcodes) == sample.names[:30]
    assert list(section.genes) == sample.genes


def test_a_list_of_what_drop_seq_tools_did_precedes_the_table(
    writers, sample, tmp_path
):
    path = writers["slide_seq"](tmp_path, sample)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(
        gzip.compress(b"#DGE\tVERSION:1.1\tEXPRESSION_FORMAT:raw\n" + text)
    )
    assert_same(read_section(path), sample)


def test_seqfish_tables(sample, tmp_path):
    numbers = np.arange(1, 49)
    counts = pd.DataFrame(sample.counts, numbers, sample.genes)
    counts.to_csv(tmp_path / "Run_CellxGene_section1.csv")
    places = {
        "label": numbers,
        "center_x": sample.xy[:, 0],
        "center_y": sample.xy[:, 1],
    }
    path = tmp_path / "Run_CellCoordinates_section1.csv"
    pd.DataFrame(places | {"area": 5}).to_csv(path, index=False)
    section = read_section(tmp_path)
    np.testing.assert_array_equal(section.counts.toarray(), sample.counts)
    np.testing.assert_allclose(section.pixel_xy, sample.xy)


def test_barcodes_as_r_spells_them_in_a_header(sample, tmp_path):
    spelled = [name.replace("-", ".") for name in sample.names]
    counts = pd.DataFrame(sample.counts, spelled, sample.genes)
    counts.T.to_csv(tmp_path / "counts.csv")
    pd.DataFrame(sample.xy, sample.names, ["x", "y"]).to_csv(tmp_path / "coords.csv")
    section = read_section(tmp_path / "counts.csv")
    np.testing.assert_array_equal(section.counts.toarray(), sample.counts)
    np.testing.assert_allclose(section.pixel_xy, sample.xy)


def test_positions_of_an_anndata_from_a_list(sample, tmp_path):
    import anndata

    counts = pd.DataFrame(sample.counts, sample.names, sample.genes, dtype=np.float32)
    anndata.AnnData(counts).write_h5ad(tmp_path / "a.h5ad")
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places[:-1].sample(frac=1, random_state=0).to_csv(tmp_path / "where.csv")
    with pytest.raises(ReadError, match="option positions"):
        read_section(tmp_path / "a.h5ad")
    section = read_section(tmp_path / "a.h5ad", positions=tmp_path / "where.csv")
    assert list(section.obs.index) == sample.names[:-1]
    np.testing.assert_allclose(section.pixel_xy, sample.xy[:-1])
    np.testing.assert_array_equal(section.counts.toarray(), sample.counts[:-1])


def bare(names):
    return [name.removesuffix("-1") for name in names]


@pytest.mark.parametrize("kind", ["table", "matrix", "h5ad"])
def test_barcodes_without_their_number_are_found(writers, sample, tmp_path, kind):
    import anndata

    places = pd.DataFrame(sample.xy, bare(sample.names), ["x", "y"])
    places.to_csv(tmp_path / "coords.csv")
    counts = pd.DataFrame(sample.counts, sample.names, sample.genes, dtype=np.float32)
    path, wishes = tmp_path / "counts.csv", {}
    if kind == "table":
        counts.astype(int).to_csv(path)
    elif kind == "matrix":
        path = writers["mtx_listed"](tmp_path, sample)
        wishes = {"positions": tmp_path / "coords.csv"}
    else:
        path, wishes = tmp_path / "a.h5ad", {"positions": tmp_path / "coords.csv"}
        anndata.AnnData(counts).write_h5ad(path)
    section = read_section(path, **wishes)
    np.testing.assert_allclose(
        section.pixel_xy[assert_same(section, sample)], sample.xy
    )
    assert not any("no counts" in note for note in section.notes)


def test_two_captures_are_not_laid_on_one_list(writers, sample, tmp_path):
    names = [*sample.names, *(f"{name}-2" for name in bare(sample.names)[:9])]
    both = replace(sample.subset(np.r_[:48, :9]), names=names)
    path = writers["mtx_listed"](tmp_path, both)
    places = pd.DataFrame(sample.xy, bare(sample.names), ["x", "y"])
    places.to_csv(tmp_path / "one.csv")
    with pytest.raises(ReadError, match=r"listed by name in one\.csv"):
        read_section(path, positions=tmp_path / "one.csv")


SPACE_RANGER = ["visium_1", "visium_2", "visium_hd"]


@pytest.mark.parametrize("name", SPACE_RANGER)
def test_barcodes_of_r_lie_where_space_ranger_says(writers, sample, tmp_path, name):
    letters = np.random.default_rng(0).choice(list("ACGT"), (48, 16))
    names = ["".join(row) + "-1" for row in letters]
    listed = replace(sample, names=names)
    of_r = replace(sample, names=[each.replace("-", ".") for each in names])
    section = read_section(with_counts_of(writers[name], listed, of_r, tmp_path))
    order = assert_same(section, of_r)
    np.testing.assert_array_equal(section.array_rc[order], sample.array_rc)


@pytest.mark.parametrize("kind", ["visium_1", "visium_2", "listed", "h5ad"])
def test_the_second_of_aggregated_samples_is_read_and_told(
    writers, sample, tmp_path, kind
):
    import anndata

    second = replace(sample, names=[f"{name}-2" for name in bare(sample.names)])
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "where.csv")
    path, wishes = tmp_path / "a.h5ad", {"positions": tmp_path / "where.csv"}
    if kind == "h5ad":
        counts = pd.DataFrame(sample.counts, second.names, sample.genes)
        anndata.AnnData(counts.astype(np.float32)).write_h5ad(path)
    elif kind == "listed":
        path = writers["mtx_listed"](tmp_path / "counts", second)
    else:
        path, wishes = with_counts_of(writers[kind], sample, second, tmp_path), {}
    section = read_section(path, **wishes)
    order = assert_same(section, second)
    told = "All barcodes of the counts end with -2, those of .* with -1"
    assert sum(bool(re.search(told, note)) for note in section.notes) == 1
    if kind.startswith("visium"):
        np.testing.assert_array_equal(section.array_rc[order], sample.array_rc)
    else:
        np.testing.assert_allclose(section.pixel_xy[order], sample.xy)


def with_counts_of(write, sample, other, folder):
    """An output whose positions are of one sample, and its counts of another."""
    for each in ("whole", "counted"):
        (folder / each).mkdir()
    path = write(folder / "whole", sample)
    counted = write(folder / "counted", other)
    for part in (*counted.rglob("*matrix.h5"), *counted.rglob("*_bc_matrix/*.gz")):
        shutil.copy(part, path / part.relative_to(counted))
    return path


@pytest.mark.parametrize("n_captures", [2, 3])
@pytest.mark.parametrize("kind", ["visium_1", "listed", "h5ad"])
def test_of_several_captures_none_is_guessed(
    writers, sample, tmp_path, kind, n_captures
):
    import anndata

    numbers = np.arange(n_captures) + 1
    names = [f"{name}-{n}" for n in numbers for name in bare(sample.names)]
    many = sample.subset(np.tile(np.arange(len(sample.names)), n_captures))
    many = replace(many, names=names)
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "where.csv")
    path, wishes = tmp_path / "a.h5ad", {"positions": tmp_path / "where.csv"}
    if kind == "h5ad":
        counts = pd.DataFrame(many.counts, names, sample.genes).astype(np.float32)
        anndata.AnnData(counts).write_h5ad(path)
    elif kind == "listed":
        path = writers["mtx_listed"](tmp_path / "counts", many)
    else:
        path, wishes = with_counts_of(writers[kind], sample, many, tmp_path), {}
    with pytest.raises(ReadError, match=r"several capture areas.*-2 is listed as .*-1"):
        read_section(path, **wishes)


def test_one_of_several_captures_can_be_chosen(sample, tmp_path):
    import anndata

    names = [*sample.names, *(f"{name}-2" for name in bare(sample.names))]
    counts = np.concatenate([sample.counts, 2 * sample.counts]).astype(np.float32)
    adata = anndata.AnnData(pd.DataFrame(counts, names, sample.genes))
    adata.obs["library_id"] = np.repeat(["a", "b"], len(sample.names))
    adata.write_h5ad(tmp_path / "a.h5ad")
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places.to_csv(tmp_path / "where.csv")
    section = read_section(
        tmp_path / "a.h5ad", positions=tmp_path / "where.csv", library="b"
    )
    np.testing.assert_array_equal(section.counts.toarray(), 2 * sample.counts)
    np.testing.assert_allclose(section.pixel_xy, sample.xy)


def test_a_list_with_a_spot_twice_is_told(writers, sample, tmp_path):
    places = pd.DataFrame(sample.xy, sample.names, ["x", "y"])
    places = pd.concat([places, places[:1] + 5])
    places.to_csv(tmp_path / "twice.csv")
    told = f"twice.csv lists spot {sample.names[0]} more than once"
    for name in ("h5ad", "listed_table", "mtx_listed"):
        (folder := tmp_path / name).mkdir()
        path = writers[name](folder, sample)
        with pytest.raises(ReadError, match=told):
            read_section(path, positions=tmp_path / "twice.csv")


def test_a_table_in_obsm_is_read_by_its_columns(sample, tmp_path):
    import anndata

    counts = pd.DataFrame(sample.counts, sample.names, sample.genes, dtype=np.float32)
    adata = anndata.AnnData(counts)
    names = ["pxl_row_in_fullres", "pxl_col_in_fullres"]  # as in R: the row first
    adata.obsm["spatial"] = pd.DataFrame(sample.xy[:, ::-1], sample.names, names)
    adata.write_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_allclose(read_section(tmp_path / "a.h5ad").pixel_xy, sample.xy)


def test_loom_as_anndata_writes_it_with_counts_in_a_layer(sample, tmp_path):
    path = tmp_path / "a.loom"
    with h5py.File(path, "w") as file:
        file["matrix"] = np.log1p(sample.counts.T)
        file["layers/counts"] = sample.counts.T
        file["row_attrs/var_names"] = np.array(sample.genes, dtype="S")
        file["col_attrs/obs_names"] = np.array(sample.names, dtype="S")
        file["col_attrs/spatial"] = sample.xy
    section = read_section(path)
    assert_same(section, sample)
    np.testing.assert_allclose(section.pixel_xy, sample.xy)


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("mod", "MuData"),
        ("assays", "h5Seurat"),
        ("feature_slices", "binned_outputs"),
        ("umi", "lists molecules"),
    ],
)
def test_hdf5_of_other_kinds_says_what_to_open(tmp_path, group, told):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in (group, "obs", "var") if group == "mod" else (group,):
            file.create_group(name)
    with pytest.raises(ReadError, match=told):
        read_section(tmp_path / "a.h5")


@pytest.mark.parametrize("name", ["#1", "NKX2#1", "CD37#"])
@pytest.mark.parametrize("first", [True, False])
def test_a_gene_of_stereo_seq_may_have_a_hash(writers, sample, tmp_path, name, first):
    at = 0 if first else 3
    genes = [*sample.genes[:at], name, *sample.genes[at + 1 :]]
    path = writers["gem"](tmp_path, replace(sample, genes=genes))
    read = read_section(path)
    assert set(read.genes) == set(genes)
    assert read.gene_counts(name).sum() == sample.counts[:, at].sum()


@pytest.mark.parametrize("n_comments", [0, 59, 500])
@pytest.mark.parametrize("comment", ["#", '#Stereo "chip', "#a\tb\tc\td\te\tf"])
def test_comments_of_stereo_seq(writers, sample, tmp_path, n_comments, comment):
    path = writers["gem"](tmp_path, sample)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    bare = [line for line in lines if not line.startswith("#")]
    text = "\n".join([comment] * n_comments + bare)
    path.write_bytes(gzip.compress(text.encode()))
    assert read_section(path).counts.sum() == sample.counts.sum()


@pytest.mark.parametrize("line", ["#ACTB\t120", "ACTB\t1\t2"])
def test_a_line_of_stereo_seq_that_is_no_molecule_is_told(
    writers, sample, tmp_path, line
):
    path = writers["gem"](tmp_path, sample)
    text = gzip.decompress(path.read_bytes()).decode() + f"{line}\n"
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ReadError, match="1 molecules whose"):
        read_section(path)
