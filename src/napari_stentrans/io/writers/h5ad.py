"""Writing an enhanced section as h5ad, gene block by gene block.

The whole matrix is never in memory, and the file takes its name only when it is
complete: whatever happens before, nothing half-written is left behind.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.io.files.replacing import check_room, replacing
from napari_stentrans.progress import Progress, Steps

if TYPE_CHECKING:
    from anndata import AnnData

_CHUNK_BYTES = 1 << 20
_GROWTH_BYTES = 1 << 24
"""By which a file in memory grows at a time."""
_CHUNK_ROWS = 2048
"""At most: whoever reads by rows reads whole chunks."""
_PHASE = "Writing genes"
_VALUE_BYTES = 8
"""Of the mean and the standard deviation of a gene at a position."""


class Block(Protocol):
    """Some genes of every position: expected counts and their standard deviation."""

    @property
    def mean(self) -> NDArray[np.float32]:
        """Shape (position, gene)."""

    @property
    def sd(self) -> NDArray[np.float32]:
        """Shape (position, gene)."""


def h5ad_steps(
    path: Path,
    annotations: AnnData,
    blocks: Generator[tuple[slice, Block], None, None],
    inputs: Iterable[str] = (),
) -> Steps[Path]:
    """Write an AnnData whose matrices come as blocks of columns.

    Parameters
    ----------
    path
        Where to; an existing file is replaced, once the new one is complete.
    annotations : AnnData, shape (position, gene)
        Everything but ``X`` and ``layers["sd"]``.
    blocks
        (columns, block) one after the other, all columns once; closed at the end.
    inputs
        What was read, which is never written to.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidRequestError
        If the file cannot be written there.
    """
    path = Path(path)
    with closing(blocks), replacing(path, inputs) as unfinished:
        n_positions, n_genes = annotations.shape
        check_room(path, n_positions * n_genes * _VALUE_BYTES)
        write_whole(annotations, unfinished)
        with h5py.File(unfinished, "r+") as file:
            yield from _matrix_steps(file, annotations.shape, blocks)
    return path


def write_whole(adata: AnnData, path: Path, compression: str | None = None) -> None:
    """Write an AnnData that fits into memory, once more, as it will be in the file.

    Made in memory: where the disk fills up, HDF5 would crash, and Python only fails.
    """
    from anndata.io import write_elem

    adata.strings_to_categoricals()
    in_memory = {"driver": "core", "backing_store": False, "block_size": _GROWTH_BYTES}
    with h5py.File(path.name, "w", **in_memory) as file:
        options = {"compression": compression} if compression else {}
        write_elem(file, "/", adata, dataset_kwargs=options)
        if adata.raw is None and "raw" in file:  # readers of lazy files trip over it
            del file["raw"]
        file.flush()
        path.write_bytes(file.id.get_file_image())


def _matrix_steps(
    file: h5py.File, shape: tuple[int, int], blocks: Iterable[tuple[slice, Block]]
) -> Steps[None]:
    mean = sd = None
    for columns, prediction in blocks:
        if mean is None or sd is None:
            width = prediction.mean.shape[1]
            mean = _dense(file, "X", shape, width)
            sd = _dense(file, f"layers/{keys.SD}", shape, width)
        mean[:, columns] = prediction.mean
        sd[:, columns] = prediction.sd
        yield Progress(_PHASE, columns.stop, shape[1])
    if mean is None:
        _dense(file, "X", shape, 1)
        _dense(file, f"layers/{keys.SD}", shape, 1)


def _dense(
    file: h5py.File, name: str, shape: tuple[int, int], block_width: int
) -> h5py.Dataset:
    """Make room for a matrix as AnnData stores it; chunks are as wide as the blocks.

    So every chunk is written once and whole, straight through, without a cache.
    """
    if name in file:  # a matrix that is left out is marked as empty
        del file[name]
    chunks = None
    if min(shape) > 0:
        width = min(block_width, shape[1])
        rows = max(1, _CHUNK_BYTES // (4 * width))
        chunks = (min(rows, _CHUNK_ROWS, shape[0]), width)
    dataset = file.create_dataset(name, shape, dtype=np.float32, chunks=chunks)
    dataset.attrs["encoding-type"] = "array"
    dataset.attrs["encoding-version"] = "0.2.0"
    return dataset
