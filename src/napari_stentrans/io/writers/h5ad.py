"""Writing an enhanced section as h5ad, gene block by gene block.

The whole matrix is never in memory, and the file takes its name only when it is
complete: whatever happens before, nothing half-written is left behind.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.io.files.hdf5_writing import bytes_of, made_in_memory, with_room
from napari_stentrans.io.files.replacing import check_room, replacing
from napari_stentrans.progress import Progress, Steps

if TYPE_CHECKING:
    from anndata import AnnData

_CHUNK_BYTES = 1 << 20
_CHUNK_ROWS = 2048
"""At most: whoever reads by rows reads whole chunks."""
_PHASE = "Writing genes"
_ITEM = np.dtype(np.float32)
"""Of the mean, and of the standard deviation, of a gene at a position."""


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
        check_room(path, n_positions * n_genes * 2 * _ITEM.itemsize)
        yield from scratch_steps(unfinished, annotations, blocks)
    return path


def scratch_steps(
    path: Path,
    annotations: AnnData,
    blocks: Generator[tuple[slice, Block], None, None],
) -> Steps[None]:
    """Do the same with a file that only the caller knows of, and removes.

    Raises
    ------
    OSError
        If the file cannot be written there.
    """
    with closing(blocks):
        write_whole(annotations, path)
        yield from _matrix_steps(path, annotations.shape, blocks)


def write_whole(adata: AnnData, path: Path, compression: str | None = None) -> None:
    """Write an AnnData that fits into memory, once more, as it will be in the file."""
    from anndata.io import write_elem

    adata.strings_to_categoricals()
    with made_in_memory(path) as file:
        options = {"compression": compression} if compression else {}
        write_elem(file, "/", adata, dataset_kwargs=options)
        if adata.raw is None and "raw" in file:  # readers of lazy files trip over it
            del file["raw"]


def _matrix_steps(
    path: Path, shape: tuple[int, int], blocks: Iterable[tuple[slice, Block]]
) -> Steps[None]:
    blocks = iter(blocks)
    first = [block for block in [next(blocks, None)] if block is not None]
    chunks = _chunks(shape, first[0][1].mean.shape[1]) if first else None
    with with_room(path, 2 * bytes_of(shape, chunks, _ITEM.itemsize)) as file:
        mean = _dense(file, "X", shape, chunks)
        sd = _dense(file, f"layers/{keys.SD}", shape, chunks)
        for columns, prediction in chain(first, blocks):
            mean[:, columns] = prediction.mean
            sd[:, columns] = prediction.sd
            yield Progress(_PHASE, columns.stop, shape[1])


def _chunks(shape: tuple[int, int], block_width: int) -> tuple[int, int] | None:
    """Size of chunks as wide as the blocks; None for an empty matrix.

    So every chunk is written once and whole, straight through, without a cache.
    """
    if min(shape) == 0:
        return None
    width = min(block_width, shape[1])
    rows = max(1, _CHUNK_BYTES // (_ITEM.itemsize * width))
    return min(rows, _CHUNK_ROWS, shape[0]), width


def _dense(
    file: h5py.File, name: str, shape: tuple[int, int], chunks: tuple[int, int] | None
) -> h5py.Dataset:
    """Make room for a matrix as AnnData stores it."""
    if name in file:  # a matrix that is left out is marked as empty
        del file[name]
    dataset = file.create_dataset(name, shape, dtype=_ITEM, chunks=chunks)
    dataset.attrs["encoding-type"] = "array"
    dataset.attrs["encoding-version"] = "0.2.0"
    return dataset
