"""Exports take their name only when complete, and never touch what was read."""

from __future__ import annotations

import builtins
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_stentrans import exports
from napari_stentrans.datasets import samples, simulated_section
from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.files.own_folders import LIST
from napari_stentrans.io.files.replacing import check_place, replacing
from napari_stentrans.io.tables import parquet_writer, read_anndata, section_writer
from napari_stentrans.io.writers import space_ranger
from napari_stentrans.pipeline import enhance
from napari_stentrans.saving import SaveChoices, for_programs
from napari_stentrans.section.technology import was_enhanced

ENDINGS = [".h5ad", ".csv", ".csv.gz", ".parquet", "", ".zarr"]


@pytest.fixture(scope="module")
def section():
    return simulated_section(n_rows=8, n_cols=8, n_genes=12, image=True).section


@pytest.fixture(scope="module")
def result(section):
    return enhance(section, method="nearest", refine=2, genes=section.genes[:5])


def names_in(folder):
    return {each.name for each in folder.iterdir()}


def written_as(path):
    """Names that writing this makes: a text table has a folder beside it."""
    is_text = path.name.endswith((".csv", ".csv.gz", ".tsv"))
    return {path.name, f"{path.name}.tables"} if is_text else {path.name}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_there_is_replaced_whole(section, tmp_path, ending):
    path = tmp_path / f"it{ending}"
    export(section.subset(np.arange(20)), path)

    export(section, path)

    assert read_section(path).n_spots == section.n_spots
    assert names_in(tmp_path) == written_as(path)


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@pytest.mark.parametrize("name", ["P{0};Q{0};R{0}", "P{0},Q{0},R{0}", "P{0} Q{0} R"])
def test_genes_may_be_called_with_marks_in_them(section, tmp_path, ending, name):
    names = [name.format(number) for number in range(section.n_genes)]
    marked = replace(section, var=section.var.set_axis(names))

    found = read_section(export(marked, tmp_path / f"it{ending}"))
    assert list(found.genes) == names
    assert found.fingerprint == marked.fingerprint
    result = enhance(marked, method="nearest", genes=names[:3])
    found = read_anndata(export(result, tmp_path / f"result{ending}"))
    assert list(found.var_names) == names[:3]
    assert "sd" in found.layers


def test_a_table_that_lost_rows_and_columns_keeps_what_is_known(section, tmp_path):
    known = section.obs.assign(score=np.arange(section.n_spots))
    path = export(replace(section, obs=known), tmp_path / "it.csv")
    table = pd.read_csv(path)
    table.iloc[5:30].drop(columns=table.columns[-1]).to_csv(path, index=False)

    found = read_section(path)

    assert list(found.obs["score"]) == list(range(5, 30))
    assert list(found.genes) == list(section.genes[:-1])
    assert list(found.var["programme"]) == list(section.var["programme"][:-1])


def test_a_table_with_other_spots_says_what_is_left_out(section, tmp_path):
    known = section.obs.assign(score=np.arange(section.n_spots))
    path = export(replace(section, obs=known), tmp_path / "it.csv")
    path.write_text(path.read_text().replace(f"\n{section.barcodes[3]},", "\nnew,"))

    found = read_section(path)

    assert "new" in found.barcodes
    assert "score" not in found.obs
    assert any("other spots" in note for note in found.notes)
    assert "programme" in found.var


@pytest.mark.parametrize("name", ["section.json", "genes.csv", "spots.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1\n", b"[1]"])
def test_damaged_tables_beside_are_named(section, tmp_path, name, content):
    path = export(replace(section, obs=section.obs.assign(a=1)), tmp_path / "it.csv")
    (tmp_path / "it.csv.tables" / name).write_bytes(content)

    with pytest.raises(ReadError, match=r"it\.csv\.tables"):
        read_section(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_read_is_never_written_to(section, tmp_path, ending):
    path = export(section, tmp_path / f"it{ending}")
    again = replace(section, source=str(path))

    with pytest.raises(InvalidRequestError, match="never changed"):
        export(again, path)


def test_nothing_is_written_into_what_lies_beside_a_table(section, tmp_path):
    read = read_section(export(section, tmp_path / "it.csv"))

    with pytest.raises(InvalidRequestError, match="never changed"):
        export(read, tmp_path / "it.csv.tables" / "genes.csv")


def test_a_link_to_a_folder_is_replaced_not_what_it_leads_to(section, tmp_path):
    real = export(section.subset(np.arange(20)), tmp_path / "real")
    (tmp_path / "link").symlink_to(real)

    export(section, tmp_path / "link")

    assert read_section(tmp_path / "link").n_spots == section.n_spots
    assert read_section(real).n_spots == 20
    assert names_in(tmp_path) == {"real", "link"}


def test_nothing_is_written_into_a_folder_that_was_read(section, tmp_path):
    folder = export(section, tmp_path / "outs")
    again = replace(section, source=str(folder))
    before = sorted(folder.rglob("*"))

    for path in (folder / "new.h5ad", folder / "spatial", tmp_path / "outs"):
        with pytest.raises(InvalidRequestError, match="never changed"):
            export(again, path)

    assert sorted(folder.rglob("*")) == before


def test_the_folder_above_what_was_read_cannot_be_replaced(section, tmp_path):
    (tmp_path / "project").mkdir()
    path = export(section, tmp_path / "project" / "it.h5ad")

    with pytest.raises(InvalidRequestError, match="never changed"):
        export(replace(section, source=str(path)), tmp_path / "project")

    assert path.exists()


@pytest.mark.parametrize("ending", ["", ".zarr", ".csv"])
def test_a_folder_of_somebody_is_never_replaced(section, tmp_path, ending):
    path = tmp_path / f"mine{ending}"
    folder = path.with_name("mine.csv.tables") if ending == ".csv" else path
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")

    with pytest.raises(InvalidRequestError, match=r"did not write .*thesis\.txt"):
        export(section, path)

    assert names_in(tmp_path) == {folder.name}
    assert (folder / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("ending", ["", ".zarr", ".csv"])
def test_what_was_put_into_a_folder_of_ours_is_never_lost(section, tmp_path, ending):
    path = export(section, tmp_path / f"ours{ending}")
    folder = path.with_name("ours.csv.tables") if ending == ".csv" else path
    deep = next((each for each in sorted(folder.iterdir()) if each.is_dir()), folder)
    (deep / "spots.docx").write_text("precious")

    with pytest.raises(InvalidRequestError, match=r"did not write .*spots\.docx"):
        export(section, path)

    assert (deep / "spots.docx").read_text() == "precious"


def test_a_folder_of_an_instrument_is_not_ours(section, tmp_path):
    path = export(section, tmp_path / "outs")
    (path / LIST).unlink()

    with pytest.raises(InvalidRequestError, match="did not write"):
        export(section, path)


def test_a_file_is_no_folder_that_can_be_replaced(section, tmp_path):
    (tmp_path / "notes").write_text("precious")

    with pytest.raises(InvalidRequestError, match="is a file"):
        check_place(tmp_path / "notes")
    with pytest.raises(InvalidRequestError, match="is a file"):
        export(section, tmp_path / "notes")

    assert (tmp_path / "notes").read_text() == "precious"


def test_a_folder_whose_place_cannot_be_taken_stays(section, tmp_path, monkeypatch):
    path = export(section, tmp_path / "ours")
    rename = Path.rename

    def failing(self, target):
        if self.name.endswith(".part"):
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InvalidRequestError, match="Permission denied"):
        export(section, path)

    assert names_in(tmp_path) == {"ours"}
    assert read_section(path).n_spots == section.n_spots


@pytest.mark.parametrize("ending", ["", ".zarr", ".ZARR", ".csv"])
def test_a_folder_of_ours_and_an_empty_one_are_replaced(section, tmp_path, ending):
    path = tmp_path / f"ours{ending}"
    if ending != ".csv":
        path.mkdir()
    export(section, path)
    if path.is_dir():
        (path / ".DS_Store").write_bytes(b"left by a look into it")

    export(section, path)

    assert read_section(path).n_spots == section.n_spots


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_leaves_what_was_there(section, tmp_path, monkeypatch, ending):
    path = export(section, tmp_path / f"it{ending}")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    monkeypatch.setattr(section_writer, "_rows", full)
    monkeypatch.setattr(parquet_writer, "_rows", full)
    monkeypatch.setattr(space_ranger, "_write_matrix", full)
    if ending == ".zarr":
        monkeypatch.setattr("spatialdata.SpatialData.write", full)

    with pytest.raises(InvalidRequestError, match="No space left"):
        export(section.subset(np.arange(20)), path)

    assert names_in(tmp_path) == written_as(path)
    monkeypatch.undo()
    assert read_section(path).n_spots == section.n_spots


def test_an_interruption_leaves_nothing(tmp_path):
    def write_half():
        with replacing(tmp_path / "out") as folder:
            folder.mkdir()
            (folder / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert list(tmp_path.iterdir()) == []


def test_what_threads_write_into_a_folder_meanwhile_is_removed_too(tmp_path):
    """Those of zarr go on for a moment after their caller has given up."""
    begun = threading.Event()

    def go_on(folder):
        for _ in range(10):
            (folder / "c").mkdir(parents=True, exist_ok=True)
            begun.set()
            time.sleep(0.02)

    def write_half():
        with replacing(tmp_path / "out") as folder:
            thread = threading.Thread(target=go_on, args=(folder,))
            thread.start()
            begun.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert list(tmp_path.iterdir()) == []


def test_a_result_larger_than_the_disk_is_refused_before_it_is_written(
    result, tmp_path, monkeypatch
):
    nearly_full = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: nearly_full)
    with pytest.raises(InvalidRequestError, match=r"needs .* [kM]B, and 1 kB are free"):
        export(result, tmp_path / "it.h5ad")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".csv.gz", ".parquet", "", ".zarr"])
def test_results_come_back_as_expected_counts(result, tmp_path, ending):
    path = export(result, tmp_path / f"it{ending}")

    found = read_section(path, allow_normalised=True)

    assert list(found.genes) == list(result.genes)
    expected = result.read(result.genes).mean
    np.testing.assert_array_equal(found.counts.toarray(), expected)
    np.testing.assert_allclose(found.array_rc, result.targets.array_rc)
    np.testing.assert_allclose(found.pixel_xy, result.pixel_xy, rtol=1e-7)
    assert names_in(tmp_path) == written_as(path)


def test_without_the_package_the_extra_is_named(section, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "spatialdata":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(InvalidRequestError, match=r"napari-stentrans\[spatialdata\]"):
        export(section, tmp_path / "x.zarr")


@pytest.mark.parametrize("name", ["x.docx", "x.h5", "x.v2", "x.csv.zip"])
def test_unknown_endings_are_refused_with_a_list(section, tmp_path, name):
    with pytest.raises(InvalidRequestError, match=r"NAME\.h5ad"):
        export(section, tmp_path / name)


def test_what_is_neither_section_nor_result_is_refused(section, tmp_path):
    with pytest.raises(InvalidRequestError, match="not AnnData; an AnnData"):
        export(enhance(section, method="nearest").to_anndata(), tmp_path / "a.h5ad")


def test_a_missing_folder_is_said(section, tmp_path):
    with pytest.raises(InvalidRequestError, match="there is no folder"):
        export(section, tmp_path / "gone" / "x.parquet")


def test_a_folder_of_a_result_is_refused_before_any_work(result, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    for place, told in (("mine", "did not write"), ("gone/x", "there is no folder")):
        steps = for_programs.space_ranger(result, tmp_path / place, SaveChoices())
        with pytest.raises(InvalidRequestError, match=told):
            next(steps)


def test_large_matrices_go_out_in_blocks(section, tmp_path, monkeypatch):
    monkeypatch.setattr(space_ranger, "_BLOCK_VALUES", 5 * section.n_genes)
    monkeypatch.setattr(parquet_writer, "_BLOCK_VALUES", 5 * section.n_genes)

    for ending in ("", ".parquet"):
        found = read_section(export(section, tmp_path / f"it{ending}"))
        assert found.fingerprint == section.fingerprint


def test_every_ending_that_is_told_is_written():
    assert set(exports.ENDINGS) <= set(exports._WRITERS)


@pytest.mark.parametrize(
    "place", ["crc16_visium", "mel1_rep1", "her2st/C5.tsv.gz", "st2k/MOB1.tsv"]
)
@pytest.mark.parametrize("ending", ["", ".h5ad"])
def test_real_sections_come_back(shared_data, tmp_path, place, ending):
    section = read_section(shared_data / place)

    found = read_section(export(section, tmp_path / f"it{ending}"))

    assert found.fingerprint == section.fingerprint
    assert found.lattice == section.lattice
    if section.pixel_xy is not None:
        np.testing.assert_array_equal(found.pixel_xy, section.pixel_xy)
    if section.image is not None:
        np.testing.assert_array_equal(found.image.data, section.image.data)


def test_the_shipped_sample_survives_a_tour_through_all_formats(tmp_path):
    section = read_section(samples()["simulated_visium"])
    now = section
    for ending in ENDINGS:
        now = read_section(export(now, tmp_path / f"it{ending}"))
        assert now.fingerprint == section.fingerprint


@pytest.mark.parametrize("ending", ENDINGS)
def test_odd_names_come_back(section, tmp_path, ending):
    genes = [
        "基因",
        "🧬",
        "β/ж",
        "..",
        "a" * 2000,
        " lead",
        '"q"',
        "=1+1",
        "",
        "#",
        "x",
    ]
    spots = ["斑点", "s/1", "..", "b" * 2000, "'s", "a,b", "", "e\u0301", "\u00e9", "1"]
    genes += [f"g{i}" for i in range(section.n_genes - len(genes))]
    spots += [f"s{i}" for i in range(section.n_spots - len(spots))]
    odd = replace(
        section,
        name="a/b " * 90,
        var=section.var.set_axis(pd.Index(genes, dtype=object), axis=0),
        obs=section.obs.set_axis(pd.Index(spots, dtype=object), axis=0),
    )
    found = read_section(export(odd, tmp_path / f"it{ending}"))
    assert list(found.genes) == genes
    assert list(found.obs.index) == spots
    np.testing.assert_array_equal(found.counts.toarray(), section.counts.toarray())


@pytest.mark.parametrize("ending", [".csv", ".tsv.gz", ""])
def test_text_does_not_take_names_of_several_lines(section, tmp_path, ending):
    genes = ["new\nline", *section.genes[1:]]
    odd = replace(section, var=section.var.set_axis(genes, axis=0))
    with pytest.raises(InvalidRequestError, match=r"new\\nline.*\.parquet"):
        export(odd, tmp_path / f"it{ending}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("again", [".h5ad", ".csv", ".parquet", ""])
def test_a_result_that_was_read_stays_a_result(section, tmp_path, ending, again):
    result = enhance(section, method="linear", refine=2, genes=section.genes[:5])
    read = read_section(export(result, tmp_path / f"result{ending}"))

    found = read_section(export(read, tmp_path / f"again{again}"))

    assert was_enhanced(found)
    np.testing.assert_allclose(found.counts.toarray(), read.counts.toarray(), rtol=1e-6)


def test_two_may_write_one_file_at_a_time(tmp_path):
    """The one that ends last is what is there, whole."""
    path = tmp_path / "two.h5ad"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        for unfinished in (first, second):
            unfinished.write_text(unfinished.name)
        name = first.name
    assert path.read_text() == name
    assert names_in(tmp_path) == {path.name}


def test_a_table_is_separated_as_its_own_ending_says(section, tmp_path):
    path = tmp_path / "counts.tsv.csv"
    told = replace(section, obs=section.obs.assign(quality=1.5))
    export(told, path)
    again = read_section(path)
    assert (again.counts != section.counts).nnz == 0
    assert (again.obs["quality"] == 1.5).all()
