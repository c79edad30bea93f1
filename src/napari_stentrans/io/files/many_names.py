"""Names of millions of spots: compared in place, without a Python text for each.

Knows no file format. The 11 million bins of a Visium HD slide have names of 22 letters:
0.3 GB as arrow holds them, over 2 GB as texts with the index that pandas makes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from napari_stentrans.section.lattice import IntArray


def as_names(texts: Any) -> pa.ChunkedArray:
    """Return texts, a sequence of them or of arrow, as names."""
    if isinstance(texts, pa.ChunkedArray):
        return texts.cast(pa.string())
    return pa.chunked_array([pa.array(np.asarray(texts, dtype=object), pa.string())])


def n_repeated(names: pa.ChunkedArray) -> int:
    """Count the names that occurred before."""
    if _is_ascending(names):
        return 0
    distinct = pc.count_distinct(names, mode="all").as_py()
    return len(names) - int(distinct)


def without_suffix(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names without the "-1" that tells the library: some programs leave it out."""
    return pc.replace_substring_regex(names, r"-\d+$", "")


def places_of(wanted: pa.ChunkedArray, listed: pa.ChunkedArray) -> IntArray:
    """Place of each wanted name among the listed ones, -1 where it is not listed.

    Parameters
    ----------
    wanted
        The fewer ones, usually; a name may occur more than once.
    listed
        Each name once.
    """
    # Looking the listed up among the wanted takes memory for the wanted alone.
    found = pc.index_in(listed, value_set=wanted).combine_chunks()
    is_wanted = found.is_valid().to_numpy(zero_copy_only=False)
    place = np.full(len(wanted), -1, dtype=np.int64)
    place[found.drop_null().to_numpy()] = np.flatnonzero(is_wanted)
    if not _is_ascending(wanted):  # perhaps repeated: then only the first was found
        place = place[pc.index_in(wanted, value_set=wanted).to_numpy()]
    return place


def give_memory_back() -> None:
    """Return to the system what arrow keeps for itself after large tables are gone."""
    pa.default_memory_pool().release_unused()


def _is_ascending(names: pa.ChunkedArray) -> bool:
    """Whether each name is above the one before, as the instruments write them."""
    if len(names) < 2:
        return True
    rising = pc.all(pc.less(names[:-1], names[1:])).as_py()
    return bool(rising)
