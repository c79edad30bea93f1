"""What a slider through genes says: the gene over the canvas, and what its axis is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel

AXIS = -3
"""Of the genes, whatever else is open: napari lines axes up from the last."""
_LABEL = "gene"


def place(viewer: ViewerModel) -> int:
    """Where the slider is: in the world, for other layers may make finer steps."""
    at: float = viewer.dims.point[AXIS]
    return round(at)


def number_shown(viewer: ViewerModel, n_genes: int) -> int:
    """Which of so many genes the slider shows: the nearest, beyond their ends."""
    return min(max(place(viewer), 0), n_genes - 1)


class SliderWords:
    """Writes the gene over the canvas and names its axis, and puts back what was there.

    Parameters
    ----------
    viewer
        Where it is shown.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._told: str | None = None
        self._text_before, self._was_visible = "", False
        self._label_before: str | None = None

    def tell(self, text: str) -> None:
        """Write over the canvas, in place of what a person has there."""
        overlay = self._viewer.canvas.overlays.text
        if overlay.text != self._told:
            self._text_before, self._was_visible = overlay.text, overlay.visible
        self._told = overlay.text = text
        overlay.visible = True

    def hush(self) -> None:
        """Put back what was over the canvas, unless it was changed meanwhile."""
        overlay = self._viewer.canvas.overlays.text
        if self._told is not None and overlay.text == self._told:
            overlay.visible, overlay.text = self._was_visible, self._text_before
        self._told = None

    def name_axis(self) -> None:
        """Call the axis of the genes what it is."""
        label = self._viewer.dims.axis_labels[AXIS]
        if label != _LABEL:
            self._label_before = label
            self._label(_LABEL)

    def give_axis_back(self) -> None:
        """Call the axis as before, if it is still there."""
        labels, before = self._viewer.dims.axis_labels, self._label_before
        if before is not None and len(labels) >= -AXIS and labels[AXIS] == _LABEL:
            self._label(before)
        self._label_before = None

    def _label(self, text: str) -> None:
        labels = list(self._viewer.dims.axis_labels)
        labels[AXIS] = text
        self._viewer.dims.axis_labels = tuple(labels)
