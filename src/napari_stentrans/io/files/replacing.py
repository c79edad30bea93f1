"""Files and folders that take their name only once they are complete."""

from __future__ import annotations

import errno
import math
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from uuid import uuid4

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.own_folders import foreign_in, list_files
from napari_stentrans.wording import room_in_words

_LONGEST_NAME = 255 - 16
"""Bytes that file systems take, less what a name has while it is written."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FOLDERS = {"", ".zarr", ".tables"}
"""Endings of the folders that we write; whatever has another is a file."""
_TRIES, _GONE, _BETWEEN = 20, 3, 0.1
"""To remove a folder, times that it must be found gone, and seconds between them."""
_NEW: ContextVar[frozenset[Path]] = ContextVar("_NEW", default=frozenset())
"""What must not replace anything, however deep down it is written."""


@contextmanager
def replacing(path: Path, inputs: Iterable[str] = ()) -> Iterator[Path]:
    """Give a name to write to, which becomes ``path`` once the block is done.

    Whatever happens before, ``path`` stays as it was and nothing half-written is left.

    Parameters
    ----------
    path
        The file or folder to make; one of that name is replaced at the very end.
    inputs
        Files and folders that the data was read from, which are never written to.

    Raises
    ------
    InvalidRequestError
        If nothing can be written there, or the disk is full.
    """
    path = Path(path).absolute()
    check_place(path, inputs)
    unfinished = path.with_name(f".{path.stem}.{_own()}.part{path.suffix}")
    try:
        with told_of(path):
            yield unfinished
            if unfinished.is_dir():
                list_files(unfinished)
            _take_name(unfinished, path)
    finally:
        _remove(unfinished)


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Tell what keeps the block from writing in plain words, and of this name.

    HDF5 has long words of its own for it, and scratch files have names nobody chose.
    """
    try:
        yield
    except OSError as error:
        hint = " Make room, or choose another disk." if error.errno in _FULL else ""
        why = os.strerror(error.errno) if error.errno else error
        msg = f"cannot write {path}: {why}.{hint}"
        raise InvalidRequestError(msg) from error


@contextmanager
def making_new(*paths: Path) -> Iterator[None]:
    """Refuse within the block to replace these, even what appears meanwhile.

    Another process may have made them since somebody looked, hours ago perhaps.
    """
    before = _NEW.set(frozenset(path.absolute() for path in paths))
    try:
        yield
    finally:
        _NEW.reset(before)


def check_room(path: Path, n_bytes: float) -> None:
    """Make sure that a file of this size has room.

    HDF5 may crash, not fail, where a disk fills up while it writes.

    Raises
    ------
    InvalidRequestError
        Saying how much is missing.
    """
    try:
        disk = shutil.disk_usage(Path(path).absolute().parent)
    except OSError:  # whoever writes will say what is wrong with the folder
        return
    if disk.total and disk.free < n_bytes:  # some network disks know nothing
        msg = (
            f"cannot write {path}: it needs {room_in_words(n_bytes, math.ceil)}, and "
            f"{room_in_words(disk.free, math.floor)} are free there. Make room, or "
            "choose another disk."
        )
        raise InvalidRequestError(msg)


def check_place(path: Path, inputs: Iterable[str] = ()) -> None:
    """Make sure, before hours of work, that a file or folder can be made here.

    Raises
    ------
    InvalidRequestError
        Saying why not: there is no such folder, it may not be written to, somebody
        else's file or folder has that name, or it belongs to the inputs.
    """
    path = Path(path).absolute()
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        msg = f"cannot write {path}: its name is too long. Choose a shorter one."
        raise InvalidRequestError(msg)
    if not path.parent.is_dir():
        msg = f"cannot write {path}: there is no folder {path.parent}. Make it first."
        raise InvalidRequestError(msg)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        msg = (
            f"cannot write {path}: you may not write into {path.parent}. "
            "Choose another."
        )
        raise InvalidRequestError(msg)
    for original in map(Path, inputs):
        if original.exists() and _is_touched(original, path):
            msg = (
                f"{path} is, or belongs to, what was read ({original}), which is never "
                "changed; write to another place"
            )
            raise InvalidRequestError(msg)
    _check_new(path)
    if path.is_dir():
        _check_folder(path)
    elif path.exists() and path.suffix.lower() in _FOLDERS:
        msg = (
            f"{path} is a file, where a folder is to be written; rename it, or choose "
            "another name"
        )
        raise InvalidRequestError(msg)


def _check_new(path: Path) -> None:
    """Refuse to replace what was to be new: somebody made it meanwhile."""
    if path in _NEW.get() and path.exists():
        msg = (
            f"{path} was made by another program meanwhile, and is not replaced; "
            "choose another name, or let it be replaced (--force)"
        )
        raise InvalidRequestError(msg)


def _check_folder(path: Path) -> None:
    """Refuse to replace a folder that holds anything but what we wrote."""
    if path.suffix.lower() not in _FOLDERS:
        msg = (
            f"{path} is a folder; give the name of a file in it, such as enhanced.h5ad"
        )
        raise InvalidRequestError(msg)
    foreign = foreign_in(path)
    if foreign:
        msg = (
            f"{path} is a folder with things in it that this program did not write "
            f"(such as {foreign}) and does not delete; rename it, or choose another "
            "name"
        )
        raise InvalidRequestError(msg)


def _is_touched(original: Path, path: Path) -> bool:
    """Whether making ``path`` would change the original, or write into it."""
    original = original.resolve()
    within = path.resolve().is_relative_to(original)
    if not path.exists():
        return within and original.is_dir()
    return within or any(path.samefile(each) for each in (original, *original.parents))


def _take_name(unfinished: Path, path: Path) -> None:
    _check_new(path)
    if not path.is_dir():
        unfinished.replace(path)
        return
    earlier = path.with_name(f".{path.name}.{_own()}.old")
    path.rename(earlier)
    try:
        unfinished.rename(path)
    except BaseException:
        earlier.rename(path)
        raise
    _remove(earlier)


def _own() -> str:
    """Text for a name that nobody else uses, be it another thread or computer."""
    return uuid4().hex[:8]


def _remove(path: Path) -> None:
    """Remove a file, or a folder, which threads of zarr may make again for a moment.

    What cannot be removed stays: it must not hide why there is something to remove.
    """
    if not path.is_dir() or path.is_symlink():
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return
    gone = 0
    for _ in range(_TRIES):
        shutil.rmtree(path, ignore_errors=True)
        gone = 0 if path.exists() else gone + 1
        if gone == _GONE:
            return
        time.sleep(_BETWEEN)
