"""The dock widget: composes the panels around one session and one controller."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.paint_panel import PaintPanel
from napari_stentrans.gui.widgets.result_panel import ResultPanel
from napari_stentrans.gui.widgets.run_panel import RunPanel
from napari_stentrans.gui.widgets.section_panel import SectionPanel

if TYPE_CHECKING:
    import napari

_WIDTH = 300
_SCROLL_BAR = 12
_SPACING = 6


class StEnTransWidget(QWidget):
    """Enhance spatial transcriptomics sections.

    Parameters
    ----------
    napari_viewer
        The viewer whose sections are enhanced.
    """

    def __init__(
        self, napari_viewer: napari.viewer.Viewer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = EnhanceSession()
        self.controller = Controller(napari_viewer, self.session)
        made = (self.session, self.controller)
        self.section_panel = SectionPanel(*made)
        self.gene_panel = GenePanel(*made)
        self.paint_panel = PaintPanel(*made)
        self.run_panel = RunPanel(*made)
        self.result_panel = ResultPanel(*made)
        self._compose()
        self.controller.runs.look_up_methods()
        # No reference to self: the widget must be free to be collected.
        self.destroyed.connect(partial(_end, *made))

    def sizeHint(self) -> QSize:
        """Return a width that leaves room for the canvas on a laptop."""
        return QSize(_WIDTH, 760)

    def _compose(self) -> None:
        """Stack the panels; what starts a run is in sight on any screen."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_SPACING)
        column.addWidget(self.section_panel)
        column.addWidget(self.gene_panel, stretch=1)
        column.addWidget(self.paint_panel)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        scroll.setMinimumWidth(inner.minimumSizeHint().width() + _SCROLL_BAR)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.setSpacing(_SPACING)
        outer.addWidget(scroll, stretch=1)
        outer.addWidget(self.run_panel)
        outer.addWidget(self.result_panel)


def _end(session: EnhanceSession, controller: Controller, _gone: object = None) -> None:
    """Discard what runs and let go of the viewer, once the widgets are gone."""
    session.silence()
    controller.close()
