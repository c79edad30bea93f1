"""The dock widget: composes the panels around one session and one controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import EmitLoopError
from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.jobs.responsive import next_turn
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.widgets.calm import calm
from napari_stentrans.gui.widgets.compare_panel import ComparePanel
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.region_panel import RegionPanel
from napari_stentrans.gui.widgets.run_bar import RunBar
from napari_stentrans.gui.widgets.run_panel import RunPanel
from napari_stentrans.gui.widgets.save_panel import SavePanel
from napari_stentrans.gui.widgets.scrolling import Scrolling
from napari_stentrans.gui.widgets.section_panel import SectionPanel

if TYPE_CHECKING:
    import napari

_WIDTH = 330
_SPACING = 6
_held: dict[int, list[object]] = {}
"""What must last until Qt deletes a widget, by its session.

Python's garbage collector runs in whatever thread comes, and may clear what is called
when a widget goes before the widget itself: both end the process.
"""


class StEnTransWidget(QWidget):
    """Enhance spatial transcriptomics sections.

    Parameters
    ----------
    napari_viewer
        The viewer whose sections are enhanced.
    remember
        Whether settings are kept between launches.
    """

    def __init__(
        self,
        napari_viewer: napari.viewer.Viewer,
        parent: QWidget | None = None,
        *,
        remember: bool = True,
    ) -> None:
        super().__init__(parent)
        _load_units()
        self.session = EnhanceSession()
        memory = Memory.of_user() if remember else Memory()
        self.controller = Controller(
            napari_viewer, self.session, memory=memory, later=next_turn
        )
        made = (self.session, self.controller)
        self.section_panel = SectionPanel(*made)
        self.gene_panel = GenePanel(*made)
        self.region_panel = RegionPanel(*made)
        self.run_panel = RunPanel(*made)
        self.run_bar = RunBar(*made)
        self.compare_panel = ComparePanel(*made)
        self.save_panel = SavePanel(*made)
        self.tabs = QTabWidget()
        self._compose()
        calm(self)
        self.controller.runs.look_up_methods()
        self.controller.regions.prepare()
        self._ending = _Ending(*made)  # knows not self, which would never go
        _held[id(self.session)] = [self._ending]
        self.destroyed.connect(self._ending.end)

    def event(self, event: QEvent | None) -> bool:
        """Go for good when taken out of the dock: closing it does no more than that."""
        is_moved = event is not None and event.type() == QEvent.Type.ParentChange
        if is_moved and self.parent() is None:
            self._ending.is_taken_out = True
            self.controller.runs.leave()
            _held[id(self.session)].append(self)
            self.deleteLater()
        return super().event(event)

    def sizeHint(self) -> QSize:
        """Return a width that leaves room for the canvas on a laptop."""
        return QSize(_WIDTH, 760)

    def turn_to(self, panel: Panel) -> None:
        """Bring the tab of a panel to the front."""
        for number in range(self.tabs.count()):
            page = self.tabs.widget(number)
            if page is not None and page.isAncestorOf(panel):
                self.tabs.setCurrentIndex(number)

    def _compose(self) -> None:
        """Lay panels into tabs; what starts a run is in sight in all of them."""
        for panel in (
            self.section_panel,
            self.gene_panel,
            self.region_panel,
            self.run_panel,
            self.compare_panel,
            self.save_panel,
        ):
            number = self.tabs.addTab(Scrolling(panel), panel.title)
            self.tabs.setTabToolTip(number, panel.help_text)
        self.tabs.setUsesScrollButtons(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 2, 2, 2)
        outer.setSpacing(_SPACING)
        outer.addWidget(self.tabs, stretch=1)
        outer.addWidget(self.run_bar)


def _load_units() -> None:
    """Let pint read its units here, once.

    napari's first layer needs them; two threads that read them at once leave gaps.
    """
    import pint

    pint.get_application_registry().Unit("pixel")  # type: ignore[no-untyped-call]


class _Ending:
    """Discards what runs and lets go of the viewer, once the widgets are gone.

    Attributes
    ----------
    is_taken_out
        Whether the widget was taken out of a window that lives on. Else the whole
        window goes, and its canvas may be gone before.
    """

    def __init__(self, session: EnhanceSession, controller: Controller) -> None:
        self._session, self._controller = session, controller
        self.is_taken_out = False

    def end(self, _gone: object = None) -> None:
        """Do it; what Qt has deleted by then needs nothing done."""
        _held.pop(id(self._session), None)
        self._session.silence()
        try:
            self._controller.close(is_window_gone=not self.is_taken_out)
        except (RuntimeError, EmitLoopError) as error:
            if not _is_deleted(error):
                raise


def _is_deleted(error: Exception) -> bool:
    """Whether Qt has deleted what was to be left as before: the whole window goes."""
    cause = error.__cause__ or error
    return isinstance(cause, RuntimeError) and "deleted" in str(cause)
