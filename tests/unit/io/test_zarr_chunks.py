"""zarr folders that were copied in part: what is absent would read as zeros."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from anndata import AnnData
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section

N = 48


def written(path: Path, counts, layout: int = 2) -> Path:
    counts = sparse.csr_matrix(counts, dtype=np.float32)
    genes = [f"G{k}" for k in range(counts.shape[1])]
    grid = np.argwhere(np.ones((6, 8))) * 100.0
    adata = AnnData(
        counts,
        obs=pd.DataFrame(index=[f"c{k}" for k in range(N)]),
        var=pd.DataFrame(index=genes),
        obsm={"spatial": grid},
    )
    group = zarr.open_group(path, mode="w", zarr_format=layout)
    anndata.io.write_elem(group, "/", adata)
    return path


def chunks_of(array: Path) -> list[Path]:
    return sorted(
        file
        for file in array.rglob("*")
        if file.is_file() and file.name not in ("zarr.json", ".zarray", ".zattrs")
    )


@pytest.mark.parametrize("layout", [2, 3])
@pytest.mark.parametrize(
    "part", ["X/data", "X/indices", "X/indptr", "obs/_index", "var/_index"]
)
def test_a_chunk_that_is_absent_is_told(tmp_path, rng, layout, part):
    path = written(tmp_path / "s.zarr", rng.poisson(3.0, (N, 4)), layout)
    assert read_section(path).n_spots == N
    chunks_of(path / part)[-1].unlink()
    with pytest.raises(ReadError, match=f"{part} lacks 1 of its 1 .*again"):
        read_section(path)


@pytest.mark.parametrize("layout", ["v2", "v3", "v3 sharded", "v3 named as in v2"])
def test_one_of_several_chunks(tmp_path, rng, layout):
    counts = rng.poisson(3.0, (N, 4))
    path = written(tmp_path / "s.zarr", counts, 2 if layout == "v2" else 3)
    group = zarr.open_group(path, mode="a", use_consolidated=False)
    values = group["X/data"][:]
    how = {"v3 sharded": {"shards": (40,)}}.get(layout, {})
    if layout == "v3 named as in v2":
        how["chunk_key_encoding"] = {"name": "v2"}
    del group["X/data"]
    group["X"].create_array("data", data=values, chunks=(20,), **how)
    zarr.consolidate_metadata(path)
    np.testing.assert_array_equal(read_section(path).counts.toarray(), counts)

    stored = chunks_of(path / "X/data")
    assert len(stored) == -(-len(values) // (40 if "sharded" in layout else 20)) > 2
    next(file for file in stored if file.name == "1").unlink()
    with pytest.raises(ReadError, match=rf"X/data lacks 1 of its {len(stored)} .*1\)"):
        read_section(path)


@pytest.mark.parametrize("layout", [2, 3])
@pytest.mark.parametrize("layer", ["one gene", "nothing counted"])
def test_chunks_that_writers_may_leave_out(tmp_path, rng, layout, layer):
    path = tmp_path / "s.zarr"
    if layer == "one gene":  # all its indices are 0
        written(path, rng.poisson(3.0, (N, 1)) + 1, layout)
        absent = path / "X/indices"
    else:  # so are all of indptr
        written(path, rng.poisson(3.0, (N, 2)), layout)
        group = zarr.open_group(path, mode="a", use_consolidated=False)
        none = sparse.csr_matrix((N, 2), dtype=np.float32)
        anndata.io.write_elem(group, "layers/spliced", none)
        absent = path / "layers/spliced/indptr"
    for file in chunks_of(absent):
        file.unlink()
    assert read_section(path).n_spots == N
