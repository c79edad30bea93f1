"""What panels and their parts are: controls between a session and a controller."""

from __future__ import annotations

from functools import cached_property

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession

_MARGINS = (6, 6, 6, 6)
_SPACING = 4


class SessionWidget(QWidget):
    """Controls that show a session.

    Parameters
    ----------
    session
        What is shown. A widget changes nothing in it.
    controller
        Who is asked for what the user wishes.

    Attributes
    ----------
    session, controller
        As given.
    """

    def __init__(
        self,
        session: EnhanceSession,
        controller: Controller,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.controller = session, controller
        self.build()

    def build(self) -> None:
        """Make the controls and listen to the session; each widget has its own."""
        raise NotImplementedError

    @cached_property
    def column(self) -> QVBoxLayout:
        """Where controls are added, from top to bottom."""
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(_SPACING)
        return column


class Panel(SessionWidget):
    """Controls that are a tab of their own."""

    title = ""
    """What the tab of the panel says."""

    help_text = ""
    """What the panel is for, in one sentence."""
