"""Legacy ST tables: orientation, packing, names, and what lies beside them."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.errors import InvalidRequestError, InvalidSectionError, ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.section.lattice import LatticeKind


@pytest.mark.parametrize("transposed", [False, True], ids=["spot rows", "gene rows"])
@pytest.mark.parametrize(
    ("name", "sep"),
    [("a.tsv", "\t"), ("a.csv", ","), ("a.tsv.gz", "\t"), ("a.csv.gz", ",")],
)
@pytest.mark.parametrize("corner", [True, False], ids=["corner", "no corner"])
def test_a_table_reads_the_same_however_it_is_written(
    tmp_path, square, write_table, transposed, name, sep, corner
):
    path = write_table(
        tmp_path / name, square, transposed=transposed, sep=sep, corner=corner
    )
    section = read_section(path)
    assert can_read(path)
    assert section.name == "a"
    assert section.lattice.kind is LatticeKind.SQUARE
    assert list(section.barcodes) == square.spot_names
    assert list(section.genes) == square.genes
    np.testing.assert_array_equal(section.array_rc, square.array_rc)
    np.testing.assert_array_equal(section.counts.toarray(), square.counts)
    assert section.counts.dtype == np.float32
    assert section.notes == ()


def test_the_content_counts_not_the_name(tmp_path, square, write_table):
    packed = write_table(tmp_path / "a.tsv.gz", square, sep=";")
    misnamed = packed.rename(tmp_path / "section.dat")
    assert read_section(misnamed).n_spots == 30


def test_names_as_r_and_seurat_write_them(tmp_path, square, write_table):
    names = [f"X{name}_1" for name in square.spot_names]
    path = write_table(tmp_path / "a.tsv", square, names=names, transposed=True)
    section = read_section(path)
    np.testing.assert_array_equal(section.array_rc, square.array_rc)
    assert list(section.barcodes) == names


def test_fractional_names_are_rounded_where_that_is_unambiguous(
    tmp_path, square, write_table
):
    names = [f"{r + 0.05:.2f}x{c - 0.04:.2f}" for r, c in square.array_rc]
    section = read_section(write_table(tmp_path / "a.tsv", square, names=names))
    np.testing.assert_array_equal(section.array_rc, square.array_rc)
    assert "rounded" in section.notes[0]


def test_fractional_names_that_collide_are_free_positions(
    tmp_path, square, write_table
):
    rng = np.random.default_rng(1)
    at = rng.uniform(1, 4, square.array_rc.shape).round(2)
    names = [f"{r:.2f}x{c:.2f}" for r, c in at]
    section = read_section(write_table(tmp_path / "a.tsv", square, names=names))
    assert section.lattice.kind is LatticeKind.IRREGULAR
    np.testing.assert_allclose(section.array_rc, at)
    assert "free positions" in section.notes[0]


def test_coordinates_by_spot_name(tmp_path, square, write_table):
    names = [f"spot{i}" for i in range(30)]
    path = write_table(tmp_path / "counts.tsv.gz", square, names=names)
    listed = pd.DataFrame(
        square.array_rc[::-1], names[::-1], ["array_row", "array_col"]
    )
    listed.iloc[:-1].to_csv(tmp_path / "coords.csv")
    section = read_section(path)
    assert section.name == tmp_path.name
    np.testing.assert_array_equal(section.array_rc, square.array_rc[1:])
    np.testing.assert_array_equal(section.counts.toarray(), square.counts[1:])
    assert "1 spots that coords.csv does not list left out." in section.notes


@pytest.mark.parametrize("more", [{}, {"label": 1, "region": "a", "kind": "predict"}])
def test_places_to_predict_beside_a_table_do_not_choose_its_spots(
    tmp_path, square, write_table, more
):
    path = write_table(tmp_path / "counts.tsv", square)
    places = tmp_path / "positions.csv"  # as for --at, or regions that were saved
    listed = pd.DataFrame(square.array_rc[:3], columns=["array_row", "array_col"])
    listed.assign(**more).to_csv(places, index=False)
    section = read_section(path)
    assert list(section.barcodes) == square.spot_names
    assert section.notes == (
        "positions.csv tells no more than the names of the spots and is not used.",
    )
    assert read_section(path, positions=places).n_spots == 3


@pytest.mark.parametrize("end", [5, 7])
def test_a_list_that_names_spots_chooses_them(tmp_path, square, write_table, end):
    """Also where their names tell their places already."""
    path = write_table(tmp_path / "counts.tsv", square)
    listed = pd.DataFrame(square.array_rc, columns=["array_row", "array_col"])
    listed.index = pd.Index(square.spot_names, name="spot")
    listed.iloc[4:end].to_csv(tmp_path / "positions.csv")
    assert list(read_section(path).barcodes) == square.spot_names[4:end]


@pytest.fixture
def selection(square):
    """As the spot detector writes it: x is the column, y the row."""
    row, col = square.array_rc.T
    return pd.DataFrame(
        {
            "x": col.astype(int),
            "y": row.astype(int),
            "new_x": col + 0.07,
            "new_y": row - 0.03,
            "pixel_x": square.pixel_xy[:, 0],
            "pixel_y": square.pixel_xy[:, 1],
            "selected": 1,
        }
    )


@pytest.fixture
def column_first(square):
    """Spot names that go with a selection: {x}x{y}."""
    return [f"{c:g}x{r:g}" for r, c in square.array_rc]


@pytest.mark.parametrize("name", ["A1_selection.tsv", "alignment_table_A1.tsv"])
def test_selection_beside_a_table(
    tmp_path, square, selection, column_first, write_table, name
):
    path = write_table(tmp_path / "A1.tsv.gz", square, names=column_first)
    selection.loc[[3, 7], "selected"] = 0
    selection.drop(index=11).sample(frac=1, random_state=0).to_csv(
        tmp_path / name, sep="\t", index=False
    )
    kept = np.setdiff1d(np.arange(30), [3, 7, 11])
    section = read_section(path)
    np.testing.assert_array_equal(section.array_rc, square.array_rc[kept])
    np.testing.assert_array_equal(section.counts.toarray(), square.counts[kept])
    np.testing.assert_allclose(section.pixel_xy, square.pixel_xy[kept])
    assert any(note.startswith("1 spots that") for note in section.notes)
    assert any(note.startswith("2 spots that") for note in section.notes)
    assert {"new_x", "pixel_x", "array_row", "array_col"} <= set(section.obs)


def test_pixels_of_a_selection_that_are_no_numbers_are_told(
    tmp_path, square, selection, column_first, write_table
):
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    selection["pixel_x"] = selection["pixel_x"].astype(str)
    selection.loc[5, "pixel_x"] = "left"
    selection.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    with pytest.raises(ReadError, match=r"1 rows .* in pixel_x, pixel_y .*line 7"):
        read_section(path)


def test_a_selection_turns_the_names_of_spots_round(
    tmp_path, square, selection, column_first, write_table
):
    """As docs/formats.md says; a picture by hand needs pixels, so a selection."""
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    alone = read_section(path)
    np.testing.assert_array_equal(alone.array_rc, square.array_rc[:, ::-1])
    Image.new("RGB", (110, 90), (1, 2, 3)).save(tmp_path / "photo.png")
    with pytest.raises(InvalidRequestError, match="no pixel positions"):
        read_section(path, image=tmp_path / "photo.png")
    selection.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    beside = read_section(path, image=tmp_path / "photo.png")
    np.testing.assert_array_equal(beside.array_rc, square.array_rc)


def test_selection_by_adjusted_names(tmp_path, square, selection, write_table):
    names = [f"{x:.2f}x{y:.2f}" for x, y in selection[["new_x", "new_y"]].to_numpy()]
    path = write_table(tmp_path / "A1.tsv", square, names=names)
    selection.round(2).to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    section = read_section(path)
    np.testing.assert_array_equal(section.array_rc, square.array_rc)


def test_selection_of_another_section_is_not_taken(
    tmp_path, square, selection, column_first, write_table
):
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    write_table(tmp_path / "B2.tsv", square, names=column_first)
    selection.to_csv(tmp_path / "B2_selection.tsv", sep="\t", index=False)
    selection.to_csv(tmp_path / "coords.tsv", sep="\t", index=False)
    assert read_section(path).pixel_xy is None


def test_picture_beside_a_selection_is_aligned(
    tmp_path, square, selection, column_first, write_table
):
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    selection.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    Image.new("RGB", (110, 90), (1, 2, 3)).save(tmp_path / "A1.png")
    section = read_section(path)
    assert section.image.data.shape == (90, 110, 3)
    assert section.image.scale == 1.0
    assert set(section.inputs) == {str(file) for file in tmp_path.iterdir()}


def test_scale_of_a_smaller_picture_is_a_guess_and_said(
    tmp_path, square, selection, column_first, write_table
):
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    selection.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    scan = square.pixel_xy.min(axis=0) + square.pixel_xy.max(axis=0)
    Image.new("L", tuple((scan / 4).round().astype(int))).save(tmp_path / "A1.png")
    section = read_section(path)
    assert section.image.scale == pytest.approx(0.25, rel=0.03)
    assert "guess" in section.notes[-1]


@pytest.mark.parametrize("kind", ["square picture", "damaged picture", "no pixels"])
def test_picture_that_cannot_be_aligned_is_left_out(
    tmp_path, square, selection, column_first, write_table, kind
):
    path = write_table(tmp_path / "A1.tsv", square, names=column_first)
    if kind == "no pixels":
        selection = selection[["x", "y"]]
    selection.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    Image.new("RGB", (5, 50)).save(tmp_path / "A1.png")
    if kind == "damaged picture":
        (tmp_path / "A1.png").write_bytes((tmp_path / "A1.png").read_bytes()[:30])
    section = read_section(path)
    assert section.image is None
    assert "A1.png is not shown" in section.notes[-1]


def test_checkerboard_of_a_table_is_quincunx(tmp_path, hexagonal, write_table):
    path = write_table(tmp_path / "a.tsv", hexagonal)
    assert read_section(path).lattice.kind is LatticeKind.QUINCUNX
    assert read_section(path, lattice="hex").lattice.kind is LatticeKind.HEX


def test_repeated_genes_are_numbered(tmp_path, square, write_table):
    square.genes[3] = "CD37"
    section = read_section(write_table(tmp_path / "a.csv", square, sep=","))
    assert list(section.genes) == ["CD37", "DLL3", "CSPG4", "CD37-1", "MT-CO1"]
    assert "1 gene names" in section.notes[-1]


def test_quoted_names_with_the_separator_in_them(tmp_path):
    (tmp_path / "a.csv").write_text(
        '"","1x1","1x2","2x1","2x2"\n"A, long",1,2,3,4\n"B",0,0,5,0\n'
    )
    section = read_section(tmp_path / "a.csv")
    assert list(section.genes) == ["A, long", "B"]
    assert section.gene_counts("A, long").tolist() == [1, 2, 3, 4]


def test_every_strange_cell_is_told_at_once(tmp_path):
    (tmp_path / "a.csv").write_text(
        ",A,B\n1x1,1,two\n1x2,,3\n2x1,4\n2x2,NA,5\n3x1,1,1\n3x2,1,1\n"
    )
    with pytest.raises(ReadError) as caught:
        read_section(tmp_path / "a.csv")
    message = str(caught.value)
    assert "'two' in line 2, column 'B'" in message
    assert "2 cells are empty (in line 3, column 'A'; in line 5, column 'A')" in message
    assert "line 4 has 2" in message
    assert caught.value.__notes__ == [f"while reading {tmp_path / 'a.csv'}"]


def test_lines_are_numbered_as_an_editor_does(tmp_path):
    lines = ["#made\tby", "", "\tA\tB\tC", "2x4\t1\t0\t2", "2x5\t1\tmany\t2"]
    (tmp_path / "a.tsv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ReadError, match="'many' in line 5, column 'B'"):
        read_section(tmp_path / "a.tsv")


def test_normalised_tables_are_refused_unless_insisted(tmp_path):
    (tmp_path / "a.csv").write_text(",A,B\n1x1,1,0.5\n1x2,0,3\n2x1,4,1\n2x2,1,5\n")
    with pytest.raises(ReadError, match=r"not raw counts .*0\.5"):
        read_section(tmp_path / "a.csv")
    section = read_section(tmp_path / "a.csv", allow_normalised=True)
    assert "normalised" in section.notes[0]


def test_negative_values_and_twice_named_spots_are_told_together(tmp_path):
    (tmp_path / "a.csv").write_text(",A,B\n1x1,1,-2\n1x1,0,3\n2x1,4,1\n2x2,1,5\n")
    with pytest.raises(InvalidSectionError) as caught:
        read_section(tmp_path / "a.csv")
    assert "negative" in str(caught.value)
    assert "'1x1'" in str(caught.value)


def test_bad_positions_and_bad_counts_are_told_together(tmp_path):
    (tmp_path / "a.csv").write_text(",A,B\ns1,1,x\ns2,0,3\ns3,0,3\n")
    (tmp_path / "a_coords.csv").write_text(
        "spot,array_row,array_col\ns1,1,1\ns2,?,2\ns3,1,3\n"
    )
    (tmp_path / "b.csv").write_text(",A,B\n1x1,1,x\n1x2,0,3\n2x1,0,3\n")
    (tmp_path / "b_coords.csv").write_text(
        "spot,array_row,array_col\n1x1,1,1\n1x2,?,2\n"
    )
    with pytest.raises(ReadError) as caught:
        read_section(tmp_path / "b.csv")
    assert "'x' in line 2" in str(caught.value)
    assert "b_coords.csv has 1 rows without numbers" in str(caught.value)


def test_a_cut_off_packed_table(tmp_path, square, write_table):
    path = write_table(tmp_path / "a.tsv.gz", square)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ReadError, match="cut off"):
        read_section(path)


def test_a_folder_with_one_table_opens_and_with_two_lists_them(
    tmp_path, square, write_table
):
    write_table(tmp_path / "one.tsv", square)
    (tmp_path / "notes.txt").write_text("nothing here\n")
    assert read_section(tmp_path).name == "one"
    write_table(tmp_path / "two.tsv", square)
    with pytest.raises(
        ReadError, match=r"2 sections; open one of them:\n  one.tsv\n  two"
    ):
        read_section(tmp_path)


def test_wide_tables_keep_their_last_column(tmp_path):
    n_genes = 3000
    header = "\t".join(f"g{i}" for i in range(n_genes))
    rows = [
        f"{r}x{c}\t" + "\t".join(str((r * c + i) % 3) for i in range(n_genes))
        for r in range(1, 4)
        for c in range(1, 4)
    ]
    (tmp_path / "a.tsv.gz").write_bytes(
        gzip.compress(("\t" + header + "\n" + "\n".join(rows) + "\n\n").encode())
    )
    section = read_section(tmp_path / "a.tsv.gz")
    expected = [(r * c + n_genes - 1) % 3 for r in range(1, 4) for c in range(1, 4)]
    assert section.gene_counts(f"g{n_genes - 1}").tolist() == expected


@pytest.mark.parametrize("transposed", [False, True], ids=["spot rows", "gene rows"])
@pytest.mark.parametrize("corner", ["", "gene", None])
@pytest.mark.parametrize("header_ends", ["\t", ""])
@pytest.mark.parametrize("rows_end", ["\t", ""])
def test_a_separator_at_the_end_of_lines_shifts_no_names(
    tmp_path, square, write_table, transposed, corner, header_ends, rows_end
):
    path = write_table(tmp_path / "a.tsv", square, transposed=transposed)
    header, *rows = path.read_text().splitlines()
    header = header[1:] if corner is None else corner + header
    lines = [header + header_ends, *(row + rows_end for row in rows)]
    path.write_text("".join(f"{line}\n" for line in lines))
    if corner is None and rows_end and not header_ends:
        with pytest.raises(ReadError, match="do not fit"):
            read_section(path)
        return
    section = read_section(path)
    assert list(section.genes) == square.genes
    assert list(section.barcodes) == square.spot_names
    np.testing.assert_array_equal(section.counts.toarray(), square.counts)


def test_rows_and_columns_without_a_name_are_refused(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("\tA\t\n1x1\t1\t2\n1x2\t3\t4\n2x1\t5\t6\n")
    with pytest.raises(ReadError, match="1 columns have no name"):
        read_section(path)
    path.write_text("\t1x1\t1x2\t2x1\nA\t1\t2\t3\n\t4\t5\t6\n")
    with pytest.raises(ReadError, match="1 lines have no name"):
        read_section(path)
