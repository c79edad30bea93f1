"""Files and folders that take their name only once they are complete."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_stentrans.errors import InvalidRequestError


@contextmanager
def replacing(path: Path, source: str | None = None) -> Iterator[Path]:
    """Give a name to write to, which becomes ``path`` once the block is done.

    Whatever happens before, ``path`` stays as it was and nothing half-written is left.

    Parameters
    ----------
    path
        The file or folder to make; one of that name is replaced at the very end.
    source
        Where the data was read from, which is never written to.

    Raises
    ------
    InvalidRequestError
        If nothing can be written there, or the disk is full.
    """
    path = Path(path).absolute()
    check_place(path, source)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield unfinished
        _take_name(unfinished, path)
    except OSError as error:
        hint = "" if error.errno == errno.ENAMETOOLONG else " Is the disk full?"
        msg = f"cannot write {path}: {error.strerror or error}.{hint}"
        raise InvalidRequestError(msg) from error
    finally:
        _remove(unfinished)


def check_writable(path: Path) -> None:
    """Make sure, before hours of work, that a file can be written there.

    Raises
    ------
    InvalidRequestError
        Saying why not.
    """
    if path.is_dir():
        msg = (
            f"{path} is a folder; give the name of a file in it, such as enhanced.h5ad"
        )
        raise InvalidRequestError(msg)
    check_place(path)


def check_place(path: Path, source: str | None = None) -> None:
    """Make sure that a file or folder can be made here, and is not the input.

    Raises
    ------
    InvalidRequestError
        Saying why not.
    """
    path = Path(path).absolute()
    if not path.parent.is_dir():
        msg = f"cannot write {path}: there is no folder {path.parent}. Make it first."
        raise InvalidRequestError(msg)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        msg = (
            f"cannot write {path}: you may not write into {path.parent}. "
            "Choose another."
        )
        raise InvalidRequestError(msg)
    original = Path(source).absolute() if source else None
    if original and original.exists() and _is_within(original, path):
        msg = f"{path} is what was read, which is never changed; give another name"
        raise InvalidRequestError(msg)


def _is_within(original: Path, path: Path) -> bool:
    """Whether replacing ``path`` would change the original, or write into it."""
    if not path.exists():
        return path.resolve().is_relative_to(original.resolve()) and original.is_dir()
    above = [original, *original.parents]
    return any(path.samefile(each) for each in above) or (
        path.resolve().is_relative_to(original.resolve())
    )


def _take_name(unfinished: Path, path: Path) -> None:
    if not path.is_dir():
        unfinished.replace(path)
        return
    earlier = path.with_name(f".{path.name}.{os.getpid()}.old")
    path.rename(earlier)
    unfinished.rename(path)
    _remove(earlier)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
