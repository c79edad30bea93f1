"""Colours of marks, lines and words, to be told from the dark and the light theme."""

from __future__ import annotations

from qtpy.QtGui import QPalette

GOOD, DOUBTFUL = "#2b9a6b", "#c07c18"
"""A score that is borne out, and one that is not."""
NOTE, WARNING = "#4a86d8", "#c4720a"
"""Signs of advice."""
LINK = "#2f7de1"
POINTS = "#3f8fd8"
LOSS, HELD_OUT, KRIGING = "#7d8896", "#1f8fd6", "#c07a1c"
"""Lines of the learning curve."""


def of_error(palette: QPalette) -> str:
    """Colour of words that tell what went wrong."""
    is_dark = palette.windowText().color().lightness() > 127
    return "#ff7b72" if is_dark else "#b3261e"
