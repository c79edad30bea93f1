"""What `napari.yaml` points to: a few lines each, everything imported when called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

LayerData: TypeAlias = tuple[Any, dict[str, Any], str]
Reader: TypeAlias = Callable[[str | Sequence[str]], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return a reader if every path can be a section, else None; never raises."""
    from napari_stentrans.io import can_read

    paths = _as_list(path)
    return read if paths and all(can_read(Path(each)) for each in paths) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Read sections as layers.

    Raises
    ------
    StEnTransError
        Saying everything that is wrong with the file.
    """
    from napari_stentrans.gui.canvas.layers import section_to_layers
    from napari_stentrans.io import read_section

    sections = [read_section(Path(each)) for each in _as_list(path)]
    return [layer for section in sections for layer in section_to_layers(section)]


def open_simulated_visium() -> list[LayerData]:
    """Sample: a simulated Visium section with a picture of its tissue."""
    return _open_sample("simulated_visium")


def open_simulated_st() -> list[LayerData]:
    """Sample: a simulated section of the first, coarse arrays."""
    return _open_sample("simulated_st")


def _open_sample(name: str) -> list[LayerData]:
    from napari_stentrans.datasets import samples

    return read(str(samples()[name]))


def _as_list(path: str | Sequence[str]) -> list[str]:
    return [path] if isinstance(path, str | Path) else list(path)
