"""Pictures in zarr folders that may be copied in part. Knows no format."""

from __future__ import annotations

from pathlib import Path

from napari_stentrans.io.files.zarr_chunks import chunks_of


def is_gone(folder: Path, name: str, notes: list[str]) -> bool:
    """Whether nothing of a picture is there; notes say that, or that a part is not.

    A chunk that is black everywhere is left out by right, as around the tissue under
    fluorescence: only a person can tell whether it should be black. Of a picture
    without any chunk there is nothing to see either way.

    Parameters
    ----------
    folder
        The array.
    name
        What the picture is called.
    notes
        These get one more.
    """
    chunks = chunks_of(folder)
    if chunks is None or not chunks.n_absent:
        return False
    if not chunks.stored:
        notes.append(
            f"The image {name!r} is not shown: none of its chunks is there, so the "
            "copy is not complete; copy or download it again."
        )
        return True
    notes.append(
        f"The image {name!r} lacks {chunks.n_absent} of its {chunks.n_needed} chunks "
        f"(the first: {chunks.name(next(chunks.absent()))}), which are shown empty. "
        "If they should not be, the copy is not complete; copy or download it again."
    )
    return False
