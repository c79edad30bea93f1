"""HDF5 files on disks that fill up: told plainly, nothing left, nothing crashes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from napari_stentrans import enhance, read_section, simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.exports import export
from napari_stentrans.io.writers import space_ranger
from napari_stentrans.io.writers.as_anndata import section_to_anndata

SECTION = simulated_section(n_rows=12, n_cols=12, n_genes=300).section
POSIX = pytest.mark.skipif(
    not hasattr(os, "posix_fallocate"), reason="no way to hold room"
)


@pytest.fixture(scope="module")
def result():
    return enhance(SECTION, method="nearest", refine=2, genes="all")


@POSIX
@pytest.mark.parametrize("name", ["a.h5ad", "a.parquet", "a"])
@pytest.mark.parametrize("before", [b"an older result", None])
def test_a_disk_that_fills_up_is_told_before_hdf5_writes(
    result, tmp_path, monkeypatch, name, before
):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / name
    if before and out.suffix:
        out.write_bytes(before)
    monkeypatch.setattr(os, "posix_fallocate", full)
    told = f"{out.name}: No space left on device"
    with pytest.raises(InvalidRequestError, match=told):
        export(result, out)
    assert not out.exists() or out.read_bytes() == before
    assert not [each for each in tmp_path.iterdir() if each != out]


_LIMITED = """
import resource, sys
from napari_stentrans import enhance, simulated_section
from napari_stentrans.errors import InvalidRequestError
section = simulated_section(n_rows=12, n_cols=12, n_genes=300).section
result = enhance(section, method="nearest", refine=2, genes="all")
for n_bytes in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))
    try:
        result.save(sys.argv[1])
    except InvalidRequestError as error:
        print(error)
"""


@POSIX
def test_files_that_may_not_grow_crash_nothing(tmp_path):
    """As a disk that is full, to HDF5: it fails, and then in its own clearing up."""
    program, out = tmp_path / "limited.py", tmp_path / "out"
    program.write_text(_LIMITED)
    out.mkdir()
    sizes = ["1000", "200000", "900000", "1500000"]
    found = subprocess.run(
        [sys.executable, str(program), str(out / "a.h5ad"), *sizes],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (found.returncode, found.stderr) == (0, "")
    told = found.stdout.splitlines()
    assert len(told) == len(sizes)
    assert all("a.h5ad: File too large" in line for line in told)
    assert not list(out.iterdir())


@pytest.fixture
def held(monkeypatch):
    """Sizes that files had when room for them was held."""
    sizes, allocate = [], os.posix_fallocate

    def hold(file, start, n_bytes):
        allocate(file, start, n_bytes)
        sizes.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "posix_fallocate", hold)
    return sizes


@POSIX
@pytest.mark.parametrize("values_at_once", [1, 4000, 10**9])
def test_the_room_held_is_enough_and_given_back(
    result, tmp_path, monkeypatch, held, values_at_once
):
    monkeypatch.setattr("napari_stentrans.enhanced._VALUES_AT_ONCE", values_at_once)
    path = result.save(tmp_path / "a.h5ad")
    (size,) = held
    with h5py.File(path) as file:
        used = sum(file[name].id.get_storage_size() for name in ("X", "layers/sd"))
    assert used < path.stat().st_size < size < path.stat().st_size + used / 2
    np.testing.assert_array_equal(
        read_section(path).counts.toarray(), result.to_anndata().X
    )


@POSIX
@pytest.mark.parametrize("values_at_once", [1, 30_000, 10**9])
def test_room_is_held_for_the_counts_of_space_ranger(
    tmp_path, monkeypatch, held, values_at_once
):
    monkeypatch.setattr(space_ranger, "_BLOCK_VALUES", values_at_once)
    noise = np.random.default_rng(3).random(SECTION.counts.nnz, dtype=np.float32)
    hard = SECTION.counts.copy()
    hard.data = noise + 1  # which does not pack
    adata = section_to_anndata(SECTION)
    adata.X = hard
    space_ranger.write_space_ranger(tmp_path / "a", adata)
    path = tmp_path / "a" / "filtered_feature_bc_matrix.h5"
    assert path.stat().st_size < held[0]
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["matrix/data"], hard.data)
        np.testing.assert_array_equal(file["matrix/indptr"], hard.indptr)


@pytest.mark.parametrize("cannot", ["no such function", "not on this file system"])
@pytest.mark.parametrize("free", [1000, 10**9])
def test_where_no_room_can_be_held_it_is_looked_for(
    result, tmp_path, monkeypatch, cannot, free
):
    def unsupported(*_):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    if cannot == "no such function":
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", unsupported, raising=False)
    disk = SimpleNamespace(total=10**9, free=free)
    where = "napari_stentrans.io.files"
    monkeypatch.setattr(f"{where}.hdf5_writing.shutil.disk_usage", lambda _: disk)
    monkeypatch.setattr(f"{where}.replacing.check_room", lambda *_: None)
    monkeypatch.setattr("napari_stentrans.io.writers.h5ad.check_room", lambda *_: None)
    if free > 10**6:
        assert result.save(tmp_path / "a.h5ad").is_file()
        return
    with pytest.raises(InvalidRequestError, match="No space left on device"):
        result.save(tmp_path / "a.h5ad")
    assert not list(tmp_path.iterdir())
