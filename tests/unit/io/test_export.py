"""Writing h5ad block by block: complete and readable, or not there at all."""

from __future__ import annotations

import errno
import inspect
import os

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.writers.h5ad import h5ad_steps
from napari_stentrans.methods.base import Prediction
from napari_stentrans.progress import run_to_end

N_POSITIONS, N_GENES = 50, 23


@pytest.fixture
def annotations():
    found = ad.AnnData(
        obs=pd.DataFrame({"origin": "measured"}, [f"s{i}" for i in range(N_POSITIONS)]),
        var=pd.DataFrame({"gene_ids": "x"}, [f"g{i}" for i in range(N_GENES)]),
    )
    found.obsm["spatial"] = np.arange(2.0 * N_POSITIONS).reshape(-1, 2)
    found.uns["stentrans"] = {"seed": 3}
    return found


@pytest.fixture
def whole(rng):
    shape = (N_POSITIONS, N_GENES)
    return Prediction(
        rng.random(shape, dtype=np.float32), rng.random(shape, dtype=np.float32)
    )


def write_h5ad(path, annotations, blocks):
    return run_to_end(h5ad_steps(path, annotations, blocks))


def blocks_of(whole, width):
    for start in range(0, whole.mean.shape[1], width):
        columns = slice(start, min(start + width, whole.mean.shape[1]))
        yield columns, Prediction(whole.mean[:, columns], whole.sd[:, columns])


@pytest.mark.parametrize("width", [1, 7, 23, 100])
def test_blocks_make_the_whole(tmp_path, annotations, whole, width):
    path = write_h5ad(tmp_path / "e.h5ad", annotations, blocks_of(whole, width))
    found = ad.read_h5ad(path)
    np.testing.assert_array_equal(found.X, whole.mean)
    np.testing.assert_array_equal(found.layers["sd"], whole.sd)
    np.testing.assert_array_equal(found.obsm["spatial"], annotations.obsm["spatial"])
    pd.testing.assert_frame_equal(found.obs, annotations.obs, check_categorical=False)
    pd.testing.assert_frame_equal(found.var, annotations.var, check_categorical=False)
    assert found.uns["stentrans"]["seed"] == 3
    assert os.listdir(tmp_path) == ["e.h5ad"]  # noqa: PTH208


def test_it_opens_in_scanpy_and_backed(tmp_path, annotations, whole):
    import scanpy

    path = write_h5ad(tmp_path / "e.h5ad", annotations, blocks_of(whole, 5))
    backed = scanpy.read_h5ad(path, backed="r")
    np.testing.assert_array_equal(
        backed[3:5, ["g7"]].to_memory().X, whole.mean[3:5, [7]]
    )
    backed.file.close()


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, ValueError, GeneratorExit, OSError]
)
@pytest.mark.parametrize("before", [b"an older result", None])
def test_nothing_half_written_is_left(tmp_path, annotations, whole, error, before):
    path = tmp_path / "e.h5ad"
    if before:
        path.write_bytes(before)

    def failing():
        blocks = blocks_of(whole, 5)
        yield next(blocks)
        yield next(blocks)
        raise error

    with pytest.raises(InvalidRequestError if error is OSError else error):
        write_h5ad(path, annotations, failing())
    assert [file.name for file in tmp_path.iterdir()] == (["e.h5ad"] if before else [])
    assert not before or path.read_bytes() == before


def test_who_makes_the_blocks_is_let_go_where_writing_fails(
    tmp_path, annotations, whole, monkeypatch
):
    """Though somebody keeps the error, as napari does, and with it all its frames."""

    def full(*_):
        raise OSError(errno.ENOSPC, "in words of its own")

    monkeypatch.setattr("napari_stentrans.io.writers.h5ad._dense", full)
    blocks = blocks_of(whole, 5)
    with pytest.raises(InvalidRequestError) as kept:
        write_h5ad(tmp_path / "e.h5ad", annotations, blocks)
    assert inspect.getgeneratorstate(blocks) == inspect.GEN_CLOSED
    assert "No space left" in str(kept.value)


def test_an_older_file_is_replaced(tmp_path, annotations, whole):
    path = tmp_path / "e.h5ad"
    path.write_bytes(b"an older result")
    write_h5ad(path, annotations, blocks_of(whole, 5))
    assert ad.read_h5ad(path).shape == (N_POSITIONS, N_GENES)


def test_places_that_cannot_be_written(tmp_path, annotations, whole, monkeypatch):
    with pytest.raises(InvalidRequestError, match="there is no folder"):
        write_h5ad(tmp_path / "no" / "e.h5ad", annotations, blocks_of(whole, 5))
    (tmp_path / "folder.h5ad").mkdir()
    with pytest.raises(InvalidRequestError, match="is a folder"):
        write_h5ad(tmp_path / "folder.h5ad", annotations, blocks_of(whole, 5))
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InvalidRequestError, match="may not write"):
        write_h5ad(tmp_path / "e.h5ad", annotations, blocks_of(whole, 5))


def test_no_genes_are_no_failure(tmp_path, annotations):
    path = write_h5ad(tmp_path / "e.h5ad", annotations[:, :0].copy(), (_ for _ in ()))
    assert ad.read_h5ad(path).shape == (N_POSITIONS, 0)


def test_large_matrices_are_chunked_along_the_blocks(tmp_path):
    import h5py

    n_positions, n_genes = 5000, 300
    annotations = ad.AnnData(
        obs=pd.DataFrame(index=[f"s{i}" for i in range(n_positions)]),
        var=pd.DataFrame(index=[f"g{i}" for i in range(n_genes)]),
    )
    mean = np.tile(np.arange(n_genes, dtype=np.float32), (n_positions, 1))
    path = tmp_path / "e.h5ad"
    write_h5ad(path, annotations, blocks_of(Prediction(mean, mean + 1), 128))
    with h5py.File(path) as file:
        assert file["X"].chunks == (2048, 128)
    np.testing.assert_array_equal(ad.read_h5ad(path).layers["sd"], mean + 1)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_any_shape(tmp_path_factory, n_positions, n_genes, width):
    annotations = ad.AnnData(
        obs=pd.DataFrame(index=[f"s{i}" for i in range(n_positions)]),
        var=pd.DataFrame(index=[f"g{i}" for i in range(n_genes)]),
    )
    mean = np.arange(n_positions * n_genes, dtype=np.float32).reshape(n_positions, -1)
    path = tmp_path_factory.mktemp("any") / "e.h5ad"
    write_h5ad(path, annotations, blocks_of(Prediction(mean, mean / 2), width))
    np.testing.assert_array_equal(ad.read_h5ad(path).X, mean)


def test_a_saved_result_equals_the_one_in_memory_and_reads_back(
    tmp_path, hexagonal, space_ranger
):
    from napari_stentrans.io import read_section
    from napari_stentrans.pipeline import enhance

    section = read_section(space_ranger(tmp_path / "patient", hexagonal))
    result = enhance(section, method="nearest", refine=2, genes="all")
    saved = ad.read_h5ad(result.save(tmp_path / "enhanced.h5ad"))
    expected = result.to_anndata()
    np.testing.assert_array_equal(saved.X, expected.X)
    np.testing.assert_array_equal(saved.layers["sd"], expected.layers["sd"])
    np.testing.assert_array_equal(saved.obsm["spatial"], expected.obsm["spatial"])
    assert list(saved.obs["barcode"]) == list(expected.obs["barcode"])
    again = read_section(tmp_path / "enhanced.h5ad")
    assert again.lattice.kind == section.lattice.kind
    assert again.n_spots == len(result)
    np.testing.assert_array_equal(again.image.data, section.image.data)
    assert "enhanced before" in again.notes[0]
