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
    with pytest.raises(ReadError, match=f"{part}(/values)? lacks 1 of its 1 .*again"):
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
        anndata.io.write_elem(group.require_group("layers"), "spliced", none)
        absent = path / "layers/spliced/indptr"
    for file in chunks_of(absent):
        file.unlink()
    assert read_section(path).n_spots == N


@pytest.mark.parametrize("layout", [2, 3])
@pytest.mark.parametrize("side", [N, 20])
def test_positions_that_are_absent_are_told(tmp_path, rng, layout, side):
    path = written(tmp_path / "s.zarr", rng.poisson(3.0, (N, 4)), layout)
    rechunked(path, "obsm/spatial", (side, 2))
    assert read_section(path).n_spots == N
    chunks_of(path / "obsm/spatial")[-1].unlink()
    with pytest.raises(ReadError, match=r"obsm/spatial lacks 1 of its .* again"):
        read_section(path)


@pytest.mark.parametrize("layout", [2, 3])
@pytest.mark.parametrize("chunks", [(1, 2), (8, 1)])  # a spot, a row of spots
def test_positions_may_be_nought(tmp_path, rng, layout, chunks):
    path = written(tmp_path / "s.zarr", rng.poisson(3.0, (N, 4)), layout)
    pixel_xy = read_section(path).pixel_xy
    rechunked(path, "obsm/spatial", chunks)
    stored = len(chunks_of(path / "obsm/spatial"))
    assert stored < pixel_xy.size / np.prod(chunks)  # these zeros were left out
    np.testing.assert_array_equal(read_section(path).pixel_xy, pixel_xy)


@pytest.mark.parametrize("layout", [2, 3])
@pytest.mark.parametrize("whole", [True, False])
def test_a_picture_that_is_absent_is_told(tmp_path, rng, layout, whole):
    path = written(tmp_path / "s.zarr", rng.poisson(3.0, (N, 4)), layout)
    entry = {"images": {}, "scalefactors": {"tissue_hires_scalef": 0.1}}
    entry["images"]["hires"] = np.full((60, 80, 3), 200, dtype=np.uint8)
    group = zarr.open_group(path, mode="a", use_consolidated=False)
    anndata.io.write_elem(group, "uns", {"spatial": {"lib": entry}})
    picture = "uns/spatial/lib/images/hires"
    rechunked(path, picture, (30, 40, 3))
    assert not any("lib hires" in note for note in read_section(path).notes)

    stored = chunks_of(path / picture)
    for file in stored if whole else stored[:1]:
        file.unlink()
    read = read_section(path)
    told = "none of its chunks" if whole else "lacks 1 of its 4 chunks"
    assert any("'lib hires'" in note and told in note for note in read.notes)
    assert (read.image is None) == whole


def rechunked(path: Path, name: str, chunks: tuple[int, ...]) -> None:
    """Write an array again, without chunks of zeros, as zarr does of itself."""
    group = zarr.open_group(path, mode="a", use_consolidated=False)
    values, said = group[name][:], dict(group[name].attrs)
    del group[name]
    made = group.create_array(
        name, shape=values.shape, dtype=values.dtype, chunks=chunks
    )
    made[:] = values
    made.attrs.update(said)
    zarr.consolidate_metadata(path)
