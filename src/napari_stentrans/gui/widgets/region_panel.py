"""Mark what is missing: arm the brush, and count what is under it."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout

from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.gui.widgets.bits import button, note
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.section.missing import OUTSIDE


class RegionPanel(Panel):
    """Arms the brush and says what is painted."""

    title = "Missing"
    help_text = "Mark what is missing or no tissue"

    def build(self) -> None:
        """Make the controls."""
        session, controller = self.session, self.controller
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
        layout = self.column
        layout.addWidget(self.paint)
        layout.addLayout(row)
        layout.addWidget(self.count)

        session.events.section.connect(self._show)
        session.regions.events.painted.connect(self._show)
        self._show()

    def _show(self) -> None:
        painted = self.session.regions.painted
        self.setEnabled(self.session.section is not None)
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
