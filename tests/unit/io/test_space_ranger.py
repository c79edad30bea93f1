"""Space Ranger output in every layout, and every way in which it can be broken."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from napari_stentrans.errors import ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.files import limits
from napari_stentrans.section.lattice import LatticeKind

POSITIONS = [
    "tissue_positions_list.csv",
    "tissue_positions.csv",
    "tissue_positions.parquet",
]


@pytest.mark.parametrize("matrix", ["h5", "mtx", "mtx.gz"])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("suffix", [True, False], ids=["-1", "bare"])
def test_every_layout_reads_the_same(
    tmp_path, hexagonal, space_ranger, matrix, positions, suffix
):
    in_tissue = np.ones(len(hexagonal.barcodes), dtype=int)
    in_tissue[[2, 9]] = 0
    folder = space_ranger(
        tmp_path / "patient",
        hexagonal,
        matrix=matrix,
        positions=positions,
        suffix=suffix,
        in_tissue=in_tissue,
    )
    kept = np.flatnonzero(in_tissue)
    section = read_section(folder)
    assert section.name == "patient"
    assert section.lattice.kind is LatticeKind.HEX
    assert list(section.genes) == hexagonal.genes
    assert section.var["gene_ids"].iloc[1] == "ENSG00000000001"
    np.testing.assert_array_equal(section.array_rc, hexagonal.array_rc[kept])
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts[kept])
    np.testing.assert_allclose(section.pixel_xy, hexagonal.pixel_xy[kept])
    assert section.spot_diameter == 6.5
    assert section.image.name == "hires"
    assert section.image.scale == pytest.approx(0.5)
    assert section.image.data.shape == (55, 65, 3)
    assert section.notes == ("2 spots that are not under tissue left out.",)


@pytest.mark.parametrize(
    "inside",
    [
        ".",
        "outs",
        "outs/spatial",
        "outs/filtered_feature_bc_matrix.h5",
        "outs/spatial/tissue_positions_list.csv",
    ],
)
def test_any_part_of_an_output_means_the_output(
    tmp_path, hexagonal, space_ranger, inside
):
    folder = space_ranger(tmp_path / "patient", hexagonal)
    assert can_read(folder / inside)
    section = read_section(folder / inside)
    assert (section.name, section.n_spots) == ("patient", len(hexagonal.barcodes))


def test_the_mtx_folder_means_the_output(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "patient", hexagonal, matrix="mtx")
    section = read_section(folder / "outs" / "raw_feature_bc_matrix")
    assert (section.name, section.n_spots) == ("patient", len(hexagonal.barcodes))


def test_all_in_one_folder_as_in_archives(tmp_path, hexagonal, space_ranger):
    outs = space_ranger(tmp_path / "patient", hexagonal) / "outs"
    flat = tmp_path / "GSM1"
    flat.mkdir()
    for file in [*outs.glob("*.h5"), *(outs / "spatial").iterdir()]:
        shutil.copy(file, flat / f"GSM1_{file.name}")
    section = read_section(flat)
    assert (section.name, section.n_spots) == ("GSM1", len(hexagonal.barcodes))
    assert section.image.name == "hires"
    (flat / "notes.txt").touch()
    from_matrix = read_section(flat / "GSM1_filtered_feature_bc_matrix.h5")
    others = {str(file) for file in flat.iterdir() if file.suffix != ".txt"}
    assert set(from_matrix.inputs) == others


def test_filtered_counts_come_before_raw_unless_pointed_at(
    tmp_path, hexagonal, space_ranger
):
    outs = space_ranger(tmp_path / "patient", hexagonal) / "outs"
    raw = outs / "raw_feature_bc_matrix.h5"
    shutil.copy(outs / "filtered_feature_bc_matrix.h5", raw)
    with h5py.File(raw, "r+") as file:
        file["matrix/data"][:] += 1
    stored = np.count_nonzero(hexagonal.counts)
    total = hexagonal.counts.sum()
    assert read_section(outs).counts.sum() == total
    assert read_section(raw).counts.sum() == total + stored


def test_several_sections_are_listed(tmp_path, hexagonal, space_ranger):
    for name in ("left", "right"):
        space_ranger(tmp_path / "slide" / name, hexagonal)
    with pytest.raises(ReadError, match=r"2 sections.*\n  left/outs\n  right/outs"):
        read_section(tmp_path / "slide")
    shutil.rmtree(tmp_path / "slide" / "left")
    assert read_section(tmp_path / "slide").name == "right"


def test_visium_hd_is_a_square_lattice_however_few_bins(tmp_path, square, space_ranger):
    from dataclasses import replace

    sparse_rc = square.array_rc * 101  # far apart: nothing to recognise a lattice from
    outs = space_ranger(
        tmp_path / "brain",
        replace(square, array_rc=sparse_rc),
        positions="tissue_positions.parquet",
        factors={"bin_size_um": 8.0},
    )
    binned = outs / "outs" / "binned_outputs" / "square_008um"
    binned.mkdir(parents=True)
    for child in list((outs / "outs").iterdir()):
        if child.name != "binned_outputs":
            shutil.move(child, binned / child.name)
    section = read_section(tmp_path / "brain")
    assert section.name == "brain_square_008um"
    assert section.lattice.kind is LatticeKind.SQUARE
    assert section.lattice.step_rc == (1.0, 1.0)
    np.testing.assert_array_equal(section.array_rc, sparse_rc)


def test_hex_is_known_from_few_spots(tmp_path, hexagonal, space_ranger):
    in_tissue = ((hexagonal.array_rc % 4) == 0).all(axis=1).astype(int)
    section = read_section(
        space_ranger(tmp_path / "patient", hexagonal, in_tissue=in_tissue)
    )
    assert section.lattice.kind is LatticeKind.HEX
    assert section.lattice.step_rc == (1.0, 1.0)


def test_symbols_are_made_unique_and_ids_kept(tmp_path, hexagonal, space_ranger):
    symbols = ["TBCE", "A", "TBCE", "", "TBCE-1"]
    section = read_section(space_ranger(tmp_path / "p", hexagonal, symbols=symbols))
    assert list(section.genes) == ["TBCE", "A", "TBCE-2", "ENSG00000000003", "TBCE-1"]
    assert section.var["gene_ids"].is_unique
    assert "TBCE" in section.notes[0]


def test_features_that_are_no_genes_are_left_out(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal)
    with h5py.File(folder / "outs" / "filtered_feature_bc_matrix.h5", "r+") as file:
        file["matrix/features/feature_type"][4] = b"Antibody Captur"
    section = read_section(folder)
    assert list(section.genes) == hexagonal.genes[:4]
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts[:, :4])


def as_probes(genes: Path, probes: Path) -> None:
    """Make what scanpy's and Seurat's changes for Space Ranger 2.1 say is in there."""
    shutil.copy(genes, probes)
    with h5py.File(probes, "r+") as file:
        features = file["matrix/features"]
        names = features["name"][:].astype(str)
        probe = [f"ENSG0000000000{i}|{name}|a1b2c3" for i, name in enumerate(names)]
        features["gene_id"], features["gene_name"] = (
            features["id"][:],
            names.astype("S"),
        )
        del features["id"]
        features["id"] = np.array(probe, dtype="S")
        features["probe_region"] = np.full(len(names), b"spliced")
        features["filtered_probes"] = np.ones(len(names), dtype=bool)


@pytest.mark.parametrize("begin", ["", "GSM1_S1_"])
@pytest.mark.parametrize("matrix", ["filtered", "raw"])
def test_probes_are_not_taken_for_genes(
    tmp_path, hexagonal, space_ranger, begin, matrix
):
    outs = space_ranger(tmp_path / "p", hexagonal) / "outs"
    genes = outs / f"{begin}{matrix}_feature_bc_matrix.h5"
    (outs / "filtered_feature_bc_matrix.h5").rename(genes)
    probes = outs / f"{begin}raw_probe_bc_matrix.h5"
    as_probes(genes, probes)
    assert not read_section(outs).notes  # genes are found by themselves
    told = f"{probes.name} counts probes, not genes; open {genes.name}"
    with pytest.raises(ReadError, match=re.escape(told)):
        read_section(probes)
    genes.unlink()
    section = read_section(outs)
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)
    (note,) = section.notes
    assert note.startswith(f"{probes.name} counts probes, not genes: a gene may have")
    assert "filtered_feature_bc_matrix.h5" in note


@pytest.mark.parametrize(
    ("images", "shown"), [(("lowres",), "lowres"), ((), None)], ids=["lowres", "none"]
)
def test_images_that_there_are(tmp_path, hexagonal, space_ranger, images, shown):
    section = read_section(space_ranger(tmp_path / "p", hexagonal, images=images))
    assert (section.image.name if section.image else None) == shown
    assert bool(section.notes) == (shown is None)


def test_a_damaged_image_gives_way_to_the_next(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal)
    picture = folder / "outs" / "spatial" / "tissue_hires_image.png"
    picture.write_bytes(picture.read_bytes()[:60])
    section = read_section(folder)
    assert section.image.name == "lowres"
    assert "tissue_hires_image.png cannot be read" in section.notes[0]


@pytest.mark.parametrize("colour", [(0, 0, 0, 0), (9, 9, 9, 255)])
def test_a_blank_image_gives_way_to_the_next(tmp_path, hexagonal, space_ranger, colour):
    folder = space_ranger(tmp_path / "p", hexagonal)
    picture = folder / "outs" / "spatial" / "tissue_hires_image.png"
    Image.new("RGBA", (65, 55), colour).save(picture)
    section = read_section(folder)
    assert section.image.name == "lowres"
    assert "tissue_hires_image.png is blank" in section.notes[0]


def test_a_wrong_scale_is_noticed(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(
        tmp_path / "p", hexagonal, factors={"tissue_hires_scalef": 2.0}
    )
    assert "outside the hires image" in read_section(folder).notes[-1]


@pytest.mark.parametrize("how", ["missing", "no json", "a list"])
def test_without_scale_factors_there_is_no_image(
    tmp_path, hexagonal, space_ranger, how
):
    folder = space_ranger(tmp_path / "p", hexagonal)
    factors = folder / "outs" / "spatial" / "scalefactors_json.json"
    if how == "missing":
        factors.unlink()
    else:
        factors.write_text({"no json": "{", "a list": "[1]"}[how])
    section = read_section(folder)
    assert section.image is None
    assert section.spot_diameter is None
    assert len(section.notes) == 2


def test_every_problem_is_told_at_once(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal)
    matrix = folder / "outs" / "filtered_feature_bc_matrix.h5"
    matrix.write_bytes(matrix.read_bytes()[:500])
    positions = folder / "outs" / "spatial" / "tissue_positions_list.csv"
    positions.write_text(positions.read_text().replace(",", ";;"))
    with pytest.raises(ReadError) as caught:
        read_section(folder)
    assert "filtered_feature_bc_matrix.h5" in str(caught.value)
    assert "tissue_positions_list.csv" in str(caught.value)
    assert caught.value.__notes__ == [f"while reading {folder}"]


def test_counts_that_no_memory_here_would_hold_are_refused(
    tmp_path, hexagonal, space_ranger, monkeypatch
):
    counts = np.ones((len(hexagonal.barcodes), 900))
    many = replace(hexagonal, counts=counts)
    folder = space_ranger(tmp_path / "p", many, symbols=[f"G{n}" for n in range(900)])
    monkeypatch.setattr(limits, "machine_memory", lambda: 2 * 16 * counts.size)
    with pytest.raises(ReadError, match=r"filtered.*\.h5 would take .* of memory"):
        read_section(folder)
    monkeypatch.setattr(limits, "machine_memory", lambda: 2 * 80 * counts.size)
    assert read_section(folder).n_genes == 900


@pytest.mark.parametrize("last", ["Gene Expression", "Antibody Capture"])
@pytest.mark.parametrize("gene", [-1, 5, 10**6])
def test_counts_of_genes_that_are_not_there_are_told(
    tmp_path, hexagonal, space_ranger, last, gene
):
    """Genes are taken apart from antibodies by what a damaged file might tell."""
    folder = space_ranger(tmp_path / "p", hexagonal)
    with h5py.File(folder / "outs" / "filtered_feature_bc_matrix.h5", "r+") as file:
        kinds = file["matrix/features/feature_type"][:-1]
        del file["matrix/features/feature_type"]
        file["matrix/features/feature_type"] = np.array([*kinds, last.encode()])
        file["matrix/indices"][7] = gene
    with pytest.raises(ReadError, match=r"filtered_feature_bc_matrix\.h5"):
        read_section(folder)


@pytest.mark.parametrize(("n_left", "told"), [(4, "4 gene names"), (0, "0 gene names")])
def test_genes_without_a_name_are_told(tmp_path, hexagonal, space_ranger, n_left, told):
    folder = space_ranger(tmp_path / "p", hexagonal)
    with h5py.File(folder / "outs" / "filtered_feature_bc_matrix.h5", "r+") as file:
        for part in ("id", "name"):
            names = file[f"matrix/features/{part}"][:n_left]
            del file[f"matrix/features/{part}"]
            if n_left:
                file[f"matrix/features/{part}"] = names
    with pytest.raises(ReadError, match=f"{told} for 5 rows of counts"):
        read_section(folder)


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("filtered_feature_bc_matrix.h5", "no count matrix"),
        ("spatial/tissue_positions_list.csv", "no tissue_positions.*: copy it there"),
    ],
)
def test_missing_parts_are_named(tmp_path, hexagonal, space_ranger, remove, message):
    folder = space_ranger(tmp_path / "p", hexagonal)
    (folder / "outs" / remove).unlink()
    with pytest.raises(ReadError, match=message):
        read_section(folder)


def test_parts_of_different_sections_are_told(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal)
    positions = folder / "outs" / "spatial" / "tissue_positions_list.csv"
    positions.write_text("".join(f"X{line}" for line in positions.open()))
    with pytest.raises(ReadError, match="belong to different sections"):
        read_section(folder)


def test_nothing_under_tissue_is_told(tmp_path, hexagonal, space_ranger):
    none = np.zeros(len(hexagonal.barcodes), dtype=int)
    with pytest.raises(ReadError, match=r"in tissue among the positions.*write 1"):
        read_section(space_ranger(tmp_path / "p", hexagonal, in_tissue=none))


def test_positions_that_are_no_numbers_are_told(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal, positions="tissue_positions.csv")
    positions = folder / "outs" / "spatial" / "tissue_positions.csv"
    lines = positions.read_text().splitlines()
    lines[3] = lines[3].replace(",1,", ",1,?", 1)
    positions.write_text("\n".join(lines))
    with pytest.raises(ReadError, match="1 cells that are no numbers in array_row"):
        read_section(folder)


@pytest.mark.parametrize("part", ["barcodes.tsv", "features.tsv", "matrix.mtx"])
def test_parts_of_an_mtx_folder_that_do_not_fit(
    tmp_path, hexagonal, space_ranger, part
):
    folder = space_ranger(tmp_path / "p", hexagonal, matrix="mtx")
    file = folder / "outs" / "raw_feature_bc_matrix" / part
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]))
    with pytest.raises(ReadError, match=r"(for|cannot be read)"):
        read_section(folder)


def test_a_matrix_alone_says_what_is_missing(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "p", hexagonal)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / "outs" / "filtered_feature_bc_matrix.h5", alone / "x.h5")
    assert not can_read(alone / "x.h5")
    for path in (alone, alone / "x.h5"):
        with pytest.raises(
            ReadError, match=r"36 barcodes x 5 features.*'spatial' folder"
        ):
            read_section(path)
