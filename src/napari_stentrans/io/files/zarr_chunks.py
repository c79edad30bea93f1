"""Arrays of a zarr folder: what they declare, and which chunks of them are stored.

What is absent reads as zeros, or whatever the array is filled with. Writers leave out
chunks that hold nothing else, so that absence alone is no damage: who asks must know
whether a chunk can be empty. Knows no format.
"""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_stentrans.errors import ReadError

_METADATA = ("zarr.json", ".zarray")
Key = tuple[int, ...]


@dataclass(frozen=True)
class Chunks:
    """The chunks of an array. Shards count as chunks: they are what is stored.

    Attributes
    ----------
    shape
        Of the array.
    size
        Of a chunk.
    stored
        Numbers, along each axis, of those that are there.
    prefix, mark
        What precedes these numbers in names, and what stands between them.
    """

    shape: Key
    size: Key
    stored: frozenset[Key]
    prefix: str
    mark: str

    @property
    def n_needed(self) -> int:
        """How many cover the array."""
        return math.prod(self._counts)

    @property
    def n_absent(self) -> int:
        """How many of these are not there."""
        return self.n_needed - len(self.stored)

    def absent(self) -> Iterator[Key]:
        """Go through those that are not there, in order."""
        every = itertools.product(*map(range, self._counts))
        return (key for key in every if key not in self.stored)

    def extent(self, key: Key) -> Key:
        """How much of the array is in a chunk, along each axis."""
        along = zip(self.shape, self.size, key, strict=True)
        return tuple(min(size, length - at * size) for length, size, at in along)

    def name(self, key: Key) -> str:
        """Name of its file in the folder of the array."""
        return self.prefix + self.mark.join(map(str, key))

    @property
    def _counts(self) -> Key:
        sides = zip(self.shape, self.size, strict=True)
        return tuple(math.ceil(length / size) for length, size in sides)


def chunks_of(folder: Path) -> Chunks | None:
    """Look which chunks of an array are there.

    None where they are laid out in another way than is known here.
    """
    shape, laid = tuple(shape_of(folder)), _layout(array_metadata(folder))
    if laid is None or not shape or len(laid[0]) != len(shape):
        return None
    whole = Chunks(shape, laid[0], frozenset(), *laid[1:])
    stored = frozenset(_stored(folder, whole))
    return Chunks(shape, laid[0], stored, *laid[1:])


def is_array(folder: Path) -> bool:
    """Whether a folder is a zarr array."""
    if (folder / ".zarray").is_file():
        return True
    return read_json(folder / "zarr.json").get("node_type") == "array"


def shape_of(folder: Path) -> list[int]:
    """Shape that an array declares.

    Raises
    ------
    ReadError
        If it declares none.
    """
    shape = array_metadata(folder).get("shape")
    if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
        msg = f"{folder.name} has no shape"
        raise ReadError(msg)
    return shape


def array_metadata(folder: Path) -> dict[str, Any]:
    """What is said of an array."""
    files = (folder / name for name in _METADATA)
    return next(read_json(file) for file in files if file.is_file())


def read_json(file: Path) -> dict[str, Any]:
    """Read a small file of metadata; empty where it is not there."""
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _layout(found: dict[str, Any]) -> tuple[Key, str, str] | None:
    """Size of the chunks of an array, what precedes their numbers, and the mark."""
    if "chunk_grid" not in found:
        size, prefix = found.get("chunks"), ""
        mark = found.get("dimension_separator", ".")
    else:
        grid, keys = found["chunk_grid"], found.get("chunk_key_encoding", {})
        if not (isinstance(grid, dict) and isinstance(keys, dict)):
            return None
        is_known = keys.get("name") in ("default", "v2")
        if grid.get("name") != "regular" or not is_known:
            return None
        size = grid.get("configuration", {}).get("chunk_shape")
        is_default = keys["name"] == "default"
        usual = "/" if is_default else "."
        mark = keys.get("configuration", {}).get("separator", usual)
        prefix = f"c{mark}" if is_default else ""
    if mark not in ("/", ".") or found.get("storage_transformers"):
        return None
    if not isinstance(size, list) or not all(isinstance(n, int) for n in size):
        return None
    return (tuple(size), prefix, mark) if min(size, default=0) > 0 else None


def _stored(folder: Path, whole: Chunks) -> Iterator[Key]:
    """Go through the chunks whose files are there."""
    for inside, _, files in os.walk(folder):
        above = Path(inside).relative_to(folder)
        for file in files:
            name = (above / file).as_posix()
            cells = name.removeprefix(whole.prefix).split(whole.mark)
            if not name.startswith(whole.prefix) or not all(
                cell.isdecimal() for cell in cells
            ):
                continue
            key = tuple(map(int, cells))
            if len(key) == len(whole.shape) and min(whole.extent(key)) > 0:
                yield key
