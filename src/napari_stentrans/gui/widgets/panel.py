"""What all panels are: a column of controls between a session and a controller."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession

_MARGINS = (6, 6, 6, 6)
_SPACING = 4


class Panel(QWidget):
    """A column of controls.

    Parameters
    ----------
    session
        What is shown. A panel changes nothing in it.
    controller
        Who is asked for what the user wishes.

    Attributes
    ----------
    session, controller
        As given.
    column
        Where controls are added, from top to bottom.
    """

    title = ""
    """What the tab of the panel says."""

    help_text = ""
    """What the panel is for, in one sentence."""

    def __init__(
        self,
        session: EnhanceSession,
        controller: Controller,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.controller = session, controller
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*_MARGINS)
        self.column.setSpacing(_SPACING)
        self.build()

    def build(self) -> None:
        """Make the controls and listen to the session; each panel has its own."""
        raise NotImplementedError
