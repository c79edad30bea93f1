"""What is no section: one clear error, never a traceback of another library."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from PIL import Image

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.genes import read_gene_list


def refused(path) -> str:
    assert not can_read(path)
    with pytest.raises(ReadError) as caught:
        read_section(path)
    assert caught.value.__notes__ == [f"while reading {path}"]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.h5ad", b"", "is empty"),
        ("a.h5ad", b"not hdf5 at all", "not the HDF5 file its name promises"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0\0", "cut off"),
        ("a.txt", b"Dear diary,\ntoday\n", "is a text file, but no table"),
        ("a.csv", b"gene,s1,s2\nA,1,2\nB,3,4\nC,1,1\n", "named ROWxCOL"),
        ("a.csv", b"x,y\n1,2\n", "lists positions but no counts"),
        ("a.gem", b"geneID\tx\ty\nA\t1\t2\n", "lists positions but no counts"),
        ("cells.csv", b'"cell_id","x_centroid","y_centroid"\n1,2,3\n', "Xenium"),
        ("a.tsv.gz", gzip.compress(b"\t1x1\t1x2\n" * 99, mtime=0)[:-12], "cut off"),
        ("a.rds", b"RDX3\n\0\0", "R data file"),
        ("a.bin", bytes(range(256)), "no kind known here"),
        ("a.tsv", "1x1\t2\n".encode("utf-16"), "not in UTF-8"),
        ("a.rds", gzip.compress(b"X\n\0\0\0\3", mtime=0), "R data file"),
        ("a.h5ad.gz", gzip.compress(b"\x89HDF\r\n\x1a\n", mtime=0), "gunzip"),
        ("a.tar.gz", gzip.compress(b"\0" * 257 + b"ustar", mtime=0), "tar archive"),
        ("a.xlsx", b"PK\x03\x04", "save its sheet as csv"),
        ("a.cloupe", b"\0\1\2", "Loupe"),
        ("a.npy", b"\x93NUMPY\x01\0", "a NumPy array"),
        ("a.tsv", "1x1\tµ\n".encode("latin-1"), "not in UTF-8"),
        ("a.tif", b"II+\0\x08\0\0\0", "is a picture (tif)"),
        ("a.tif", b"MM\0+\0\x08\0\0", "is a picture (tif)"),
    ],
)
def test_files_that_are_no_sections(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    assert told in refused(path)


def test_pictures_archives_and_other_hdf5(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    assert "a picture (jpg)" in refused(tmp_path / "a.jpg")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    assert "unpack it" in refused(tmp_path / "a.zip")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["values"] = np.arange(3)
    assert "it holds values" in refused(tmp_path / "a.h5")


def test_pictures_are_turned_away_before_anything_is_loaded(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    code = (
        "import sys; from napari_stentrans.io import can_read; "
        f"assert not can_read({str(tmp_path / 'a.png')!r}); "
        "assert not {'h5py', 'pandas', 'anndata', 'scanpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_paths_that_are_nothing(tmp_path):
    assert "does not exist" in refused(tmp_path / "nothing.h5ad")
    assert "is an empty folder" in refused(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").write_text("")
    assert "only one, two" in refused(tmp_path)


def test_a_folder_of_few_foreign_files_says_what_each_is(tmp_path):
    (tmp_path / "a.csv").write_text("cell_id,x_centroid,y_centroid\n1,2,3\n")
    (tmp_path / "b.tsv").write_text("")
    with pytest.raises(ReadError) as caught:
        read_section(tmp_path)
    first, second = str(caught.value).splitlines()[1:]
    assert "a.csv is a part of Xenium output" in first
    assert "b.tsv is empty" in second


def test_a_loop_of_links_is_not_followed_for_ever(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert not can_read(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert not can_read(tmp_path / "self")


@pytest.mark.parametrize("path", ["", "\0", "a" * 5000])
def test_can_read_never_raises(path):
    assert can_read(path) in (True, False)


@pytest.mark.parametrize(
    ("content", "genes"),
    [
        ("CD37\nDLL3\n", ["CD37", "DLL3"]),
        ("CD37, DLL3,\tCSPG4", ["CD37", "DLL3", "CSPG4"]),
        ("# mine\r\nCD37\r\n\r\nCD37\r\n'DLL3'\r\n", ["CD37", "DLL3"]),
        ("\ufeffCD37\nHLA-A;B2M", ["CD37", "HLA-A", "B2M"]),
    ],
)
def test_gene_lists(tmp_path, content, genes):
    path = tmp_path / "genes.txt"
    path.write_bytes(content.encode())
    assert read_gene_list(path) == genes
    path.write_bytes(gzip.compress(content.encode(), mtime=0))
    assert read_gene_list(path) == genes


@pytest.mark.parametrize("content", [b"", b"# none\n", b"\x00\x01", b"\xff\xfe\x00"])
def test_lists_without_genes(tmp_path, content):
    (tmp_path / "genes.txt").write_bytes(content)
    with pytest.raises(InvalidRequestError, match=r"genes\.txt"):
        read_gene_list(tmp_path / "genes.txt")
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        read_gene_list(tmp_path / "nothing")


@pytest.mark.parametrize("count", ["1.5", "-1", "many"])
def test_molecules_are_counted_in_whole_numbers(tmp_path, count):
    path = tmp_path / "a.gem"
    path.write_text(f"geneID\tx\ty\tMIDCount\nA\t100\t200\t1\nB\t150\t90\t{count}\n")
    with pytest.raises(ReadError, match="1 molecules whose count is no count"):
        read_section(path)
