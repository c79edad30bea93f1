"""Damaged files of every format: a clear error or a right reading, nothing else."""

from __future__ import annotations

import gzip
import os
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from napari_stentrans.errors import ReadError, StEnTransError
from napari_stentrans.io import read_section
from napari_stentrans.section.section import Section

SHARES = (0.0, 0.1, 0.5, 0.9, 0.999)
HDF5 = ("h5ad", "visium_1", "xenium", "gef", "cell_gef", "loom")
TEXT = (".csv", ".tsv", ".txt", ".mtx", ".gem", ".gz", ".json", ".geojson")


def files_of(folder: Path) -> list[Path]:
    found = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return found[:: max(1, len(found) // 5)] if len(found) > 20 else found  # zarr


def read_text(file: Path) -> str:
    raw = file.read_bytes()
    return (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode()


def write_text(file: Path, text: str, encoding: str = "utf-8") -> None:
    raw = text.encode(encoding, errors="replace")
    file.write_bytes(gzip.compress(raw) if file.suffix == ".gz" else raw)


def text_files(folder: Path) -> list[Path]:
    return [file for file in files_of(folder) if file.suffix in TEXT]


def test_cut_off(writer, sample, tmp_path, attempt):
    path = writer(tmp_path, sample)
    for file in files_of(tmp_path):
        whole = file.read_bytes()
        for share in SHARES:
            file.write_bytes(whole[: int(len(whole) * share)])
            attempt(path)
        file.write_bytes(whole)
    assert isinstance(attempt(path), Section)


def test_parts_that_are_missing(writer, sample, tmp_path, attempt):
    """Positions without counts and counts without positions among them."""
    (tmp_path / "whole").mkdir()
    path = writer(tmp_path / "whole", sample)
    for file in files_of(tmp_path / "whole"):
        hidden = tmp_path / "hidden"
        file.rename(hidden)
        attempt(path)
        hidden.rename(file)


@pytest.mark.parametrize("packed", [False, True])
def test_garbage(writer, sample, tmp_path, attempt, packed):
    noise = np.random.default_rng(0).bytes(3000)
    path = writer(tmp_path, sample)
    for file in files_of(tmp_path):
        whole = file.read_bytes()
        file.write_bytes(gzip.compress(noise) if packed else noise)
        attempt(path)
        file.write_bytes(whole)


def test_broken_values(writer, format_name, sample, tmp_path, attempt):
    """NaN or negative counts never become a section."""
    for kind, value in (("negative", -3), ("nan", np.nan), ("infinite", np.inf)):
        if value != value or value == np.inf:
            counts = sample.counts.astype(float)
        else:
            counts = sample.counts.copy()
        counts[3, 1] = value
        folder = tmp_path / kind
        folder.mkdir()
        try:
            path = writer(folder, replace(sample, counts=counts))
        except (ValueError, OverflowError, TypeError):
            continue  # the format cannot even say it
        found = attempt(path)
        if isinstance(found, Section):  # unsigned numbers wrap around when written
            assert format_name in ("gef", "cell_gef"), kind
            assert np.isfinite(found.counts.data).all()


def test_repeated_barcodes(writer, format_name, sample, tmp_path, attempt):
    names = [sample.names[0], *sample.names[:-1]]
    found = attempt(writer(tmp_path, replace(sample, names=names)))
    nameless = ("st_table", "gem", "gef", "cell_gef", "cosmx", "visium_cells")
    assert isinstance(found, Section) == (format_name in nameless)


def test_repeated_genes(writer, format_name, sample, tmp_path, attempt):
    genes = ["CD37", "CD37", *sample.genes[2:]]
    if format_name in ("gem", "gef"):
        found = attempt(writer(tmp_path, replace(sample, genes=genes)))
        if isinstance(found, Section):
            assert found.counts.sum() == sample.counts.sum()
        return
    try:
        path = writer(tmp_path, replace(sample, genes=genes))
    except ValueError:
        return
    found = attempt(path)
    assert isinstance(found, Section)
    assert found.genes.is_unique
    assert any("more than once" in note for note in found.notes)


def test_all_off_tissue(writer, format_name, sample, tmp_path, attempt):
    off = replace(sample, in_tissue=np.zeros(48, int))
    found = attempt(writer(tmp_path, off))
    if format_name in ("visium_1", "visium_2", "visium_hd"):
        assert isinstance(found, StEnTransError)
        assert "in tissue" in str(found)
    else:
        assert isinstance(found, Section)


def test_counts_and_positions_of_different_sections(
    writer, format_name, sample, tmp_path, attempt
):
    """Files of one section are replaced, one after the other, by another's."""
    other = replace(sample, names=[f"x{name[::-1]}" for name in sample.names])
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    path = writer(tmp_path / "a", sample)
    writer(tmp_path / "b", other)
    for file in files_of(tmp_path / "a"):
        twin = tmp_path / "b" / file.relative_to(tmp_path / "a")
        whole = file.read_bytes()
        if "square_008um" in file.parts:  # 16 is read
            continue
        if not twin.exists() or unpacked(twin) == unpacked(file):
            continue
        shutil.copy(twin, file)
        found = attempt(path)
        single = format_name in ("h5ad", "loom", "gem", "gef", "cell_gef", "st_table")
        zarr = format_name in ("anndata_zarr", "spatialdata")
        assert single or zarr or isinstance(found, StEnTransError), file
        file.write_bytes(whole)


def unpacked(file):
    """What a file holds: packed files tell the second in which they were made."""
    whole = file.read_bytes()
    return gzip.decompress(whole) if file.suffix == ".gz" else whole


def test_no_spots_and_no_counts(writer, sample, tmp_path, attempt):
    for name, changed in (
        ("none", sample.subset(np.arange(0))),
        ("one", sample.subset(np.arange(1))),
        ("zero", replace(sample, counts=np.zeros_like(sample.counts))),
    ):
        (tmp_path / name).mkdir()
        try:
            path = writer(tmp_path / name, changed)
        except (ValueError, StopIteration, IndexError):
            continue
        attempt(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("\t", " "),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.replace("1", "µ"),
        lambda text: text + "\n\0\0\0",
        lambda text: text + "and, more, than, there, should, be, of, it\n",
        lambda text: text.replace(".", ","),
        lambda text: "",
        lambda text: "\n" * 1000,
        lambda text: text.splitlines()[0] + "\n",
        lambda text: "\n".join(text.splitlines()[1:]),
        lambda text: '"' + text,
    ],
    ids=[
        "semicolons", "spaces", "padded", "crlf", "blank", "letters", "zeros", "long",
        "commas", "empty", "lines", "header", "headless", "quote",
    ],
)  # fmt: skip
def test_texts_that_are_not_as_they_should_be(
    writer, sample, tmp_path, attempt, damage
):
    path = writer(tmp_path, sample)
    for file in text_files(tmp_path):
        whole = file.read_bytes()
        write_text(file, damage(read_text(file)))
        attempt(path)
        file.write_bytes(whole)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_encodings(writer, sample, tmp_path, attempt, encoding):
    foreign = replace(sample, genes=["Gµ", *sample.genes[1:]])
    path = writer(tmp_path, foreign)
    for file in text_files(tmp_path):
        whole = file.read_bytes()
        write_text(file, read_text(file), encoding)
        found = attempt(path)
        if encoding == "utf-8-sig" and file.suffix == ".csv":
            assert isinstance(found, Section), file
        file.write_bytes(whole)


def test_columns_that_are_missing(writer, sample, tmp_path, attempt):
    path = writer(tmp_path, sample)
    for file in files_of(tmp_path):
        name = file.name
        if ".csv" not in name and ".tsv" not in name and ".parquet" not in name:
            continue
        whole = file.read_bytes()
        mark = "\t" if ".tsv" in name else ","
        is_parquet = name.endswith(".parquet")
        frame = pd.read_parquet(file) if is_parquet else pd.read_csv(file, sep=mark)
        for column in frame.columns:
            fewer = frame.drop(columns=column)
            if is_parquet:
                fewer.to_parquet(file)
            else:
                write_text(file, fewer.to_csv(index=False, sep=mark))
            attempt(path)
        file.write_bytes(whole)


def objects_of(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names


@pytest.mark.parametrize("name", HDF5)
def test_hdf5_whose_parts_are_missing_or_of_another_kind(
    writers, sample, tmp_path, attempt, name
):
    path = writers[name](tmp_path, sample)
    file = next(f for f in files_of(tmp_path) if h5py.is_hdf5(f))
    whole = file.read_bytes()
    with h5py.File(file) as opened:
        names = objects_of(opened)
    for part in names:
        for damage in ("gone", "text", "number", "longer", "group", "kinds"):
            with h5py.File(file, "a") as opened:
                was = opened[part]
                values = was[()] if isinstance(was, h5py.Dataset) else None
                del opened[part]
                if damage == "text":
                    opened[part] = "text"
                elif damage == "number":
                    opened[part] = np.array([[3.5]])
                elif damage == "longer" and np.ndim(values) == 1:
                    opened[part] = np.concatenate([values, values])
                elif damage == "group":
                    opened.create_group(part)
                elif damage == "kinds" and np.ndim(values):
                    opened[part] = np.zeros(np.shape(values), dtype="S3")
            attempt(path)
            file.write_bytes(whole)


def test_cells_whose_entries_are_in_another_order(writers, sample, tmp_path):
    path = writers["cell_gef"](tmp_path, sample)
    with h5py.File(path, "a") as file:
        cells = file["cellBin/cell"][:]
        cells["offset"] = cells["offset"][::-1]
        file["cellBin/cell"][:] = cells
    with pytest.raises(ReadError, match="do not share out"):
        read_section(path)


@pytest.mark.parametrize("name", HDF5)
def test_hdf5_that_declares_more_than_it_holds(
    writers, sample, tmp_path, attempt, name
):
    path = writers[name](tmp_path, sample)
    file = next(f for f in files_of(tmp_path) if h5py.is_hdf5(f))
    whole = file.read_bytes()
    with h5py.File(file) as opened:
        names = [n for n in objects_of(opened) if isinstance(opened[n], h5py.Dataset)]
        names = [n for n in names if opened[n].shape]
    for part in names:
        with h5py.File(file, "a") as opened:
            was = opened[part]
            kind, shape = was.dtype, tuple(10**12 for _ in was.shape[:1])
            shape += was.shape[1:]
            del opened[part]
            opened.create_dataset(part, shape=shape, dtype=kind, chunks=True)
        found = attempt(path)
        assert isinstance(found, StEnTransError), part
        assert "cut off or damaged" in str(found) or "memory" in str(found), part
        file.write_bytes(whole)


@pytest.mark.parametrize("name", HDF5)
def test_hdf5_that_points_to_other_files(writers, sample, tmp_path, attempt, name):
    (tmp_path / "in").mkdir()
    path = writers[name](tmp_path / "in", sample)
    file = next(f for f in files_of(tmp_path / "in") if h5py.is_hdf5(f))
    shutil.copy(file, tmp_path / "other.h5")
    whole = file.read_bytes()
    with h5py.File(file) as opened:
        names = [n for n in objects_of(opened) if isinstance(opened[n], h5py.Dataset)]
    for part in names[:4]:
        with h5py.File(file, "a") as opened:
            del opened[part]
            opened[part] = h5py.ExternalLink(str(tmp_path / "other.h5"), part)
        found = attempt(path)
        assert isinstance(found, StEnTransError)
        assert "not followed" in str(found)
        file.write_bytes(whole)
    secret = tmp_path / "secret"
    secret.write_bytes(b"7" * 4096)
    with h5py.File(file, "a") as opened:
        opened.create_dataset("x", (64,), "i1", external=[(str(secret), 0, 64)])
    assert "not followed" in str(attempt(path))


def test_hdf5_with_a_text_heap_that_leads_nowhere(writers, sample, tmp_path, attempt):
    """The library would go round in it for ever."""
    path = writers["h5ad"](tmp_path, sample)
    raw = bytearray(path.read_bytes())
    first = raw.index(b"GCOL") + 16
    raw[first : first + 16] = bytes(16)
    path.write_bytes(raw)
    assert "texts in section.h5ad are damaged" in str(attempt(path))


@pytest.mark.parametrize("name", ["anndata_zarr", "spatialdata"])
def test_zarr_that_declares_more_than_it_holds(
    writers, sample, tmp_path, attempt, name
):
    path = writers[name](tmp_path, sample)
    arrays = [
        file
        for file in sorted(path.rglob("*"))
        if file.name in (".zarray", "zarr.json") and '"shape"' in file.read_text()
        if "images" not in file.parts
    ]
    for file in arrays[::4]:
        whole = file.read_text()
        at = whole.index('"shape"')
        begin, end = whole.index("[", at), whole.index("]", at)
        file.write_text(f"{whole[:begin]}[{10**12}{whole[end:]}")
        if file.parent.name not in ("zarr.json", "section.zarr"):
            found = attempt(path)
            assert isinstance(found, StEnTransError), file
        file.write_text(whole)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("name", ["anndata_zarr", "spatialdata"])
def test_zarr_that_points_out_of_itself(writers, sample, tmp_path, attempt, name):
    (tmp_path / "in").mkdir()
    path = writers[name](tmp_path / "in", sample)
    inside = path / ("X" if name == "anndata_zarr" else "tables/table/X")
    inside.rename(tmp_path / "outside")
    inside.symlink_to(tmp_path / "outside", target_is_directory=True)
    assert "not followed" in str(attempt(path))


BANNER = "%%MatrixMarket matrix coordinate integer general\n"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (BANNER + "5 48 99999999999\n", "holds"),
        (BANNER + "5 99999999999 3\n", "columns"),
        (BANNER + "-5 48 3\n", "negative"),
        (BANNER + "5 48\n", "how large"),
        ("%%MatrixMarket matrix array real general\n5 48\n", "no sparse matrix"),
        (BANNER + "5 48 1\n6 1 1\n", "mtx"),
        ("5 48 1\n1 1 1\n", "no sparse matrix"),
    ],
)
def test_mtx_that_is_none(writers, sample, tmp_path, attempt, header, told):
    path = writers["visium_2"](tmp_path, sample)
    write_text(next(path.rglob("matrix.mtx.gz")), header)
    found = attempt(path)
    assert isinstance(found, StEnTransError)
    assert told in str(found)


def cut(file: Path, share: float) -> None:
    os.truncate(file, int(share * file.stat().st_size))


def xenium_with_both_tables(folder: Path, sample, writers) -> Path:
    writers["xenium"](folder, sample)
    cells = pd.read_csv(folder / "cells.csv.gz")
    cells.to_parquet(folder / "cells.parquet")
    return folder


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("opened", ["", "cells.parquet", "cell_feature_matrix.h5"])
def test_a_damaged_table_of_cells_is_named(writers, sample, tmp_path, share, opened):
    xenium_with_both_tables(tmp_path, sample, writers)
    (tmp_path / "cells.csv.gz").unlink()
    cut(tmp_path / "cells.parquet", share)
    with pytest.raises(ReadError, match=r"cells\.parquet is damaged"):
        read_section(tmp_path / opened)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_whole_table_of_cells_stands_in_for_a_damaged_one(
    writers, sample, tmp_path, share
):
    whole = read_section(xenium_with_both_tables(tmp_path, sample, writers))
    assert not any("damaged" in note for note in whole.notes)
    cut(tmp_path / "cells.parquet", share)
    read = read_section(tmp_path)
    np.testing.assert_array_equal(read.pixel_xy, whole.pixel_xy)
    assert any("cells.parquet is damaged; cells.csv.gz" in note for note in read.notes)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_matrix_of_cells_is_named(writers, sample, tmp_path, share):
    path = writers["xenium"](tmp_path, sample)
    cut(path / "cell_feature_matrix.h5", share)
    with pytest.raises(ReadError, match=r"cell_feature_matrix\.h5") as error:
        read_section(path)
    assert "side by side" not in str(error.value)


@pytest.mark.parametrize("name", ["merscope", "cosmx"])
def test_counts_with_nothing_but_a_header(writers, sample, tmp_path, name):
    path = writers[name](tmp_path, sample)
    (file,) = [*tmp_path.glob("cell_by_gene.csv"), *tmp_path.glob("*exprMat*")]
    write_text(file, read_text(file).splitlines()[0] + "\n")
    with pytest.raises(ReadError, match="no rows under its header"):
        read_section(path)


@pytest.mark.parametrize("name", ["visium_1", "visium_2", "visium_hd", "xenium"])
def test_a_matrix_without_barcodes(writers, sample, tmp_path, name):
    for each in ("whole", "none"):
        (tmp_path / each).mkdir()
    path = writers[name](tmp_path / "whole", sample)
    other = writers[name](tmp_path / "none", sample.subset(np.arange(0)))
    for part in ("*matrix*.h5", "*.mtx.gz", "barcodes.tsv.gz"):
        for file in other.rglob(part):
            shutil.copy(file, path / file.relative_to(other))
    with pytest.raises(ReadError, match="has no barcodes"):
        read_section(path)


def test_a_loom_the_wrong_way_round(writers, sample, tmp_path):
    path = writers["loom"](tmp_path, sample)
    with h5py.File(path, "a") as file:
        counts = file["matrix"][:]
        del file["matrix"]
        file["matrix"] = counts.T
    with pytest.raises(ReadError, match=r"row_attrs/Gene has 5 values.*transposed"):
        read_section(path)


def test_a_loom_without_names(writers, sample, tmp_path):
    path = writers["loom"](tmp_path, sample)
    with h5py.File(path, "a") as file:
        del file["row_attrs/Gene"]
    with pytest.raises(ReadError, match="no gene names: row_attrs must have Gene"):
        read_section(path)


@pytest.mark.parametrize("header", [True, False])
def test_positions_in_another_encoding_are_told(writers, sample, tmp_path, header):
    path = writers["visium_2" if header else "visium_1"](tmp_path, sample)
    (file,) = path.rglob("tissue_positions*.csv")
    write_text(file, read_text(file), "utf-16")
    with pytest.raises(ReadError, match=r"tissue_positions.*csv is .*not in UTF-8"):
        read_section(path)
