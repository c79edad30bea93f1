"""zarr folders, looked through before anything in them is believed. Knows no format."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import SMALL, require, require_held
from napari_stentrans.io.files.zarr_chunks import (
    array_metadata,
    chunks_of,
    is_array,
    read_json,
    shape_of,
)

_MOST_FILES = 2_000_000
_SPARSE = ("data", "indices", "indptr")
_NO_PLACE = ". If these spots have no place, give them NaN instead of 0"


def attributes(path: Path) -> dict[str, Any]:
    """Attributes of a zarr group; empty where it has none, or is none."""
    for name in ("zarr.json", ".zattrs"):
        file = path / name
        if file.is_file() and file.stat().st_size < SMALL:
            found = read_json(file)
            inside = found.get("attributes", {}) if name == "zarr.json" else found
            return inside if isinstance(inside, dict) else {}
    return {}


def is_group(path: Path) -> bool:
    """Whether a folder is a zarr group."""
    return any((path / name).is_file() for name in (".zgroup", "zarr.json"))


def members(path: Path, group: str) -> list[str]:
    """Names in a group: of folders that are there, and of those listed at the top."""
    folders = {each.name for each in (path / group).glob("*") if is_group(each)}
    listed = read_json(path / "zarr.json").get("consolidated_metadata") or {}
    known = listed.get("metadata", {}) if isinstance(listed, dict) else {}
    below = {name.removeprefix(f"{group}/") for name in known if name != group}
    names = {name.split("/")[0] for name in below if f"{group}/{name}" in known}
    return sorted(folders | names)


def check_zarr(
    path: Path, parts: tuple[str, ...] = ("",), positions: Collection[str] = ()
) -> None:
    """Refuse a folder that declares more than it holds, or points out of itself.

    What is absent of an array reads as zeros: a sparse matrix must be there whole, as
    must the names of spots and genes, and positions, since no two spots have the same.
    Any other dense array may do without its empty chunks.

    Parameters
    ----------
    path
        The zarr folder.
    parts
        Which of its folders will be read whole.
    positions
        Names that tables of positions have in ``obsm``.

    Raises
    ------
    ReadError
        Naming the array.
    """
    total = 0.0
    whole: list[tuple[Path, int]] = []
    for part in parts:
        if (path / part).is_dir():
            for folder, stored in _arrays(path / part, path.resolve()):
                name = f"{path.name}: {folder.relative_to(path)}"
                declared = _declared(folder)
                require_held(declared, stored, name)
                total += declared
                if _has_no_empty_chunk(folder):
                    whole.append((folder, 1))
                elif folder.parent.name == "obsm" and folder.name in positions:
                    whole.append((folder, 2))  # one spot, or all x, may be 0
    require(total, path.name)
    for folder, least in whole:
        _require_chunks(folder, least, f"{path.name}: {folder.relative_to(path)}")


def _has_no_empty_chunk(folder: Path) -> bool:
    """Whether no chunk of an array can be all zeros, which writers leave out."""
    above = folder.parent
    # From anndata 0.13 on, names are a group: their values, and what is missing.
    if _is_index(folder) or (folder.name == "values" and _is_index(above)):
        return True
    if folder.name not in _SPARSE or not all(is_array(above / n) for n in _SPARSE):
        return False
    if folder.name == "indptr":
        return math.prod(shape_of(above / "data")) > 0
    if folder.name == "indices":  # of a single gene, or spot, all are 0
        shape = attributes(above).get("shape", ())
        return not isinstance(shape, list) or 1 not in shape
    return True


def _is_index(folder: Path) -> bool:
    """Whether it holds the names of the rows of a table."""
    return folder.name == attributes(folder.parent).get("_index")


def _require_chunks(folder: Path, least: int, name: str) -> None:
    """Refuse an array that lacks chunks, where that can be told.

    Those of fewer than ``least`` values along an axis may be empty.
    """
    chunks = chunks_of(folder)
    if chunks is None:
        return
    missed = (key for key in chunks.absent() if min(chunks.extent(key)) >= least)
    first = next(missed, None)
    if first is not None:
        advice = "" if least == 1 else _NO_PLACE
        msg = (
            f"{name} lacks {chunks.n_absent} of its {chunks.n_needed} chunks (the "
            f"first: {chunks.name(first)}), so the copy is not complete; copy or "
            f"download it again{advice}"
        )
        raise ReadError(msg)


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
        array = here if is_array(here) else _owner(here, stored)
        if array is not None:
            size = sum((here / name).stat().st_size for name in files)
            stored[array] = stored.get(array, 0) + size
    yield from stored.items()


def _owner(folder: Path, arrays: dict[Path, int]) -> Path | None:
    """Return the array that a folder of chunks belongs to."""
    return next((above for above in folder.parents if above in arrays), None)


def _is_below(path: Path, root: Path) -> bool:
    return root in path.resolve().parents


def _declared(folder: Path) -> float:
    """Bytes that an array takes once it is read."""
    return math.prod(map(float, shape_of(folder))) * _item_bytes(array_metadata(folder))


def _item_bytes(found: dict[str, Any]) -> int:
    kind = str(found.get("data_type", found.get("dtype", "")))
    digits = "".join(letter for letter in kind if letter.isdigit())
    if not digits or kind.startswith(("|O", "object")):
        return 8
    in_bits = "data_type" in found
    return max(1, int(digits) // 8) if in_bits else int(digits)
