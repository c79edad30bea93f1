"""Random damage to every format: a clear error or a section, never anything else.

The libraries underneath are written in C: a crash of theirs would end the test run, so
the damage is done in a process of its own, with a limit on its time and memory.
"""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.section.section import Section

GIGABYTE = 1 << 30
IN_A_CHILD = """
import resource, sys, warnings
from pathlib import Path
import numpy as np
from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import read_section

limit = int(float(sys.argv[3]) * 2**30)
warnings.simplefilter("ignore")
path, damaged = Path(sys.argv[1]), Path(sys.argv[2])
whole, rng = damaged.read_bytes(), np.random.default_rng(0)
try:
    read_section(path)  # loads the libraries, before memory is limited
except StEnTransError:
    pass
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for _ in range(int(sys.argv[4])):
    raw = bytearray(whole)
    for at in rng.integers(0, len(raw), rng.integers(1, 9)):
        raw[at] = raw[at] ^ (1 << rng.integers(8)) if rng.random() < 0.5 else 255
    damaged.write_bytes(raw)
    try:
        read_section(path)
    except StEnTransError as error:
        assert str(error)
"""
"""Arguments: path, file to damage, gigabytes, times."""


def in_a_child(path: Path, damaged: Path, times: int, gigabytes: float = 12) -> None:
    command = [sys.executable, "-c", IN_A_CHILD, path, damaged, gigabytes, times]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["h5ad", "gef", "loom", "visium_1", "xenium_2"])
def test_wrong_bits_in_binary_files(writers, sample, tmp_path, name):
    path = writers[name](tmp_path, sample)
    binary = (".h5ad", ".gef", ".loom", ".h5", ".parquet")
    damaged = next(f for f in sorted(tmp_path.rglob("*")) if f.suffix in binary)
    in_a_child(path, damaged, times=25)


TEXTS = ("st_table", "gem", "merscope", "cosmx", "curio", "listed_table")


@pytest.mark.parametrize("name", TEXTS)
@given(data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_wrong_characters_in_texts(
    writers, sample, tmp_path_factory, attempt, name, data
):
    folder = tmp_path_factory.mktemp(name)
    path = writers[name](folder, sample)
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    file = data.draw(st.sampled_from(files))
    packed = file.suffix == ".gz"
    raw = bytearray(gzip.decompress(file.read_bytes()) if packed else file.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        new = data.draw(st.binary(max_size=12) | st.sampled_from(STRANGE))
        raw[at : at + data.draw(st.integers(0, 12))] = new
        if not raw:
            break
    file.write_bytes(gzip.compress(raw) if packed else bytes(raw))
    found = attempt(path)
    if isinstance(found, Section):
        assert np.isfinite(found.counts.data).all()
        assert (found.counts.data >= 0).all()
        assert np.isfinite(found.array_rc).all()


STRANGE = (b"", b"\n", b"\t", b",", b"-", b"1e400", b"nan", b'"', b"\0", b"\r", b"#")


@pytest.mark.parametrize("name", TEXTS)
@given(raw=st.binary(max_size=300))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_at_all(tmp_path_factory, attempt, name, raw):
    path = tmp_path_factory.mktemp("any") / f"{name}.csv"
    path.write_bytes(raw)
    assert can_read(path) in (True, False)
    attempt(path)


def bomb(path: Path, start: bytes, repeated: bytes, gigabytes: float) -> None:
    """Write a small packed file that unpacks to much."""
    block = repeated * (1_000_000 // len(repeated))
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(start)
        for _ in range(int(gigabytes * GIGABYTE) // len(block)):
            file.write(block)


OPEN_LIMITED = """
import resource, sys, time
from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import read_section
from napari_stentrans.io.files import limits
import anndata

limits.memory_limit = lambda: 200_000_000
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_section(sys.argv[1])
except StEnTransError as error:
    print(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base
assert grown < 700_000, grown
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="no limits here")
@pytest.mark.parametrize(
    ("name", "file", "start", "repeated"),
    [
        ("listed_table", "coords.csv", b"barcode,x,y\n", b"AAAA,1.0,1.0\n"),
        ("listed_table", "coords.csv", b"barcode,x,y\n", b"A"),
        ("xenium", "cells.csv.gz", b"cell_id,x_centroid,y_centroid\n", b"1,2,3\n"),
        ("merscope", "cell_metadata.csv", b"EntityID,center_x,center_y\n", b"1,2,3\n"),
        ("merscope", "cell_by_gene.csv", b"cell,A,B\n", b"1,2,3\n"),
        ("st_table", "section.tsv", b"\t1x1\t1x2\nA\t1\t1\n", b"A\t1\t1\n"),
        ("st_table", "section.tsv", b"\t1x1\t1x2\nA\t1\t1\n", b"1\t"),
        ("visium_2", "matrix.mtx.gz", b"%%MatrixMarket matrix x\n", b"%\n"),
        ("visium_2", "barcodes.tsv.gz", b"", b"A\n"),
    ],
)
def test_small_files_that_unpack_to_much(
    writers, sample, tmp_path, name, file, start, repeated
):
    path = writers[name](tmp_path, sample)
    bomb(next(tmp_path.rglob(file)), start, repeated, gigabytes=0.1)
    done = subprocess.run(
        [sys.executable, "-c", OPEN_LIMITED, str(path)],
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()


def test_a_table_of_more_than_memory_is_refused(writers, sample, tmp_path, monkeypatch):
    from napari_stentrans.io.files import limits

    paths = {}
    for name in ("h5ad", "visium_2", "merscope", "gem", "loom", "anndata_zarr"):
        (tmp_path / name).mkdir()
        paths[name] = writers[name](tmp_path / name, sample)
    monkeypatch.setattr(limits, "memory_limit", lambda: 100)
    for path in paths.values():
        with pytest.raises(StEnTransError, match="of memory"):
            read_section(path)
