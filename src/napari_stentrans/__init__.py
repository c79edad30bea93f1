"""Repair and sharpen spatial transcriptomics sections, in napari and in Python.

The public names are loaded when first used: importing this package imports neither
torch nor napari nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from napari_stentrans.imports import importing

_LAZY = {
    "read_section": "napari_stentrans.io",
    "section_from_anndata": "napari_stentrans.io.formats.h5ad.reader",
    "enhance": "napari_stentrans.pipeline",
    "export": "napari_stentrans.exports",
    "evaluate": "napari_stentrans.evaluation",
    "EnhancedSection": "napari_stentrans.enhanced",
    "MissingRegions": "napari_stentrans.section.missing",
    "RunConfig": "napari_stentrans.config",
    "Section": "napari_stentrans.section.section",
    "StEnTransError": "napari_stentrans.errors",
    "simulated_section": "napari_stentrans.datasets",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        with importing():
            module = import_module(_LAZY[name])
        return getattr(module, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return __all__
