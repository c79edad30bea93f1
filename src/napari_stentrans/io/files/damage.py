"""What libraries raise over damaged files, in one place. Knows no format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import Final, TypeVar

from PIL.Image import DecompressionBombError

from napari_stentrans.errors import ReadError, StEnTransError

T = TypeVar("T")

DAMAGE: Final = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,  # h5py, over broken internal links
    SyntaxError,  # pillow, over broken png chunks
    NotImplementedError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    DecompressionBombError,  # pillow, over more pixels than it takes for honest
    struct.error,
    zlib.error,
)
"""Raised by h5py, pandas, pyarrow, pillow, gzip and anndata over wrong input."""


@contextmanager
def from_library(what: str) -> Iterator[None]:
    """Turn whatever a reading library raises into a clear error.

    Some raise classes of their own that derive from nothing telling.

    Raises
    ------
    ReadError
        In place of any error that is not ours.
    """
    with ExitStack() as stack:
        stack.push(partial(_told, what))
        yield


def _told(
    what: str,
    _kind: type[BaseException] | None,
    error: BaseException | None,
    _trace: TracebackType | None,
) -> bool:
    if isinstance(error, Exception) and not isinstance(error, StEnTransError):
        msg = f"{what} is damaged or not what it seems to be: {said(error)}"
        raise ReadError(msg) from error
    return False


def said(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind if it says nothing."""
    if isinstance(error, EOFError):
        return "the file is cut off; copy or download it again"
    if isinstance(error, UnicodeDecodeError):
        return "its text is not in UTF-8; save it again as UTF-8"
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def attempt(problems: list[str], what: str, read: Callable[[], T]) -> T | None:
    """Read one part; on failure add what is wrong to ``problems`` and return None."""
    try:
        return read()
    except StEnTransError as error:
        problems.append(str(error))
    except DAMAGE as error:
        problems.append(f"{what} cannot be read: {said(error)}")
    return None
