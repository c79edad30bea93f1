"""A picture too large for memory, as napari's multiscale layers take it.

What is looked at is put together from tiles that were read before; in place of the
others stands the copy in memory, enlarged, until they are read in the background.
Pure: knows neither napari nor Qt.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from operator import index
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import ReadError
from napari_stentrans.section.full_picture import FullPicture, PictureReader

Colours: TypeAlias = NDArray[np.uint8]
Tile: TypeAlias = tuple[int, int, int]
"""Factor, and number down and to the right."""

_KEPT_BYTES = 1 << 28


class Tiles:
    """Tiles of a picture that were read, and those that are waited for.

    Parameters
    ----------
    picture
        What is shown.
    copy : ndarray of uint8, shape (row, col, 3)
        Its reduced copy.

    Attributes
    ----------
    ask
        Called when tiles are missing, to have them read in the background; in whatever
        thread napari slices layers. Without it they are read at once.
    """

    def __init__(self, picture: FullPicture, copy: Colours) -> None:
        self.picture = picture
        self.ask: Callable[[], None] | None = None
        reduced = picture.factors[-1]
        rows, cols = (size // reduced for size in picture.shape)
        self._copy = copy[:rows, :cols]
        self._whole = (rows * reduced, cols * reduced)
        self._read: OrderedDict[Tile, Colours] = OrderedDict()
        self._n_bytes = 0
        self._wanted: list[Tile] = []
        self._reading: set[Tile] = set()
        self._lost: set[Tile] = set()
        self._is_gone = False
        self._lock = Lock()

    def levels(self) -> list[Any]:
        """Sizes for a multiscale layer, the largest first.

        Each is a whole fraction of the largest, so that napari, which goes by their
        sizes, lays them exactly on one another. Of the picture's last rows and columns,
        fewer than make a pixel of the copy are left out.
        """
        sizes = [LazyLevel(self, factor) for factor in self.picture.factors[:-1]]
        return [*sizes, self._copy]

    def size(self, factor: int) -> tuple[int, int]:
        """Rows and columns of one size."""
        return self._whole[0] // factor, self._whole[1] // factor

    def part(self, factor: int, rows: slice, cols: slice) -> Colours:
        """What is known of a part; what is missing is asked for."""
        tiles = list(self._tiles(factor, rows, cols))
        with self._lock:
            missing = [tile for tile in tiles if tile not in self._read]
            left_out = missing if self._is_gone else self._lost | self._reading
            self._wanted = [tile for tile in missing if tile not in left_out]
        if self._wanted and self.ask is not None:
            self.ask()
        elif self._wanted:
            self._read_now()
        found = self._ground(factor, rows, cols, known=not missing)
        for tile in tiles:
            with self._lock:
                colours = self._read.get(tile)
                if colours is not None:
                    self._read.move_to_end(tile)
            if colours is not None:
                _lay(colours, self._corner(tile), found, (rows.start, cols.start))
        return found

    @property
    def is_waiting(self) -> bool:
        """Whether tiles are waited for."""
        return len(self._wanted) > 0

    def read_next(self, reader: PictureReader) -> ReadError | None:
        """Read a tile that is waited for; return why it cannot be read.

        Such a tile is not asked for again: the enlarged copy stays in its place.
        """
        with self._lock:
            if not self._wanted:
                return None
            tile = self._wanted.pop(0)
            self._reading.add(tile)  # whoever looks meanwhile need not want it again
        try:
            self._keep(tile, reader.read(tile[0], *self._extent(tile)))
        except ReadError as error:
            with self._lock:
                self._lost.add(tile)
            return error
        finally:
            with self._lock:
                self._reading.discard(tile)
        return None

    def give_up(self) -> None:
        """Wait for nothing any more: the file cannot be read."""
        with self._lock:
            self._is_gone, self._wanted = True, []

    def _keep(self, tile: Tile, colours: Colours) -> None:
        """Keep a tile that was read, and forget those not looked at for longest."""
        with self._lock:
            before = self._read.pop(tile, None)  # two jobs may read the same
            self._n_bytes += colours.nbytes - (0 if before is None else before.nbytes)
            self._read[tile] = colours
            while self._n_bytes > _KEPT_BYTES and len(self._read) > 1:
                self._n_bytes -= self._read.popitem(last=False)[1].nbytes

    def _read_now(self) -> None:
        told: list[ReadError] = []
        try:
            with self.picture.opened() as reader:
                while self.is_waiting:
                    error = self.read_next(reader)
                    told += [] if error is None else [error]
        except ReadError as error:
            self.give_up()
            told.append(error)
        if told:
            warnings.warn(str(told[0]), stacklevel=2)

    def _tiles(self, factor: int, rows: slice, cols: slice) -> Iterator[Tile]:
        height, width = self.picture.piece(factor)
        for down in range(rows.start // height, -(-rows.stop // height)):
            for right in range(cols.start // width, -(-cols.stop // width)):
                yield factor, down, right

    def _corner(self, tile: Tile) -> tuple[int, int]:
        height, width = self.picture.piece(tile[0])
        return tile[1] * height, tile[2] * width

    def _extent(self, tile: Tile) -> tuple[slice, slice]:
        """Rows and columns of a tile, at its own size of the picture."""
        (top, left), (height, width) = self._corner(tile), self.picture.piece(tile[0])
        n_rows, n_cols = self.size(tile[0])
        rows = slice(top, min(top + height, n_rows))
        return rows, slice(left, min(left + width, n_cols))

    def _ground(self, factor: int, rows: slice, cols: slice, *, known: bool) -> Colours:
        """Part of the copy, its pixels repeated; of any colours if all is known."""
        if known:
            shape = (rows.stop - rows.start, cols.stop - cols.start, 3)
            return np.empty(shape, np.uint8)
        step = self.picture.factors[-1] // factor
        firsts = [s.start // step for s in (rows, cols)]
        down, right = (
            slice(first, -(-s.stop // step))
            for first, s in zip(firsts, (rows, cols), strict=True)
        )
        found = self._copy[down, right].repeat(step, axis=0).repeat(step, axis=1)
        top, left = rows.start - firsts[0] * step, cols.start - firsts[1] * step
        enlarged: Colours = found[
            top : top + rows.stop - rows.start, left : left + cols.stop - cols.start
        ]
        return enlarged


class LazyLevel:
    """One size of a picture, read where it is looked at: an array, as napari sees it.

    Attributes
    ----------
    shape, chunks
        Of the array: rows, columns and three colours.
    """

    dtype = np.dtype(np.uint8)
    ndim = 3

    def __init__(self, tiles: Tiles, factor: int) -> None:
        self.tiles, self.factor = tiles, factor
        self.shape = (*tiles.size(factor), 3)
        self.chunks = (*tiles.picture.piece(factor), 3)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Colours:
        rows, cols, *colours = key if isinstance(key, tuple) else (key, slice(None))
        down, right = _span(rows, self.shape[0]), _span(cols, self.shape[1])
        part = self.tiles.part(self.factor, _around(down), _around(right))
        found: Colours = part[:: down.step, :: right.step][(..., *colours)]
        single = [axis for axis, at in enumerate((rows, cols)) if not _is_slice(at)]
        return found.squeeze(tuple(single)) if single else found

    def __array__(self, dtype: Any = None, *_options: Any) -> NDArray[Any]:
        return np.asarray(self[:, :], dtype=dtype)


def tiles_of(data: Any) -> Tiles | None:
    """Tiles behind the data of a layer, if they are those of a large picture."""
    first = None if isinstance(data, np.ndarray) else data[0]
    return first.tiles if isinstance(first, LazyLevel) else None


def _is_slice(wish: Any) -> bool:
    return isinstance(wish, slice)


def _span(wish: Any, size: int) -> range:
    """Rows or columns that are asked for: by a slice, or one by its number."""
    if _is_slice(wish):
        return range(*wish.indices(size))
    at = range(size)[index(wish)]
    return range(at, at + 1)


def _around(span: range) -> slice:
    return slice(min(span), max(span) + 1) if len(span) else slice(0, 0)


def _lay(
    colours: Colours, at: tuple[int, int], onto: Colours, corner: tuple[int, int]
) -> None:
    """Copy the part of a tile that lies within."""
    ends = [max(a, c) for a, c in zip(at, corner, strict=True)]
    lasts = [
        min(a + n, c + m)
        for a, n, c, m in zip(at, colours.shape, corner, onto.shape, strict=False)
    ]
    source, goal = (
        tuple(slice(e - o, f - o) for e, f, o in zip(ends, lasts, origin, strict=True))
        for origin in (at, corner)
    )
    onto[goal] = colours[source]
