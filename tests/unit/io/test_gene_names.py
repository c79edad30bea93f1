"""Gene names that repeat are numbered, and the note names one that was."""

from __future__ import annotations

import pandas as pd
import pytest

from napari_stentrans.io.assembly.counts import unique_names


@pytest.mark.parametrize(
    ("names", "kept", "told"),
    [
        (["A", "A", "A-1"], ["A", "A-2", "A-1"], "A, A-2"),
        (["B", "A", "A"], ["B", "A", "A-1"], "A, A-1"),
        (["B", "A", "C", "A", "B"], ["B", "A", "C", "A-1", "B-1"], "A, A-1"),
    ],
)
def test_the_note_names_what_was_numbered(names, kept, told):
    found, (note,) = unique_names(pd.Index(names))
    assert list(found) == kept
    assert f"(such as {told})" in note
