"""What is to be seen of a section, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be seen of a section.

    Attributes
    ----------
    section, result
        What is looked at; without a result only the section is.
    reference
        The result it is compared with; None for the measured counts.
    names
        What the two are called, the reference first.
    gene
        The current gene, whose pictures are compared where only one gene's can be.
    mode, show_sd, fade, show_origin, even, color_bars, divider, first_on_top
        As in `ViewState`.
    """

    section: Section
    result: EnhancedSection | None = None
    reference: EnhancedSection | None = None
    names: tuple[str, str] = ("measured", "enhanced")
    gene: str | None = None
    mode: ViewMode = ViewMode.OVERLAY
    show_sd: bool = False
    fade: bool = False
    show_origin: bool = False
    even: bool = False
    color_bars: bool = True
    divider: float = 0.5
    first_on_top: bool = True
