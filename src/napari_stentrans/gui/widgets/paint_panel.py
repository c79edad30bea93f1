"""Mark what is missing: arm the brush, and count what is under it."""

from __future__ import annotations

from qtpy.QtWidgets import QGroupBox, QHBoxLayout, QWidget

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.widgets.bits import button, note, panel_layout
from napari_stentrans.section.missing import OUTSIDE


class PaintPanel(QGroupBox):
    """Arms the brush and says what is painted."""

    def __init__(
        self,
        session: EnhanceSession,
        controller: Controller,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Missing regions", parent)
        self._session, self._controller = session, controller
        self.paint = button(
            "Paint missing region",
            "Brush over spots to predict anew and over gaps to fill",
            lambda: controller.regions.paint(),
        )
        self.outside = button(
            "Paint outside",
            "Brush over what is no tissue: it is left out",
            lambda: controller.regions.paint(OUTSIDE),
        )
        self.erase = button(
            "Erase", "Take painting away", lambda: controller.regions.paint(0)
        )
        self.count = note()
        row = QHBoxLayout()
        row.addWidget(self.outside)
        row.addWidget(self.erase)
        layout = panel_layout(self)
        layout.addWidget(self.paint)
        layout.addLayout(row)
        layout.addWidget(self.count)

        session.events.section.connect(self._show)
        session.regions.events.painted.connect(self._show)
        self._show()

    def _show(self) -> None:
        painted = self._session.regions.painted
        self.setEnabled(self._session.section is not None)
        self.erase.setEnabled(painted is not None)
        self.count.setText(_describe(painted))


def _describe(painted: Painted | None) -> str:
    if painted is None or painted == Painted():
        return "Nothing painted"
    if painted.problem:
        return painted.problem
    told = [
        _plural(painted.n_spots, "spot"),
        _plural(painted.n_new, "empty position") + " painted",
    ]
    if painted.n_outside:
        told.append(f"{painted.n_outside:,} outside the tissue")
    return ", ".join(told)


def _plural(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
