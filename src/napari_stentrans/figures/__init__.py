"""Pictures of results for people: drawn with matplotlib, shown in no window."""

from __future__ import annotations

from napari_stentrans.figures.before_after import before_after, save_before_after
from napari_stentrans.figures.comparison import ComparisonLook, comparison
from napari_stentrans.figures.drawing import Colours
from napari_stentrans.figures.telling import telling_genes

__all__ = [
    "Colours",
    "ComparisonLook",
    "before_after",
    "comparison",
    "save_before_after",
    "telling_genes",
]
