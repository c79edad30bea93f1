"""What `napari.yaml` points to: a few lines each, everything imported when called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

LayerData: TypeAlias = tuple[Any, dict[str, Any], str]
Reader: TypeAlias = Callable[[str | Sequence[str]], list[LayerData]]

_NO_LAYERS: list[Any] = [(None,)]
"""How a reader tells napari that there is nothing to add."""


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
    from napari_stentrans.errors import WindowClosedError
    from napari_stentrans.gui.canvas.layers import section_to_layers
    from napari_stentrans.gui.opening import read_responsively

    try:
        sections = [read_responsively(Path(each)) for each in _as_list(path)]
    except WindowClosedError:
        return _NO_LAYERS
    return [layer for section in sections for layer in section_to_layers(section)]


def write(path: str, layers: list[LayerData]) -> list[str]:
    """Write the section or the result behind layers, as the ending of the name says.

    Raises
    ------
    StEnTransError
        If it is not clear what to write, or it cannot be written there.
    """
    from napari_stentrans.errors import StEnTransError
    from napari_stentrans.exports import export
    from napari_stentrans.gui.canvas.behind import behind
    from napari_stentrans.gui.canvas.placing import placed

    target = Path(path) if Path(path).suffix else Path(f"{path}.h5ad")
    try:
        metadata = [options.get("metadata", {}) for _, options, _ in layers]
        return [str(export(placed(behind(metadata), metadata), target))]
    except ValueError as error:  # which napari would take for "no writer found"
        raise StEnTransError(str(error)) from error


def open_simulated_visium() -> list[LayerData]:
    """Sample: a simulated Visium section with a picture of its tissue."""
    return _open_sample("simulated_visium")


def open_simulated_st() -> list[LayerData]:
    """Sample: a simulated section of the first, coarse arrays."""
    return _open_sample("simulated_st")


def _open_public(name: str) -> list[LayerData]:
    """Sample: a public section, fetched the first time."""
    from napari_stentrans.errors import WindowClosedError
    from napari_stentrans.gui.public import public_layers

    try:
        return public_layers(name)
    except WindowClosedError:
        return _NO_LAYERS


open_human_melanoma = partial(_open_public, "human_melanoma")
open_human_breast_cancer = partial(_open_public, "human_breast_cancer")
open_mouse_brain_posterior = partial(_open_public, "mouse_brain_posterior")
open_mouse_brain_coronal = partial(_open_public, "mouse_brain_coronal")
open_human_lymph_node = partial(_open_public, "human_lymph_node")
open_human_heart = partial(_open_public, "human_heart")
open_mouse_kidney = partial(_open_public, "mouse_kidney")
open_human_breast_cancer_ffpe = partial(_open_public, "human_breast_cancer_ffpe")
open_human_invasive_ductal_carcinoma = partial(
    _open_public, "human_invasive_ductal_carcinoma"
)


def _open_sample(name: str) -> list[LayerData]:
    from napari_stentrans.datasets import samples

    return read(str(samples()[name]))


def _as_list(path: str | Sequence[str]) -> list[str]:
    return [path] if isinstance(path, str | Path) else list(path)
