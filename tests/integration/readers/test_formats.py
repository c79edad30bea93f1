"""Every format gives back what was written: counts, names, genes and places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.files.replacing import check_place

CELLS = ("xenium", "xenium_2", "merscope", "cosmx", "cell_gef", "visium_cells")
FREE = (*CELLS, "listed_table", "slide_seq", "curio", "mtx_listed", "loom")
BINS = ("gem", "gef")


def in_order(section, sample, format_name):
    """Row of the section of each row of the sample, told by its place."""
    if format_name in FREE:
        xy = section.array_rc[:, ::-1]
        wanted = np.floor(sample.xy) if format_name == "cell_gef" else sample.xy
    else:
        xy, wanted = section.array_rc[:, ::-1], sample.array_rc[:, ::-1]
    far = np.linalg.norm(wanted[:, None] - xy[None], axis=2)
    assert far.min(axis=1).max() < 1e-6 * max(1, np.abs(wanted).max())
    return far.argmin(axis=1)


def check(section, sample, format_name):
    order = in_order(section, sample, format_name)
    assert sorted(order) == list(range(section.n_spots))
    columns = section.gene_index(sample.genes)
    assert section.n_genes == len(sample.genes)
    found = section.counts.toarray()[np.ix_(order, columns)]
    np.testing.assert_array_equal(found, sample.counts)
    nameless = (*BINS, "cosmx", "cell_gef", "st_table", "visium_cells")
    named = format_name not in nameless
    if named:
        assert [section.barcodes[at] for at in order] == sample.names


def test_what_is_written_is_read(writer, format_name, sample, tmp_path):
    path = writer(tmp_path, sample)
    assert can_read(path)
    section = read_section(path)
    check(section, sample, format_name)
    assert section.lattice.is_regular == (format_name not in FREE)
    if section.pixel_xy is not None and format_name in FREE:
        np.testing.assert_allclose(section.pixel_xy, section.array_rc[:, ::-1])


def test_counts_of_zero_are_told(writer, format_name, sample, tmp_path):
    if format_name in ("gem", "gef", "cell_gef"):
        pytest.skip("lists what was counted alone, or has no bin then")
    empty = replace(sample, counts=np.zeros_like(sample.counts))
    assert "All counts are zero." in read_section(writer(tmp_path, empty)).notes


def test_order_of_rows_does_not_matter(writer, format_name, sample, tmp_path):
    shuffled = sample.subset(np.random.default_rng(5).permutation(48))
    check(read_section(writer(tmp_path, shuffled)), sample, format_name)


def test_a_folder_that_holds_one_section_is_that_section(
    writer, format_name, sample, tmp_path
):
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    path = writer(tmp_path / "outer" / "inner", sample)
    inner = read_section(tmp_path / "outer" / "inner")
    assert inner.fingerprint == read_section(path).fingerprint


def test_cells_can_be_added_up_in_squares(writers, sample, tmp_path):
    section = read_section(writers["xenium"](tmp_path, sample), pitch=250)
    assert str(section.lattice.kind) == "square"
    assert section.counts.sum() == sample.counts.sum()
    for spot, centre in enumerate(section.pixel_xy):
        inside = (np.floor(sample.xy / 250) == np.floor(centre / 250)).all(axis=1)
        assert section.obs["n_cells"].iloc[spot] == inside.sum() > 0
        np.testing.assert_array_equal(
            section.counts[[spot]].toarray()[0], sample.counts[inside].sum(axis=0)
        )


def test_values_that_are_no_counts_are_averaged_in_squares(sample, tmp_path):
    import anndata

    values = np.log1p(sample.counts / 7).astype(np.float32)
    cells = anndata.AnnData(values)
    cells.obsm["spatial"] = sample.xy
    cells.write_h5ad(tmp_path / "a.h5ad")
    wishes = {"allow_normalised": True, "pitch": 250}
    section = read_section(tmp_path / "a.h5ad", **wishes)
    assert "48 cells or beads were averaged" in section.notes[-1]
    for spot, centre in enumerate(section.pixel_xy):
        inside = (np.floor(sample.xy / 250) == np.floor(centre / 250)).all(axis=1)
        means = values[inside].mean(axis=0)
        np.testing.assert_allclose(section.counts[[spot]].toarray()[0], means, 1e-5)


def test_pitch_is_for_free_positions_only(writers, sample, tmp_path):
    with pytest.raises(InvalidRequestError, match="square lattice already"):
        read_section(writers["st_table"](tmp_path, sample), pitch=250)


@pytest.mark.parametrize("name", ["gem", "gef"])
@pytest.mark.parametrize("size", [25, 100])
def test_stereo_seq_at_other_bins(writers, sample, tmp_path, name, size):
    section = read_section(writers[name](tmp_path, sample), bin_size=size)
    assert section.counts.sum() == sample.counts.sum()
    assert section.spot_diameter == size
    if size == 100:
        coarse = sample.array_rc // 2
        for spot, place in enumerate(section.array_rc):
            wanted = sample.counts[(coarse == place).all(axis=1)].sum(axis=0)
            columns = section.gene_index(sample.genes)
            found = section.counts[[spot]].toarray()[0, columns]
            np.testing.assert_array_equal(found, wanted)


def test_gef_bins_that_cannot_be_made(writers, sample, tmp_path):
    import h5py

    path = writers["gef"](tmp_path, sample)
    with h5py.File(path, "a") as file:
        file.move("geneExp/bin1", "geneExp/bin20")
    with pytest.raises(InvalidRequestError, match="there are 20"):
        read_section(path)
    assert read_section(path, bin_size=40).spot_diameter == 40


def test_visium_hd_takes_16_um_unless_told(writers, sample, tmp_path):
    path = writers["visium_hd"](tmp_path, sample)
    section = read_section(path)
    assert section.notes[0] == (
        "Visium HD, bins of 16 µm; there are also bins of 8 µm (bin_size; command "
        "line: --bin-size)."
    )
    assert "square_008um" in read_section(path, bin_size=8).name
    child = path / "binned_outputs" / "square_008um"
    assert read_section(child).notes[0] == "Visium HD, bins of 8 µm."
    with pytest.raises(InvalidRequestError, match="there are bins of 8, 16 µm"):
        read_section(path, bin_size=2)


def test_wishes_that_a_format_cannot_fulfil(writers, sample, tmp_path):
    path = writers["h5ad"](tmp_path, sample)
    with pytest.raises(
        InvalidRequestError, match=r"\(--bin-size\) means nothing for AnnD"
    ):
        read_section(path, bin_size=8)
    with pytest.raises(InvalidRequestError, match="above 0"):
        read_section(path, pitch=-1)
    with pytest.raises(InvalidRequestError, match="no positions file"):
        read_section(path, positions=tmp_path / "nothing.csv")


def test_positions_can_be_named(writers, sample, tmp_path):
    path = writers["mtx_listed"](tmp_path, sample)
    hidden = tmp_path / "elsewhere" / "odd name.csv"
    hidden.parent.mkdir()
    (tmp_path / "where.csv").rename(hidden)
    with pytest.raises(ReadError):
        read_section(path)
    check(read_section(path, positions=hidden), sample, "mtx_listed")
    table = writers["listed_table"](hidden.parent, sample)
    (hidden.parent / "coords.csv").unlink()
    elsewhere = hidden.rename(tmp_path / "p.csv")
    check(read_section(table, positions=elsewhere), sample, "listed_table")


def test_libraries_of_one_anndata(writers, sample, tmp_path):
    import anndata

    first = anndata.read_h5ad(writers["h5ad"](tmp_path, sample))
    second = first[:20].copy()
    second.obs_names = [f"{name}-b" for name in second.obs_names]
    both = anndata.concat({"A": first, "B": second}, label="library_id")
    both.write_h5ad(tmp_path / "both.h5ad")
    with pytest.raises(ReadError, match=r"'A' \(48 spots\), 'B' \(20 spots\)"):
        read_section(tmp_path / "both.h5ad")
    with pytest.raises(ReadError, match="no library 'C'"):
        read_section(tmp_path / "both.h5ad", library="C")
    assert read_section(tmp_path / "both.h5ad", library="B").n_spots == 20
    check(read_section(tmp_path / "both.h5ad", library="A"), sample, "h5ad")


def test_no_file_that_was_read_is_written_to(writer, format_name, sample, tmp_path):
    path = writer(tmp_path, sample)
    parts = [file for file in tmp_path.rglob("*") if file.is_file()]

    for start in {path, *filter(can_read, parts)}:
        inputs = read_section(start).inputs
        whole = tmp_path
        if format_name == "visium_hd" and start != path:  # bins of one size of two
            (whole,) = (each for each in start.parents if "square" in each.name)
        for part in parts:
            if part.is_relative_to(whole):
                with pytest.raises(InvalidRequestError, match="never changed"):
                    check_place(part, inputs)
        check_place(tmp_path / "new.h5ad", inputs if start != tmp_path else ())


@pytest.mark.parametrize(
    ("name", "option"),
    [("gem", "--bin-size"), ("gef", "--bin-size"), ("visium_cells", "--pitch")],
)
def test_notes_name_options_as_the_command_line_does(
    writers, sample, tmp_path, name, option
):
    notes = read_section(writers[name](tmp_path, sample)).notes
    assert any(f"command line: {option}" in note for note in notes)


def test_bins_of_cells_are_made_with_pitch(writers, sample, tmp_path):
    path = writers["cell_gef"](tmp_path, sample)
    with pytest.raises(InvalidRequestError, match=r"pitch .*command line: --pitch"):
        read_section(path, bin_size=20)
