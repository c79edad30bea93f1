"""zarr folders, looked through before anything in them is believed. Knows no format."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import SMALL, require, require_held

_METADATA = ("zarr.json", ".zarray")
_MOST_FILES = 2_000_000
_SPARSE = ("data", "indices", "indptr")


def attributes(path: Path) -> dict[str, Any]:
    """Attributes of a zarr group; empty where it has none, or is none."""
    for name in ("zarr.json", ".zattrs"):
        file = path / name
        if file.is_file() and file.stat().st_size < SMALL:
            found = _json(file)
            inside = found.get("attributes", {}) if name == "zarr.json" else found
            return inside if isinstance(inside, dict) else {}
    return {}


def is_group(path: Path) -> bool:
    """Whether a folder is a zarr group."""
    return any((path / name).is_file() for name in (".zgroup", "zarr.json"))


def check_zarr(path: Path, parts: tuple[str, ...] = ("",)) -> None:
    """Refuse a folder that declares more than it holds, or points out of itself.

    What is absent of an array reads as zeros: a sparse matrix must be there whole, as
    must the names of spots and genes. A dense array may do without its empty chunks.

    Parameters
    ----------
    path
        The zarr folder.
    parts
        Which of its folders will be read whole.

    Raises
    ------
    ReadError
        Naming the array.
    """
    total = 0.0
    whole: list[Path] = []
    for part in parts:
        if (path / part).is_dir():
            for folder, stored in _arrays(path / part, path.resolve()):
                name = f"{path.name}: {folder.relative_to(path)}"
                declared = _declared(folder)
                require_held(declared, stored, name)
                total += declared
                whole += [folder] if _has_no_empty_chunk(folder) else []
    require(total, path.name)
    for folder in whole:
        _require_chunks(folder, f"{path.name}: {folder.relative_to(path)}")


def _has_no_empty_chunk(folder: Path) -> bool:
    """Whether no chunk of an array can be all zeros, which writers leave out."""
    above = folder.parent
    if folder.name == attributes(above).get("_index"):
        return True
    if folder.name not in _SPARSE or not all(_is_array(above / n) for n in _SPARSE):
        return False
    if folder.name == "indptr":
        return math.prod(_shape(above / "data")) > 0
    if folder.name == "indices":  # of a single gene, or spot, all are 0
        shape = attributes(above).get("shape", ())
        return not isinstance(shape, list) or 1 not in shape
    return True


def _require_chunks(folder: Path, name: str) -> None:
    """Refuse an array in one dimension that lacks chunks, where that can be told."""
    shape = _shape(folder)
    grid = _chunks(folder) if len(shape) == 1 else None
    if grid is None:
        return
    length, prefix = grid
    needed = math.ceil(shape[0] / length)
    where, start = (folder / "c", "") if prefix == "c/" else (folder, prefix)
    files = [file.name for file in where.iterdir()] if where.is_dir() else []
    keys = {file.removeprefix(start) for file in files if file.startswith(start)}
    there = {int(key) for key in keys if key.isdecimal() and int(key) < needed}
    if len(there) < needed:
        first = next(at for at in itertools.count() if at not in there)
        msg = (
            f"{name} lacks {needed - len(there)} of its {needed} chunks (the first: "
            f"{prefix}{first}), so the copy is not complete; copy or download it again"
        )
        raise ReadError(msg)


def _chunks(folder: Path) -> tuple[int, str] | None:
    """Length of the chunks of an array, and what precedes their numbers in names.

    None where they are laid out in another way than is known here. Shards count as
    chunks, since they are what is stored.
    """
    found = _metadata(folder)
    if "chunk_grid" not in found:
        lengths, prefix = found.get("chunks"), ""
    else:
        grid, keys = found["chunk_grid"], found.get("chunk_key_encoding", {})
        if not (isinstance(grid, dict) and isinstance(keys, dict)):
            return None
        is_known = keys.get("name") in ("default", "v2")
        if grid.get("name") != "regular" or not is_known:
            return None
        lengths = grid.get("configuration", {}).get("chunk_shape")
        mark = keys.get("configuration", {}).get("separator", "/")
        prefix = f"c{mark}" if keys["name"] == "default" else ""
    length = lengths[0] if isinstance(lengths, list) and lengths else 0
    is_stored_so = isinstance(length, int) and not found.get("storage_transformers")
    return (length, prefix) if is_stored_so and length > 0 else None


def _arrays(top: Path, root: Path) -> Iterator[tuple[Path, int]]:
    """Each array folder below ``top``, and the bytes stored in it."""
    stored: dict[Path, int] = {}
    n_files = 0
    for folder, inside, files in os.walk(top):
        here = Path(folder)
        for name in (*inside, *files):
            if (here / name).is_symlink() and not _is_below(here / name, root):
                msg = f"{root.name}: {name} points out of the folder: not followed"
                raise ReadError(msg)
        n_files += len(files)
        if n_files > _MOST_FILES:
            msg = f"{root.name} holds over {_MOST_FILES} files, so it is no section"
            raise ReadError(msg)
        array = here if _is_array(here) else _owner(here, stored)
        if array is not None:
            size = sum((here / name).stat().st_size for name in files)
            stored[array] = stored.get(array, 0) + size
    yield from stored.items()


def _owner(folder: Path, arrays: dict[Path, int]) -> Path | None:
    """Return the array that a folder of chunks belongs to."""
    return next((above for above in folder.parents if above in arrays), None)


def _is_below(path: Path, root: Path) -> bool:
    return root in path.resolve().parents


def _is_array(folder: Path) -> bool:
    if (folder / ".zarray").is_file():
        return True
    return _json(folder / "zarr.json").get("node_type") == "array"


def _declared(folder: Path) -> float:
    """Bytes that an array takes once it is read."""
    return math.prod(map(float, _shape(folder))) * _item_bytes(_metadata(folder))


def _shape(folder: Path) -> list[int]:
    shape = _metadata(folder).get("shape")
    if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
        msg = f"{folder.name} has no shape"
        raise ReadError(msg)
    return shape


def _metadata(folder: Path) -> dict[str, Any]:
    """What is said of an array."""
    return next(_json(folder / name) for name in _METADATA if (folder / name).is_file())


def _item_bytes(found: dict[str, Any]) -> int:
    kind = str(found.get("data_type", found.get("dtype", "")))
    digits = "".join(letter for letter in kind if letter.isdigit())
    if not digits or kind.startswith(("|O", "object")):
        return 8
    in_bits = "data_type" in found
    return max(1, int(digits) // 8) if in_bits else int(digits)


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
