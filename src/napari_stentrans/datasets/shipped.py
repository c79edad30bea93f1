"""Where the shipped sample sections lie. Knows their places, not their formats."""

from __future__ import annotations

from pathlib import Path

from napari_stentrans.errors import ReadError

_PLACES = {
    "simulated_st": "simulated_st/simulated_st.tsv.gz",
    "simulated_visium": "simulated_visium",
}

DEMO_SAMPLE = "simulated_visium"
"""The section that the demonstrations enhance."""
DEMO_HOLE = 2.5
"""Radius in pitches of the hole they paint into it."""


def sample_data_dir() -> Path:
    """Folder of the shipped sample sections.

    An installed package carries it inside; a checkout has it at its top.

    Raises
    ------
    ReadError
        If neither is there.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "_sample_data", package.parents[1] / "sample_data"):
        if folder.is_dir():
            return folder
    msg = (
        f"the sample sections are missing from {package}; install napari-stentrans "
        "again, or make them with scripts/make_sample_data.py"
    )
    raise ReadError(msg)


def samples() -> dict[str, Path]:
    """Return the shipped sections, name to path, ready for `read_section`."""
    folder = sample_data_dir()
    return {name: folder / place for name, place in _PLACES.items()}
