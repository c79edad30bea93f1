"""What a person finds as ``stentrans`` in napari's console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.control.picture import PictureControl
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.components import ViewerModel

NAME = "stentrans"


class Handle:
    """The section and the result that are shown now, for the console."""

    def __init__(self, session: EnhanceSession, picture: PictureControl) -> None:
        self._session: EnhanceSession | None = session
        self._picture: PictureControl | None = picture

    @property
    def section(self) -> Section | None:
        """The section being worked on, its picture as it lies."""
        if self._session is None or self._picture is None:
            return None
        section = self._session.section
        return None if section is None else self._picture.placed(section)

    @property
    def result(self) -> EnhancedSection | None:
        """Its result that is shown, or None."""
        if self._session is None or self._picture is None:
            return None
        result = self._session.enhanced
        return None if result is None else self._picture.placed_result(result)

    def to_anndata(self) -> AnnData:
        """Return the result as a new AnnData; the section, if there is no result.

        Raises
        ------
        InvalidRequestError
            If no section is open.
        """
        from napari_stentrans.io.writers.as_anndata import section_to_anndata

        result, section = self.result, self.section
        if result is not None:
            return result.to_anndata()
        if section is None:
            msg = "no section is open; open one in the stEnTrans panel"
            raise InvalidRequestError(msg)
        return section_to_anndata(section)

    def close(self) -> None:
        """Let go of session and viewer; the console may live on."""
        self._session = self._picture = None

    def __repr__(self) -> str:
        """Say what there is."""
        section, result = self.section, self.result
        shown = "no section" if section is None else section.name
        enhanced = "no result" if result is None else f"{len(result):,} positions"
        return f"<{NAME}: {shown}, {enhanced}; .section, .result, .to_anndata()>"


def hand_to_console(viewer: ViewerModel, handle: Handle) -> None:
    """Make the handle known to the console, which need not be open yet.

    A viewer without a window has no console.
    """
    update = getattr(viewer, "update_console", None)
    if update is not None:
        update({NAME: handle})
