"""Two tables that belong together: one of counts, one of cells."""

from __future__ import annotations

import re
from pathlib import Path

from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.files.visible import visible
from napari_stentrans.io.files.wide_table import header_of

TableKind = tuple[str, tuple[str, ...]]
"""A word in the name of such a table, and columns by which it is known, if any."""


def pair_at(
    path: Path, counts: TableKind, cells: TableKind
) -> tuple[Path | None, Path | None]:
    """Return the tables of counts and of cells of a folder, or of one of the two.

    Those of one section have names that are alike but for the words; the only two of a
    folder may also end differently, or one of them may have no beginning of its own. Of
    several pairs in a folder, the instrument's own is meant, which has no name of its
    own.
    """
    words = counts[0], cells[0]
    is_part = path.is_file() and any(word in path.name for word in words)
    folder = path.parent if is_part else path
    if not folder.is_dir():
        return None, None
    found = _tables(folder, counts), _tables(folder, cells)
    one, other = ([_bare(file, words) for file in files] for files in found)
    pairs = [
        (found[0][i], found[1][j])
        for i in range(len(one))
        for j in range(len(other))
        if one[i] == other[j]
    ]
    if is_part:
        pairs = [pair for pair in pairs if path in pair]
    elif len(pairs) > 1:
        pairs = [pair for pair in pairs if pair[0].name.startswith(words[0])]
    if not pairs and len(one) == len(other) == 1:
        only = found[0][0], found[1][0]
        return only if _begin_alike(only, words) else (None, None)
    return pairs[0] if len(pairs) == 1 else (None, None)


def _tables(folder: Path, kind: TableKind) -> list[Path]:
    word, columns = kind
    named = visible(folder.glob(f"*{word}*.csv*"))
    if not columns:
        return named
    return [file for file in named if columns_among(header_of(file), [columns])]


def _begin_alike(pair: tuple[Path, Path], words: tuple[str, str]) -> bool:
    """Whether what stands before the words is the same, or there is none in one."""
    begins = {
        file.name.partition(word)[0] for file, word in zip(pair, words, strict=True)
    }
    return len(begins - {""}) < 2


def _bare(file: Path, words: tuple[str, str]) -> str:
    return re.sub("|".join(words), "", file.name.removesuffix(".gz"))
