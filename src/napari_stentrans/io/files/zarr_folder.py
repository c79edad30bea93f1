"""zarr folders, looked through before anything in them is believed. Knows no format."""

from __future__ import annotations

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
    for part in parts:
        if (path / part).is_dir():
            for folder, stored in _arrays(path / part, path.resolve()):
                name = f"{path.name}: {folder.relative_to(path)}"
                declared = _declared(folder)
                require_held(declared, stored, name)
                total += declared
    require(total, path.name)


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
    found = next(
        _json(folder / name) for name in _METADATA if (folder / name).is_file()
    )
    shape = found.get("shape")
    if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
        msg = f"{folder.name} has no shape"
        raise ReadError(msg)
    return math.prod(map(float, shape)) * _item_bytes(found)


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
